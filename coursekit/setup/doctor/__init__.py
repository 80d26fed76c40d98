"""`coursekit doctor`: what works on this machine, and what to do where it does not.

Every line of the report is a question with an answer (`Line`): fine, or a remedy that
can be pasted. Nothing here installs, downloads or changes anything.
"""

import argparse
import sys
from collections.abc import Sequence

from coursekit.setup.doctor.doctor_report import Line, Report
from coursekit.setup.doctor.questions import OFFLINE, QUESTIONS
from coursekit.setup.doctor.software import stack

__all__ = ["Line", "Report", "main", "report", "show", "stack"]


def report(*, offline: bool = False) -> tuple[Line, ...]:
    """Ask every question of `QUESTIONS` and return the answers in that order.

    Args:
        offline: do not ask the mirrors of the data sets.
    """
    asked = [OFFLINE.get(one, one) for one in QUESTIONS] if offline else QUESTIONS
    return tuple(question() for question in asked)


def show(*, offline: bool = False) -> Report:
    """Return the report as an object that displays itself in a notebook.

    Args:
        offline: do not ask the mirrors of the data sets.
    """
    return Report(report(offline=offline))


def main(argv: Sequence[str] | None = None) -> int:
    """Print the report; return 0 only when everything needed works.

    Example:
        coursekit doctor --json
    """
    parser = argparse.ArgumentParser(
        prog="coursekit doctor",
        description="Say what works on this machine, and what to do where it does not. "
        "The exit code is 0 when everything works that the sessions need.",
        epilog="example: coursekit doctor --json",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--offline", action="store_true", help="do not ask the mirrors of the data sets"
    )
    options = parser.parse_args(argv)
    report = show(offline=options.offline)
    sys.stdout.write((report.to_json() if options.json else repr(report)) + "\n")
    return 0 if report.ok else 1
