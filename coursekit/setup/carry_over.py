"""A new version of a notebook with a student's answers in it, found by their names.

Marks tell a cell that somebody wrote from one that was handed out (`cell_marks`):

    mine                          new version             made of both
    a cell as handed out                                  the new version's
    guess = 7                     guess = ...             guess = 7
    predict("02-tracks", guess)   predict("02-tracks", …  predict("02-tracks", …
    def mix(x): my code           def mix(x): ...         def mix(x): my code
    a cell of my own              –                       after the one it followed

Nothing a student wrote is left out: what has no place in the new version any more stays
behind the cell that it followed.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field

from coursekit.staff.build.cell_marks import ASKED, mark
from coursekit.staff.build.convert import STUB
from coursekit.staff.pages.mend_cells import mended

BOUND = re.compile(r"^(?:async def|def|class) (\w+)|^(\w+) *(?::[^=\n]+)?=(?!=)", re.M)
HEADING = re.compile(r"^#{1,3} +(.*\S)", re.MULTILINE)
CHECKED = re.compile(r"""^check\(\s*["']([\w.]+)["'],\s*(\w+)\s*\)""", re.MULTILINE)


@dataclass
class Carried:
    """The new version with the answers in it, and what became of each.

    Args:
        notebook: the JSON of its file, without outputs.
        placed: names of the answers that stand where the new version asks for them.
        beside: predictions whose old cell follows the new one, which asks differently.
        gone: names of answers that the new version does not ask for.
        own: how many other cells of the student's were kept.
    """

    notebook: dict
    placed: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    own: int = 0

    def __str__(self) -> str:
        placed, own = len(self.placed), self.own
        notes = [f"carried over: answers {placed}, cells of your own {own}"]
        if self.beside:
            named = ", ".join(self.beside)
            notes += [f"asked in other words now, yours follows: {named}"]
        if self.gone:
            notes += [f"not asked any more, kept all the same: {', '.join(self.gone)}"]
        return "; ".join(notes)


def carried(mine: dict, new: dict) -> Carried:
    """Put what a student wrote into a new version of the notebook.

    Args:
        mine: the filled notebook; not changed.
        new: the new version, as handed out; not changed.
    """
    known = stated_marks(mine) | stated_marks(new)
    texts = [text_of(cell) for cell in new["cells"]]
    where = {mark(text): place for place, text in reversed([*enumerate(texts)])}
    plan = _Plan(new, known)
    plan.free -= {
        n for c in mine["cells"] if mark(text_of(c)) in known for n in _asked(c)
    }
    place = 0
    for cell in mine["cells"]:
        text = text_of(cell)
        if mark(text) in known or not text.strip():
            place = where.get(mark(text), place)
        else:
            place = plan.put(cell, place)
    plan.made.gone = _gone(mine, new, known)
    plan.made.notebook = mended({**new, "cells": plan.cells()}, outputs=False).notebook
    return plan.made


class _Plan:
    """Which cell of the new version a cell of the student's replaces or follows."""

    def __init__(self, new: dict, known: set[str]):
        self.cells_of_new, self.known = new["cells"], known
        rows = enumerate(self.cells_of_new)
        self.asked = {name: place for place, cell in rows for name in _asked(cell)}
        self.free = set(self.asked)  # names whose cell nothing has taken yet
        self.filled: dict[int, str] = {}
        self.left_out: set[int] = set()
        self.after: dict[int, list[dict]] = defaultdict(list)
        self.made = Carried({})

    def put(self, cell: dict, place: int) -> int:
        """Find the place of a cell that stood after `place`; return where it is now."""
        names = [name for name in _answered(cell) if name in self.free]
        if not names:
            self.after[place].append(cell)
            self.made.own += 1
            return place
        self.free -= set(names)
        places = [self.asked[name] for name in names]
        text = self._text(cell, names, text_of(self.cells_of_new[places[0]]))
        if text is None:
            self.after[places[0]].append(cell)
            self.made.beside += names
        else:
            self.filled[places[0]] = text
            self.left_out |= set(places[1:]) - {places[0]}
            self.made.placed += names
        return places[0]

    def _text(self, cell: dict, names: list[str], asked: str) -> str | None:
        """Return the cell with an answer in it; None where the two do not fit."""
        text = text_of(cell)
        (call, theirs) = (ASKED.search(text), ASKED.search(asked))
        if len(names) > 1 or not theirs or names[0] != theirs[1]:
            return text
        if mark(text[call.start() :]) not in self.known:
            return None
        return text[: call.start()] + asked[theirs.start() :]

    def cells(self) -> list[dict]:
        """Return the cells of both in their order."""
        made = []
        for place, cell in enumerate(self.cells_of_new):
            if place not in self.left_out:
                made.append({**cell, "source": self.filled.get(place, text_of(cell))})
            made += self.after[place]
        return made


def changes(mine: dict, new: dict) -> str:
    """Say what a new version has that the one a student filled in had not."""
    before, after = _names(mine), _names(new)
    fresh = _fresh(new["cells"], stated_marks(mine))
    notes = [f"{len(fresh)} of {len(new['cells'])} cells are new or changed"]
    if titles := [*dict.fromkeys(filter(None, fresh))]:
        more = f" and {len(titles) - 3} more" if len(titles) > 3 else ""
        notes[0] += f", under “{'”, “'.join(titles[:3])}”{more}"
    if not stated_marks(mine):
        notes = ["what changed cannot be counted: yours is of a version before 1.0"]
    for word, names in (("new", after - before), ("gone", before - after)):
        notes += [f"{word}: {', '.join(sorted(names))}"] if names else []
    return "; ".join(notes)


def _fresh(cells: list[dict], known: set[str]) -> list[str]:
    """Return, for every cell whose mark is not known, the heading it stands under."""
    title, found = "", []
    for cell in cells:
        text = text_of(cell)
        headings = HEADING.findall(text) if cell["cell_type"] == "markdown" else []
        title = headings[-1] if headings else title
        found += [] if mark(text) in known else [title]
    return found


def stated_marks(notebook: dict) -> set[str]:
    """Return the marks of the cells that a notebook was handed out with."""
    stated = stated_in(notebook).get("cells")
    return set(stated.split()) if isinstance(stated, str) else set()


def stated_in(notebook: dict) -> dict:
    """Return what the build wrote into a notebook's metadata, if it is there."""
    stated = notebook["metadata"].get("coursekit")
    return stated if isinstance(stated, dict) else {}


def version_of(notebook: dict) -> object:
    """Return what tells a notebook's version: the digest it was handed out with."""
    return stated_in(notebook).get("digest")


def text_of(cell: dict) -> str:
    """Return a cell's text, which a file may hold as lines."""
    return "".join(cell["source"])


def _asked(cell: dict) -> list[str]:
    """List the predictions and functions that a cell asks for."""
    text = text_of(cell)
    if cell["cell_type"] != "code":
        return []
    return ASKED.findall(text) + (_bound(text) if STUB in text else [])


def _answered(cell: dict) -> list[str]:
    """List the predictions a cell makes and the names it gives a value, once each."""
    text = text_of(cell)
    is_code = cell["cell_type"] == "code"
    return [*dict.fromkeys(ASKED.findall(text) + _bound(text))] if is_code else []


def _bound(text: str) -> list[str]:
    return [one or other for one, other in BOUND.findall(text)]


def _names(notebook: dict) -> set[str]:
    """Return the predictions and exercises of a notebook: "02-tracks", "02.1 mix"."""
    code = [text_of(c) for c in notebook["cells"] if c["cell_type"] == "code"]
    checked = {" ".join(pair) for text in code for pair in CHECKED.findall(text)}
    return checked | {name for text in code for name in ASKED.findall(text)}


def _gone(mine: dict, new: dict, known: set[str]) -> list[str]:
    """List what was answered and is not asked in the new version, by its name."""
    written = {
        n for c in mine["cells"] if mark(text_of(c)) not in known for n in _answered(c)
    }
    return sorted(
        name for name in _names(mine) - _names(new) if name.split()[-1] in written
    )
