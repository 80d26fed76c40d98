"""`coursekit update`: new versions of the notebooks, a student's answers in them.

Where the new versions come from is not its affair: `git pull`, a new download unpacked
over the old one, or `pip install --upgrade`.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from coursekit import __version__
from coursekit._base.files import keep_beside, write_whole
from coursekit.setup.carry_over import carried, changes, stated_in, version_of
from coursekit.setup.working_copy import (
    bring,
    is_untouched,
    notebooks,
    notebooks_folder,
    readable,
    working_copy,
)
from coursekit.staff.pages.tidy import as_json

OLD = "before"  # mine.before.ipynb: the notebook as it was


def update(filled: Path, new: Path, to: Path | None = None) -> str:
    """Carry the answers of a filled notebook over into a new version.

    Args:
        filled: the notebook with the answers; kept as NAME.before.ipynb.
        new: the new version, as handed out.
        to: where the new one goes; None for the place of the filled one.

    Returns:
        One line that says what became of the answers.

    Raises:
        ValueError: the filled one cannot be read; nothing was changed.
        OSError: a file cannot be written; the filled one is as it was.
    """
    yours, theirs = readable(filled), readable(new)
    if version_of(yours) == version_of(theirs):
        return f"{filled.name} is of this version already; nothing was changed"
    made = carried(yours, theirs)
    kept = keep_beside(filled, filled.read_bytes(), OLD)
    write_whole(to or filled, as_json(made.notebook))
    if to not in (None, filled):
        filled.unlink()
    news = changes(yours, theirs)
    return f"{(to or filled).name}: {news}. {made}. The old one is {kept}"


def of_session(number: str, folder: Path, mine: Path) -> str:
    """Carry the answers of one session over, in the working copy.

    Args:
        number: such as "02b".
        folder: of the notebooks as handed out.
        mine: the working copy.

    Raises:
        ValueError: there is no such session, or more than one filled notebook of it.
    """
    new, *_ = notebooks(folder, number) or [None]
    if new is None:
        there = ", ".join(path.name.partition("_")[0] for path in notebooks(folder))
        raise ValueError(f"`session` must be one of {there}; got {number!r}")
    filled = [one for one in notebooks(mine, number) if not is_untouched(one)]
    if len(filled) > 1:
        names = " and ".join(path.name for path in filled)
        raise ValueError(
            f"{len(filled)} notebooks of session {number} are filled in, {names}: name "
            f"the one you mean, as in `coursekit update {filled[0]}`"
        )
    if not filled:
        bring(folder, mine)
        return (
            f"{number}: nothing of yours is in it; {mine / new.name} is as handed out"
        )
    return update(filled[0], new, mine / new.name)


def main(argv: Sequence[str] | None = None) -> int:
    """Run `coursekit update`; give its exit code."""
    parser = argparse.ArgumentParser(
        prog="coursekit update",
        description="Bring new notebooks into my/ and say what has changed; with a "
        "session or a notebook, carry your answers over into its new version. The old "
        "one stays beside it.",
        epilog="example: coursekit update 02      or: coursekit update my_02.ipynb",
    )
    parser.add_argument("what", nargs="*", metavar="NN", help="02b …, or a notebook")
    options = parser.parse_args(argv)
    folder = notebooks_folder()
    lines = [_one(what, folder) for what in options.what]
    if not options.what:
        lines = bring(folder, working_copy(folder))
        lines = lines or [f"everything is of this version, {__version__}"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _one(what: str, folder: Path) -> str:
    """Carry over the answers of a session or of a notebook."""
    path = Path(what)
    if path.suffix == ".ipynb":
        return update(path, _new_version(path, folder))
    return of_session(what, folder, working_copy(folder))


def _new_version(filled: Path, folder: Path) -> Path:
    """Find the session of a notebook by what it says of itself, else by its name."""
    source = str(stated_in(readable(filled)).get("source", ""))
    for name in (Path(source).stem, filled.stem):
        if newer := notebooks(folder, name.partition("_")[0]):
            return newer[0]
    raise ValueError(
        f"{filled.name} is of no session that this version has: its name must begin "
        "with the session's number, such as 02_"
    )
