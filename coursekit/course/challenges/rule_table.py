"""The rules of a hand-in as a table: text for a terminal, HTML for a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coursekit._base.card import (
    BLUE,
    GREEN,
    GREY,
    VERMILLION,
    Html,
    Table,
    inline,
    wrapped,
)
from coursekit.course.challenges.network_judge import (
    FOR_A_PERSON,
    MET,
    NOT_JUDGED,
    NOT_MET,
    Finding,
)

SIGNS = {MET: "✓", NOT_MET: "✗", NOT_JUDGED: "–", FOR_A_PERSON: "?"}
HEAD = ("verdict", "rule", "found", "what to say about it")
COLOURS = {MET: GREEN, NOT_MET: VERMILLION, NOT_JUDGED: GREY, FOR_A_PERSON: BLUE}


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
        """Return the findings that are "met", "not met" … as `Finding` has them."""
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
        edges = [COLOURS[finding.status] for finding in self.findings]
        rows = [_row(finding) for finding in self.findings]
        return Table(HEAD, rows, caption=self.summary, left=4, edges=edges).html()


def _key(finding: Finding) -> str:
    rule = finding.rule
    return repr(rule.limit if rule.key == "layers" else rule.key)


def _text(finding: Finding) -> list[str]:
    head = f"{SIGNS[finding.status]} {finding.status:10} {finding.rule.text}"
    found = f": {finding.found}" if finding.found else ""
    lines = [wrapped(head + found, hang="  ")]
    lines += [wrapped(_sentence(finding.says), "    ", hang="      ")] * bool(
        finding.says
    )
    advice = finding.advice
    return lines + [wrapped(f"→ {advice}", "    ", hang="      ")] * bool(advice)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", ")")) else ".")


def _row(finding: Finding) -> tuple[str, ...]:
    says = inline(_sentence(finding.says)) if finding.says else ""
    if finding.advice:
        says += f"{'<br>' if says else ''}<b>→</b> {inline(finding.advice)}"
    word = f"{SIGNS[finding.status]} {finding.status}"
    return word, finding.rule.text, finding.found, Html(says)
