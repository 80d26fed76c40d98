"""The points as tables for learning platforms, and sheets for short answers."""

import csv
import io
import re
import textwrap
from collections.abc import Iterable, Iterator

from coursekit.staff.grading.assignment import Assignment
from coursekit.staff.grading.manifest import Row
from coursekit.staff.grading.roster import named

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("Identifier", "Full name", "Grade", "Maximum Grade", "Last modified (grade)")
FORMS = ("plain", "canvas", "moodle")


def gradebook(
    grades: Iterable[dict], form: str, assignment: Assignment, rows: Iterable[Row] = ()
) -> str:
    """Return the points as CSV.

    The columns are those that the importers look for (Canvas: `gradebook_importer.rb`;
    Moodle, a grading worksheet: `importgradeslib.php`); not tried with either of them.

    Args:
        form: "plain", "canvas" or "moodle".
        rows: of the manifest; the platforms' numbers stand in their files' names.
    """
    handed = {row.file: row for row in rows}
    lines = {"plain": _plain, "canvas": _canvas, "moodle": _moodle}[form]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for line in lines(list(grades), assignment, handed):
        writer.writerow(map(_harmless, line))
    return text.getvalue()


def _plain(grades: list[dict], assignment: Assignment, handed: dict) -> Iterator[list]:
    ids = [part.id for part in assignment.parts if part.id]
    yield ["student", *ids, "points", "of", "needs a person", "flags"]
    for grade in grades:
        points = {part["id"]: part["points"] for part in grade["parts"]}
        flags = getattr(handed.get(grade["file"]), "flags", "")
        shares = (points.get(one, "") for one in ids)
        total = (grade["points"], grade["of"], len(grade["person"]))
        yield [grade["student"], *shares, *total, flags]


def _canvas(grades: list[dict], assignment: Assignment, handed: dict) -> Iterator[list]:
    yield [*CANVAS, assignment.title]
    yield ["    Points Possible", "", "", "", "", assignment.points]
    for grade in grades:
        number, student = _number(grade, "canvas", handed), grade["student"]
        yield [student, number, student, "", "", grade["points"]]


def _moodle(grades: list[dict], assignment: Assignment, handed: dict) -> Iterator[list]:
    yield list(MOODLE)
    for grade in grades:
        number = _number(grade, "moodle", handed)
        identifier = f"Participant {number}" if number else ""
        yield [identifier, grade["student"], grade["points"], grade["of"], "-"]


def changes(pairs: Iterable[tuple[dict, dict]]) -> str:
    """Return as CSV what grading again changed.

    Args:
        pairs: of each hand-in, the grade that it had and the one that it has.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["student", "part", "points before", "points now", "why now"])
    for before, now in pairs:
        had = {part["id"]: part for part in before["parts"]}
        for part in now["parts"]:
            old = had.get(part["id"], {"points": "", "status": "", "message": ""})
            if part["status"] == "graded":  # by a person, as it was before
                continue
            if any(part[key] != old[key] for key in ("points", "status", "message")):
                line = [now["student"], part["id"], old["points"], part["points"]]
                writer.writerow(map(_harmless, [*line, part["message"]]))
    return text.getvalue()


def _number(grade: dict, platform: str, handed: dict[str, Row]) -> str:
    """Return a student's number on a platform, or "" where the name has none."""
    row = handed.get(grade["file"])
    said = named(row.came_as, {}) if row else None
    return said.number if said and said.platform == platform else ""


def _harmless(value: object) -> object:
    """Keep a spreadsheet from reading a student's name as a formula."""
    risky = isinstance(value, str) and re.match(r"[=+@\t\r]|-.", value)
    return f"'{value}" if risky else value


SHEET_LINE = re.compile(r"^\[(?P<key>[0-9a-f]{8})\] points: *(?P<points>.*?) *$")


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
