"""Small pictures as text: SVG, and PNG inside it, a few hundred bytes each.

Drawing this way answers a slider in about a millisecond; a matplotlib figure takes
near a hundred. Everything here turns plain numbers into strings.
"""

import base64
import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from html import escape

import numpy as np

from coursekit.explore.theme import INK as INK
from coursekit.explore.theme import PAPER
from coursekit.explore.theme import QUIET as QUIET
from coursekit.figures.style import PALETTE, ROLES

ON_TINT = "#000"  # of figures on a coloured cell, which is light at night too
WIDTH = 760  # of every picture, in SVG units; the page scales it down, never up
_MOST_SIZE = 20  # of the figures in a grid
_ADVANCE = 0.6  # of a monospaced character, in font sizes
_STRENGTH = 0.62  # of the strongest tint: black figures stay readable on it


def document(height: float, body: str, *, label: str = "") -> str:
    """Return an SVG picture of the house's width.

    Args:
        height: in units; the width is `WIDTH`.
        body: the elements.
        label: alt text; without it the picture is decoration for screen readers.
    """
    described = f'role="img" aria-label="{escape(label)}"'
    spoken = described if label else 'aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'{spoken} width="{WIDTH}" font-family="system-ui,sans-serif" '
        f'style="display:block;max-width:100%;height:auto">{body}</svg>'
    )


def paper(height: float) -> str:
    """Return the ground every picture stands on: white, dark in a dark theme."""
    return f'<rect width="{WIDTH}" height="{height:g}" fill="{PAPER}"/>'


def words(
    x: float, y: float, text: str, *, size: int = 14, fill: str = INK, more: str = ""
) -> str:
    """Return one line of text whose baseline starts at (x, y)."""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}"{more}>'
        f"{escape(text)}</text>"
    )


def box(
    x: float, y: float, width: float, height: float, stroke: str, *, line: float = 2
) -> str:
    """Return an empty frame."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
        f'fill="none" stroke="{stroke}" stroke-width="{line:g}"/>'
    )


def filled(x: float, y: float, width: float, height: float, fill: str) -> str:
    """Return a rectangle of one colour."""
    return (
        f'<rect x="{x:.4g}" y="{y:.4g}" width="{width:.4g}" height="{height:.4g}" '
        f'fill="{fill}"/>'
    )


def squares(corners: Iterable[tuple[float, float]], side: float, stroke: str) -> str:
    """Return the frames of squares of one size as one path."""
    path = "".join(f"M{x:g} {y:g}h{side:g}v{side:g}h-{side:g}z" for x, y in corners)
    return f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="2.5"/>'


def outlined(x: float, y: float, width: float, height: float, stroke: str) -> str:
    """Return a frame with a white edge, so that it shows on any photo."""
    edge = box(x, y, width, height, "#fff", line=5)
    return edge + box(x, y, width, height, stroke, line=2.5)


def short(value: float) -> str:
    """Return a number in at most about five characters, with a real minus sign."""
    value = float(value)
    text = f"{value:.0f}" if abs(value) >= 99.5 else f"{value:.1f}"
    if abs(value) < 1 and not value.is_integer():
        text = f"{value:.2f}"
    if text.strip("-0.") == "":
        text = "0"
    elif "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def sides(sizes: Iterable[int]) -> str:
    """Return (64, 8, 8) as "64×8×8"."""
    return "×".join(map(str, sizes))


def precise(value: float) -> str:
    """Return a number with up to four digits, for sentences."""
    text = f"{float(value):.4g}"
    if "e" in text:
        text = f"{float(value):.0f}" if abs(value) > 1 else f"{float(value):.1g}"
    return ("0" if text == "-0" else text).replace("-", "−")


def percent(share: float | None) -> str:
    """Return 0.1234 as "12.3 %", "–" for None."""
    if share is None:
        return "–"
    return f"{100 * float(share):.{3 if share >= 0.01 else 2}g} %"


@lru_cache(maxsize=256)
def fraction(value: float) -> str:
    """Return a kernel weight: 0.25 as it is, and 1/9 rather than 0.11."""
    exact = Fraction(float(value))
    if abs(round(float(value), 2) - exact) < 1e-9:
        text = f"{round(float(value), 2):g}"
        return "0" if text == "-0" else text.replace("-", "−")
    close = exact.limit_denominator(25)
    if abs(close - exact) < 1e-9:
        return str(close).replace("-", "−")
    return short(value)


def png(pixels: np.ndarray, palette: np.ndarray | None = None) -> bytes:
    """Encode pixels as PNG (RFC 2083), without Pillow: 0.1 ms for a thumbnail.

    Args:
        pixels: grey or colour, or with a palette places in it: a third of the bytes.
        palette: up to 256 colours; a fourth number is how opaque, 0 to 255.

    Shape:
        pixels: (h, w) or (h, w, 3), palette: (n, 3) or (n, 4), uint8.
    """
    height, width = pixels.shape[:2]
    colour_type = (0 if palette is None else 3) if pixels.ndim == 2 else 2
    rows = pixels.reshape(height, -1)
    raw = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b"")]
    if palette is not None:
        parts.insert(1, (b"PLTE", palette[:, :3].tobytes()))
        if palette.shape[1] == 4:
            parts.insert(2, (b"tRNS", palette[:, 3].tobytes()))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def uri(data: bytes, kind: str = "png") -> str:
    """Return encoded bytes as a data URI."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def name_of(pixels: np.ndarray) -> str:
    """Return the id of a picture to be copied: the same pixels, the same id."""
    return f"p{zlib.crc32(np.ascontiguousarray(pixels).tobytes()):08x}"


def picture(
    source: str, x: float, y: float, width: float, height: float, *, name: str = ""
) -> str:
    """Return an image stretched over a box, each pixel a clean rectangle."""
    known_as = f' id="{name}"' if name else ""
    return (
        f'<image{known_as} href="{source}" x="{x:g}" y="{y:g}" width="{width:g}" '
        f'height="{height:g}" preserveAspectRatio="none" '
        'style="image-rendering:pixelated"/>'
    )


def png_picture(
    pixels: np.ndarray, x: float, y: float, width: float, height: float
) -> str:
    """Return pixels, (h, w) or (h, w, 3) uint8, stretched over a box."""
    return picture(uri(png(pixels)), x, y, width, height)


def cutting(place: Sequence[float], seen: Sequence[float], body: str) -> str:
    """Return a part of a drawing, stretched over a place.

    Args:
        place: x, y, width and height it gets.
        seen: x, y, width and height of the part, in the drawing's own units.
        body: the elements of the drawing.
    """
    names = zip(("x", "y", "width", "height"), place, strict=True)
    box = " ".join(f'{name}="{value:.5g}"' for name, value in names)
    part = " ".join(f"{value:.5g}" for value in seen)
    return f'<svg {box} viewBox="{part}">{body}</svg>'


def coarse(pixels: np.ndarray) -> np.ndarray:
    """Round to 32 levels a channel, 0 and 255 among them: half the bytes to send."""
    return (np.rint(pixels * (31 / 255)) * (255 / 31)).round().astype(np.uint8)


def tint(values: np.ndarray, role: str, limit: float | None = None) -> np.ndarray:
    """Return a colour a value: white at 0, the role's colour above, purple below.

    Args:
        values: any numbers.
        role: "input", "kernel" or "output".
        limit: the size that gets the strongest tint; None takes the largest there is.

    Shape:
        values (h, w) → (h, w, 3) uint8.
    """
    size = np.abs(values)
    limit = size.max() if limit is None else limit
    share = np.minimum(size / (limit or 1), 1)[..., None] * _STRENGTH
    above, below = rgb(ROLES[role]), rgb(PALETTE["purple"])
    full = np.where(values[..., None] < 0, below, above)
    return np.rint(255 + (full - 255) * share).astype(np.uint8)


def rgb(colour: str) -> np.ndarray:
    """Return "#E69F00" as three numbers 0 to 255."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], float)


def grid(
    values: np.ndarray,
    x: float,
    y: float,
    cell: float,
    role: str,
    limit: float | None = None,
    *,
    spell: Callable[[float], str] = short,
) -> str:
    """Return a matrix with every number written in its coloured cell.

    Each row is one text element with a place for every character: a fifth of the bytes
    of one element a cell.

    Args:
        values: the numbers.
        x, y, cell: top left corner and side of a cell, in units.
        role, limit: of the colours, as in `tint`.
        spell: number → text.

    Shape:
        values (h, w).
    """
    if not values.size:
        return ""
    height, width = values.shape
    wide, high = width * cell, height * cell
    ground = png_picture(tint(values, role, limit), x, y, wide, high)
    across = "".join(f"M{x:g} {y + i * cell:g}h{wide:g}" for i in range(height + 1))
    down = "".join(f"M{x + i * cell:g} {y:g}v{high:g}" for i in range(width + 1))
    lines = f'<path d="{across}{down}" stroke="#999" stroke-width=".5" fill="none"/>'
    return ground + lines + _figures(values, x, y, cell, spell)


def _figures(
    values: np.ndarray, x: float, y: float, cell: float, spell: Callable[[float], str]
) -> str:
    cells = [[spell(value) for value in row] for row in values.tolist()]
    longest = max(len(text) for row in cells for text in row)
    size = min(0.46 * cell, 0.86 * cell / (_ADVANCE * longest), _MOST_SIZE)
    rows = "".join(
        f'<text y="{y + (i + 0.5) * cell + size * 0.35:.4g}" '
        f'x="{_places(row, x, cell, size)}">{"".join(row)}</text>'
        for i, row in enumerate(cells)
    )
    return (
        f'<g font-family="ui-monospace,Menlo,Consolas,monospace" fill="{ON_TINT}" '
        f'font-size="{size:.3g}" text-anchor="middle">{rows}</g>'
    )


def _places(row: list[str], x: float, cell: float, size: float) -> str:
    """Return the middle of every character of a row of cells."""
    step = _ADVANCE * size
    return " ".join(
        f"{x + (j + 0.5) * cell + (k - (len(text) - 1) / 2) * step:.4g}"
        for j, text in enumerate(row)
        for k in range(len(text))
    )
