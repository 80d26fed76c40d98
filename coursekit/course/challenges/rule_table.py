"""The rules of a hand-in as a table: text for a terminal, HTML for a notebook."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from coursekit.course.challenges.network_judge import MET, NOT_JUDGED, NOT_MET, Finding
from coursekit.course.exercises.outcomes import inline

SIGNS = {MET: "✓", NOT_MET: "✗", NOT_JUDGED: "–"}
HEAD = ("verdict", "rule", "found", "what to say about it")
PADDING = "padding:.25em .7em"
COLOURS = {MET: "#009E73", NOT_MET: "#D55E00", NOT_JUDGED: "#888888"}


@dataclass(frozen=True, repr=False)
class RuleTable(Sequence):
    """One finding for each rule of a challenge, in its order.

    Indexing by number gives a finding, by name that of a key ("parameters_below") or
    of a rule about layers ("batch norm").
    """

    title: str
    findings: tuple[Finding, ...]

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __getitem__(self, key: int | slice | str):
        if not isinstance(key, str):
            return self.findings[key]
        for finding in self.findings:
            if key in (finding.rule.key, finding.rule.limit):
                return finding
        names = [_key(finding) for finding in self.findings]
        raise KeyError(f"no rule `{key}`; there are {', '.join(names)}")

    @property
    def met(self) -> bool:
        """Whether every rule was judged and is met."""
        return all(finding.status == MET for finding in self.findings)

    def with_status(self, status: str) -> tuple[Finding, ...]:
        """Return the findings that are "met", "not met" or "not judged"."""
        return tuple(f for f in self.findings if f.status == status)

    @property
    def summary(self) -> str:
        """How many rules are met, in a line."""
        counts = [(word, len(self.with_status(word))) for word in SIGNS]
        said = ", ".join(f"{n} {word}" for word, n in counts if n)
        return f"{self.title}: {said}"

    def __repr__(self) -> str:
        lines = [self.summary]
        for finding in self.findings:
            lines += _text(finding)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th style='text-align:{side};{PADDING}'>{word}</th>"
            for side, word in zip(("left", "left", "right", "left"), HEAD, strict=True)
        )
        rows = "".join(map(_row, self.findings))
        return (
            "<table style='border-collapse:collapse;margin:.4em 0'>"
            f"<caption style='text-align:left'>{escape(self.summary)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )


def _key(finding: Finding) -> str:
    rule = finding.rule
    return repr(rule.limit if rule.key == "layers" else rule.key)


def _text(finding: Finding) -> list[str]:
    head = f"{SIGNS[finding.status]} {finding.status:10} {finding.rule.text}"
    found = f": {finding.found}" if finding.found else ""
    lines = _wrapped(head + found, "")
    lines += _wrapped(_sentence(finding.says), "    ") if finding.says else []
    lines += _wrapped(f"→ {finding.advice}", "    ") if finding.advice else []
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        width=88,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", ")")) else ".")


def _row(finding: Finding) -> str:
    colour = COLOURS[finding.status]
    says = inline(_sentence(finding.says)) if finding.says else ""
    if finding.advice:
        says += f"{'<br>' if says else ''}<b>→</b> {inline(finding.advice)}"
    cell = f"vertical-align:top;{PADDING}"
    left = f"text-align:left;{cell}"
    return (
        f"<tr><td style='{left};white-space:nowrap;border-left:6px solid {colour}'>"
        f"{SIGNS[finding.status]} {finding.status}</td>"
        f"<td style='{left};max-width:20em'>{escape(finding.rule.text)}</td>"
        f"<td style='text-align:right;{cell};max-width:9em'>"
        f"{escape(finding.found)}</td>"
        f"<td style='{left};max-width:32em;white-space:normal'>{says}</td></tr>"
    )
