"""Which files of a folder are pictures of which class: one rule for every tree.

A part is a folder named like train, Testing, val or test1; a class is a folder below
the part, or at the top where there are no parts; folders below a class belong to it.

    pets/ ─ Training/ ─ cat/ ─ 1.png
          │                  └ siamese/ ─ 2.png    a cat, too
          └ Testing/ ── cat/ ─ 3.png               only with part="test"

A single folder around everything, as archives have it, does not count.
"""

import os
import re
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from coursekit._base.validate import choice

PICTURES = re.compile(
    r".*\.(png|jpe?g|jfif|jpe|webp|bmp|dib|gif|tiff?|hei[cf]|avif|svg|jp2|tga|ppm|pgm"
    r"|psd|cr2|nef|dng|raw|ico|jxl)",
    re.IGNORECASE,
)
_PART = re.compile(
    r"(?:(?:seg|data|images?)[ _-]?)?"
    r"(train|val|dev|eval|test)(?:ing|id|idation|uation)?"
    r"(?:[ _-]?(?:set|data|split|images?|imgs?))?[ _-]?\d*",
    re.IGNORECASE,
)
_KINDS = {"val": "valid", "dev": "valid", "eval": "valid"}
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error)
_LITTER = {"thumbs.db", "desktop.ini", "icon\r"}  # what systems leave in folders


@dataclass(frozen=True)
class Chosen:
    """Hold the files of class folders.

    Args:
        classes: file → class.
        lost: "file: reason" for what is filtered before anything is read.
        deep: the class of the first file that lies below its class folder, or "".
    """

    classes: dict[str, str]
    lost: tuple[str, ...]
    deep: str


def part_of(name: str) -> str | None:
    """Return "train", "valid" or "test" for a folder named so, None for another."""
    match = _PART.fullmatch(name)
    return match and _KINDS.get(match[1].lower(), match[1].lower())


def files_in(tree: Path) -> tuple[list[str], list[str]]:
    """List a folder or archive: files, with slashes, and "name: reason" for the rest.

    Raises:
        ValueError: an archive that cannot be read to its end.
    """
    names, lost = _walked(tree) if tree.is_dir() else _packed(tree)
    return (
        sorted(name for name in names if not _hidden(name)),
        sorted(line for line in lost if not _hidden(line)),
    )


def _walked(tree: Path) -> tuple[list[str], list[str]]:
    names, lost = [], []

    def unreadable(error: OSError) -> None:
        lost.append(f"{Path(error.filename).relative_to(tree)}: {error.strerror}")

    for top, folders, files in os.walk(tree, onerror=unreadable, followlinks=True):
        here = Path(top).relative_to(tree).as_posix()
        around = Path(top).parent.resolve()
        if here != "." and around.is_relative_to(Path(top).resolve()):
            lost.append(f"{here}: a link to a folder around it")
            folders.clear()
        elif not folders and not files and here != ".":
            lost.append(f"{here}: an empty folder")
        else:
            for name in files if here == "." else (f"{here}/{file}" for file in files):
                whole = (tree / name).is_file()
                names.append(name) if whole else lost.append(f"{name}: no file")
    return names, lost


def _packed(tree: Path) -> tuple[list[str], list[str]]:
    try:
        if tree.suffix == ".zip":
            with zipfile.ZipFile(tree) as packed:
                names = [name for name in packed.namelist() if not name.endswith("/")]
            return names, []
        with tarfile.open(tree) as archive:
            members = [member for member in archive if not member.isdir()]
    except (*_BROKEN, OSError, EOFError) as error:
        raise ValueError(f"`path` must be a whole archive; {tree}: {error}") from None
    files = [member.name for member in members if member.isfile()]
    rest = [member.name for member in members if not member.isfile()]
    return files, [f"{name}: a link or a device in an archive" for name in rest]


def _hidden(name: str) -> bool:
    pieces = name.removeprefix("./").split("/")
    hidden = any(
        piece.startswith((".", "__MACOSX")) for piece in pieces if piece != "."
    )
    return hidden or pieces[-1].lower() in _LITTER


def chosen(names: list[str], tree: Path, part: str | None) -> Chosen:
    """Return the files of one part, each with its class.

    Args:
        names: of all files, as `files_in` gives them.
        tree: where they are, for messages.
        part: the name of a part, or of its kind; None where the tree has none.

    Raises:
        ValueError: parts below classes, no class folders, or a `part` that
            the tree does not have.
    """
    above = {name: name.removeprefix("./").split("/")[:-1] for name in names}
    pictures = [name for name in names if PICTURES.fullmatch(name)]
    trees = [above[name] for name in pictures if above[name]]
    wrapped = _wrappers(trees)
    inside = {name: folders[wrapped:] for name, folders in above.items()}
    parts, others = _tops([folders[wrapped:] for folders in trees])
    taken = _one_of(parts, others, part, tree)
    if taken:
        inside = {
            n: _below(f, taken) for n, f in inside.items() if f[:1] in ([], [taken])
        }
        pictures = [name for name in pictures if name in inside]
    _refuse_inner_parts({name: inside[name] for name in pictures}, tree)
    folder_of = {name: folders[0] for name, folders in inside.items() if folders}
    if not folder_of.keys() & set(pictures):
        where = f"{tree}, part {taken}" if taken else tree
        raise ValueError(
            "`path` must hold class folders with pictures, such as cat/1.jpg; found "
            f"none in {where}"
        )
    loose = [name for name in pictures if name not in folder_of]
    deep = (name for name in pictures if len(inside[name]) > 1)
    return Chosen(
        folder_of,
        tuple(f"{name}: in no class folder" for name in loose),
        next((f"{name} is of the class {folder_of[name]}" for name in deep), ""),
    )


def _wrappers(trees: list[list[str]]) -> int:
    """Return how many folders lie around all class folders and say nothing."""
    depth = 0
    while (
        len({tuple(folders[: depth + 1]) for folders in trees}) == 1
        and all(len(folders) > depth for folders in trees)
        and not part_of(trees[0][depth])
        and (
            all(len(folders) > depth + 1 for folders in trees)
            or len({f[depth + 1] for f in trees if len(f) > depth + 1}) > 1
        )
    ):
        depth += 1
    return depth


def _tops(trees: list[list[str]]) -> tuple[list[str], list[str]]:
    """Return the folders at the top that are parts, [] where all are classes."""
    tops = sorted({folders[0] for folders in trees if folders})
    parts = [top for top in tops if part_of(top)]
    others = [top for top in tops if top not in parts]
    deep = {folders[0] for folders in trees if len(folders) > 1}
    if len(parts) == 1 and others and not deep.intersection(parts):
        return [], tops  # a class may be called "test", beside other classes
    return parts, others


def _one_of(
    parts: list[str], others: list[str], part: str | None, tree: Path
) -> str | None:
    """Return the folder of the part that is asked for; None where there are none."""
    if not parts and part is None:
        return None
    if not parts:
        choice("part", part, ("train", "valid", "val", "test"))
        raise ValueError(f"`part` must be None, for {tree} has no parts; got {part!r}")
    if part is None:
        beside = f" beside {others[0]}" if others else ""
        raise ValueError(
            f"`part` must be one of {', '.join(parts)}, for {tree} has these parts"
            f"{beside}; got None"
        )
    kind = part_of(part) if isinstance(part, str) else None
    same = [name for name in parts if kind and part_of(name) == kind]
    return same[0] if len(same) == 1 else choice("part", part, parts)


def _below(folders: list[str], part: str) -> list[str]:
    """Return the folders below a part, which archives may have twice (train/train)."""
    rest = folders[1:]
    doubled = len(rest) > 1 and part_of(rest[0]) == part_of(part)
    return rest[1:] if doubled else rest


def _refuse_inner_parts(inside: dict[str, list[str]], tree: Path) -> None:
    for name, folders in inside.items():
        if len(folders) > 1 and any(map(part_of, folders)):
            raise ValueError(
                "`path` must hold parts such as train above the class folders; "
                f"{tree} has {name}"
            )
