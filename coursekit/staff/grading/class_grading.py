"""Grades a class: one hand-in, one JSON file; what is there is not done again."""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from coursekit import __version__
from coursekit.staff.grading.assignment import Assignment, read_assignment
from coursekit.staff.grading.grade import FORM, grade
from coursekit.staff.grading.manifest import Row, read_manifest, submissions
from coursekit.staff.grading.sandbox import Sandbox


@dataclass(frozen=True)
class Job:
    """One hand-in to grade: everything a process needs to know."""

    path: Path
    student: str
    target: Path
    networks: tuple[Path, ...] = ()


def jobs_of(folder: Path, assignment: Assignment, shard: tuple[int, int]) -> list[Job]:
    """Return what is left to grade: the latest hand-in of each student.

    Args:
        folder: as `collect` left it; grades go to `grades/` in it.
        shard: (i, n): only every n-th, from the i-th on, 1 ≤ i ≤ n.
    """
    mine = submissions(read_manifest(folder))[shard[0] - 1 :: shard[1]]
    jobs = [_job(folder, row, networks) for row, networks in mine]
    return [job for job in jobs if not _is_done(job, assignment)]


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
    said = json.loads(job.target.read_text(encoding="utf-8"))
    now = {
        "form": FORM,
        "digest": assignment.digest,
        "coursekit": __version__,
        "student": job.student,
        "networks": [path.name for path in job.networks],
    }
    return all(said.get(key) == value for key, value in now.items())


def grade_class(
    folder: Path,
    assignment_path: Path,
    secret: bytes,
    *,
    processes: int = 1,
    sandbox: str = "bwrap",
    shard: tuple[int, int] = (1, 1),
) -> Iterator[tuple[Job, str]]:
    """Grade what is left; yield each job, and "" or why it could not be graded.

    Every process has a sandbox of its own. A hand-in that breaks its process is said
    and stays ungraded; the others go on.
    """
    left = jobs_of(folder, read_assignment(assignment_path), shard)
    begin = (str(assignment_path), sandbox, secret)
    while left:
        for job, why in _round(left, processes, begin):
            left.remove(job)
            yield job, why


def _round(left: list[Job], processes: int, begin: tuple) -> Iterator[tuple[Job, str]]:
    """Grade until all is done, or a process breaks; its job is said and dropped."""
    pool = ProcessPoolExecutor(
        max_workers=processes,
        mp_context=get_context("spawn"),
        initializer=_open,
        initargs=begin,
    )
    with pool:
        waiting = {pool.submit(_grade, job): job for job in left}
        for done in as_completed(waiting):
            try:
                done.result()
            except BrokenProcessPool:
                yield waiting[done], "its grading process ended; grade it by hand"
                return
            except Exception as error:  # noqa: BLE001 (said; the others go on)
                yield waiting[done], f"not graded: {type(error).__name__}: {error}"
            else:
                yield waiting[done], ""


_HERE: dict[str, object] = {}  # of a grading process: what all its jobs share


def _open(assignment_path: str, sandbox: str, secret: bytes) -> None:
    _HERE["assignment"] = read_assignment(assignment_path)
    _HERE["sandbox"] = Sandbox(sandbox)
    _HERE["secret"] = secret


def _grade(job: Job) -> None:
    assignment, sandbox, secret = _HERE.values()
    given = (job.path, job.student, assignment, sandbox, secret, job.networks)
    grade(*given).write(job.target)
