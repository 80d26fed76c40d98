"""Collects hand-ins into one folder and one manifest; nothing is ever overwritten.

Whose a hand-in is, is read from names (`roster`). Read are folders, zips and zips in
them, and Git repositories, where the time is the last commit's: a claim of its author.
"""

import hashlib
import io
import os
import re
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from coursekit._base.files import write_whole
from coursekit.staff.grading.manifest import (
    JOIN,
    Row,
    read_manifest,
    with_superseded,
    write_manifest,
)
from coursekit.staff.grading.network_zip import NETWORK, challenge_of, is_network
from coursekit.staff.grading.roster import named

KINDS = (".ipynb", ".py")
SKIPPED = (".ipynb_checkpoints", "__MACOSX", ".git", "__pycache__")
MOST_BYTES, MOST_FILES = 2**30, 20_000  # of a zip; one in it may hold a fifth
OTHER = "no notebook"
# A repository may be a student's: nothing that its settings name is run or fetched.
GIT = ("git", "--no-pager", "-c", "log.showSignature=false", "-c", "core.fsmonitor=")
ALONE = {"GIT_ALLOW_PROTOCOL": "none", "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass(frozen=True)
class Handin:
    """A file before it is collected."""

    came_as: str
    data: bytes
    time: datetime
    flags: tuple[str, ...] = ()


def collect(
    sources: list[Path],
    folder: Path,
    roster: dict[str, str],
    due: datetime | None,
    assignment: str = "",
) -> list[Row]:
    """Copy every hand-in to `folder` and write `manifest.csv` beside them.

    Args:
        sources: folders and zips, as a platform gives them.
        roster: as `read_roster` gives it; {} takes names as they come.
        due: from when a hand-in is late.
        assignment: its id, with which `release` names a student's own notebook.

    Returns:
        All rows, those of earlier collections first.

    Raises:
        ValueError: a source that is neither, or a zip that is too large or broken.
        OSError: a file cannot be read or written; the manifest is as before.
    """
    rows = read_manifest(folder)
    seen = {(row.came_as, row.sha256) for row in rows}
    seen |= {(row.student, row.sha256) for row in rows if row.student}
    for handin in _notebooks_first(sources):
        row = _row(handin, roster, due, assignment)
        keys = {(row.came_as, row.sha256)}
        keys |= {(row.student, row.sha256)} if row.student else set()
        if keys & seen or (OTHER in handin.flags and _needless(row, rows)):
            continue
        seen |= keys
        target = folder / "files" / row.file
        if not target.exists():
            write_whole(target, handin.data)
        rows.append(row)
    rows = with_superseded(rows)
    write_manifest(folder, rows)
    return rows


def _notebooks_first(sources: list[Path]) -> Iterator[Handin]:
    others = []
    for handin in (one for source in sources for one in _handins(source)):
        if OTHER in handin.flags:
            others.append(handin)
        else:
            yield handin
    yield from others


def _needless(other: Row, rows: list[Row]) -> bool:
    """Say whether a file that is no notebook comes with one, or is nobody's."""
    return not other.student or other.student in {row.student for row in rows}


def _row(
    handin: Handin, roster: dict[str, str], due: datetime | None, assignment: str
) -> Row:
    came_as = handin.came_as.encode(errors="replace").decode()  # any name, any bytes
    said = named(came_as, roster, assignment)
    flags = handin.flags + said.flags
    # the times in a platform's download are not those of handing in
    if due is not None and not said.platform and handin.time > due:
        flags += ("late",)
    digest = hashlib.sha256(handin.data).hexdigest()
    kind = Path(came_as).suffix.lower()
    task = f"-{challenge_of(handin.data)}" if kind == NETWORK else ""
    name = re.sub(r"[^\w.-]+", "_", (said.student or "unnamed")[:60] + task)
    time = handin.time.astimezone(UTC).isoformat(timespec="seconds")
    file = f"{name}-{digest[:12]}{kind}"
    return Row(said.student, file, digest, came_as, time, JOIN.join(flags))


def _handins(source: Path) -> Iterator[Handin]:
    if source.is_dir():
        yield from _of_folder(source)
    elif is_network(source) or (source.suffix.lower() in KINDS and source.is_file()):
        yield Handin(source.name, source.read_bytes(), _changed(source))
    elif zipfile.is_zipfile(source):
        yield from _of_zip(source, source.name, _changed(source))
    else:
        raise ValueError(f"`{source}` must be a folder, a zip or a notebook")


def _of_folder(folder: Path) -> Iterator[Handin]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        name, kind = inside.as_posix(), path.suffix.lower()
        if set(inside.parts) & set(SKIPPED):
            continue
        if path.is_symlink():  # it may lead anywhere: named, never followed
            yield Handin(name, b"", _changed(path), ("link",))
        elif not path.is_file():
            continue
        elif kind == NETWORK and not is_network(path):
            yield from _inner(name, path, _changed(path))
        elif kind in (*KINDS, NETWORK):
            yield Handin(name, path.read_bytes(), _committed(path, folder))
        else:
            yield Handin(name, b"", _changed(path), (OTHER,))


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.lstat().st_mtime, UTC)


def _committed(path: Path, folder: Path) -> datetime:
    """Return when the file was committed, in a repository at or below `folder`."""
    below = [one for one in path.parents if one == folder or folder in one.parents]
    home = next((one for one in below if (one / ".git").exists()), None)
    if home is None:
        return _changed(path)
    inside = path.relative_to(home).as_posix()
    command = [*GIT, "-C", str(home), "log", "-1", "--format=%cI", "--", inside]
    said = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | ALONE
    )
    stamp = said.stdout.strip()
    return datetime.fromisoformat(stamp) if stamp else _changed(path)


def _inner(name: str, file: Path | IO[bytes], time: datetime) -> Iterator[Handin]:
    """Read a zip that somebody handed in; one that cannot be read is for a person."""
    try:
        yield from [
            replace(one, came_as=f"{name}/{one.came_as}")
            for one in _of_zip(file, name, time, nested=False)
        ]
    except ValueError as error:
        yield Handin(name, b"", time, (str(error),))


def _of_zip(
    file: Path | IO[bytes], name: str, time: datetime, *, nested: bool = True
) -> Iterator[Handin]:
    """Read notebooks out of a zip, and of zips in it; nothing is unpacked to the disk.

    Args:
        name: for messages.
        time: of its entries that have none.
        nested: whether zips in it are read, too.

    Raises:
        ValueError: it is too large, broken or encrypted.
    """
    most = MOST_BYTES if nested else MOST_BYTES // 5
    try:
        with zipfile.ZipFile(file) as archive:
            for one in _entries(archive, name, most):
                inside, when = Path(one.filename), _packed(one, time)
                kind = inside.suffix.lower()
                if kind not in (*KINDS, NETWORK):
                    yield Handin(inside.as_posix(), b"", when, (OTHER,))
                    continue
                with archive.open(one) as entry:
                    data = entry.read(one.file_size + 1)
                is_zip = kind == NETWORK and not is_network(io.BytesIO(data))
                if is_zip and not nested:
                    yield Handin(inside.as_posix(), b"", when, (OTHER,))
                elif is_zip:
                    yield from _inner(inside.as_posix(), io.BytesIO(data), when)
                else:
                    yield Handin(inside.as_posix(), data, when)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"`{name}` is a broken zip: {error}") from None
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed oddly
        raise ValueError(f"`{name}` cannot be unpacked: {error}") from None


def _entries(archive: zipfile.ZipFile, name: str, most: int) -> list[zipfile.ZipInfo]:
    """Return the files that are looked at; refuse a bomb before anything is read."""
    entries = archive.infolist()
    total = sum(one.file_size for one in entries)
    if total > most or len(entries) > MOST_FILES:
        raise ValueError(
            f"`{name}` holds {len(entries):,} files of {total:,} bytes; at "
            f"most {MOST_FILES:,} and {most:,} are read"
        )
    files = (one for one in entries if not one.is_dir())
    return [one for one in files if not set(Path(one.filename).parts) & set(SKIPPED)]


def _packed(entry: zipfile.ZipInfo, time: datetime) -> datetime:
    try:
        return datetime(*entry.date_time).astimezone(UTC)  # a zip has local times
    except ValueError:  # a month 0, as some writers leave it
        return time
