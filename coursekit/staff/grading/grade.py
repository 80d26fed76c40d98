"""Grades one hand-in: a trusted judge here, an untrusted process in the sandbox.

Every part gets points and a sentence; nothing gets 0 without a reason. What cannot be
decided by code needs a person, and says so.
"""

import hashlib
import json
import time
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit.course.exercises.checker import judge
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.non_results import Stopped
from coursekit.course.exercises.outcomes import Outcome
from coursekit.course.exercises.values import is_value
from coursekit.staff.grading.assignment import Assignment, Part, hidden_seed
from coursekit.staff.grading.remote_answer import stand_in
from coursekit.staff.grading.sandbox import AnswerProcess, Sandbox

FORM = 1  # of the JSON file
MOST_BYTES = 60 * 2**20  # of a hand-in
LONGEST_ANSWER = 10_000  # letters of a short answer
SHORT = "a short answer"  # what a person has to read
WRITE_HERE = "(write here)"  # what stands where a short answer goes
JUDGE_SECONDS = 20.0  # more than the answer's own time, so that it ends first


@dataclass(frozen=True)
class PartGrade:
    """What one part got, and why.

    `status` is the checker's: "right", "wrong", "not yet", "could not be checked"; or
    "missing"; or "person", where somebody has to look.
    """

    id: str
    points: int
    of: int
    status: str
    message: str
    mistake: str = ""
    notes: tuple[str, ...] = ()
    cells: tuple[int, ...] = ()
    code: str = ""


@dataclass(frozen=True)
class Grade:
    """What a hand-in got; `person` lists why somebody has to look."""

    assignment: str
    digest: str
    file: str
    sha256: str
    student: str
    parts: tuple[PartGrade, ...]
    person: tuple[str, ...] = ()
    seconds: float = 0.0
    form: int = FORM
    coursekit: str = field(default_factory=lambda: version("coursekit"))

    @property
    def points(self) -> int:
        """Return the sum of the points so far; a person's are not among them."""
        return sum(part.points for part in self.parts)

    @property
    def of(self) -> int:
        """Return the points that were to be had."""
        return sum(part.of for part in self.parts)

    def write(self, path: Path) -> None:
        """Write the grade as JSON, whole or not at all."""
        table = asdict(self) | {"points": self.points, "of": self.of}
        write_whole(path, json.dumps(table, indent=1, ensure_ascii=False) + "\n")


def grade(
    path: Path, student: str, assignment: Assignment, sandbox: Sandbox, secret: bytes
) -> Grade:
    """Grade one hand-in.

    Args:
        path: a notebook or a script; only its bytes are read here.
        student: whose it is; the hidden inputs depend on it.
        secret: of the course.
    """
    began = time.perf_counter()
    sandbox.next_hand_in()
    assignment = assignment.of_student(student, secret)
    data, refused = _bytes(path)
    pieces, sentence = ({}, refused) if refused else _read(data, assignment, sandbox)
    parts, person = [], [sentence] if sentence else []
    for part in assignment.parts:
        if part.exercise:
            piece = pieces.get(part.id, {"sentence": sentence})
            parts.append(_part(part, piece, student, sandbox, secret))
        elif part.question:
            parts.append(_question(part, pieces.get(part.id), sandbox))
    person += [f"{p.id}: {SHORT}" for p in parts if p.status == "person"]
    if not sentence and all(p.status == "missing" for p in parts if not _short(p)):
        person.append(
            "no answer of this assignment is in the file: is it the right one?"
        )
    return Grade(
        assignment.id,
        assignment.digest,
        path.name,
        hashlib.sha256(data).hexdigest(),
        student,
        tuple(parts),
        tuple(person),
        round(time.perf_counter() - began, 2),
    )


def _short(part: PartGrade) -> bool:
    return part.status == "person"


def _bytes(path: Path) -> tuple[bytes, str]:
    """Read a hand-in; links and what is too large are for a person."""
    if path.is_symlink() or not path.is_file():
        return b"", "the hand-in is a link or no file; it was not followed"
    size = path.stat().st_size
    if size > MOST_BYTES:
        megabytes = size / 2**20
        return (
            b"",
            f"the file has {megabytes:.0f} MB; at most {MOST_BYTES >> 20} are read",
        )
    if not size:
        return b"", "the file is empty"
    return path.read_bytes(), ""


def _read(data: bytes, assignment: Assignment, sandbox: Sandbox) -> tuple[dict, str]:
    """Let the sandbox find the answers' code; no code of the student runs."""
    names = {part.id: part.answer_name for part in assignment.parts if part.id}
    with sandbox.answer_process() as process:
        try:
            said = process.ask("read", {"data": data, "names": names})
        except Stopped as stop:
            return {}, f"the file cannot be read: {stop}"
    return said["answers"], said["sentence"]


def _question(part: Part, piece: dict | None, sandbox: Sandbox) -> PartGrade:
    """Fetch a short answer for a person; an empty one is missing."""
    text, sentence = "", (piece or {}).get("sentence", "the file cannot be read")
    if piece and not sentence:
        with sandbox.answer_process() as process:
            try:
                process.ask("build", {"task": {"kind": "text"}} | _code(piece))
                text = str(process.ask("value", {}).get("value"))[
                    :LONGEST_ANSWER
                ].strip()
            except Stopped as stop:
                sentence = str(stop)
    status = "person" if text not in ("", "None", WRITE_HERE) else "missing"
    said = text if status == "person" else sentence or "nothing was written"
    return PartGrade(part.id, 0, part.points, status, said)


def _part(
    part: Part, piece: dict, student: str, sandbox: Sandbox, secret: bytes
) -> PartGrade:
    """Grade one exercise in a process of its own."""
    if piece.get("sentence"):
        status = "could not be checked" if piece.get("broken") else "missing"
        return PartGrade(part.id, 0, part.points, status, piece["sentence"])
    seed = hidden_seed(secret, student, part.id)
    outcome = check_in_sandbox(part.exercise, piece, sandbox, seed)
    right = outcome.status == "right"
    return PartGrade(
        part.id,
        part.points if right else 0,
        part.points,
        outcome.status,
        outcome.message,
        outcome.mistake,
        outcome.notes,
        tuple(piece["cells"]),
        "\n".join(piece["code"])[:20_000],
    )


def check_in_sandbox(
    exercise: Exercise, piece: dict, sandbox: Sandbox, seed: int
) -> Outcome:
    """Check an answer of which only the code is known; it runs in the sandbox.

    Args:
        piece: `code` and `expressions`, as `notebook_answers.read` gives them.
        seed: of the inputs it is tried on.
    """
    with sandbox.answer_process() as process:
        try:
            built = process.ask("build", _task(exercise) | _code(piece))
            answer = stand_in(process, built)
        except (Stopped, ValueError, TypeError) as stop:  # no such signature or name
            text = f"Your code was stopped: {stop}."
            return Outcome(exercise.id, exercise.title, "could not be checked", text)
        outcome = judge(exercise, answer, seed=seed, seconds=JUDGE_SECONDS)
        outcome = _with_reason(outcome, str(built.get("sentence", "")))
    return _with_notes(outcome, process)


def _task(exercise: Exercise) -> dict:
    task = {
        "id": exercise.id,
        "kind": exercise.kind,
        "argument_names": [] if is_value(exercise) else list(exercise.argument_names),
        "gradient": list(exercise.gradient),
        "forbids": list(exercise.forbids),
    }
    return {"task": task}


def _code(piece: dict) -> dict:
    return {"code": piece["code"], "expressions": piece["expressions"]}


def _with_reason(outcome: Outcome, sentence: str) -> Outcome:
    """Tell of a statement that failed where there is no answer because of it."""
    if outcome.status != "not yet" or not sentence:
        return outcome
    text = f"The answer's code stops before there is an answer: {sentence[:200]}"
    return Outcome(outcome.exercise_id, outcome.title, "could not be checked", text)


def _with_notes(outcome: Outcome, process: AnswerProcess) -> Outcome:
    notes = (*outcome.notes, *process.notes)[:5]
    return Outcome(
        outcome.exercise_id,
        outcome.title,
        outcome.status,
        outcome.message,
        notes,
        outcome.mistake,
    )
