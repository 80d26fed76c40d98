"""A notebook as the format wants it, every answer kept, for `coursekit tidy`.

What GitHub calls an "Invalid Notebook", as its users report it: `metadata.widgets`
without a `state` (github.com/googlecolab/colabtools/issues/5288), a cell without an
id (github.com/Arize-ai/tutorials/pull/56), with another cell's
(github.com/OpenBioLink/ThoughtSource/issues/128) or with one that is no string
(github.com/gradio-app/gradio/issues/5916), ids in a notebook that calls itself 4.2
(github.com/facebookresearch/SustainableConcrete/pull/24), counts in prose and code
without outputs (github.com/GoogleCloudPlatform/evalbench/pull/573), an empty kernelspec
(github.com/sagemathinc/cocalc/issues/2612).
"""

import re
from collections import Counter
from dataclasses import dataclass

from coursekit.staff.build.convert import KERNEL
from coursekit.staff.pages.fit_format import errors_of, fitted
from coursekit.staff.pages.mend_outputs import (
    is_json,
    mended_outputs,
    without_the_largest,
)

COLAB = frozenset({"colab", "accelerator", "gpuType", "gpuClass"})
COLAB_CELL = frozenset(  # executionInfo holds the name of whoever ran the cell
    {"executionInfo", "outputId", "colab", "colab_type", "id", "referenced_widgets"}
)
KINDS = ("code", "markdown", "raw")
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
WITH_IDS = 5  # the first minor version whose cells have ids


@dataclass(frozen=True)
class Mended:
    """A notebook that was mended.

    Args:
        notebook: the JSON of its file.
        notes: what was changed in it: name → how often.
        too_large: an output was too large and is smaller now, or gone.
    """

    notebook: dict
    notes: dict[str, int]
    too_large: bool


def mended(notebook: dict, *, outputs: bool = True) -> Mended:
    """Mend a notebook.

    Args:
        notebook: the JSON of its file; it is not changed.
        outputs: keep the outputs.

    Raises:
        ValueError: it is no notebook of format 4, or a cell is not one.
    """
    cells = _cells_of(notebook)
    notes: Counter = Counter()
    made = [_cell(n, cell, notes) for n, cell in enumerate(cells, 1)]
    if not outputs:
        made = [_without_outputs(cell, notes) for cell in made]
    shown = without_the_largest(made, notes)
    result = {
        "cells": shown,
        "metadata": _metadata(notebook.get("metadata"), notes),
        "nbformat": 4,
        "nbformat_minor": notebook.get("nbformat_minor"),
    }
    notes["fields out of place"] += len(notebook.keys() - result.keys())
    result = _with_version(result, notes)
    changed = {name: count for name, count in notes.items() if count}
    return Mended(result, changed, too_large=shown != made)


def first_problem(notebook: dict) -> str | None:
    """Hold a notebook against the schema of its format; name what breaks it first."""
    for error in errors_of(notebook):
        return f"{'/'.join(map(str, error.absolute_path))}: {error.message[:80]}"
    return None


def _with_version(notebook: dict, notes: Counter) -> dict:
    """Keep an older format where the notebook fits it; else ids and the number."""
    minor = notebook["nbformat_minor"]
    if minor in range(WITH_IDS) and first_problem(notebook) is None:
        return notebook
    notes["format number"] += minor != WITH_IDS
    cells = _with_ids(notebook["cells"], notes)
    return {**notebook, "cells": cells, "nbformat_minor": WITH_IDS}


def _cells_of(notebook: object) -> list:
    stated = notebook if isinstance(notebook, dict) else {}
    if "worksheets" in stated or stated.get("nbformat") in (1, 2, 3):
        raise ValueError("it is of an old format: open and save it in JupyterLab")
    if not isinstance(stated.get("cells"), list):
        raise ValueError("it is not a notebook: it has no cells")
    if stated.get("nbformat", 4) not in (4, "4"):
        raise ValueError(f"its format {stated['nbformat']!r} is none we know")
    return stated["cells"]


def _cell(number: int, cell: object, notes: Counter) -> dict:
    """Mend one cell; its source stays as it is, its id waits for the others."""
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    if kind not in KINDS:
        raise ValueError(f"its cell {number} is neither code nor text")
    given = {**cell, "id": "its-own"}
    if isinstance(cell.get("metadata"), dict):
        given["metadata"] = _cell_metadata(cell["metadata"], notes)
    if kind == "code" and "outputs" in cell:
        given["outputs"] = mended_outputs(cell["outputs"], notes)
    fitting = fitted(given, f"{kind}_cell")
    if fitting is None:
        raise ValueError(f"its cell {number} holds something that is not text")
    made, count = fitting
    notes["fields out of place"] += count
    del made["id"]
    return made | ({"id": cell["id"]} if "id" in cell else {})


def _without_outputs(cell: dict, notes: Counter) -> dict:
    if cell["cell_type"] != "code":
        return cell
    notes["outputs"] += len(cell["outputs"])
    notes["execution counts"] += cell["execution_count"] is not None
    return {**cell, "outputs": [], "execution_count": None}


def _cell_metadata(metadata: dict, notes: Counter) -> dict:
    made = _without(metadata, COLAB_CELL, "Colab's notes on cells", notes)
    tags = made.get("tags")
    if isinstance(tags, list) and all(isinstance(tag, str) for tag in tags):
        notes["double tags"] += len(set(tags)) < len(tags)
        made = {**made, "tags": list(dict.fromkeys(tags))}
    return _in_json(made, notes)


def _metadata(metadata: object, notes: Counter) -> dict:
    """Mend what the notebook says about itself."""
    made = metadata if isinstance(metadata, dict) else {}
    made = _without(made, {"widgets"}, "widget state", notes)
    made = _in_json(_without(made, COLAB, "Colab's notes", notes), notes)
    for error in errors_of(
        {"cells": [], "metadata": made, "nbformat": 4, "nbformat_minor": WITH_IDS}
    ):
        notes["broken metadata"] += 1
        made = _without(made, {error.absolute_path[1]}, "", Counter())
    kernel = made.get("kernelspec", {}).get("name", "").replace(".", "-")
    if not ID.fullmatch(kernel):
        notes["kernel (now Python 3)"] += 1
        made = {**made, "kernelspec": dict(KERNEL)}
    if not made.get("language_info", {}).get("name"):
        notes["language (now Python)"] += 1
        made = {**made, "language_info": {"name": "python"}}
    return made


def _without(metadata: dict, keys, name: str, notes: Counter) -> dict:
    notes[name] += bool(metadata.keys() & keys)
    return {key: value for key, value in metadata.items() if key not in keys}


def _in_json(metadata: dict, notes: Counter) -> dict:
    kept = {key: value for key, value in metadata.items() if is_json(value)}
    notes["broken metadata"] += len(metadata) - len(kept)
    return kept


def _with_ids(cells: list[dict], notes: Counter) -> list[dict]:
    """Give every cell an id of its own; the first of two that share one keeps it."""
    taken = {cell["id"] for cell in cells if _is_id(cell.get("id"))}
    seen, made = set(), []
    for number, cell in enumerate(cells, 1):
        name = cell.get("id")
        if not _is_id(name) or name in seen:
            notes["ids of cells"] += 1
            name = _free_id(f"cell-{number}", taken)
        seen.add(name)
        taken.add(name)
        made.append({**cell, "id": name})
    return made


def _is_id(name: object) -> bool:
    return isinstance(name, str) and ID.fullmatch(name) is not None


def _free_id(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "x"
    return name
