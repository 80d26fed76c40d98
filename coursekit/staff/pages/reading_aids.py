"""What a page that is read, not run, needs: contents, folded code, legible pictures."""

import base64
import re
import xml.etree.ElementTree as ET

from coursekit.staff.pages.page_style import STYLE

ISLAND = "coursekit-island"
FOLDED = ".celltag_fold, .celltag_verdict"  # nbconvert's classes for the tags
LEAST = 11  # pixels of the smallest letters of a drawing, on any screen
DRAWING = "data:image/svg+xml;base64,"
SCALE = re.compile(r"scale\(([\d.]+)")


def add_reading_aids(soup) -> None:
    """Give a page of nbconvert contents, folds, and pictures one can read by phone.

    Args:
        soup: the parsed page; it is changed.
    """
    style = soup.new_tag("style")
    style.string = STYLE
    soup.head.append(style)
    for cell in soup.select(FOLDED):
        if code := cell.select_one(".jp-Cell-inputWrapper"):
            code.wrap(_details(soup, "code", "folded"))
    outside = f":not(.{ISLAND} *)"  # an island scrolls by itself
    for picture in soup.select(f"figure :is(img, svg)[width]{outside}"):
        legible = f"--legible:{legible_width(picture):.0f}px"
        picture.wrap(_scrolling(soup, "picture"))["style"] = legible
    for table in soup.select(f"table{outside}"):
        table.wrap(_scrolling(soup, "table"))
    if headings := soup.select("h2[id]"):
        soup.body.insert(0, _contents(soup, headings))


def _details(soup, words: str, kind: str):
    """Return an empty fold whose handle says `words`."""
    fold = soup.new_tag("details", attrs={"class": kind})
    handle = soup.new_tag("summary")
    handle.string = words
    fold.append(handle)
    return fold


def _contents(soup, headings: list):
    around = soup.new_tag("nav", attrs={"class": "contents", "aria-label": "Contents"})
    fold, places = _details(soup, "Contents", "list"), soup.new_tag("ol")
    fold["open"] = ""
    for heading in headings:
        link = soup.new_tag("a", href=f"#{heading['id']}")
        link.string = heading.get_text().rstrip("¶")
        item = soup.new_tag("li")
        item.append(link)
        places.append(item)
    fold.append(places)
    around.append(fold)
    return around


def _scrolling(soup, kind: str):
    """Return a box that scrolls, by keys too, where what it holds is wider."""
    words = f"{kind}, may be wider than the screen"
    named = {"class": "wide", "tabindex": "0", "role": "group", "aria-label": words}
    return soup.new_tag("div", attrs=named)


def legible_width(picture) -> float:
    """Return the width in pixels at which the words of a picture can be read.

    Args:
        picture: the tag; of an SVG file the smallest letters count, of other pictures
            the width they were drawn for.
    """
    width, source = float(picture["width"]), picture.get("src", "")
    if picture.name == "svg":
        root = ET.fromstring(str(picture))
    elif source.startswith(DRAWING):
        root = ET.fromstring(base64.b64decode(source.removeprefix(DRAWING)))
    else:
        return width
    smallest = min(_letters(root, 16.0, 1.0), default=LEAST)
    return width * max(1.0, LEAST / smallest)


def _letters(tag: ET.Element, size: float, scale: float) -> list[float]:
    """List the sizes of all words in a drawing, in its own pixels."""
    size = float(tag.get("font-size", size))
    for factor in SCALE.findall(tag.get("transform", "")):
        scale *= float(factor)
    mine = (
        [size * scale] if tag.tag.endswith("text") and "".join(tag.itertext()) else []
    )
    return mine + [one for child in tag for one in _letters(child, size, scale)]
