"""`coursekit checks`: prove the exercises, list them, write the page of errors."""

import argparse
import sys

from coursekit._base.files import write_whole
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.registry import exercise_ids, load
from coursekit.staff.proof.blind_spots import BLIND, Verdict, blind_spots
from coursekit.staff.proof.blind_spots import table as table_of_places
from coursekit.staff.proof.errors_page import COMMAND, errors_page, page_file
from coursekit.staff.proof.score import Proof, prove, table, total_score

LEAST_SCORE = 0.98

EXAMPLES = """examples:
  coursekit checks --score            prove all exercises (about half a minute)
  coursekit checks --score 01.3 04.1  prove two of them
  coursekit checks --cases            do the cases go everywhere? (about 15 seconds)
  coursekit checks --errors           write notebooks/common_errors.md
  coursekit checks --errors --check   is it up to date?
  coursekit checks --errors 01.3      show the part on one exercise
  coursekit checks --list
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command; 0 if everything asked for is in order."""
    arguments = _parser().parse_args(argv)
    try:
        exercises = [load(one) for one in arguments.ids or exercise_ids()]
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if arguments.score:
        return _score(exercises)
    if arguments.cases:
        return _cases(exercises)
    if arguments.errors and not arguments.ids:
        return _write_page(errors_page(exercises), check=arguments.check)
    text = errors_page(exercises) if arguments.errors else _listing(exercises)
    sys.stdout.write(text)
    return 0


def _write_page(text: str, *, check: bool) -> int:
    """Write the page of common errors, or say whether it is as it would be written."""
    file = page_file()
    shown = f"{file.parent.name}/{file.name}"
    if not check:
        write_whole(file, text)
        sys.stdout.write(f"wrote {shown}\n")
        return 0
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        sys.stdout.write(f"{shown}: ok\n")
        return 0
    sys.stderr.write(f"{shown} does not fit the exercises: run `{COMMAND}`\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coursekit checks",
        description="The exercises of the course and the proof that their checks work.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("ids", nargs="*", help="exercises such as 01.3; default: all")
    _add_reports(parser)
    parser.add_argument(
        "--check", action="store_true", help="with --errors: write nothing, report"
    )
    return parser


def _add_reports(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose what is told; one at a time."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--score",
        action="store_true",
        help="right answers, wrong answers and mutants of each exercise",
    )
    what.add_argument(
        "--cases",
        action="store_true",
        help="spoil the reference place by place: is each one noticed?",
    )
    what.add_argument(
        "--errors",
        action="store_true",
        help="write the page of common errors; of exercises that are named, show it",
    )
    what.add_argument(
        "--list", action="store_true", help="id, minutes and title (the default)"
    )


def _score(exercises: list[Exercise]) -> int:
    """Write the table; say on standard error what is wrong."""
    proofs = [prove(exercise) for exercise in exercises]
    sys.stdout.write(table(proofs) + "\n")
    problems = [text for proof in proofs for text in _problems(proof)]
    score = total_score(proofs)
    if score < LEAST_SCORE:
        problems.append(f"the score is {score:.1%}, less than {LEAST_SCORE:.0%}")
    sys.stderr.write("".join(f"{text}\n" for text in problems))
    return 1 if problems else 0


def _cases(exercises: list[Exercise]) -> int:
    """Write the table of places; name the blind ones on standard error."""
    verdicts = [verdict for one in exercises for verdict in blind_spots(one)]
    sys.stdout.write(table_of_places(verdicts) + "\n")
    blind = [verdict for verdict in verdicts if verdict.state == BLIND]
    sys.stderr.write("".join(map(_blind, blind)))
    return 1 if blind else 0


def _blind(verdict: Verdict) -> str:
    return f"{verdict.exercise_id}: no case where {verdict.place.label}\n"


def _problems(proof: Proof) -> list[str]:
    stale = [f"{label}: listed as right, but caught or gone" for label in proof.stale]
    return [f"{proof.exercise_id}: {text}" for text in (*proof.faults, *stale)]


def _listing(exercises: list[Exercise]) -> str:
    rows = [("id", "minutes", "difficulty", "importance", "exercise")]
    rows += [
        (one.id, one.minutes, one.difficulty, one.importance, one.title)
        for one in exercises
    ]
    return "".join(f"{a:7}{b!s:>8}{c!s:>12}{d!s:>12}  {e}\n" for a, b, c, d, e in rows)
