"""Where the course's files are: the folder, and the three files of each session."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"(?P<number>\d\d[a-z]?)_[a-z0-9_]+")


@dataclass(frozen=True)
class Session:
    """One session's source and the two notebooks built from it.

    Args:
        number: "01", or "01a" for a part of a session.
        name: "01_receptive_fields", the stem of all three files.
        folder: the folder that holds `src/`, usually `notebooks`.
    """

    number: str
    name: str
    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "src" / f"{self.name}.py"

    @property
    def student(self) -> Path:
        return self.folder / f"{self.name}.ipynb"

    @property
    def solution(self) -> Path:
        return self.folder / "solutions" / f"{self.name}.ipynb"

    def shown(self, path: Path) -> str:
        """Name one of the three files as an author would type it."""
        return path.relative_to(self.folder.parent).as_posix()


def notebooks_folder(start: str | Path | None = None) -> Path:
    """Find the course's `notebooks` folder: at or above `start`, or beside the package.

    Raises:
        ValueError: there is none.
    """
    here = Path.cwd() if start is None else Path(start).absolute()
    beside = [] if start is not None else [Path(__file__).parents[3]]
    for folder in [here, *here.parents, *beside]:
        if (folder / "notebooks" / "src").is_dir():
            return folder / "notebooks"
    raise ValueError(
        f"`root` must be the course's folder (one with notebooks/src); found none at "
        f"or above {here}: change to a clone of the repository"
    )


def sessions(folder: Path, numbers: Iterable[str] = ()) -> tuple[Session, ...]:
    """List the sessions that have a source, in order.

    Args:
        folder: the `notebooks` folder.
        numbers: only these ("01", "01a"); none means all. A session's number takes its
            further notebooks too: "01" means 01 and 01b.

    Raises:
        ValueError: a source with a name that fits no session, or an unknown number.
    """
    sessions = [
        _session(folder, path) for path in sorted((folder / "src").glob("*.py"))
    ]
    if not (wanted := list(numbers)):
        return tuple(sessions)
    chosen = [[one for one in sessions if _belongs(one, number)] for number in wanted]
    if unknown := [n for n, parts in zip(wanted, chosen, strict=True) if not parts]:
        there = ", ".join(session.number for session in sessions) or "none yet"
        raise ValueError(
            f"`session` must be one that has a source; got {unknown[0]!r}, there are: "
            f"{there}"
        )
    return tuple(dict.fromkeys(one for parts in chosen for one in parts))


def _belongs(session: Session, number: str) -> bool:
    """Say whether a notebook is the one named, or one of the session named."""
    return number in (session.number, session.number[:2])


def _session(folder: Path, path: Path) -> Session:
    match = NAME.fullmatch(path.stem)
    if match is None:
        raise ValueError(
            f"`{path.name}` in notebooks/src must be named like 01_receptive_fields.py"
        )
    return Session(match["number"], path.stem, folder)
