"""Marks of cells as they were handed out: what is not marked, a student has written.

A built notebook carries the marks in its metadata. They depend on the text alone, so a
cell is known wherever it stands and whatever an editor did to its id. Of a cell that
asks for a prediction, the call has a mark of its own: the lines above it are answers.
"""

import hashlib
import re
from collections.abc import Iterable

ASKED = re.compile(r"""^predict\(\s*["']([\w-]+)["']""", re.MULTILINE)
DIGITS = 10  # of a mark: two cells of a notebook share none


def mark(text: str) -> str:
    """Return the mark of a text, blind to line ends and to spaces before them."""
    plain = "\n".join(row.rstrip() for row in text.strip().splitlines())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def marks(texts: Iterable[str]) -> str:
    """Return the marks of all cells, and of the calls that ask for predictions.

    They are one text with spaces between, a line in the notebook's file.

    Args:
        texts: of the cells.
    """
    every = set()
    for text in texts:
        every |= {mark(text)} | {mark(text[m.start() :]) for m in ASKED.finditer(text)}
    return " ".join(sorted(every))
