"""A folder of class folders with the student's own pictures as an image set.

pets/cat/1.jpg, pets/cat/2.png, pets/dog/7.jpeg: the folders are the classes. A .tar,
.tar.gz or .tgz archive of such folders is read without unpacking it.
"""

import hashlib
import json
import os
import pickle
import tarfile
import warnings
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from coursekit._base.files import whole
from coursekit._base.validate import choice, integer
from coursekit.data.decode import UnreadableError, decode
from coursekit.data.image_set import ImageSet
from coursekit.data.storage_folder import cache_folder

_ENDINGS = (".png", ".jpg", ".jpeg")
_ARCHIVES = (".tar", ".tar.gz", ".tgz")
_VERSION = 1  # of the kept file; a change makes old ones unused
_PARTS = ("train", "valid", "val", "test")


@dataclass(frozen=True, eq=False, repr=False)
class FolderSet(ImageSet):
    """Hold pictures read from class folders, and the files that could not be read.

    Args:
        skipped: "class/file: reason" for each file left out.
    """

    skipped: tuple[str, ...]

    def __repr__(self) -> str:
        line = super().__repr__()
        if not self.skipped:
            return line
        return f"{line[:-1]}, {len(self.skipped)} files left out: see .skipped)"


def folder(
    path: str | os.PathLike,
    *,
    part: str | None = None,
    size: int | None = None,
    channels: int = 3,
    cache: bool = True,
) -> FolderSet:
    """Return the pictures (PNG, JPEG) of a folder of class folders.

    Files that cannot be read are listed in `skipped` and announced by one warning. The
    decoded set is kept as one tensor file and read from there until a file changes.

    Args:
        path: the folder, or an archive of it (.tar, .tar.gz, .tgz).
        part: which of the folders train, valid, val or test to read, where the class
            folders lie in such parts.
        size: height and width to bring every picture to: its middle square, resized;
            None takes the pictures as they are, and all must be of one size.
        channels: 3 for colour, 1 for grey.
        cache: keep the decoded set, in .cache/coursekit in the home folder.

    Raises:
        ValueError: no such folder, no pictures in class folders, pictures of several
            sizes without `size`, or a bad argument.
    """
    tree = _existing(path)
    if size is not None:
        integer("size", size, low=1, high=4096)
    choice("channels", channels, (1, 3))
    keep = _cache_file(tree, (part, size, channels)) if cache else None
    found = _load(keep)
    if found is None:
        found = _read(tree, _chosen(_names(tree), tree, part), size, channels)
        _save(keep, found)
    images, labels, classes, skipped = found
    if skipped:
        _announce(skipped, len(images) + len(skipped), tree)
    source = f"pictures of {tree}"
    return FolderSet(images, labels, classes, tree.name, source, skipped)


def _existing(path: str | os.PathLike) -> Path:
    try:
        tree = Path(path).expanduser()
    except TypeError:
        raise ValueError(f"`path` must be a folder; got {path!r}") from None
    if tree.is_dir() or (tree.is_file() and tree.name.endswith(_ARCHIVES)):
        return tree
    raise ValueError(
        f"`path` must be a folder of class folders, or an archive of it "
        f"({', '.join(_ARCHIVES)}); got {str(path)!r}"
    )


def _files(tree: Path) -> list[Path]:
    return sorted(file for file in tree.rglob("*") if file.is_file())


def _names(tree: Path) -> list[str]:
    """Return the path, with slashes, of every file in the folder or archive."""
    if tree.is_dir():
        return [file.relative_to(tree).as_posix() for file in _files(tree)]
    try:
        with tarfile.open(tree) as archive:
            return sorted(member.name for member in archive if member.isfile())
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise ValueError(f"`path` must be a whole archive; {tree}: {error}") from None


def _chosen(names: list[str], tree: Path, part: str | None) -> set[str]:
    """Return the pictures in class folders, of one part where there are parts."""
    pictures = {
        name: PurePosixPath(name).parts[-3] if name.count("/") > 1 else ""
        for name in names
        if name.lower().endswith(_ENDINGS) and "/" in name and not _hidden(name)
    }
    parts = sorted(set(pictures.values()) & set(_PARTS))
    if parts and part is None:
        raise ValueError(
            f"`part` must be one of {', '.join(parts)}, for {tree} has these parts; "
            f"got None"
        )
    if part is not None:
        choice("part", part, parts or _PARTS)
    chosen = {name for name, found in pictures.items() if part in (None, found)}
    if not chosen:
        raise ValueError(
            f"`path` must hold class folders with pictures ({', '.join(_ENDINGS)}), "
            f"such as cat/1.jpg; found none in {tree}"
        )
    return chosen


def _announce(skipped: tuple[str, ...], count: int, tree: Path) -> None:
    names = ", ".join(line.split(": ")[0] for line in skipped[:3])
    more = ", …" if len(skipped) > 3 else ""
    warnings.warn(
        f"{len(skipped)} of {count} files in {tree} could not be read and are left "
        f"out: {names}{more} (reasons in .skipped)",
        stacklevel=3,
    )


def _hidden(name: str) -> bool:
    return any(piece.startswith((".", "__MACOSX")) for piece in name.split("/"))


def _read(tree, files, size, channels):
    """Decode all pictures: images, labels, classes and the files left out."""
    classes = tuple(sorted({PurePosixPath(name).parts[-2] for name in files}))
    arrays, labels, skipped = [], [], []
    for name, content in _contents(tree, files):
        owner = PurePosixPath(name).parts[-2]
        try:
            arrays.append(decode(content, size, channels))
        except UnreadableError as error:
            skipped.append(f"{owner}/{PurePosixPath(name).name}: {error}")
        else:
            labels.append(classes.index(owner))
    if not arrays:
        raise ValueError(f"`path` must hold readable pictures; none is in {tree}")
    sizes = sorted({array.shape[:2] for array in arrays})
    if len(sizes) > 1:
        (a, b), (c, d) = sizes[0], sizes[-1]
        raise ValueError(
            f"`size` must be given where pictures differ in size ({a}×{b} to {c}×{d} "
            f"in {tree}), such as size=64; got None"
        )
    pixels = np.ascontiguousarray(np.stack(arrays).transpose(0, 3, 1, 2))
    order = np.argsort(labels, kind="stable")
    images = torch.from_numpy(pixels[order])
    return images, torch.tensor(labels)[order], classes, tuple(sorted(skipped))


def _contents(tree: Path, files: set[str]) -> Iterator[tuple[str, BinaryIO]]:
    if tree.is_dir():
        for name in sorted(files):
            with (tree / name).open("rb") as content:
                yield name, content
        return
    with tarfile.open(tree) as archive:
        for member in archive:
            if member.isfile() and member.name in files:
                yield member.name, archive.extractfile(member)


def _cache_file(tree: Path, options: tuple) -> Path | None:
    """Return where the decoded set is kept: another place when any file changes."""
    kept = cache_folder()
    if kept is None:
        return None
    stats = [(file, file.stat()) for file in (_files(tree) or [tree])]
    stamps = [(str(file), s.st_size, s.st_mtime_ns) for file, s in stats]
    what = json.dumps([_VERSION, str(tree.resolve()), stamps, options])
    return kept / f"{tree.name}-{hashlib.sha256(what.encode()).hexdigest()[:16]}.pt"


def _load(keep: Path | None) -> tuple[Tensor, Tensor, tuple, tuple] | None:
    if keep is None or not keep.exists():
        return None
    try:
        found = torch.load(keep, weights_only=True)
        return (
            found["images"],
            found["labels"],
            tuple(found["classes"]),
            tuple(found["skipped"]),
        )
    except (OSError, RuntimeError, EOFError, KeyError, pickle.UnpicklingError):
        return None  # cut short or from elsewhere: read the pictures anew


def _save(keep: Path | None, found) -> None:
    if keep is None:
        return
    images, labels, classes, skipped = found
    content = {
        "images": images,
        "labels": labels,
        "classes": list(classes),
        "skipped": list(skipped),
    }
    # a cache is a convenience: a full disk is no error
    with suppress(OSError, RuntimeError), whole(keep) as part:
        torch.save(content, part)
