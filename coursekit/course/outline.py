"""The course as a map: what each notebook tests, and which ones it builds on.

`coursekit build` computes `outline.json` from the sources of the notebooks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby

from coursekit import figures

FILE = "outline.json"


@dataclass(frozen=True)
class Sitting:
    """One notebook of the course, as its source has it.

    Args:
        number: "04b". name: of the file, without its ending.
        title: without the number.
        question: the sentence in bold of the first cell.
        minutes: of work.
        claims: ids, in the order of the notebook.
        exercises: ids, likewise.
        after: numbers of the notebooks that come before it.
        uses: numbers of the earlier notebooks that its text refers to, without `after`.
    """

    number: str
    name: str
    title: str
    question: str
    minutes: int
    claims: tuple[str, ...] = ()
    exercises: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()


def outline() -> tuple[Sitting, ...]:
    """Return the notebooks of the course, in order."""
    text = (files("coursekit") / "course" / FILE).read_text(encoding="utf-8")
    return tuple(_sitting(**row) for row in json.loads(text))


def _sitting(**row: object) -> Sitting:
    lists = {key: tuple(value) for key, value in row.items() if type(value) is list}
    return Sitting(**row | lists)


def course_map(sittings: Sequence[Sitting] = ()) -> figures.CourseFigure:
    """Draw the notebooks as boxes and what comes after what as arrows.

    Args:
        sittings: none means the course's.
    """
    shown = tuple(sittings) or outline()
    rows = [
        {one.number: _told(one) for one in row}
        for _, row in groupby(shown, key=lambda one: one.number[:2])
    ]
    arrows = [(before, one.number) for one in shown for before in one.after]
    hours = round(sum(one.minutes for one in shown) / 60)
    claims = sum(len(one.claims) for one in shown)
    return figures.boxes(
        rows,
        arrows,
        title=f"{len(shown)} notebooks, {claims} claims, about {hours} hours",
        words="Each box is a notebook with its minutes, the claims it tests and the "
        "earlier notebooks it refers to; an arrow leads to what comes after it.",
    )


def _told(one: Sitting) -> str:
    """Say in three lines what a notebook is."""
    tested = f" · {ranges(one.claims)}" if one.claims else ""
    used = f"uses {', '.join(one.uses)}" if one.uses else ""
    heading = f"{one.number} {one.title.partition(':')[0]}"
    return f"{heading}\n{one.minutes} min{tested}\n{used}".rstrip()


def ranges(ids: Sequence[str]) -> str:
    """Write ids shortly: C26–C28, C31.

    Args:
        ids: such as "C26".
    """
    runs: list[list[int]] = []
    for number in sorted(int(id[1:]) for id in ids):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    ends = [(f"C{run[0]:02}", f"C{run[-1]:02}") for run in runs]
    return ", ".join(a if a == b else f"{a}–{b}" for a, b in ends)
