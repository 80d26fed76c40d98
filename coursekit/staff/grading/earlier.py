"""A file that is written anew keeps what it held before, numbered, in `earlier/`."""

from pathlib import Path

from coursekit._base.files import write_whole

FOLDER = "earlier"


def write_and_keep(path: Path, text: str) -> None:
    """Write a file whole; what stood there goes to `earlier/NAME.1.csv`, `.2.csv` …

    Raises:
        OSError: it cannot be written; the file is as before.
    """
    if path.exists():
        before = path.read_text(encoding="utf-8")
        if before == text:
            return
        count = len(list((path.parent / FOLDER).glob(f"{path.stem}.*{path.suffix}")))
        name = f"{path.stem}.{count + 1}{path.suffix}"
        write_whole(path.parent / FOLDER / name, before)
    write_whole(path, text)


def latest_before(path: Path) -> Path | None:
    """Return what a file held before it was last written, or None."""
    kept = (path.parent / FOLDER).glob(f"{path.stem}.*{path.suffix}")
    numbered = {int(one.suffixes[-2][1:]): one for one in kept}
    return numbered[max(numbered)] if numbered else None
