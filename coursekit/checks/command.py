"""`coursekit checks`: prove the exercises, list them, write the page of errors."""

import argparse
import sys

from coursekit.checks.errors_page import errors_page
from coursekit.checks.exercise import Exercise
from coursekit.checks.registry import exercise_ids, load
from coursekit.checks.score import Proof, prove, table, total_score

LEAST_SCORE = 0.98

EXAMPLES = """examples:
  coursekit checks --score            prove all exercises (about half a minute)
  coursekit checks --score 01.3 04.1  prove two of them
  coursekit checks --errors > errors.md
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
    text = errors_page(exercises) if arguments.errors else _listing(exercises)
    sys.stdout.write(text)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coursekit checks",
        description="The exercises of the course and the proof that their checks work.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("ids", nargs="*", help="exercises such as 01.3; default: all")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--score",
        action="store_true",
        help="right answers, wrong answers and mutants of each exercise",
    )
    what.add_argument(
        "--errors", action="store_true", help="the page of common errors (markdown)"
    )
    what.add_argument(
        "--list", action="store_true", help="id, minutes and title (the default)"
    )
    return parser


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
