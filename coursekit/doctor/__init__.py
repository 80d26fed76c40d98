"""`coursekit doctor`: what works on this machine, and what to do where it does not.

Every line of the report is a question with an answer (`Line`): fine, or a remedy that
can be pasted. Nothing here installs, downloads or changes anything.
"""

import argparse
import sys
from collections.abc import Sequence

from coursekit.doctor.questions import QUESTIONS, stack
from coursekit.doctor.report import Line, Report

__all__ = ["Line", "Report", "main", "report", "show", "stack"]


def report() -> tuple[Line, ...]:
    """Ask every question of `QUESTIONS` and return the answers in that order."""
    return tuple(question() for question in QUESTIONS)


def show() -> Report:
    """Return the report as an object that displays itself in a notebook."""
    return Report(report())


def main(argv: Sequence[str] | None = None) -> int:
    """Print the report; return 0 only when everything needed works.

    Example:
        coursekit doctor --json
    """
    parser = argparse.ArgumentParser(
        prog="coursekit doctor",
        description="Say what works on this machine, and what to do where it does not.",
        epilog="example: coursekit doctor --json",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    wants_json = parser.parse_args(argv).json
    found = show()
    sys.stdout.write((found.to_json() if wants_json else repr(found)) + "\n")
    return 0 if found.ok else 1
