"""The working copy: `my/` beside `notebooks/`, the notebooks that a student fills in.

    notebooks/   as handed out; an update replaces them
    my/          yours: made on first opening, git does not look at it

An update brings new notebooks into `my/` and replaces those that nobody has touched.
One that was filled in or run stays as it is until `coursekit update NN`.
"""

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit.setup.carry_over import changes, version_of
from coursekit.staff.build.build import is_as_written
from coursekit.staff.build.folder import NAME
from coursekit.staff.pages.mend_cells import mended
from coursekit.staff.pages.tidy import parsed

FIRST = "00_start_here.ipynb"
MINE = "my"
PAGES = ("*.md", "pictures/*")  # what notebooks link to and show


def notebooks_folder() -> Path:
    """Return the folder of the notebooks as handed out.

    That of the checkout, one below this folder, or the one installed with the package.

    Raises:
        FileNotFoundError: there is none; the message says what to do.
    """
    here = Path.cwd()
    checkout = Path(__file__).resolve().parents[2]
    near = [here] if here.name == "notebooks" else []
    for folder in (checkout / "notebooks", here / "notebooks", *near, *_installed()):
        if (folder / FIRST).is_file():
            return folder
    raise FileNotFoundError(
        f"no notebooks/{FIRST} here; go to the folder of the course and try again"
    )


def _installed() -> Iterator[Path]:
    """Give the folder in which pip has put the notebooks."""
    try:
        listed = metadata.files("coursekit") or ()
    except metadata.PackageNotFoundError:
        return
    for file in listed:
        if file.name == FIRST:
            yield Path(file.locate()).resolve().parent


def working_copy(folder: Path) -> Path:
    """Return where a student's notebooks are; it need not exist yet.

    Args:
        folder: of the notebooks as handed out.

    Raises:
        ValueError: there is a second working copy in this folder.
    """
    here = Path.cwd()
    below = here if here.name == MINE else here / MINE
    beside = below if folder in _installed() else folder.parent / MINE
    there = [one for one in (beside, below) if (one / FIRST).is_file()]
    if len(there) == 2 and not there[0].samefile(there[1]):
        raise ValueError(
            f"there are two working copies, {beside} and {below}: move the one that "
            "you do not mean away, or give it another name"
        )
    return beside


def bring(folder: Path, mine: Path) -> list[str]:
    """Bring new notebooks into a working copy; what was filled in is not touched.

    Args:
        folder: of the notebooks as handed out.
        mine: the working copy; it is made where there is none.

    Returns:
        One line a notebook that has changed; none where there is nothing new.

    Raises:
        OSError: a file cannot be written; those before it are whole, so try again.
    """
    first = not (mine / FIRST).exists()
    for page in (page for pattern in PAGES for page in folder.glob(pattern)):
        _copy(page, mine / page.relative_to(folder))
    lines = [
        line for new in notebooks(folder) if (line := _bring(new, mine / new.name))
    ]
    return [f"{mine} is yours: the notebooks lie there"] if first else lines


def notebooks(folder: Path, number: str = "") -> list[Path]:
    """List the notebooks of sessions in a folder, in order.

    Args:
        number: only those of this one, such as "02b".
    """
    paths = sorted(folder.glob("[0-9]*.ipynb"))
    matches = {path: NAME.fullmatch(path.stem) for path in paths}
    return [p for p, m in matches.items() if m and number in ("", m["number"])]


def _bring(new: Path, mine: Path) -> str:
    """Bring one notebook; say in a line what there is to say."""
    number = new.name.partition("_")[0]
    if not mine.exists():
        _copy(new, mine)
        return f"{number} is new: {mine.name}"
    if is_untouched(mine):
        return f"{number} is the new version now" if _copy(new, mine) else ""
    try:
        yours, theirs = readable(mine), readable(new)
    except ValueError as problem:
        return str(problem)
    if version_of(yours) == version_of(theirs):
        return ""
    remedy = f"`coursekit update {number}` takes your answers along"
    return f"{number} has a new version ({changes(yours, theirs)}): {remedy}"


def _copy(new: Path, mine: Path) -> bool:
    """Copy a file whole, unless it is there already; say whether it was copied."""
    content = new.read_bytes()
    if mine.is_file() and mine.read_bytes() == content:
        return False
    write_whole(mine, content)
    return True


def is_untouched(notebook: Path) -> bool:
    """Say whether a notebook is as it was handed out, to the letter."""
    try:
        return is_as_written(notebook.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, IsADirectoryError, PermissionError):
        return False


def readable(path: Path) -> dict:
    """Read a notebook of any condition, without its outputs.

    Raises:
        ValueError: it cannot be read; one sentence.
        OSError: it is not there, or the disk fails.
    """
    try:
        return mended(parsed(path.read_bytes())[0], outputs=False).notebook
    except RecursionError:
        problem = "something in it is nested too deeply"
    except (IsADirectoryError, PermissionError) as error:
        problem = error.strerror
    except ValueError as error:
        problem = str(error)
    raise ValueError(f"{path.name} cannot be read and stays as it is: {problem}")
