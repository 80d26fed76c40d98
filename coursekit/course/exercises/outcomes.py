"""What `check`, `hint` and `solution` return: text for a terminal, HTML for a notebook.

The status is always written as a word; colour only repeats it.
"""

from dataclasses import dataclass, field
from html import escape

from coursekit._base.card import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    frame,
    inline,
)

COLOURS = {
    "right": GREEN,
    "wrong": VERMILLION,
    "not yet": BLUE,
    "could not be checked": PURPLE,
}
SIGNS = {"right": "✓", "wrong": "✗", "not yet": "…", "could not be checked": "?"}


class CheckFailed(AssertionError):  # noqa: N818 (reads as a sentence in the notebook)
    """An answer was not right while COURSEKIT_STRICT=1 was set."""


@dataclass(frozen=True, repr=False)
class Outcome:
    """What a check found.

    `status` is "right", "wrong", "not yet" or "could not be checked"; `message` says
    why; `notes` tells what else happened (printing, global settings put back);
    `mistake` names the known wrong answer that behaves the same, if there is one;
    `example` holds the arguments of the first call that shows a difference.
    """

    exercise_id: str
    title: str
    status: str
    message: str
    notes: tuple[str, ...] = ()
    mistake: str = ""
    example: tuple = field(default=(), compare=False)

    def __repr__(self) -> str:
        head = f"{self.exercise_id} · {self.status} · {self.message}"
        return "\n".join([head, *(f"  note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        notes = "".join(f"<br><small>{inline(note)}</small>" for note in self.notes)
        head = f"{SIGNS[self.status]} {self.status}"
        body = f"{inline(self.message)}{notes}"
        title = f"{self.exercise_id} {self.title}"
        return _card(COLOURS[self.status], head, title, body)


@dataclass(frozen=True, repr=False)
class Hint:
    """One hint of an exercise, number `level` of `total`."""

    exercise_id: str
    level: int
    total: int
    text: str

    @property
    def following(self) -> str:
        """Say how to get more help."""
        if self.level < self.total:
            return f'Stronger: `hint("{self.exercise_id}", {self.level + 1})`'
        return f'That was the last hint; `solution("{self.exercise_id}")` is next.'

    def __repr__(self) -> str:
        head = f"{self.exercise_id} · hint {self.level} of {self.total} · {self.text}"
        return f"{head}\n  {self.following}"

    def _repr_html_(self) -> str:
        body = f"{inline(self.text)}<br><small>{inline(self.following)}</small>"
        head = f"hint {self.level} of {self.total}"
        return _card(ORANGE, head, self.exercise_id, body)


@dataclass(frozen=True, repr=False)
class Solution:
    """One right answer of an exercise and what to take away from it."""

    exercise_id: str
    title: str
    text: str
    takeaway: str

    def __repr__(self) -> str:
        head = f"{self.exercise_id} · solution · {self.title}"
        return f"{head}\n\n{self.text}\n\n{self.takeaway}"

    def _repr_html_(self) -> str:
        body = f"<pre>{escape(self.text)}</pre>{inline(self.takeaway)}"
        return _card(SKY, "solution", f"{self.exercise_id} {self.title}", body)


def _card(colour: str, head: str, title: str, body: str) -> str:
    inside = f"<b>{escape(head)}</b> · {escape(title)}<br>{body}"
    return frame(inside, colour, f"{head} · {title}", role="status")
