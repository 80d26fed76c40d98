"""What students and teachers get back: pages that need no other file, and CSV."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from coursekit._base.card import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    VERMILLION,
    Table,
    frame,
    inline,
)
from coursekit._base.files import write_whole
from coursekit._base.words import many
from coursekit.course.exercises.exercise import Exercise
from coursekit.staff.grading import class_statistics
from coursekit.staff.grading.assignment import Assignment
from coursekit.staff.grading.class_predictions import believed
from coursekit.staff.grading.earlier import latest_before, write_and_keep
from coursekit.staff.grading.gradebooks import (
    FORMS,
    answer_sheet,
    changes,
    gradebook,
    part_of,
    read_sheet,
)
from coursekit.staff.grading.manifest import Row, read_manifest, submissions

COLOURS = {
    "right": GREEN,
    "wrong": VERMILLION,
    "not yet": BLUE,
    "missing": BLUE,
    "could not be checked": PURPLE,
    "person": ORANGE,
    "graded": GREEN,
}
COMMON, ALIKE = "Most common mistakes", "Nearly the same code: look"
BY_HAND = ("person", "graded")
STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 sans-serif;max-width:46rem;"
    "margin:2rem auto;padding:0 1rem}pre{overflow:auto;border:1px solid;padding:.5em}"
    "caption{padding-top:1rem;font-weight:bold}"
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def read_grades(folder: Path) -> list[dict]:
    """Return all grades of a class, by student.

    Raises:
        ValueError: a file is no grade.
    """
    grades = []
    for path in sorted((folder / "grades").glob("*.json")):
        try:
            grades.append(json.loads(path.read_text(encoding="utf-8")))
        except ValueError:
            raise ValueError(
                f"`{path}` is no grade; delete it and grade again"
            ) from None
    current = {row.file for row, _ in submissions(read_manifest(folder))}
    return sorted((g for g in grades if g["file"] in current), key=_student)


def ungraded(folder: Path, grades: list[dict]) -> list[str]:
    """Return whose hand-in was collected and has no grade, or one of older files."""
    done = {(grade["file"], *grade.get("networks", ())) for grade in grades}
    return [
        row.student or row.came_as
        for row, networks in submissions(read_manifest(folder))
        if (row.file, *(one.file for one in networks)) not in done
    ]


def _student(grade: dict) -> str:
    return grade["student"]


def student_page(grade: dict, assignment: Assignment) -> str:
    """Return a student's page: points, what was seen, hints; no hidden input.

    Args:
        grade: as `Grade.write` wrote it.
    """
    exercises = {part.id: part.exercise for part in assignment.exercises}
    points = f"{grade['points']} of {many(grade['of'], 'point')}"
    cards = [_part(part, exercises.get(part["id"])) for part in grade["parts"]]
    waits = "<p>Some parts wait for a person; the points may rise.</p>"
    title, student = escape(assignment.title), escape(grade["student"])
    head = f"<h1>{title}</h1><p>{student}: {points}</p>"
    return page(
        assignment.title, head + (waits if grade["person"] else "") + "".join(cards)
    )


def _part(part: dict, exercise: Exercise | None) -> str:
    title = f"{part['id']} {exercise.title if exercise else ''}".strip()
    status = "waits for a person" if part["status"] == "person" else part["status"]
    points = f"{part['points']} of {part['of']}"
    inside = f"<h2>{inline(title)} · {escape(status)} · {points}</h2>"
    if part["status"] not in BY_HAND:
        inside += f"<p>{inline(without_inputs(part['message']))}</p>"
    if exercise and part["status"] != "right":
        inside += f"<p>A nudge: {inline(exercise.hints[0])}</p>"
    notes = "".join(f"<li>{inline(note)}</li>" for note in part["notes"])
    inside += f"<ul>{notes}</ul>" if notes else ""
    return frame(inside, COLOURS[part["status"]], f"{title}: {status}")


def without_inputs(message: str) -> str:
    """Take the hidden input, and the right value, out of a check's sentence.

    "With size=7: the result is 3; 4 is right. …" → "On a hidden input the result is not
    right."
    """
    if message.startswith("With ") and ": " in message:
        if "it raises " in message:
            return f"On a hidden input {message.partition(': ')[2].split('. These')[0]}"
        return "On a hidden input the result is not right."
    return message


def page(title: str, body: str) -> str:
    """Return a page that needs no other file and asks nobody for anything."""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}'
        f"</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def class_page(
    grades: list[dict],
    assignment: Assignment,
    left: Sequence[str] = (),
    rows: Sequence[Row] = (),
) -> str:
    """Return the teacher's page: distribution, misconceptions, what needs a person.

    Args:
        left: whose hand-in has no grade.
        rows: of the manifest; their flags are told, but for "late".
    """
    person = [[student, "collected, and not graded"] for student in left]
    person += [[g["student"], text] for g in grades for text in g["person"]]
    flagged = (row for row in rows if row.flags not in ("", "late"))
    person += [[row.student or row.came_as, row.flags] for row in flagged]
    seen = class_statistics
    tables = (
        Table(("points", "", "hand-ins"), seen.spread(grades), "Points", 2),
        Table(
            ("exercise", "right", "index"),
            seen.separation(grades, assignment),
            "Right, and what it separates: the index is the share right among the best "
            "27 % less that among the last 27 %, by the points elsewhere",
        ),
        Table(("exercise", "mistake", "hand-ins"), seen.mistakes(grades), COMMON, 2),
        Table(("student", "what needs a person"), person, "For a person", 2),
        Table(
            ("group", "students"), seen.groups(grades), "Nearly the same code: look", 2
        ),
        believed(grades),
    )
    shown = "".join(table.html() for table in tables if table.rows)
    return page(assignment.title, f"<h1>{escape(assignment.title)}</h1>{shown}")


def _with_points(grades: list[dict], sheets: dict[str, dict[str, int]]) -> None:
    """Put a person's points into the grades that are about to be shown.

    A part that a judge can grade by now keeps what the judge gave.
    """
    for question, points in sheets.items():
        for grade in grades:
            given = points.get(grade["sha256"][:8])
            part = part_of(grade, question)
            if given is not None and part["status"] == "person":
                part |= {"points": given, "status": "graded"}
                grade["points"] += given
                grade["person"] = [
                    text
                    for text in grade["person"]
                    if not text.startswith(f"{question}: ")
                ]


def _same_parts(grades: list[dict], assignment: Assignment) -> None:
    """Refuse grades from before the assignment got other parts or points."""
    asked = {part.id for part in assignment.parts if part.id}
    for grade in grades:
        graded = {part["id"] for part in grade["parts"]}
        if graded != asked or grade["of"] != assignment.points:
            raise ValueError(
                f"{grade['student'] or grade['file']} was graded on other parts or "
                "points than the assignment has now: run `coursekit grade --again`"
            )


def give_back(folder: Path, assignment: Assignment) -> list[Path]:
    """Write every page and table of a class, each whole.

    Points that a person wrote into `answers-….txt` count; the sheets keep them, and get
    the answers that are new.

    Returns:
        The files, in the order in which they were written.

    Raises:
        ValueError: a grade or a sheet that cannot be read, or a grade of an assignment
            with other parts or points; nothing is written.
    """
    grades, files, sheets = read_grades(folder), {}, {}
    _same_parts(grades, assignment)
    for part in assignment.by_person:
        name = f"answers-{part.id}.txt"
        path = folder / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        files[name] = answer_sheet(grades, part.id, before)
        sheets[part.id] = read_sheet(before, part.points)
    _with_points(grades, sheets)
    for grade in grades:
        name = f"feedback/{_safe(grade['student'])}.html"
        files[name] = student_page(grade, assignment)
    left = ungraded(folder, grades)
    rows = [row for row, _ in submissions(read_manifest(folder))]
    files["class.html"] = class_page(grades, assignment, left, rows)
    for form in FORMS:
        files[f"gradebook-{form}.csv"] = gradebook(grades, form, assignment, rows)
    files["changes.csv"] = changes(_before(folder, grades))
    for name, text in files.items():
        write = write_and_keep if name.endswith(".csv") else write_whole
        write(folder / name, text)
    return [folder / name for name in files]


def _before(folder: Path, grades: list[dict]) -> Iterator[tuple[dict, dict]]:
    """Yield what hand-ins had that were graded again, and what they have now."""
    for grade in grades:
        path = folder / "grades" / f"{Path(grade['file']).stem}.json"
        if before := latest_before(path):
            yield json.loads(before.read_text(encoding="utf-8")), grade


def _safe(student: str) -> str:
    """Return a file's name; two students never get one."""
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in student)[:80]
    mark = hashlib.sha256(student.encode()).hexdigest()[:8]
    return name if name == student else f"{name}-{mark}"
