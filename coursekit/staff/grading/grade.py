"""Grades one hand-in: a trusted judge here, an untrusted process in the sandbox.

Every part gets points and a sentence; nothing gets 0 without a reason. What cannot be
decided by code needs a person, and says so.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from coursekit.course.exercises.checker import judge
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.non_results import Stopped
from coursekit.course.exercises.outcomes import Outcome
from coursekit.course.exercises.values import is_value
from coursekit.staff.grading.assignment import Assignment, Part, hidden_seed
from coursekit.staff.grading.class_predictions import shared_guesses
from coursekit.staff.grading.earlier import write_and_keep
from coursekit.staff.grading.limits import Limits
from coursekit.staff.grading.network_part import judge_network
from coursekit.staff.grading.network_zip import NETWORK
from coursekit.staff.grading.remote_answer import stand_in
from coursekit.staff.grading.sandbox import AnswerProcess, Sandbox
from coursekit.staff.grading.watchable import UNSEEN

FORM = 2  # of the JSON file
MOST_BYTES = 60 * 2**20  # of a hand-in
LONGEST_ANSWER = 10_000  # letters of a short answer
SHORT = "a short answer"  # what a person has to read
UNSURE = "code does not decide it"
NO_NOTEBOOK = "no notebook was handed in"
WRITE_HERE = "(write here)"  # what stands where a short answer goes
JUDGE_SECONDS = 2 * Limits().wall  # the answer's own time ends first


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
    """What a hand-in got; `person` lists why somebody has to look.

    `networks` are the names of the files that `submit` wrote, as they were collected;
    `predictions` is what a student shares where the assignment asks.
    """

    assignment: str
    digest: str
    file: str
    sha256: str
    student: str
    parts: tuple[PartGrade, ...]
    person: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    seconds: float = 0.0
    form: int = FORM
    predictions: dict = field(default_factory=dict)
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
        """Write the grade as JSON, whole or not at all; an earlier one is kept."""
        table = asdict(self) | {"points": self.points, "of": self.of}
        text = json.dumps(table, indent=1, ensure_ascii=False) + "\n"
        write_and_keep(path, text)


def grade(
    path: Path,
    student: str,
    assignment: Assignment,
    sandbox: Sandbox,
    secret: bytes,
    networks: Sequence[Path] = (),
) -> Grade:
    """Grade one hand-in.

    Args:
        path: a notebook or a script, or a network where there is neither; only its
            bytes are read here.
        student: whose it is; the hidden inputs depend on it.
        secret: of the course.
        networks: the files of `submit` that came with it.
    """
    began = time.perf_counter()
    sandbox.next_hand_in()
    assignment = assignment.of_student(student, secret)
    data, sentence, pieces, shared = _opened(path, assignment, sandbox)
    parts = []
    for part in (one for one in assignment.parts if one.id):
        piece = pieces.get(part.id, {"sentence": sentence or NO_NOTEBOOK})
        seed = hidden_seed(secret, student, part.id)
        parts.append(_graded(part, piece, networks, sandbox, seed))
    return Grade(
        assignment.id,
        assignment.digest,
        path.name,
        hashlib.sha256(data).hexdigest(),
        student,
        tuple(parts),
        tuple(_for_a_person(parts, assignment, sentence)),
        tuple(one.name for one in networks),
        round(time.perf_counter() - began, 2),
        predictions=shared_guesses(shared) if assignment.predictions else {},
    )


def _graded(
    part: Part, piece: dict, networks: Sequence[Path], sandbox: Sandbox, seed: int
) -> PartGrade:
    if part.network:
        return _network(part, networks)
    if part.question:
        return _question(part, piece, sandbox)
    return _part(part, piece, sandbox, seed)


def _for_a_person(
    parts: list[PartGrade], assignment: Assignment, sentence: str
) -> Iterator[str]:
    """Say why somebody has to look."""
    questions = {part.id for part in assignment.questions}
    if sentence:
        yield sentence
    elif all(part.status == "missing" for part in parts):
        yield "no answer of this assignment is in the file: is it the right one?"
    for part in parts:
        if part.status == "person":
            yield f"{part.id}: {SHORT if part.id in questions else UNSURE}"


def _network(part: Part, networks: Sequence[Path]) -> PartGrade:
    """Let the network judge grade a challenge; what it does not know is a person's."""
    judged = judge_network(part.network, networks)
    points = part.points if judged.status == "right" else 0
    return PartGrade(part.id, points, part.points, judged.status, judged.message)


def _opened(
    path: Path, assignment: Assignment, sandbox: Sandbox
) -> tuple[bytes, str, dict, str]:
    """Return bytes, why they cannot be read, the answers' code, what is shared."""
    data, sentence = _bytes(path)
    if sentence or path.suffix == NETWORK:
        return data, sentence, {}, ""
    pieces, sentence, shared = _read(data, assignment, sandbox)
    return data, sentence, pieces, shared


def _bytes(path: Path) -> tuple[bytes, str]:
    """Read a hand-in; links and what is too large are for a person."""
    if path.is_symlink() or not path.is_file():
        return b"", "the hand-in is a link or no file; it was not followed"
    size = path.stat().st_size
    if size > MOST_BYTES:
        megabytes = size / 2**20
        why = f"the file has {megabytes:.0f} MB; at most {MOST_BYTES >> 20} are read"
        return b"", why
    if not size:
        return b"", "the file is empty"
    return path.read_bytes(), ""


def _read(
    data: bytes, assignment: Assignment, sandbox: Sandbox
) -> tuple[dict, str, str]:
    """Let the sandbox find the answers' code; no code of the student runs."""
    named = (part for part in assignment.parts if part.exercise or part.question)
    names = {part.id: part.answer_name for part in named}
    with sandbox.answer_process() as process:
        try:
            said = process.ask("read", {"data": data, "names": names})
        except Stopped as stop:
            return {}, f"the file cannot be read: {stop}", ""
    return said["answers"], said["sentence"], said["shared"]


def _question(part: Part, piece: dict, sandbox: Sandbox) -> PartGrade:
    """Fetch a short answer for a person; an empty one is missing."""
    text, sentence = "", piece["sentence"]
    if not sentence:
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


def _part(part: Part, piece: dict, sandbox: Sandbox, seed: int) -> PartGrade:
    """Grade one exercise in a process of its own."""
    if piece.get("sentence"):
        status = "could not be checked" if piece.get("broken") else "missing"
        return PartGrade(part.id, 0, part.points, status, piece["sentence"])
    outcome = check_in_sandbox(part.exercise, piece, sandbox, seed)
    right, blind = outcome.status == "right", piece["unwatched"]
    if right and blind and part.exercise.forbids:
        return PartGrade(part.id, 0, part.points, "person", UNSEEN.format(blind))
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
