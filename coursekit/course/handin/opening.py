"""Open a hand-in file that somebody else wrote: every byte of it may be hostile.

Nothing is unpacked to disk, no name in it is used as a path, nothing is unpickled.
"""

import hashlib
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coursekit._base.words import shown
from coursekit.course.handin import plain_json as jsons
from coursekit.course.network_file.layout import (
    HISTORY,
    LIMITS,
    MANIFEST,
    MIB,
    MODEL,
    MOST_BYTES,
)

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1
# The end of a zip's directory: signature, disks, entries, length, place, comment.
END, SIGNATURE, LOCATOR = struct.Struct("<4s4H2LH"), b"PK\5\6", b"PK\6\7"
MOST_ENTRIES, MOST_DIRECTORY = 1_000, 64 * 2**10
# What zipfile raises for a broken archive.
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, UnicodeError),
    *(EOFError, OSError, NotImplementedError, RuntimeError),
)


@dataclass(frozen=True)
class Opened:
    """The three members, and what the file is as a whole.

    Args:
        model: the ONNX form, not looked at yet.
        history, manifest: as the file says; claims, not facts.
        size, sha256: of the zip.
    """

    model: bytes
    history: Mapping[str, object]
    manifest: Mapping[str, object]
    size: int
    sha256: str


def opened(path: str | os.PathLike) -> Opened:
    """Read a hand-in file within limits.

    Args:
        path: of a zip with model.onnx, history.json and manifest.json.

    Raises:
        ValueError: no hand-in file, too large, a member too many, missing, twice,
            encrypted or not what the manifest's hash says; one sentence.
        OSError: the file cannot be read.
    """
    path = Path(path)
    check_directory(path)
    with open(path, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
        try:
            with zipfile.ZipFile(file) as archive:
                members = _members(path, archive)
        except BROKEN as error:
            raise ValueError(
                f"{shown_name(path)} is no zip that can be read: {error}"
            ) from (error)
    manifest = jsons.load(MANIFEST, members[MANIFEST])
    _check_seals(manifest, members)
    history = jsons.load(HISTORY, members[HISTORY])
    return Opened(members[MODEL], history, manifest, size, sha256)


def check_directory(path: Path) -> None:
    """Look at the kind, the size and the zip directory of a file, at a few bytes.

    A zip ends with 22 bytes that say how many entries it has and how long its directory
    is; what stands there is checked before anybody reads the directory itself.

    Raises:
        ValueError: no file, too large, no zip, or too long a directory.
        OSError: the file cannot be read.
    """
    found = path.stat()
    name = shown_name(path)
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"{name} is not a file")
    if found.st_size > MOST_BYTES:
        raise ValueError(
            f"{name} has {found.st_size / MIB:.0f} MB; a hand-in file has at most "
            f"{MOST_BYTES // MIB} MB"
        )
    with open(path, "rb") as file:
        file.seek(max(0, found.st_size - len(LOCATOR) - 16 - END.size))
        tail = file.read()
    if len(tail) < END.size or tail[-END.size :][:4] != SIGNATURE:
        raise ValueError(f"{name} is no zip that can be read: it has no directory")
    *_, entries, length, _, comment = END.unpack(tail[-END.size :])
    if comment or tail.startswith(LOCATOR) or length > MOST_DIRECTORY:
        raise ValueError(f"{name} has a zip directory of an unusual kind or length")
    if entries > MOST_ENTRIES:
        raise ValueError(
            f"{name} holds {entries:,} entries; a hand-in file has {len(LIMITS)}"
        )


def shown_name(path: Path) -> str:
    """Return a file's name as it can be printed."""
    return shown(path.name, 80)[1:-1]


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries, name = archive.infolist(), shown_name(path)
    names = [entry.filename for entry in entries]
    strange = next((one for one in names if one not in LIMITS), None)
    if strange is not None:
        raise ValueError(
            f"{name} holds {shown(strange, 80)}; only {', '.join(LIMITS)} may be in it"
        )
    double = next((one for one in names if names.count(one) > 1), None)
    if double is not None:
        raise ValueError(f"{name} holds {double} twice")
    missing = next((one for one in LIMITS if one not in names), None)
    if missing is not None:
        raise ValueError(f"{name} is no hand-in file: it holds no {missing}")
    return {entry.filename: _read(archive, entry) for entry in entries}


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Unpack one member, but never more than its limit, whatever its header says."""
    if entry.flag_bits & ENCRYPTED or entry.compress_type not in METHODS:
        raise ValueError(f"{entry.filename} is encrypted or packed in an unusual way")
    limit = LIMITS[entry.filename]
    with archive.open(entry) as member:
        data = member.read(limit + 1)
    if len(data) > limit:
        raise ValueError(
            f"{entry.filename} unpacks to more than its limit of {limit // MIB} MB"
        )
    return data


def _check_seals(manifest: Mapping, members: Mapping[str, bytes]) -> None:
    seals = manifest.get("members")
    for name in (MODEL, HISTORY):
        seal = seals.get(name) if isinstance(seals, dict) else None
        claimed = seal.get("sha256") if isinstance(seal, dict) else None
        if claimed != hashlib.sha256(members[name]).hexdigest():
            raise ValueError(
                f"{name} is not the one that {MANIFEST} names: its sha256 is another, "
                "so one of them was changed after writing"
            )
