"""The points as tables for learning platforms, and sheets for short answers."""

import csv
import io
import re
import textwrap
from collections.abc import Iterable

from coursekit.staff.grading.assignment import Assignment


def gradebook(grades: Iterable[dict], form: str, assignment: Assignment) -> str:
    """Return the points as CSV.

    Args:
        form: "plain", "canvas" or "moodle", the columns that each of them imports.
    """
    ids = [part.id for part in assignment.parts if part.id]
    heads = {
        "plain": ["student", *ids, "points", "of", "needs a person"],
        "canvas": [
            "Student",
            "ID",
            "SIS User ID",
            "SIS Login ID",
            "Section",
            assignment.title,
        ],
        "moodle": ["Identifier", "Grade", "Maximum grade"],
    }
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads[form])
    for grade in grades:
        points = {part["id"]: part["points"] for part in grade["parts"]}
        rows = {
            "plain": [
                grade["student"],
                *(points.get(one, "") for one in ids),
                *(grade["points"], grade["of"], len(grade["person"])),
            ],
            "canvas": [grade["student"], "", grade["student"], "", "", grade["points"]],
            "moodle": [grade["student"], grade["points"], grade["of"]],
        }
        writer.writerow(map(_harmless, rows[form]))
    return text.getvalue()


def _harmless(value: object) -> object:
    """Keep a spreadsheet from reading a student's name as a formula."""
    risky = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{value}" if risky else value


SHEET_LINE = re.compile(r"^\[(?P<key>[0-9a-f]{8})\] points: *(?P<points>\S*) *$")


def answer_sheet(grades: Iterable[dict], question: str, before: str = "") -> str:
    """Return the short answers to one question, unsigned, with a line for the points.

    Args:
        before: the sheet as it is: what a person wrote into it stays.
    """
    done = {
        match["key"] for match in map(SHEET_LINE.match, before.splitlines()) if match
    }
    sheet = before
    for grade in sorted(grades, key=lambda grade: grade["sha256"]):
        part = part_of(grade, question)
        if part["status"] == "person" and grade["sha256"][:8] not in done:
            text = textwrap.indent(part["message"].strip(), "    ")
            sheet += f"[{grade['sha256'][:8]}] points: \n{text}\n\n"
    return sheet


def read_sheet(text: str, most: int) -> dict[str, int]:
    """Return the points that a person wrote into a sheet, by the answer's key.

    Raises:
        ValueError: points that are no whole number from 0 to `most`.
    """
    points = {}
    for match in filter(None, map(SHEET_LINE.match, text.splitlines())):
        if match["points"]:
            if not match["points"].isdigit() or int(match["points"]) > most:
                raise ValueError(
                    f"[{match['key']}] has {match['points']!r}; 0 to {most} are allowed"
                )
            points[match["key"]] = int(match["points"])
    return points


def part_of(grade: dict, part_id: str) -> dict:
    """Return one part of a grade."""
    return next(part for part in grade["parts"] if part["id"] == part_id)
