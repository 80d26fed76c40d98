"""Tiny ImageNet: 110,000 photographs of 200 classes, 3×64×64.

It is read as it lies, unpacked or out of the archive:

    tiny-imagenet-200/train/n01443537/images/n01443537_0.JPEG   class folders by id
    tiny-imagenet-200/val/images/val_0.JPEG                     all in one folder
    tiny-imagenet-200/val/val_annotations.txt                   file → id
    tiny-imagenet-200/words.txt                                 id → words
"""

import os
from functools import partial
from pathlib import Path, PurePosixPath

from coursekit._base.words import many
from coursekit.data.catalogue import entry
from coursekit.data.class_folders import contents, decoded
from coursekit.data.class_tree import Chosen, files_in
from coursekit.data.image_set import ImageSet, Splits, splits
from coursekit.data.storage_folder import data_folder
from coursekit.data.store import get

NAME = "tiny-imagenet"


def tiny_imagenet(
    root: str | os.PathLike | None = None,
    *,
    valid: int = 10_000,
    seed: int = 0,
    download: bool = True,
    progress: bool = True,
) -> Splits:
    """Return Tiny ImageNet; arguments and errors as for `mnist`.

    The test part is the official validation part: the official test part has no labels.
    Decoding takes about a minute the first time; the decoded set is kept. It needs
    4 GB of memory.
    """
    tree = _lying(root)
    if tree is None:
        tree = get(NAME, root, download=download, progress=progress)
        tree = tree / entry(NAME).archives[0].name
    words = _table(tree, "words.txt")
    parts = [_part(tree, part, words) for part in ("train", "val")]
    return splits(*parts, valid, seed)


def _lying(root: str | os.PathLike | None) -> Path | None:
    """Return the unpacked folder or an archive beside it, None where neither lies."""
    unpacked = data_folder(root) / entry(NAME).folder
    beside = unpacked.with_name(entry(NAME).archives[0].name)
    if (unpacked / "train").is_dir():
        return unpacked
    return beside if beside.is_file() else None


def _part(tree: Path, part: str, words: dict[str, str]) -> ImageSet:
    decoded_part = decoded(tree, partial(_pictures, tree, part), (NAME, part), None, 3)
    if decoded_part.skipped:
        raise ValueError(
            f"{tree} holds {many(len(decoded_part.skipped), 'damaged picture')}, such "
            f"as {decoded_part.skipped[0]}; unpack it anew"
        )
    wanted, names = entry(NAME), _named(decoded_part.classes, words)
    return ImageSet(
        decoded_part.images, decoded_part.labels, names, wanted.title, wanted.source
    )


def _pictures(tree: Path, part: str) -> Chosen:
    """Return all pictures of a part, each with the id of its class."""
    notes = _table(tree, f"{part}/{part}_annotations.txt") if part == "val" else {}
    owners = {}
    for name in files_in(tree)[0]:
        path = PurePosixPath(name)
        if part in path.parts and path.suffix == ".JPEG":
            owner = notes.get(path.name) if notes else path.parts[-3]
            if owner is None:
                raise ValueError(f"{tree}: {name} has no line in val_annotations.txt")
            owners[name] = owner
    if not owners:
        raise ValueError(
            f"{tree} must hold pictures such as {part}/…/images/….JPEG, as the archive "
            "of Tiny ImageNet unpacks; found none"
        )
    return Chosen(owners, (), "")


def _table(tree: Path, ending: str) -> dict[str, str]:
    """Return a text file as first column → second."""
    name = next((name for name in files_in(tree)[0] if name.endswith(ending)), None)
    if name is None:
        raise ValueError(
            f"{tree} must hold {ending}, as Tiny ImageNet does; it is missing"
        )
    for _, content in contents(tree, {name}):
        text = content.read_bytes() if isinstance(content, Path) else content.read()
    lines = (line.split("\t") for line in text.decode().splitlines())
    return {line[0]: line[1] for line in lines if len(line) > 1}


def _named(ids: tuple[str, ...], words: dict[str, str]) -> tuple[str, ...]:
    """Return the first word of each class, with the id where two share it."""
    first = [words.get(one, one).split(",")[0] for one in ids]
    twice = {word for word in first if first.count(word) > 1}
    return tuple(
        f"{word} ({one})" if word in twice else word
        for word, one in zip(first, ids, strict=True)
    )
