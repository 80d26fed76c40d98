"""Outputs of a notebook as the format wants them, for `coursekit tidy`.

The rules are those of `nbformat.v4.5.schema.json`, and what renderers trip over:
a widget's view without its state, data that is not what its type says, sheer size.
"""

import base64
import binascii
import json
import re
from collections import Counter

LARGEST = 1_000_000  # characters of one output
ALTOGETHER = 10_000_000  # of all outputs of a notebook

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
JSON_TYPE = re.compile(r"application/(.*\+)?json")

# What an output must have, with what stands for it where it is missing.
FIELDS = {
    "stream": {"name": "stdout", "text": ""},
    "display_data": {"data": {}, "metadata": {}},
    "execute_result": {"data": {}, "metadata": {}, "execution_count": None},
    "error": {"ename": "Error", "evalue": "", "traceback": []},
}


def mended_outputs(outputs: object, notes: Counter) -> list[dict]:
    """Return the outputs of a cell without what is broken in them.

    Args:
        outputs: what the notebook's file has there.
        notes: counts what was changed, by its name.
    """
    if not isinstance(outputs, list):
        notes["broken outputs"] += 1
    found = outputs if isinstance(outputs, list) else []
    made = [_mended(output, notes) for output in found]
    return [output for output in made if output is not None]


def _mended(output: object, notes: Counter) -> dict | None:
    kind = output.get("output_type") if isinstance(output, dict) else None
    if not isinstance(kind, str) or kind not in FIELDS:
        notes["broken outputs"] += 1
        return None
    known = {"output_type", *FIELDS[kind]}
    made = {key: value for key, value in output.items() if key in known}
    made = {**made, **{k: v for k, v in FIELDS[kind].items() if k not in made}}
    if made != output:
        notes["fields out of place"] += 1
    if "data" in made:
        return _displayed(made, notes)
    if not _is_said(made):
        notes["broken outputs"] += 1
        return None
    return made


def _is_said(output: dict) -> bool:
    """Say whether a stream or an error holds text where it must."""
    lines = output.get("traceback", [])
    words = [output[key] for key in ("name", "ename", "evalue") if key in output]
    return (
        all(isinstance(word, str) for word in words)
        and isinstance(lines, list)
        and is_text(lines)
        and is_text(output.get("text", ""))
    )


def _displayed(output: dict, notes: Counter) -> dict | None:
    """Mend an output that displays data; None where nothing is left of it."""
    data = output["data"] if isinstance(output["data"], dict) else {}
    views = {WIDGET_VIEW} & data.keys()
    kept = {kind: value for kind, value in data.items() if _is_sound(kind, value)}
    if len(kept) + len(views) < len(data) or not data:
        notes["broken outputs"] += 1
    notes["widget views"] += len(views)
    made = {**output, "data": kept}
    if not isinstance(made["metadata"], dict) or not is_json(made["metadata"]):
        made["metadata"] = {}
    if "execution_count" in made and not is_count(made["execution_count"]):
        made["execution_count"] = None
    return made if kept else None


def _is_sound(kind: str, value: object) -> bool:
    """Say whether data can be what its MIME type says."""
    if kind == WIDGET_VIEW or "/" not in kind:
        return False
    if JSON_TYPE.fullmatch(kind):
        return is_json(value)
    if not is_text(value):
        return False
    if not kind.startswith("image/") or kind == "image/svg+xml":
        return True
    packed = "".join(value).translate({10: None, 13: None, 32: None})
    try:
        return bool(base64.b64decode(packed, validate=True))
    except (binascii.Error, ValueError):
        return False


def is_text(value: object) -> bool:
    """Say whether a value is a string or a list of strings."""
    rows = value if isinstance(value, list) else [value]
    return all(isinstance(row, str) for row in rows)


def is_json(value: object) -> bool:
    """Say whether a value can stand in JSON, which has no NaN and no infinity."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def is_count(value: object) -> bool:
    """Say whether a value can be the number of an execution."""
    return value is None or (type(value) is int and value >= 0)


def without_the_largest(cells: list[dict], notes: Counter) -> list[dict]:
    """Put a line in the place of every output that is too large to be shown.

    Args:
        cells: cells with mended outputs; they are not changed.
        notes: counts what was changed.

    Returns:
        The cells; no output has more than `LARGEST` characters, all together have
        `ALTOGETHER` at most.
    """
    sizes = {
        (number, place): len(json.dumps(output, ensure_ascii=False))
        for number, cell in enumerate(cells)
        for place, output in enumerate(cell.get("outputs", ()))
    }
    total, gone = sum(sizes.values()), {}
    for key, size in sorted(sizes.items(), key=lambda item: -item[1]):
        if size > LARGEST or total > ALTOGETHER:
            gone[key], total = size, total - size
    notes[f"outputs of more than {LARGEST // 10**6} MB"] += len(gone)
    return [_shortened(cell, number, gone) for number, cell in enumerate(cells)]


def _shortened(cell: dict, number: int, gone: dict[tuple[int, int], int]) -> dict:
    if "outputs" not in cell:
        return cell
    outputs = [
        _line(gone[number, place]) if (number, place) in gone else output
        for place, output in enumerate(cell["outputs"])
    ]
    return {**cell, "outputs": outputs}


def _line(size: int) -> dict:
    text = f"[{size / 1e6:.1f} MB of output were taken out; run the cell again]\n"
    return {"output_type": "stream", "name": "stdout", "text": [text]}
