"""PNG files taken apart, so that pictures that resemble each other pack together.

Each PNG is compressed by itself, and what it shares with the one before is hidden.
Here the pixels of all lie uncompressed one behind the other: zlib then finds what they
share. The page makes PNG files of them again, with the same header and pixels.
"""

import base64
import struct
import zlib
from collections.abc import Iterable

BEGINS = "data:image/png;base64,"
_KNOWN = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


def apart(piece: str) -> tuple[tuple, bytes] | None:
    """Return the header of a PNG, its palette and pixels; None of anything else.

    Args:
        piece: a data URI with a quotation mark behind it.

    Returns:
        ((width, height, depth, colour type, bytes of palette, of its opacities, of
        pixels), these bytes).
    """
    if not piece.startswith(BEGINS):
        return None
    chunks: dict[bytes, bytes] = {}
    for name, data in _chunks(base64.b64decode(piece[len(BEGINS) : -1])):
        chunks[name] = chunks.get(name, b"") + data
    *head, packing, filters, laced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if not chunks.keys() <= _KNOWN or packing or filters or laced:
        return None
    parts = [chunks.get(b"PLTE", b""), chunks.get(b"tRNS", b"")]
    parts.append(zlib.decompress(chunks[b"IDAT"]))
    return (*head, *map(len, parts)), b"".join(parts)


def _chunks(png: bytes) -> Iterable[tuple[bytes, bytes]]:
    at = 8
    while at < len(png):
        size, name = struct.unpack_from(">I4s", png, at)
        yield name, png[at + 8 : at + 8 + size]
        at += size + 12


def pooled(places: dict[str, tuple]) -> tuple[list, bytes, dict[str, int]]:
    """Lay the pixels of PNG files one behind the other, alike by alike.

    Args:
        places: piece → its number, and where it first stands; those of one place
            become neighbours.

    Returns:
        For each run of files of one kind its header and how many they are; the bytes;
        the number of each file.
    """
    found = [
        (place, *parts, piece)
        for piece, (_, *place) in places.items()
        if (parts := apart(piece))
    ]
    found.sort(key=lambda one: one[:2])
    runs: list[list] = []
    for _, head, *_ in found:
        if runs and runs[-1][0] == list(head):
            runs[-1][1] += 1
        else:
            runs.append([list(head), 1])
    numbers = {piece: n for n, (*_, piece) in enumerate(found)}
    return runs, b"".join(data for _, _, data, _ in found), numbers
