"""A solved, executed notebook as a reader sees it who has not answered yet.

Exercises show their stub, with hints and one solution folded; a prediction becomes a
form; what the author's own guess would give away is left to the page, which judges the
reader's. Everything that was measured stays: the page folds it until it is asked for.
"""

import json
import re
from collections.abc import Mapping
from html import escape

from coursekit._base.card import inline
from coursekit.course.claims import VERDICT_MIME
from coursekit.course.exercises import exercise
from coursekit.course.exercises.exercise import Exercise
from coursekit.staff.build.code import calls_in, first_argument, name_of
from coursekit.staff.build.notebook_source import Cell
from coursekit.staff.site.outcome_data import TOLD_MIME

HTML = "text/html"
BADGES = re.compile(r"^\[!\[Open in Colab\].*\n+|^\[<img src=.*\n+", re.MULTILINE)
PREDICTED = re.compile(r"(>predicted</th><td[^>]*>)(.*?)(</td>)")
CUT_OFF = re.compile(r"You said (?:(?!You said).)*…$")
FOLDED = {"fold", "verdict", "setup"}


def student_view(executed, student, *, opening: str):
    """Return the notebook that the site shows of a session.

    Args:
        executed: the solved notebook with its outputs, its last cell the outcomes.
        student: the same session as students get it; cells share their ids.
        opening: HTML below the heading: where the session can be opened.
    """
    from nbformat import v4

    told = {one["name"]: one for one in _told(executed.cells[-1])}
    stubs = {cell.id: cell.source for cell in student.cells}
    cells = []
    for solved in executed.cells[:-1]:
        asked = stubs.get(solved.id)
        if asked is not None:
            cells += _shown(v4, solved, asked, told)
    first = cells[0].source
    heading, _, rest = BADGES.sub("", f"{first}\n").partition("\n")
    cells[0].source = f"{heading}\n\n{opening}\n\n{rest.strip()}"
    about = {"kernelspec": executed.metadata.kernelspec}
    about["language_info"] = {"name": "python", "pygments_lexer": "python"}
    return v4.new_notebook(cells=cells, metadata=about)


def _told(cell) -> list[dict]:
    return [one for out in cell.outputs for one in out.data[TOLD_MIME]]


def _shown(v4, solved, asked: str, told: Mapping[str, dict]) -> list:
    """Return one cell as the reader sees it: none, one, or one with folds below."""
    if solved.cell_type == "markdown":
        return [v4.new_markdown_cell(asked, id=solved.id)]
    tags = set(solved.metadata.get("tags", ()))
    calls = _calls(solved.source, tags)
    made = v4.new_code_cell(asked, id=solved.id, outputs=solved.outputs)
    made.metadata["tags"] = sorted({"hide-input"} if tags & FOLDED else set())
    if "coursekit.course.start" in asked:
        return []
    if "predict" in calls:
        return [v4.new_markdown_cell(_form(told[calls["predict"]]), id=solved.id)]
    if "check" in calls:
        made.outputs = []
        folds = folds_of(exercise(calls["check"]))
        return [made, v4.new_markdown_cell(folds, id=f"{solved.id}-help")]
    if "claim" in calls:
        made.outputs = [_named(one, calls["claim"]) for one in made.outputs]
        made.metadata["tags"] = ["remove-input"]
    if "prediction_table" in calls:
        made.outputs = [_html_output(v4, '<div class="ck-hits"></div>')]
        made.metadata["tags"] = ["remove-input"]
    if "verdict_table" in calls:
        made.metadata["tags"] = ["remove-input", "hide-output"]
    for output in made.outputs:
        _leave_open(output, told)
    made.outputs = [one for one in made.outputs if one.get("name") != "stderr"]
    return [made]


def _calls(source: str, tags: set[str]) -> dict[str, object]:
    """Return name → first argument of the calls of a cell."""
    cell = Cell("code", source, frozenset(tags), 1, 1)
    return {name_of(call.func): first_argument(call) for call in calls_in(cell)}


def _named(output, claim: str):
    """Give the card of a claim a place that other pages can link to."""
    html = "".join(output.get("data", {}).get(HTML, ""))
    if html:
        output.data[HTML] = f'<div id="{claim}">{html}</div>'
    return output


def _html_output(v4, html: str):
    return v4.new_output("display_data", data={HTML: html, "text/plain": ""})


def _form(told: dict) -> str:
    """Return the form of a prediction; the page's script fills it in."""
    asked = escape(json.dumps(told, ensure_ascii=False, sort_keys=True), quote=True)
    name = escape(told["name"])
    return (
        f'<form class="ck-form" id="predict-{name}" data-asked="{asked}">'
        "<noscript><p>Your browser runs no scripts: note your answer on paper, then "
        "read on.</p></noscript></form>"
    )


def folds_of(found: Exercise) -> str:
    """Return hints and one solution of an exercise as folds, gentlest first.

    Args:
        found: the exercise.
    """
    many = len(found.hints)
    hints = [
        _fold(f"Hint {n} of {many} · exercise {found.id}", f"<p>{inline(hint)}</p>")
        for n, hint in enumerate(found.hints, 1)
    ]
    code = f"```python\n{found.solution_text}\n```\n\n{found.takeaway}"
    solved = _fold(f"One solution · exercise {found.id}", f"\n\n{code}\n\n")
    return "\n".join([*hints, solved])


def _fold(words: str, inside: str) -> str:
    return (
        f'<details class="ck-fold"><summary>{escape(words)}</summary>{inside}'
        "</details>\n"
    )


def _leave_open(output, told: Mapping[str, dict]) -> None:
    """Put in the place of what the author predicted what the reader will say."""
    data = output.get("data", {})
    html = "".join(data.get(HTML, ""))
    if not html:
        return
    data.pop(VERDICT_MIME, None)
    for one in told.values():
        if html == one["card"]:
            output.data[HTML] = f'<div {_mark(one)} class="ck-told">{one["bare"]}</div>'
            return
    output.data[HTML] = PREDICTED.sub(lambda row: _row(row, told), html)


def _row(row: re.Match, told: Mapping[str, dict]) -> str:
    """Write a verdict's row "predicted" anew; its end may be cut off by three dots."""
    words = row[2]
    for one in told.values():
        said = inline(one["said"])
        cut = CUT_OFF.search(words)
        if cut and said.startswith(cut[0].removesuffix("…")):
            said = cut[0]
        bare = f"No prediction; measured {escape(one['shown'])}."
        words = words.replace(said, f"<span {_mark(one)}>{bare}</span>")
    return f"{row[1]}{words}{row[3]}"


def _mark(told: dict) -> str:
    return f'data-told="{escape(told["name"])}"'
