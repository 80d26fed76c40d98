"""`coursekit build`: sources → notebooks, and proof that they belong together.

Each generated notebook carries a digest of itself, so that a hand edit is told from a
source that has moved on; a solution notebook also carries a digest of its code together
with its stored outputs, so that it is run again only when one of them has changed.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit.staff.build.convert import cells_of, notebook
from coursekit.staff.build.course_pages import stale, write_outline
from coursekit.staff.build.execute import KEPT_TAGS, execute
from coursekit.staff.build.folder import Session, notebooks_folder, sessions
from coursekit.staff.build.lint import lint
from coursekit.staff.build.notebook_source import read_source


def build(session: Session, *, run: bool = False) -> str:
    """Write both notebooks of a session; run the solution where that is needed.

    Args:
        session: one of `sessions(notebooks_folder())`.
        run: execute the solution even if its code has not changed.

    Returns:
        One line that says what was done.

    Raises:
        ValueError: the source is wrong, or a cell failed; nothing has been written.
    """
    cells = read_source(session.source)
    student = notebook(cells, session, student=True)
    solution = notebook(cells, session, student=False)
    filled = None if run else with_stored_outputs(solution, session.solution)
    done = "outputs kept"
    if filled is None:
        began = time.perf_counter()
        shown = cells_of(cells, session, student=False)
        name = session.shown(session.source)
        folder = session.solution.parent
        filled = execute(solution, shown, name=name, folder=folder)
        done = f"executed in {time.perf_counter() - began:.0f} s"
    write_whole(session.student, as_text(student))
    write_whole(session.solution, as_text(filled))
    counts = f"{len(student.cells)} cells, {len(solution.cells)} in the solution"
    return f"{session.name}: {counts}, {done}"


def problems(session: Session) -> list[str]:
    """Say what is wrong with a session's notebooks; nothing is written or run.

    Args:
        session: one of `sessions(notebooks_folder())`.

    Returns:
        One sentence each: a notebook that is missing, edited by hand or older than its
        source, and every rule of style that the source breaks.

    Raises:
        ValueError: the source cannot be read.
    """
    cells = read_source(session.source)
    solution = notebook(cells, session, student=False)
    expected = {
        session.student: notebook(cells, session, student=True),
        session.solution: with_stored_outputs(solution, session.solution),
    }
    wrong = [
        sentence
        for path, made in expected.items()
        if (sentence := _difference(session, path, made))
    ]
    return wrong + [str(f) for f in lint(session, cells) if f.level == "error"]


def _difference(session: Session, path: Path, made) -> str | None:
    name, source = session.shown(path), session.shown(session.source)
    remedy = f"edit {source}, then run `coursekit build {session.number}`"
    if not path.is_file():
        return f"{name} is missing: run `coursekit build {session.number}`"
    text = path.read_text(encoding="utf-8")
    if not is_as_written(text):
        return f"{name} was edited by hand: {remedy}"
    if made is None or as_text(made) != text:
        return f"{name} is older than {source}: run `coursekit build {session.number}`"
    return None


def orphans(folder: Path) -> list[str]:
    """Name the notebooks in `notebooks` and `notebooks/solutions` without a source."""
    known = {path for s in sessions(folder) for path in (s.student, s.solution)}
    there = [*folder.glob("*.ipynb"), *(folder / "solutions").glob("*.ipynb")]
    return [
        f"{path.relative_to(folder.parent).as_posix()} has no source in notebooks/src: "
        "delete it, or add its source"
        for path in sorted(there)
        if path not in known
    ]


def as_text(made) -> str:
    """Write a notebook as stable JSON, sealed with a digest of itself."""
    import nbformat

    sealed = json.loads(nbformat.writes(made, version=4))
    sealed["metadata"]["coursekit"].pop("digest", None)
    sealed["metadata"]["coursekit"]["run"] = _run_digest(made)
    sealed["metadata"]["coursekit"]["digest"] = _digest(sealed)
    return json.dumps(sealed, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def with_stored_outputs(made, path: Path):
    """Give a solution notebook the outputs stored at `path`.

    Args:
        made: the solution notebook without outputs; it is not changed.
        path: where the last built solution is.

    Returns:
        A filled copy, or None where the stored outputs belong to other code, were
        edited, or are not there.
    """
    import nbformat

    try:
        stored = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        run = stored.metadata["coursekit"]["run"]
    except (OSError, ValueError, KeyError, AttributeError, nbformat.ValidationError):
        return None
    filled = nbformat.from_dict(made)
    mine, theirs = _code_cells(filled), _code_cells(stored)
    if len(mine) != len(theirs):
        return None
    for cell, other in zip(mine, theirs, strict=True):
        if KEPT_TAGS & set(cell.metadata.get("tags", ())):
            cell.outputs = other.outputs
            cell.execution_count = other.execution_count
    return filled if _run_digest(filled) == run else None


def _code_cells(made) -> list:
    return [cell for cell in made.cells if cell.cell_type == "code"]


def _run_digest(made) -> str:
    """Digest code and outputs together, blind to prose and to where cells stand."""
    return _digest(
        [
            [cell.source, cell.metadata.get("tags", []), cell.outputs]
            for cell in _code_cells(made)
        ]
    )


def is_as_written(text: str) -> bool:
    """Say whether a notebook is as `as_text` wrote it, by the digest it carries."""
    try:
        sealed = json.loads(text)
        stated = sealed["metadata"]["coursekit"].pop("digest")
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return stated == _digest(sealed)


def _digest(value) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def main(argv: Sequence[str] | None = None) -> int:
    """Run `coursekit build`; give its exit code."""
    parser = argparse.ArgumentParser(
        prog="coursekit build",
        description="Build the student and solution notebooks from notebooks/src.",
        epilog="example: coursekit build 01      or, before a commit: coursekit build "
        "--check",
    )
    parser.add_argument("sessions", nargs="*", metavar="NN", help="01, 02 …; else all")
    parser.add_argument("--run", action="store_true", help="execute even if unchanged")
    parser.add_argument("--check", action="store_true", help="write nothing; report")
    parser.add_argument("--advice", action="store_true", help="show what style aims at")
    parser.add_argument("--root", help="the course's folder; else found from here")
    options = parser.parse_args(argv)
    folder = notebooks_folder(options.root)
    chosen = sessions(folder, options.sessions)
    if options.check:
        return _check(folder, chosen, everything=not options.sessions)
    if options.advice:
        return _advise(chosen)
    for session in chosen:
        _say(build(session, run=options.run))
    if tells_of_the_course(folder) and write_outline(sessions(folder)):
        _say("the map of the course has changed: run `make pictures` for README.md")
    return 0


def tells_of_the_course(folder: Path) -> bool:
    """Say whether beside `folder` lie the README and the package that tell of it."""
    root = folder.parent
    return (root / "README.md").is_file() and (root / "coursekit" / "course").is_dir()


def _check(folder: Path, chosen: Sequence[Session], *, everything: bool) -> int:
    listed = {session.name: problems(session) for session in chosen}
    for name, sentences in listed.items():
        count = len(sentences)
        _say(f"{name}: {f'{count} to mend' if count else 'ok'}")
    wrong = [sentence for sentences in listed.values() for sentence in sentences]
    if everything:
        wrong += orphans(folder)
        wrong += stale(sessions(folder)) if tells_of_the_course(folder) else []
    for sentence in wrong:
        _say(f"  {sentence}", sys.stderr)
    return 1 if wrong else 0


def _advise(chosen: Sequence[Session]) -> int:
    for session in chosen:
        for finding in lint(session, read_source(session.source)):
            _say(str(finding))
    return 0


def _say(line: str, stream=None) -> None:
    stream = stream or sys.stdout
    stream.write(f"{line}\n")
    stream.flush()
