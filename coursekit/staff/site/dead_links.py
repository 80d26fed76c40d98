"""Links of a built site that lead nowhere, and what its pages would ask other hosts."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"src", "srcset", "poster", "data", "background"}
FETCHING_LINKS = {"stylesheet", "icon", "preload", "prefetch", "manifest", "search"}


class _Page(HTMLParser):
    """Collect ids, links and addresses that a browser fetches by itself."""

    def __init__(self, text: str):
        super().__init__()
        self.ids, self.links, self.fetched = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = {name: value for name, value in attrs if value is not None}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and FETCHING_LINKS & set(given.get("rel", "").split()):
            self.fetched.append(given.get("href", ""))
        self.fetched += [given[name] for name in FETCHED & given.keys()]


def faults_of(site: Path) -> list[str]:
    """Say in a line each what is wrong with the links of a built site.

    Args:
        site: its folder.
    """
    paths = [p for p in site.rglob("*.html") if "_static" not in p.parts]
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in paths}
    return sorted(fault for path in pages for fault in _faults(path, pages, site))


def _faults(path: Path, pages: dict[Path, _Page], site: Path) -> Iterator[str]:
    page, name = pages[path], path.relative_to(site).as_posix()
    for address in page.fetched:
        if urlsplit(address).netloc:
            yield f"{name} fetches {address}"
    for address in {*page.links, *page.fetched}:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.is_file():
            yield f"{name} links to {address}, which is not there"
        elif target in pages and not _is_place(parts.fragment, pages[target]):
            yield f"{name} links to {address}, and there is no such place"


def _is_place(fragment: str, page: _Page) -> bool:
    """Say whether a page has the place; what has `=` is a state of an explorer."""
    return not fragment or "=" in fragment or unquote(fragment) in page.ids
