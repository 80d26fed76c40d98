"""What changed between two lists of packages, and the table a run ends with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Packages before and after something was installed, name → version."""

    added: dict[str, str]
    removed: dict[str, str]
    changed: dict[str, tuple[str, str]]

    @property
    def only_additions(self) -> bool:
        """Whether everything that was there is there, at the same version."""
        return not self.removed and not self.changed

    def __str__(self) -> str:
        lines = [f"+ {name} {version}" for name, version in self.added.items()]
        lines += [f"- {name} {version}" for name, version in self.removed.items()]
        lines += [
            f"! {name} {old} → {new}" for name, (old, new) in self.changed.items()
        ]
        return "\n".join(lines) or "no difference"


def difference(before: dict[str, str], after: dict[str, str]) -> Difference:
    """Compare two lists of packages.

    Args:
        before, after: name → version.
    """
    both = [name for name in before if name in after]
    return Difference(
        added={name: after[name] for name in after if name not in before},
        removed={name: before[name] for name in before if name not in after},
        changed={
            name: (before[name], after[name])
            for name in both
            if before[name] != after[name]
        },
    )


@dataclass(frozen=True)
class Row:
    """One line of the table: what ran, whether it passed, how long, in words."""

    what: str
    passed: bool
    seconds: float
    words: str = ""


def table(rows: list[Row]) -> str:
    """Set the rows as a Markdown table, and under it one line that sums up."""
    cells = [("what", "result", "seconds", "")]
    cells += [
        (row.what, "pass" if row.passed else "FAIL", f"{row.seconds:.1f}", row.words)
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    failed = sum(not row.passed for row in rows)
    total = sum(row.seconds for row in rows)
    lines.append(f"\n{len(rows) - failed} passed, {failed} failed, {total:.0f} s")
    return "\n".join(lines)
