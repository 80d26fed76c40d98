"""`coursekit badges`: point everything that names the repository at a fork.

These are the badges and the set-up cell of every notebook, the README's badges and its
clone command, links to the site, and `notebooks/repository.toml`. Notebooks are not
built anew: stored outputs, cell ids and what students typed stay. git is not needed.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from coursekit.staff.build.build import as_text, is_as_written
from coursekit.staff.build.cell_marks import marks
from coursekit.staff.build.folder import notebooks_folder
from coursekit.staff.build.repository import FILE, Repository, file_text, repository
from coursekit.staff.build.setup_cell import badge

# The parts of a link that name a repository, before /blob/, and a branch, after it.
BADGE = (
    r"(colab\.research\.google\.com/github/|kernels/welcome\?src=https://github\.com/)"
    r"[\w.-]+/[\w.-]+/blob/[\w./-]+?/(?={path}\b)"
)
# The set-up cell's line in a notebook's JSON, where a quote is written \".
COURSE = re.compile(r"(--no-deps git\+https://github\.com/)[\w./-]+@[\w./-]+")
# The address of a page of the course's site, before the name of its file.
PAGE = r"https://[\w-]+\.github\.io/(?:[\w.-]+/)?(?={page}\.html\b)"
CLONE = re.compile(r"git clone https://github\.com/[\w./-]+ && cd [\w.-]+")
# A session of the README's table: the link to its notebook, and its badges if any.
ROW = re.compile(
    r"^(\| \w+ \| \[[^\]]*\]\((notebooks/[\w.-]+\.ipynb)\)[^|<\n]*?)"
    r"(?:<br>\[!\[Open [^|\n]*)?(?<! ) \|",
    re.MULTILINE,
)


def changes(folder: Path, repository: Repository) -> dict[Path, str | None]:
    """List the files that would change to name `repository`, with their new text.

    Args:
        folder: the course's `notebooks` folder.
        repository: the repository to point at.

    Returns:
        Path → text, None for a file to delete; empty when nothing would change.
    """
    readme, file = folder.parent / "README.md", folder / FILE
    notebooks = [*folder.glob("*.ipynb"), *(folder / "solutions").glob("*.ipynb")]
    wanted: dict[Path, str | None] = {file: file_text(repository)}
    if readme.is_file():
        wanted[readme] = readme_text(_read(readme), repository)
    for path in sorted(notebooks):
        shown = path.relative_to(folder.parent).as_posix()
        wanted[path] = notebook_text(_read(path), shown, repository)
    return {path: text for path, text in wanted.items() if text != _read(path)}


def readme_text(text: str, repository: Repository) -> str:
    """Return the README with badges in each session's row and the clone command.

    Args:
        text: of README.md.
        repository: the repository to name.
    """
    text = CLONE.sub(f"git clone {repository.url} && cd {repository.folder}", text)
    text = re.sub(PAGE.format(page="index"), repository.site, text)
    return ROW.sub(
        lambda row: f"{row[1]}<br>{badge(row[2], repository, beside='.')} |", text
    )


def notebook_text(text: str, path: str, repository: Repository) -> str:
    """Return a notebook with its badges and its set-up cell naming `repository`.

    Args:
        text: the notebook's file.
        path: in the repository, like `notebooks/00_start.ipynb`.
        repository: the repository to name.

    Returns:
        The same text but for the names; where `coursekit build` wrote it, sealed anew,
        so that it still counts as built; edits by hand stay recognisable as such.
    """
    here = rf"\g<1>{repository.name}/blob/{repository.branch}/"
    pointed = re.sub(BADGE.format(path=re.escape(path)), here, text)
    page = re.escape(Path(path).stem)
    pointed = re.sub(PAGE.format(page=page), repository.site, pointed)
    pointed = COURSE.sub(rf"\g<1>{repository.name}@{repository.branch}", pointed)
    if pointed == text or not is_as_written(text):
        return pointed
    import nbformat

    made = nbformat.reads(pointed, as_version=4)
    if "cells" in made.metadata["coursekit"]:
        made.metadata["coursekit"]["cells"] = marks(c.source for c in made.cells)
    sealed = as_text(made)
    return sealed.replace("\n", "\r\n") if "\r\n" in text else sealed


def write_all(root: Path, texts: dict[Path, str | None]) -> None:
    """Write several files: all of them or, whatever happens, none.

    Args:
        root: a folder on the same disk, for what is not finished.
        texts: path → text, None to delete the file.

    Raises:
        OSError: a file cannot be written; all are as they were.
    """
    with tempfile.TemporaryDirectory(dir=root, prefix=".coursekit-") as scratch:
        for number, (path, text) in enumerate(texts.items()):
            new, old = (Path(scratch, f"{number}.{kind}") for kind in ("new", "old"))
            if path.is_file():
                shutil.copy2(path, old)
            if text is not None:
                new.write_bytes(text.encode())
                shutil.copymode(path if path.is_file() else root, new)
                new.chmod(new.stat().st_mode & 0o666)
        begun: list[tuple[Path, Path]] = []
        try:
            for number, path in enumerate(texts):
                begun.append((path, Path(scratch, f"{number}.old")))
                _move(Path(scratch, f"{number}.new"), path)
        except BaseException:
            for path, old in begun:
                _move(old, path)
            raise


def _move(source: Path, path: Path) -> None:
    """Put `source` in the place of `path`; where there is no source, take it away."""
    if source.exists():
        os.replace(source, path)
    else:
        path.unlink(missing_ok=True)


def _read(path: Path) -> str | None:
    """Read a text with its line ends as they are; None where there is no file."""
    return path.read_bytes().decode() if path.is_file() else None


def main(argv: Sequence[str] | None = None) -> int:
    """Run `coursekit badges`; give its exit code."""
    parser = argparse.ArgumentParser(
        prog="coursekit badges",
        description="Point badges, set-up cells and the README's clone command at a "
        "repository; without --repo, at the one that notebooks/repository.toml names.",
        epilog="example: coursekit badges --repo ada/cnn-course --branch autumn",
    )
    parser.add_argument("--repo", metavar="OWNER/NAME", help="your fork on GitHub")
    parser.add_argument("--branch", metavar="B", help="branch or tag (default: main)")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; 1 if one points elsewhere"
    )
    parser.add_argument("--root", help="the course's folder; else found from here")
    options = parser.parse_args(argv)
    folder = notebooks_folder(options.root)
    repository = _asked(options.repo, options.branch, folder)
    changed = changes(folder, repository)
    if changed and not options.check:
        write_all(folder.parent, changed)
    _report(folder.parent, repository, list(changed), checked=options.check)
    return 1 if options.check and changed else 0


def _asked(name: str | None, branch: str | None, folder: Path) -> Repository:
    if name is not None:
        return Repository(name, "main" if branch is None else branch)
    there = repository(folder)
    return there if branch is None else Repository(there.name, branch)


def _report(
    root: Path, repository: Repository, paths: list[Path], *, checked: bool
) -> None:
    verb, stream = ("points elsewhere", sys.stderr) if checked else ("set", sys.stdout)
    for path in paths:
        stream.write(f"{path.relative_to(root).as_posix()}: {verb}\n")
    if checked and paths:
        remedy = (
            f"coursekit badges --repo {repository.name} --branch {repository.branch}"
        )
        stream.write(f"{len(paths)} not at {repository}: run `{remedy}`\n")
    else:
        sys.stdout.write(f"Everything points at {repository}.\n")
