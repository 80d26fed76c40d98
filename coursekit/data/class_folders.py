"""A folder of class folders with the student's own pictures as an image set.

pets/cat/1.jpg, pets/cat/2.png, pets/dog/7.jpeg: the folders are the classes. A .tar,
.tar.gz, .tgz or .zip archive of such folders is read without unpacking it.
"""

import hashlib
import json
import os
import pickle
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from coursekit._base.files import whole
from coursekit._base.pixels import UnreadableError, decode
from coursekit._base.validate import choice, integer
from coursekit._base.words import many, printable
from coursekit.data.class_tree import PICTURES, Chosen, chosen, files_in
from coursekit.data.image_set import ImageSet
from coursekit.data.storage_folder import cache_folder

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".zip")
_VERSION = 2  # of the kept file; a change makes old ones unused


@dataclass(frozen=True, eq=False, repr=False)
class FolderSet(ImageSet):
    """Hold pictures read from class folders, and the files that could not be read.

    Args:
        skipped: "file: reason" for each file left out.
    """

    skipped: tuple[str, ...]

    def __repr__(self) -> str:
        line = super().__repr__()
        if not self.skipped:
            return line
        return f"{line[:-1]}, {many(len(self.skipped), 'file')} left out: see .skipped)"


@dataclass(frozen=True, eq=False)
class Found:
    """What was read, as it is kept: pixels, labels, classes, lines about the rest."""

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    skipped: tuple[str, ...]
    deep: str


def folder(
    path: str | os.PathLike,
    *,
    part: str | None = None,
    size: int | None = None,
    channels: int = 3,
    cache: bool = True,
) -> FolderSet:
    """Return the pictures of a folder of class folders.

    Files that cannot be read are listed in `skipped` and announced by one warning. The
    decoded set is kept as one tensor file and read from there until a file changes.
    Read are PNG, JPEG, WebP, BMP, TIFF and the first picture of a GIF.

    Args:
        path: the folder, or an archive of it (.tar, .tar.gz, .tgz, .zip).
        part: where the class folders lie in parts: the part to read, "train", "valid",
            "test" or its folder's own name; parts may be called Training, val, test1.
        size: height and width to bring every picture to: its middle square, resized;
            None takes the pictures as they are, and all must be of one size.
        channels: 3 for colour, 1 for grey.
        cache: keep the decoded set, in .cache/coursekit in the home folder.

    Raises:
        ValueError: no such folder, no pictures in class folders, parts below classes,
            pictures of several sizes without `size`, or a bad argument.
    """
    tree = _existing(path)
    if size is not None:
        integer("size", size, low=1, high=4096)
    choice("channels", channels, (1, 3))
    pick = partial(_class_folders, tree, part)
    found = decoded(tree, pick, (part,), size, channels, cache=cache)
    _announce(found, tree)
    pixels = found.images, found.labels, found.classes
    return FolderSet(*pixels, tree.name, f"pictures of {tree}", found.skipped)


def decoded(
    tree: Path,
    pick: Callable[[], Chosen],
    what: tuple[str | None, ...],
    size: int | None,
    channels: int,
    *,
    cache: bool = True,
) -> Found:
    """Return pictures of a folder or archive, kept for the next time.

    Args:
        tree: the folder or archive.
        pick: gives the files with their classes; asked where nothing is kept.
        what: tells these pictures from others of the same tree.
        size, channels, cache: as in `folder`.
    """
    keep = _cache_file(tree, (*what, size, channels)) if cache else None
    found = _load(keep)
    if found is None:
        found = _read(tree, pick(), size, channels)
        _save(keep, found)
    return found


def _class_folders(tree: Path, part: str | None) -> Chosen:
    names, lost = files_in(tree)
    picked = chosen(names, tree, part)
    return replace(picked, lost=(*lost, *picked.lost))


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


def _announce(found: Found, tree: Path) -> None:
    said = []
    if found.skipped:
        names = ", ".join(line.split(": ")[0] for line in found.skipped[:3])
        more = ", …" if len(found.skipped) > 3 else ""
        count = len(found.skipped)
        said.append(
            f"{count} of {len(found.labels) + count} files in {tree} "
            f"{'is' if count == 1 else 'are'} left out: {names}{more} (reasons in "
            ".skipped)"
        )
    if found.deep:
        said.append(
            f"in {tree} the class is the folder below the part, or the one at the top "
            f"where there are no parts, so {found.deep}"
        )
    if said:
        warnings.warn("; ".join(map(printable, said)), stacklevel=3)


def _read(tree: Path, picked: Chosen, size: int | None, channels: int) -> Found:
    """Decode all pictures; what is no picture is left out and named."""
    skipped, arrays, owners = list(picked.lost), [], []
    for name, content in contents(tree, picked.classes):
        try:
            arrays.append(decode(content, size, channels))
        except UnreadableError as error:
            skipped.append(f"{name}: {error}")
        else:
            owners.append(picked.classes[name])
    if not arrays:
        raise ValueError(f"`path` must hold readable pictures; none is in {tree}")
    _check_sizes(arrays, tree)
    meant = {
        owner for name, owner in picked.classes.items() if PICTURES.fullmatch(name)
    }
    classes = tuple(sorted({*owners, *meant}))
    labels = np.array([classes.index(owner) for owner in owners])
    order = np.argsort(labels, kind="stable")
    pixels = np.ascontiguousarray(np.stack(arrays).transpose(0, 3, 1, 2)[order])
    return Found(
        torch.from_numpy(pixels),
        torch.from_numpy(labels[order]),
        classes,
        tuple(sorted(skipped)),
        picked.deep,
    )


def _check_sizes(arrays: list[np.ndarray], tree: Path) -> None:
    sizes = sorted({array.shape[:2] for array in arrays})
    if len(sizes) > 1:
        (a, b), (c, d) = sizes[0], sizes[-1]
        raise ValueError(
            f"`size` must be given where pictures differ in size ({a}×{b} to {c}×{d} "
            f"in {tree}), such as size=64; got None"
        )


def contents(
    tree: Path, files: Collection[str]
) -> Iterator[tuple[str, BinaryIO | Path]]:
    """Yield name and content of some files of a folder (paths) or archive (open)."""
    if tree.is_dir():
        for name in sorted(files):
            yield name, tree / name
        return
    if tree.suffix == ".zip":
        with zipfile.ZipFile(tree) as packed:
            for name in sorted(files):
                with packed.open(name) as content:
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
    files = [tree / name for name in files_in(tree)[0]] if tree.is_dir() else [tree]
    stamps = [(str(f), s.st_size, s.st_mtime_ns) for f in files if (s := _stat(f))]
    what = json.dumps([_VERSION, str(tree.resolve()), stamps, options])
    name = hashlib.sha256(what.encode()).hexdigest()[:32]
    return kept / f"{name}.pt"  # not of the tree's own name, which may be too long


def _stat(file: Path) -> os.stat_result | None:
    with suppress(OSError):
        return file.stat()


def _load(keep: Path | None) -> Found | None:
    if keep is None or not keep.exists():
        return None
    try:
        return Found(**torch.load(keep, weights_only=True))
    except (OSError, RuntimeError, EOFError, TypeError, pickle.UnpicklingError):
        return None  # cut short or from elsewhere: read the pictures anew


def _save(keep: Path | None, found: Found) -> None:
    # a cache is a convenience: a full disk is no error
    if keep is not None:
        with suppress(OSError, RuntimeError), whole(keep) as part:
            torch.save(vars(found), part)
