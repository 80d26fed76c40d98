"""What of a built site is too large to be fetched on a phone: pages, explorers."""

import re
from pathlib import Path

LARGEST, LARGEST_ISLAND = 5_000_000, 1_000_000  # bytes
_ISLAND = re.compile(
    rb"<figure class=.coursekit-view coursekit-island. data-name=.([\w-]+).*?</figure>",
    re.DOTALL,
)


def too_large(site: Path) -> list[str]:
    """Say in a line each which page or explorer of a built site is too large.

    Args:
        site: its folder.
    """
    said = []
    for path in sorted(site.rglob("*.html")):
        text, name = path.read_bytes(), path.relative_to(site).as_posix()
        sizes = [(name, len(text), LARGEST)]
        for island in _ISLAND.finditer(text):
            which = f"the explorer {island[1].decode()} in {name}"
            sizes.append((which, len(island[0]), LARGEST_ISLAND))
        said += [
            f"{what} has {size / 1e6:.2f} MB, more than {most / 1e6:.0f} MB"
            for what, size, most in sizes
            if size > most
        ]
    return said
