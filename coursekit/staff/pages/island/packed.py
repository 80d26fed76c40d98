"""The pictures of all states as one compressed text, each part stored once."""

import base64
import json
import zlib
from collections.abc import Iterable

from coursekit.explore.view import View, table_html

PARTS = ("backdrop", "sheet", "front", "words", "table", "marks")


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


def pack(views: Iterable[View]) -> dict:
    """Return the parts of many Views: for each part its texts, and who has which."""
    texts, of = {n: {} for n in PARTS}, {n: [] for n in PARTS}
    for view in views:
        for name, text in parts_of(view).items():
            of[name].append(texts[name].setdefault(text, len(texts[name])))
    return {n: {"texts": list(texts[n]), "of": of[n]} for n in PARTS}


def squeezed(data: object) -> str:
    """Return data as JSON, compressed, in letters that stand in a page."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def opened(letters: str) -> object:
    """Return what `squeezed` was given."""
    return json.loads(zlib.decompress(base64.b64decode(letters)))
