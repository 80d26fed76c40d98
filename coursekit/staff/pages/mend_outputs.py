"""Outputs of a notebook as the format wants them, for `coursekit tidy`.

The schema is nbformat's; here is what renderers trip over beyond it: a widget's view
without its state, data that is not what its type says, sheer size.
"""

import base64
import binascii
import json
import re
from collections import Counter

from coursekit.staff.pages.fit_format import fitted
from coursekit.staff.pages.smaller_pictures import smaller

LARGEST = 1_000_000  # characters of one output
ALTOGETHER = 10_000_000  # of all outputs of a notebook
SMALL = 250_000  # what a picture is shrunk to where all together are too many

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
JSON_TYPE = re.compile(r"application/(.*\+)?json")
KINDS = ("stream", "display_data", "execute_result", "error")


def mended_outputs(outputs: object, notes: Counter) -> list[dict]:
    """Return the outputs of a cell without what is broken in them.

    Args:
        outputs: what the notebook's file has there.
        notes: counts what was changed, by its name.
    """
    if not isinstance(outputs, list):
        notes["broken outputs"] += 1
        return []
    made = [_mended(output, notes) for output in outputs]
    return [output for output in made if output is not None]


def _mended(output: object, notes: Counter) -> dict | None:
    kind = output.get("output_type") if isinstance(output, dict) else None
    fitting = fitted(output, kind) if kind in KINDS else None
    if fitting is None:
        notes["broken outputs"] += 1
        return None
    made, count = fitting
    notes["fields out of place"] += count
    return _displayed(made, notes) if "data" in made else made


def _displayed(output: dict, notes: Counter) -> dict | None:
    """Mend an output that displays data; None where nothing is left of it."""
    views = {WIDGET_VIEW} & output["data"].keys()
    kept = {kind: v for kind, v in output["data"].items() if _is_sound(kind, v)}
    notes["widget views"] += len(views)
    notes["broken outputs"] += len(kept) + len(views) < max(1, len(output["data"]))
    metadata = output["metadata"] if is_json(output["metadata"]) else {}
    return {**output, "data": kept, "metadata": metadata} if kept else None


def _is_sound(kind: str, value: object) -> bool:
    """Say whether data can be what its MIME type says."""
    if kind == WIDGET_VIEW or "/" not in kind:
        return False
    if JSON_TYPE.fullmatch(kind):
        return is_json(value)
    if not kind.startswith("image/") or kind == "image/svg+xml":
        return True
    packed = "".join(value).translate({10: None, 13: None, 32: None})
    try:
        return bool(base64.b64decode(packed, validate=True))
    except (binascii.Error, ValueError):
        return False


def is_json(value: object) -> bool:
    """Say whether a value can stand in JSON, which has no NaN and no infinity."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def without_the_largest(cells: list[dict], notes: Counter) -> list[dict]:
    """Shrink the pictures that are too large; put a line for any other such output.

    Args:
        cells: cells with mended outputs; they are not changed.
        notes: counts what was changed.

    Returns:
        The cells; no output has more than `LARGEST` characters, all together have
        `ALTOGETHER` at most.
    """
    sizes = {
        (number, index): _size(output)
        for number, cell in enumerate(cells)
        for index, output in enumerate(cell.get("outputs", ()))
    }
    total, instead = sum(sizes.values()), {}
    for (number, index), size in sorted(sizes.items(), key=lambda item: -item[1]):
        if size <= LARGEST and total <= ALTOGETHER:
            break
        output = cells[number]["outputs"][index]
        small = smaller(output, SMALL if total > ALTOGETHER else LARGEST)
        instead[number, index] = small or _line(size)
        total += _size(instead[number, index]) - size
        notes[_said(number + 1, size, small)] += 1
    return [_with(cell, number, instead) for number, cell in enumerate(cells)]


def _size(output: dict) -> int:
    return len(json.dumps(output, ensure_ascii=False))


def _said(number: int, size: int, small: dict | None) -> str:
    if small is None:
        return f"an output of {size / 1e6:.1f} MB in cell {number}"
    now = _size(small) / 1e6
    return f"a picture in cell {number} ({size / 1e6:.1f} MB, now {now:.1f} MB)"


def _with(cell: dict, number: int, instead: dict[tuple[int, int], dict]) -> dict:
    if "outputs" not in cell:
        return cell
    outputs = [
        instead.get((number, index), output)
        for index, output in enumerate(cell["outputs"])
    ]
    return {**cell, "outputs": outputs}


def _line(size: int) -> dict:
    text = f"[{size / 1e6:.1f} MB of output were taken out; run the cell again]\n"
    return {"output_type": "stream", "name": "stdout", "text": [text]}
