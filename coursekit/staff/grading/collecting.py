"""Collects hand-ins into one folder and one manifest; nothing is ever overwritten.

Who handed in is read from names, as learning platforms give them:

    Canvas   doejane_LATE_4711_90210_a1.ipynb        name, late, user's id, file's id
    Moodle   Jane Doe_4711_assignsubmission_file/a1.ipynb
    Git      s4711/.git  s4711/a1.ipynb              the time is the last commit's
    plain    s4711.ipynb · s4711/a1.ipynb            an id or a name of the roster
"""

import csv
import hashlib
import io
import re
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit.staff.grading.manifest import (
    Row,
    read_manifest,
    with_superseded,
    write_manifest,
)
from coursekit.staff.grading.network_zip import NETWORK, challenge_of, is_network

CANVAS = re.compile(r"(?P<name>[^_]+)(?P<late>_LATE)?_(?P<user>\d+)_\d+_(?P<file>.+)$")
MOODLE = re.compile(r"(?P<name>.+)_(?P<user>\d+)_assignsubmission_")
KINDS = (".ipynb", ".py", NETWORK)
SKIPPED = (".ipynb_checkpoints", "__MACOSX", ".git", "__pycache__")
MOST_BYTES, MOST_FILES = 2**30, 20_000  # of a zip


@dataclass(frozen=True)
class Handin:
    """A file before it is collected."""

    came_as: str
    data: bytes
    time: datetime
    flags: tuple[str, ...] = ()


def read_roster(path: Path) -> dict[str, str]:
    """Read who is in the class.

    Args:
        path: CSV with a column `id`, and `name` or others by which students are known.

    Returns:
        The id by everything that may stand in a file's name, in small letters.

    Raises:
        ValueError: no column `id`, an id twice, two students with one name.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(
            f"`{path.name}` is not UTF-8; save the roster as that"
        ) from None
    rows = list(csv.DictReader(io.StringIO(text)))
    if not rows or "id" not in rows[0]:
        raise ValueError(f"`{path.name}` needs a first line with a column `id`")
    known: dict[str, str] = {}
    for row in rows:
        student = (row["id"] or "").strip()
        if not student:
            raise ValueError(f"`{path.name}` has a line without an id")
        for value in filter(None, row.values()):
            for word in _spellings(str(value)):
                if known.setdefault(word, student) != student:
                    raise ValueError(
                        f"`{path.name}`: {value!r} stands for {known[word]} and for "
                        f"{student}; add a column that tells them apart"
                    )
    return known


def _spellings(value: str) -> set[str]:
    """Return how a name may be written: Jane Doe → janedoe, doejane."""
    words = re.findall(r"\w+", value.lower())
    return {"".join(words), "".join(words[-1:] + words[:-1])} - {""}


def collect(
    sources: list[Path], folder: Path, roster: dict[str, str], due: datetime | None
) -> list[Row]:
    """Copy every hand-in to `folder` and write `manifest.csv` beside them.

    Args:
        sources: folders and zips, as a platform gives them.
        roster: as `read_roster` gives it; {} takes names as they come.
        due: from when a hand-in is late.

    Returns:
        All rows, those of earlier collections first.

    Raises:
        ValueError: a source that is neither, or a zip that is too large or broken.
        OSError: a file cannot be read or written; the manifest is as before.
    """
    rows = read_manifest(folder)
    seen = {(row.student, row.sha256) for row in rows}
    for source in sources:
        for handin in _handins(source):
            row = _row(handin, roster, due)
            if (row.student, row.sha256) in seen:
                continue
            seen.add((row.student, row.sha256))
            target = folder / "files" / row.file
            if not target.exists():
                write_whole(target, handin.data)
            rows.append(row)
    rows = with_superseded(rows)
    write_manifest(folder, rows)
    return rows


def _row(handin: Handin, roster: dict[str, str], due: datetime | None) -> Row:
    student, flags = _student(handin.came_as, roster)
    flags += handin.flags
    if due is not None and handin.time > due and "late" not in flags:
        flags += ("late",)
    digest = hashlib.sha256(handin.data).hexdigest()
    kind = Path(handin.came_as).suffix.lower()
    task = f"-{challenge_of(handin.data)}" if kind == NETWORK else ""
    name = re.sub(r"[^\w.-]+", "_", (student or "unnamed")[:60] + task)
    time = handin.time.isoformat(timespec="seconds")
    file = f"{name}-{digest[:12]}{kind}"
    return Row(student, file, digest, handin.came_as, time, " · ".join(flags))


def _student(came_as: str, roster: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    """Find whose a file is: by the names on its way, the nearest folder last."""
    parts = Path(came_as).parts
    flags: tuple[str, ...] = ()
    for part in (parts[-1], *reversed(parts[:-1])):
        canvas, moodle = CANVAS.match(part), MOODLE.match(part)
        if canvas and canvas["late"]:
            flags = ("late",)
        match = canvas or moodle
        words = [match["user"], match["name"]] if match else [Path(part).stem]
        if not roster and (match or part != parts[-1] or len(parts) == 1):
            return words[-1], flags
        for word in words:
            for spelling in _spellings(word):
                if spelling in roster:
                    return roster[spelling], flags
    return "", (*flags, "not on the roster" if roster else "unnamed")


def _handins(source: Path) -> Iterator[Handin]:
    """Yield notebooks, scripts and networks; any other zip holds hand-ins."""
    if source.is_dir():
        found = _of_folder(source)
    elif source.suffix.lower() in KINDS and not _holds_handins(source):
        found = iter([_file(source, source.name, _changed(source))])
    elif zipfile.is_zipfile(source):
        found = _of_zip(source)
    else:
        raise ValueError(f"`{source}` must be a folder, a zip or a notebook")
    for one in found:
        is_zip = one.came_as.lower().endswith(NETWORK)
        if not is_zip or "link" in one.flags or is_network(one.data):
            yield one


def _holds_handins(source: Path) -> bool:
    return zipfile.is_zipfile(source) and not is_network(source.read_bytes())


def _of_folder(folder: Path) -> Iterator[Handin]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.suffix.lower() not in KINDS or set(inside.parts) & set(SKIPPED):
            continue
        if path.is_symlink():  # it may lead anywhere: named, never followed
            yield Handin(inside.as_posix(), b"", _changed(path), ("link",))
        elif path.is_file():
            yield _file(path, inside.as_posix(), _committed(path, folder))


def _file(path: Path, came_as: str, time: datetime) -> Handin:
    return Handin(came_as, path.read_bytes(), time)


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.lstat().st_mtime, UTC)


def _committed(path: Path, folder: Path) -> datetime:
    """Return when the file was committed, in a repository below `folder`."""
    homes = [one for one in path.parents if (one / ".git").exists() and one != folder]
    if not homes:
        return _changed(path)
    command = ["git", "-C", str(homes[0]), "log", "-1", "--format=%cI", "--", path.name]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    stamp = said.stdout.strip()
    return datetime.fromisoformat(stamp) if stamp else _changed(path)


def _of_zip(path: Path) -> Iterator[Handin]:
    """Read notebooks out of a zip; nothing is unpacked to the disk."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        total = sum(one.file_size for one in entries)
        if total > MOST_BYTES or len(entries) > MOST_FILES:
            raise ValueError(
                f"`{path.name}` holds {len(entries):,} files of {total:,} bytes; at "
                f"most {MOST_FILES:,} and {MOST_BYTES:,} are read"
            )
        for one in entries:
            inside = Path(one.filename)
            if inside.suffix.lower() not in KINDS or set(inside.parts) & set(SKIPPED):
                continue
            time = datetime(*one.date_time, tzinfo=UTC)
            with archive.open(one) as file:
                data = file.read(one.file_size + 1)
            yield Handin(inside.as_posix(), data, time)
