"""Bring a data set of the catalogue onto this computer, and check what lies there."""

import gzip
import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from coursekit._base.files import whole
from coursekit.data.catalogue import Entry, entry, from_mirror
from coursekit.data.download import DownloadError, Patience, fetch
from coursekit.data.download_progress import Bar, silent
from coursekit.data.locking import locked
from coursekit.data.storage_folder import data_folder


@dataclass(frozen=True)
class Finding:
    """Say about one file whether it is "right", "wrong" or "missing"."""

    file: str
    state: str


def is_complete(name: str, root: str | os.PathLike | None = None) -> bool:
    """Say whether all files of the set lie in the data folder (packed ones count)."""
    wanted = entry(name)
    return all(path is not None for _, path in _lying(wanted, root))


def get(
    name: str,
    root: str | os.PathLike | None = None,
    *,
    download: bool = True,
    mirror: str | None = None,
    progress: bool = True,
    patience: Patience | None = None,
) -> Path:
    """Return the folder of a set's files, downloading and unpacking what is missing.

    Args:
        name: a name of the catalogue, such as "mnist".
        root: see `data_folder`.
        download: fetch what is missing.
        mirror: see `from_mirror`.
        progress: show a progress bar.
        patience: when to give up on a mirror.

    Raises:
        ValueError: unknown set or mirror.
        FileNotFoundError: files are missing and `download` is off.
        DownloadError: no mirror gave the files.
        OSError: the folder cannot be written.
    """
    wanted = entry(name)
    plans = [(remote, from_mirror(remote, mirror)) for remote in wanted.archives]
    folder = data_folder(root) / wanted.folder
    if is_complete(name, root):
        return folder
    if not download:
        raise FileNotFoundError(f"{wanted.title} is not in {folder}; {_advice(wanted)}")
    show = Bar() if progress else silent
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(folder.parent / f".{folder.name}.lock"):
            for remote, urls in plans:
                if not is_complete(name, root):
                    _bring(wanted, remote, urls, folder, show, patience)
    except DownloadError as error:
        raise DownloadError(f"{error}; {_advice(wanted)}") from None
    except OSError as error:
        raise _not_writable(folder, error) from None
    return folder


def _not_writable(folder: Path, error: OSError) -> OSError:
    return OSError(
        f"cannot write to {folder} ({error.strerror or error}); set COURSEKIT_DATA to "
        f"a folder that can be written and has room"
    )


def verify(name: str, root: str | os.PathLike | None = None) -> tuple[Finding, ...]:
    """Compare the files of a set, packed or not, with their published sums."""
    wanted = entry(name)
    packed = {remote.name: remote.sha256 for remote in wanted.archives}
    findings = []
    for file, path in _lying(wanted, root):
        if path is None:
            findings.append(Finding(file, "missing"))
        elif path.name in packed:
            right = _digest(path, "sha256") == packed[path.name]
            findings.append(Finding(path.name, "right" if right else "wrong"))
        else:
            right = _digest(path, "md5") == wanted.sums[file]
            findings.append(Finding(file, "right" if right else "wrong"))
    return tuple(findings)


def _lying(wanted: Entry, root) -> Iterator[tuple[str, Path | None]]:
    """Give each file's name and where it lies, plain or packed, or None."""
    folder = data_folder(root) / wanted.folder
    for file in wanted.sums:
        if file == "batches.meta" and not (folder / file).exists():
            continue  # names of classes only; nothing reads it
        places = (folder / file, folder / f"{file}.gz")
        yield file, next((path for path in places if path.is_file()), None)


def _bring(wanted, remote, urls, folder, show, patience) -> None:
    is_tar = remote.name.endswith(".tar.gz")
    beside = folder.parent if is_tar else folder
    archive = beside / remote.name
    if not is_tar and (folder / remote.name.removesuffix(".gz")).exists():
        return
    fetch(remote, archive, urls=urls, progress=show, patience=patience)
    if archive.name in wanted.sums:
        return  # it is read as it is
    unpack = _unpack_tar if is_tar else _unpack_gzip
    unpack(archive, folder, wanted)
    archive.unlink()


def _unpack_gzip(archive: Path, folder: Path, wanted: Entry) -> None:
    file = folder / archive.name.removesuffix(".gz")
    with gzip.open(archive, "rb") as packed:
        _copy(packed, file)


def _unpack_tar(archive: Path, folder: Path, wanted: Entry) -> None:
    """Write the files we know, by name only: no path inside an archive is trusted."""
    folder.mkdir(exist_ok=True)
    with tarfile.open(archive) as packed:
        for member in packed:
            file = Path(member.name).name
            if file not in wanted.sums or not member.isfile():
                continue
            with packed.extractfile(member) as content:
                _copy(content, folder / file)


def _copy(content: IO[bytes], path: Path) -> None:
    with whole(path) as part, part.open("wb") as plain:
        shutil.copyfileobj(content, plain, 1 << 20)


def _digest(path: Path, kind: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def _advice(wanted: Entry) -> str:
    return (
        f"without a network use coursekit.data.{wanted.instead}, or point "
        f"COURSEKIT_DATA to a folder that has {wanted.folder}"
    )
