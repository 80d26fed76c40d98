"""What a page that is read, not run, needs: contents, folded code, narrow screens."""

FOLDED = ".celltag_fold, .celltag_verdict"  # nbconvert's classes for the tags
STYLE = """
nav.contents { font-family: system-ui, sans-serif; max-width: 44em }
nav.contents { margin: 1em auto; padding: 0 1em; line-height: 1.6 }
nav.contents ol { list-style: none; padding-left: 0 }
details.folded > summary { cursor: pointer; padding: .2em .5em; opacity: .75 }
img, svg { max-width: 100%; height: auto }
.jp-RenderedHTMLCommon table { display: block; max-width: 100%; overflow-x: auto }
@media (max-width: 700px) {
  .jp-InputPrompt, .jp-OutputPrompt { display: none }
  .jp-Notebook { padding: 0 .5em }
  .jp-Cell { padding: 2px }
}
"""


def add_reading_aids(soup) -> None:
    """Give a page of nbconvert a list of contents, and fold what notebooks fold.

    Args:
        soup: the parsed page; it is changed.
    """
    style = soup.new_tag("style")
    style.string = STYLE
    soup.head.append(style)
    for cell in soup.select(FOLDED):
        if code := cell.select_one(".jp-Cell-inputWrapper"):
            code.wrap(_details(soup, "code", "folded"))
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
        place = soup.new_tag("li")
        place.append(link)
        places.append(place)
    fold.append(places)
    around.append(fold)
    return around
