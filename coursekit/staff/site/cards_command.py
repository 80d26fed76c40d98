"""`coursekit cards 03`: a session's quiz as cards for programs of spaced repetition.

A file of tab-separated values, as Anki, Mnemosyne and others import it: question,
answer and tags, as HTML without pictures. Lines that begin with # tell Anki the form.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit._base.words import many
from coursekit.staff.build.folder import Session, notebooks_folder, sessions
from coursekit.staff.build.notebook_source import read_source

# A question begins a line with its number in bold and ends with its folded answer.
QUESTION = re.compile(
    r"^\*\*\d+\.\*\*(?P<question>.+?)<details>\s*<summary>Answer</summary>"
    r"(?P<answer>.+?)</details>",
    re.MULTILINE | re.DOTALL,
)
FORMULA = re.compile(r"(?<![\\$])\$([^$\n]+)\$")
HEAD = "#separator:tab\n#html:true\n#columns:question\tanswer\ttags\n#tags column:3\n"


@dataclass(frozen=True)
class QuizCard:
    """A question of a session's quiz.

    Args:
        session: its number, "03b".
        question, answer: markdown.
    """

    session: str
    question: str
    answer: str


def quiz_of(session: Session) -> list[QuizCard]:
    """Read the quiz of a session from its source.

    Raises:
        ValueError: the source cannot be read.
    """
    prose = [c.text for c in read_source(session.source) if c.kind == "markdown"]
    return [
        QuizCard(session.number, found["question"].strip(), found["answer"].strip())
        for found in QUESTION.finditer("\n\n".join(prose))
    ]


def as_tsv(cards: Sequence[QuizCard]) -> str:
    """Write cards as a file that spaced-repetition programs import.

    Args:
        cards: of any sessions.
    """
    fields = (
        (_field(one.question), _field(one.answer), f"coursekit session-{one.session}")
        for one in cards
    )
    return HEAD + "".join("\t".join(row) + "\n" for row in fields)


def _field(markdown: str) -> str:
    """Return markdown as HTML on one line, formulas in the signs that Anki knows."""
    from markdown_it import MarkdownIt

    formulas = FORMULA.sub(r"\\\\(\1\\\\)", markdown)
    html = MarkdownIt().enable("table").render(formulas).strip()
    if html.count("<p>") == 1 and html.startswith("<p>") and html.endswith("</p>"):
        html = html[3:-4]
    return html.replace("\t", " ").replace("\n", " ")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `coursekit cards`; give its exit code."""
    parser = argparse.ArgumentParser(
        prog="coursekit cards",
        description="Write the quiz of sessions as cards for spaced repetition (TSV, "
        "for Anki and others).",
        epilog="example: coursekit cards 03 --out session-03.tsv",
    )
    parser.add_argument("sessions", nargs="*", metavar="NN", help="03, 03b …; else all")
    parser.add_argument("--out", type=Path, metavar="FILE", help="else to the terminal")
    parser.add_argument("--root", help="the course's folder; else found from here")
    options = parser.parse_args(argv)
    chosen = sessions(notebooks_folder(options.root), options.sessions)
    cards = [card for session in chosen for card in quiz_of(session)]
    if not cards:
        names = ", ".join(session.number for session in chosen)
        raise ValueError(f"there is no quiz in {names}: take another session")
    if options.out is None:
        sys.stdout.write(as_tsv(cards))
        return 0
    write_whole(options.out, as_tsv(cards))
    sys.stdout.write(f"{options.out}: {many(len(cards), 'card')}\n")
    return 0
