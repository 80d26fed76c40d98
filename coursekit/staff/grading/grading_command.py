"""`coursekit release`, `collect`, `grade`, `feedback`: a class in a folder."""

import argparse
import sys
from pathlib import Path

from coursekit._base.words import many
from coursekit.staff.grading.assignment import read_assignment
from coursekit.staff.grading.class_grading import grade_class, jobs_of
from coursekit.staff.grading.collecting import collect
from coursekit.staff.grading.course_secret import read_secret, same_secret
from coursekit.staff.grading.feedback import give_back
from coursekit.staff.grading.limits import Limits
from coursekit.staff.grading.merging import merge
from coursekit.staff.grading.release import release
from coursekit.staff.grading.roster import read_roster
from coursekit.staff.grading.sandbox import Sandbox
from coursekit.staff.grading.spread import spread_table
from coursekit.staff.grading.walls import ELSEWHERE, KINDS, walls

EXAMPLES = """a class, from first to last:
  coursekit release a1.toml                        a1.ipynb for the students
  coursekit collect a1.toml fall download.zip --roster roster.csv
  coursekit grade a1.toml fall --jobs 2            again after a stop: goes on
  coursekit merge a1.toml fall fall-1 fall-2       what other machines graded
  coursekit feedback a1.toml fall                  pages and gradebooks in fall/
"""


def main_release(argv: list[str] | None = None) -> int:
    """Write the student's notebook of an assignment, after the proof."""
    parser = _parser("release", "make an assignment's notebook, proven")
    parser.add_argument("--to", type=Path, help="folder; default: the assignment's own")
    parser.add_argument("--roster", type=Path, help="who gets personal parts")
    given = parser.parse_args(argv)
    assignment = read_assignment(given.assignment)
    folder = given.assignment.parent
    secret = read_secret(folder, make=True)
    known = read_roster(given.roster) if given.roster else {}
    students = list(dict.fromkeys(known.values()))
    with Sandbox(_kind(given)) as sandbox:
        made = release(assignment, given.to or folder, sandbox, secret, students)
    names = ", ".join(path.name for path in made.paths[:3])
    more = f" and {len(made.paths) - 3} more" if len(made.paths) > 3 else ""
    sys.stdout.write(
        f"{names}{more}: the student's version scores {made.student_points}, "
        f"the solved one {made.solution_points} of {made.of}\n"
    )
    if assignment.is_personal and len(students) > 1:
        sys.stdout.write(spread_table(assignment, students, secret) + "\n")
    return 0


def main_collect(argv: list[str] | None = None) -> int:
    """Copy hand-ins into a folder and write its manifest."""
    parser = _parser("collect", "gather hand-ins: folders, zips, platform downloads")
    parser.add_argument("folder", type=Path, help="where the class's files go")
    parser.add_argument("sources", type=Path, nargs="+", help="folders, zips, files")
    parser.add_argument("--roster", type=Path, help="CSV with a column `id`")
    given = parser.parse_args(argv)
    assignment = read_assignment(given.assignment)
    roster = read_roster(given.roster) if given.roster else {}
    rows = collect(given.sources, given.folder, roster, assignment.due, assignment.id)
    for row in rows:
        if row.flags:
            sys.stdout.write(f"{row.student or '?'}: {row.flags} ({row.came_as})\n")
    without = sorted({*roster.values()} - {row.student for row in rows})
    if without:
        sys.stdout.write(f"nothing from {', '.join(without)}\n")
    sys.stdout.write(
        f"{many(len(rows), 'hand-in')} in {given.folder / 'manifest.csv'}\n"
    )
    return 0


def main_grade(argv: list[str] | None = None) -> int:
    """Grade what is not graded yet."""
    parser = _parser("grade", "grade collected hand-ins, each in a sandbox")
    parser.add_argument("folder", type=Path, help="as `collect` left it")
    parser.add_argument("--jobs", type=int, default=1, help="processes; default: 1")
    parser.add_argument("--shard", default="1/1", help="i/n: every n-th from the i-th")
    parser.add_argument(
        "--again", action="store_true", help="grade all anew; earlier grades are kept"
    )
    given = parser.parse_args(argv)
    kind, failed = _kind(given), 0
    walls(kind, Limits())  # refused before anything is done
    _collected(given.folder)
    secret = read_secret(given.assignment.parent)
    same_secret(given.folder, secret)
    assignment = read_assignment(given.assignment)
    jobs = jobs_of(given.folder, assignment, _shard(given.shard), again=given.again)
    graded = grade_class(
        jobs,
        given.assignment,
        secret,
        processes=_jobs(given.jobs),
        sandbox=kind,
    )
    for job, why in graded:
        failed += bool(why)
        sys.stdout.write(f"{job.student}: {why or 'graded'}\n")
        sys.stdout.flush()
    return 1 if failed else 0


def main_merge(argv: list[str] | None = None) -> int:
    """Put together what several machines graded."""
    parser = _parser("merge", "put together the folders that shards were graded in")
    parser.add_argument("folder", type=Path, help="where the class's files go")
    parser.add_argument("parts", type=Path, nargs="+", help="folders of the shards")
    given = parser.parse_args(argv)
    assignment = read_assignment(given.assignment)
    count = merge(given.folder, given.parts)
    left = len(jobs_of(given.folder, assignment))
    done, still = many(count, "grade"), many(left, "hand-in")
    sys.stdout.write(f"{done} in {given.folder}; left to grade: {still}\n")
    return 0


def main_feedback(argv: list[str] | None = None) -> int:
    """Write pages and gradebooks from the grades."""
    parser = _parser(
        "feedback", "write each student's page, the class page, gradebooks"
    )
    parser.add_argument("folder", type=Path, help="as `grade` left it")
    given = parser.parse_args(argv)
    _collected(given.folder)
    files = give_back(given.folder, read_assignment(given.assignment))
    sys.stdout.write(f"{len(files)} files in {given.folder}\n")
    return 0


def _collected(folder: Path) -> None:
    """Refuse a folder that `collect` did not make."""
    if not (folder / "manifest.csv").is_file():
        raise ValueError(f"`{folder}` has no manifest: run `coursekit collect` first")


def _parser(name: str, text: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"coursekit {name}",
        description=text,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("assignment", type=Path, help="the assignment's TOML file")
    if name in ("release", "grade"):
        listed = "; ".join(f"{kind}: {words}" for kind, words in KINDS.items())
        parser.add_argument("--sandbox", choices=KINDS, default="bwrap", help=listed)
        parser.add_argument(
            "--unsafe", action="store_true", help="needed with --sandbox none"
        )
    return parser


def _kind(given: argparse.Namespace) -> str:
    if said := ELSEWHERE.get(sys.platform):
        sys.stderr.write(f"coursekit: {said}\n")
    if given.sandbox == "none" and not given.unsafe:
        raise ValueError(
            "`--sandbox none` runs students' code with your rights: say --unsafe, too"
        )
    return given.sandbox


def _jobs(count: int) -> int:
    if count < 1:
        raise ValueError(f"`--jobs` must be 1 or more; got {count}")
    return count


def _shard(text: str) -> tuple[int, int]:
    first, _, last = text.partition("/")
    if not (first.isdigit() and last.isdigit() and 1 <= int(first) <= int(last)):
        raise ValueError(f"`--shard` must be i/n with 1 ≤ i ≤ n; got {text!r}")
    return int(first), int(last)
