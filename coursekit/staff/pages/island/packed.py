"""The pictures of all states, packed: neighbours differ in a few numbers only.

Every text (an SVG layer, words, a table) is cut behind each `"` and `>`. A piece is
stored once; a text is the row of its pieces' numbers. Rows of equal length stand below
each other and are stored column by column, where most numbers repeat:

    <rect x="1" fill="#000"/>      0 1 2 3 4        0 0 · 1 5 · 2 2 · 3 3 · 4 4
    <rect x="9" fill="#000"/>      0 5 2 3 4

zlib finds such runs; it would not find the same words 40 kB apart. A piece that is a
PNG file stands as "\\1" and its number in `pixels_apart`.
"""

import base64
import json
import re
import struct
import zlib
from collections.abc import Iterable, Sequence

import numpy as np

from coursekit.explore.view import View, table_html
from coursekit.staff.pages.island.pixels_apart import pooled

PARTS = ("backdrop", "sheet", "front", "words", "table", "marks")
_PIECE = re.compile(r'[^">]*[">]|[^">]+$', re.DOTALL)
_APART, _PICTURE = "\0\1"  # between pieces, before a picture's number; no text has it


def parts_of(view: View) -> dict[str, str]:
    """Return what a page shows of a View: its layers, words, table and marks."""
    marks = [
        [m.x, m.y, m.width, m.height, m.values(), m.rows, m.columns] for m in view.marks
    ]
    return {
        "backdrop": view.backdrop,
        "sheet": view.sheet,
        "front": view.svg_or_html,
        "words": view.text,
        "table": table_html(view.table),
        "marks": json.dumps(marks),
    }


def pack(said: dict, views: Iterable[View]) -> str:
    """Return what is told of an explorer and all its pictures, in letters.

    Args:
        said: what stands beside the pictures, as JSON has it.
        views: one a state, in the order of the states.
    """
    texts, of = {n: {} for n in PARTS}, {n: [] for n in PARTS}
    for view in views:
        for name, text in parts_of(view).items():
            of[name].append(texts[name].setdefault(text, len(texts[name])))
    pieces: dict[str, tuple] = {}
    parts = {n: _part(n, texts[n], of[n], pieces) for n in PARTS}
    counts = {n: [len(of[n]), len(texts[n]), len(parts[n])] for n in PARTS}
    runs, pixels, numbers = pooled(pieces)
    listed = (f"{_PICTURE}{numbers[p]}" if p in numbers else p for p in pieces)
    return _stream(
        {**said, "parts": counts, "pictures": runs},
        _APART.join(listed).encode(),
        b"".join(map(_planes, parts.values())) + pixels,
    )


def _stream(said: dict, pieces: bytes, rest: bytes) -> str:
    said = said | {"pieces": len(pieces)}
    head = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    whole = struct.pack("<I", len(head)) + head + pieces + rest
    return base64.b64encode(zlib.compress(whole, 9)).decode()


def _part(
    name: str, texts: Iterable[str], of: Sequence[int], pieces: dict[str, tuple]
) -> np.ndarray:
    """Return which text each state has, how long each text is, and its pieces.

    Which text: the step from the state before. `pieces` gets the new ones: their number
    and where they first stand.
    """
    rows = [
        [
            pieces.setdefault(piece, (len(pieces), name, place))[0]
            for place, piece in enumerate(_PIECE.findall(text))
        ]
        for text in texts
    ]
    steps = np.diff(np.array(of, int), prepend=0)
    by_length: dict[int, list[list[int]]] = {}
    for row in rows:
        by_length.setdefault(len(row), []).append(row)
    columns = (np.array(group, int).T.ravel() for group in by_length.values())
    lengths = np.array([len(row) for row in rows], int)
    return np.concatenate([steps, lengths, *columns])


def _planes(numbers: np.ndarray) -> bytes:
    """Return whole numbers as all their low bytes, all middle and all high ones."""
    return b"".join((numbers >> s & 255).astype(np.uint8).tobytes() for s in (0, 8, 16))
