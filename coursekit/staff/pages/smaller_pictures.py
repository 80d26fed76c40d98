"""A picture in an output made small enough to be shown, and still readable."""

import base64
import binascii
import io
import re

EMBEDDED = re.compile(r"data:(image/(?:png|jpeg));base64,([A-Za-z0-9+/=\s]+)")
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG"}
SMALLEST = 200  # pixels; a smaller gallery cannot be read
STEP = 0.95  # a little smaller than the area asks for, as details pack less well
COLOURS = 256
AROUND = 1000  # characters of an output around its data


def smaller(output: dict, largest: int) -> dict | None:
    """Return an output whose pictures are small enough for so many characters.

    The size in pixels is given up last: a PNG first loses colours.

    Args:
        output: an output that displays data; it is not changed.
        largest: characters of the whole output.

    Returns:
        The output, or None where it has no picture or the pictures are not its bulk.
    """
    data = dict(output.get("data", {}))
    pictures = list(_pictures(data))
    bulk = sum(len(text) for *_, text in pictures)
    share = (largest - AROUND - len(str(data)) + bulk) / max(bulk, 1)
    for kind, form, text in pictures:
        packed = _packed(text, form, int(share * len(text))) if share > 0 else None
        if packed is None:
            return None
        data[kind] = "".join(data[kind]).replace(text, packed)
    return {**output, "data": data} if pictures else None


def _pictures(data: dict):
    """Yield where a picture is, its format and its characters; figures are in HTML."""
    for kind in FORMATS.keys() & data.keys():
        yield kind, FORMATS[kind], "".join(data[kind])
    for match in EMBEDDED.finditer("".join(data.get("text/html", ""))):
        yield "text/html", FORMATS[match[1]], match[2]


def _packed(text: str, form: str, largest: int) -> str | None:
    from PIL import Image

    try:
        picture = Image.open(io.BytesIO(base64.b64decode(text)))
        picture.load()
    except (OSError, ValueError, binascii.Error, Image.DecompressionBombError):
        return None
    clear = form == "PNG" and ("A" in picture.mode or "transparency" in picture.info)
    picture = picture.convert("RGBA" if clear else "RGB")
    while min(picture.size) >= SMALLEST:
        made = base64.b64encode(_written(picture, form)).decode()
        if len(made) <= largest:
            return made
        factor = STEP * (largest / len(made)) ** 0.5
        size = [round(side * factor) for side in picture.size]
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return None


def _written(picture, form: str) -> bytes:
    from PIL import Image

    if form == "PNG":  # the octree is 200 times as fast as the other ways
        picture = picture.quantize(COLOURS, Image.Quantize.FASTOCTREE)
    file = io.BytesIO()
    picture.save(file, form)
    return file.getvalue()
