"""The doctor's answers: one `Line` a question, a `Report` of all of them."""

import json
from dataclasses import asdict, dataclass

from coursekit._base.card import Table


@dataclass(frozen=True)
class Line:
    """One question and its answer.

    Args:
        name: what was looked at.
        ok: True when nothing has to be done.
        detail: what was found.
        remedy: what to do when `ok` is False; else empty.
        needed: False when the sessions run without it.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    needed: bool = True

    @property
    def mark(self) -> str:
        """The answer in a word: `ok`, `note` (can do without) or `FIX`."""
        if self.ok:
            return "ok"
        return "FIX" if self.needed else "note"

    def __str__(self) -> str:
        text = f"{self.mark:<5} {self.name:<14} {self.detail}"
        return f"{text}\n{'':<20} → {self.remedy}" if self.remedy else text


@dataclass(frozen=True)
class Report:
    """The lines together: text in a terminal, a table in a notebook."""

    lines: tuple[Line, ...]

    @property
    def ok(self) -> bool:
        """True when everything that the sessions need works."""
        return all(line.ok or not line.needed for line in self.lines)

    @property
    def summary(self) -> str:
        """The whole report in one sentence."""
        broken = [line.name for line in self.lines if line.mark == "FIX"]
        if not broken:
            return "Everything the course needs works here."
        return f"To fix before you start: {', '.join(broken)}."

    def __repr__(self) -> str:
        return "\n".join([*map(str, self.lines), "", self.summary])

    def _repr_html_(self) -> str:
        rows = [
            (line.mark, line.name, f"{line.detail} → {line.remedy}".rstrip(" →"))
            for line in self.lines
        ]
        return Table((), rows, caption=self.summary, left=3).html()

    def to_json(self) -> str:
        """Return the report for programs: `ok` and the list of lines."""
        lines = [asdict(line) for line in self.lines]
        return json.dumps({"ok": self.ok, "lines": lines}, indent=2)
