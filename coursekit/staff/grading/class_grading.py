"""Grades a class: one hand-in, one JSON file; what is there is not done again."""

import errno
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from coursekit.staff.grading.assignment import Assignment, read_assignment
from coursekit.staff.grading.grade import FORM, grade
from coursekit.staff.grading.manifest import Row, read_manifest, submissions
from coursekit.staff.grading.sandbox import Sandbox

FULL = (errno.ENOSPC, errno.EDQUOT)  # the disk, or one's share of it


@dataclass(frozen=True)
class Job:
    """One hand-in to grade: everything a process needs to know."""

    path: Path
    student: str
    target: Path
    networks: tuple[Path, ...] = ()


def jobs_of(
    folder: Path,
    assignment: Assignment,
    shard: tuple[int, int] = (1, 1),
    *,
    again: bool = False,
) -> list[Job]:
    """Return what is left to grade: the latest hand-in of each student.

    Args:
        folder: as `collect` left it; grades go to `grades/` in it.
        shard: (i, n): only every n-th, from the i-th on, 1 ≤ i ≤ n.
        again: whether what is graded counts as left, too.
    """
    mine = submissions(read_manifest(folder))[shard[0] - 1 :: shard[1]]
    jobs = [_job(folder, row, networks) for row, networks in mine]
    return [job for job in jobs if again or not _is_done(job, assignment)]


def _job(folder: Path, row: Row, networks: tuple[Row, ...]) -> Job:
    files = folder / "files"
    return Job(
        files / row.file,
        row.student or f"unnamed {row.sha256[:8]}",
        folder / "grades" / f"{Path(row.file).stem}.json",
        tuple(files / one.file for one in networks),
    )


def _is_done(job: Job, assignment: Assignment) -> bool:
    """Say whether these very files were graded by this assignment and version."""
    if not job.target.exists():
        return False
    try:
        said = json.loads(job.target.read_text(encoding="utf-8"))
    except ValueError:  # damaged: it is made again
        return False
    now = {
        "form": FORM,
        "digest": assignment.digest,
        "coursekit": version("coursekit"),
        "student": job.student,
        "networks": [path.name for path in job.networks],
    }
    return all(said.get(key) == value for key, value in now.items())


def grade_class(
    jobs: list[Job],
    assignment_path: Path,
    secret: bytes,
    *,
    processes: int = 1,
    sandbox: str = "bwrap",
) -> Iterator[tuple[Job, str]]:
    """Grade these jobs; yield each, and "" or why it could not be graded.

    Every process has a sandbox of its own. A hand-in that breaks its process is found,
    said and stays ungraded; the others go on.

    Raises:
        ValueError: there can be no such sandbox here.
        OSError: the disk is full; the same command goes on.
    """
    left = dict.fromkeys(jobs)
    begin = (str(assignment_path), sandbox, secret)
    while left:
        try:
            for job, why in _round([*left], processes, begin):
                del left[job]
                yield job, why
        except BrokenProcessPool:  # by one of those that began first
            for job in [*left][:processes]:
                del left[job]
                yield job, _by_itself(job, begin)


def _by_itself(job: Job, begin: tuple) -> str:
    try:
        ((_, why),) = _round([job], 1, begin)
    except BrokenProcessPool:
        return "its grading process ended; grade it by hand"
    return why


def _round(left: list[Job], processes: int, begin: tuple) -> Iterator[tuple[Job, str]]:
    """Grade in parallel until all is done.

    Raises:
        BrokenProcessPool: a process ended; what was done before is yielded.
    """
    spawn, broken = get_context("spawn"), None
    pool = ProcessPoolExecutor(processes, spawn, initializer=_open, initargs=begin)
    try:
        waiting = {pool.submit(_grade, job): job for job in left}
        for done in as_completed(waiting):
            try:
                yield waiting[done], done.result()
            except BrokenProcessPool as error:
                broken = error
        if broken:
            raise broken
    finally:
        pool.shutdown(cancel_futures=True)


_HERE: dict[str, object] = {}  # of a grading process: what all its jobs share


def _open(assignment_path: str, sandbox: str, secret: bytes) -> None:
    _HERE.update(assignment=read_assignment(assignment_path), secret=secret)
    try:
        _HERE["sandbox"] = Sandbox(sandbox)
    except ValueError as error:  # an initializer that raises breaks the pool
        _HERE["refused"] = error


def _grade(job: Job) -> str:
    """Grade one hand-in and write its file; say why it could not be graded, or "".

    Raises:
        ValueError: there is no sandbox.
        OSError: the disk is full.
    """
    if "refused" in _HERE:
        raise _HERE["refused"]
    assignment, secret, sandbox = _HERE.values()
    given = (job.path, job.student, assignment, sandbox, secret, job.networks)
    try:
        grade(*given).write(job.target)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        return f"not graded: {type(error).__name__}: {error}"
    return ""
