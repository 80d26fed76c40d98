"""Decides on an answer: right, wrong (and why), not yet, could not be checked."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from torch import Tensor

from coursekit.course.exercises.agreement import first_difference
from coursekit.course.exercises.describe import call_text
from coursekit.course.exercises.draw import derived_seed
from coursekit.course.exercises.exception_advice import advice
from coursekit.course.exercises.exercise import Exercise, Mistake
from coursekit.course.exercises.genuine import put_back
from coursekit.course.exercises.global_settings import restored_settings
from coursekit.course.exercises.guard import SECONDS, guarded
from coursekit.course.exercises.non_results import NoGradient, Raised, Skipped, Stopped
from coursekit.course.exercises.observe import Record, expected, fresh, records
from coursekit.course.exercises.operators_used import Used
from coursekit.course.exercises.outcomes import Outcome
from coursekit.course.exercises.suitable import is_stub, unsuitable
from coursekit.course.exercises.tried_calls import calls
from coursekit.course.exercises.values import is_value, judge_value

LEAST_TO_EXPLAIN = 3.0  # seconds
RETURNS_NOTHING = (
    "Your code computes something and returns nothing: is a `return` missing at the "
    "end?"
)


def judge(
    exercise: Exercise,
    answer: object,
    *,
    seed: int = 0,
    seconds: float = SECONDS,
    explain: bool = True,
) -> Outcome:
    """Compare an answer with the oracle and, if it differs, with the known mistakes.

    Args:
        seed: chooses the random inputs.
        seconds: time the answer may take altogether.
        explain: whether a wrong answer is compared with the known mistakes; without,
            the first difference ends the check.
    """
    put_back()
    if answer is None or answer is ...:
        return _outcome(exercise, "not yet", _not_yet(exercise))
    notes: list[str] = []
    got: list[Record] = []
    seed_of_code = derived_seed(exercise.id, seed)
    try:
        if is_value(exercise):
            return _of_value(exercise, answer, seed_of_code, seconds)
        total = _calls_to_make(exercise, seed)  # outside the time limit
        with guarded(seed_of_code, seconds=seconds):
            sentence = unsuitable(exercise, answer)
        if sentence:
            return _outcome(exercise, "could not be checked", sentence)
        with guarded(seed_of_code, seconds=seconds) as notes:
            _collect(exercise, answer, seed, got, everything=explain)
        with guarded(seed_of_code, seconds=max(seconds, LEAST_TO_EXPLAIN)):
            outcome = _verdict(exercise, answer, got, seed)
    except (Stopped, MemoryError) as end:
        text = _stopped(exercise, seed, end, len(got), total if got else 0)
        return _outcome(exercise, "could not be checked", text, notes=notes)
    return replace(outcome, notes=tuple(islice(_notes(got, notes), 5)))


def _of_value(exercise: Exercise, answer: object, seed: int, seconds: float) -> Outcome:
    with guarded(seed, seconds=seconds):
        return _outcome(exercise, *judge_value(exercise, answer))


def _calls_to_make(exercise: Exercise, seed: int) -> int:
    with restored_settings(seed, []):
        return len(expected(exercise, seed))


def _notes(got: list[Record], notes: list[str]) -> Iterator[str]:
    """Yield what else there is to tell; first, what of Python was replaced."""
    for name in dict.fromkeys(name for record in got for name in record.replaced):
        yield f"your code replaced `{name}`; it was put back"
    yield from notes


def _collect(
    exercise: Exercise, answer: object, seed: int, got: list, *, everything: bool
) -> None:
    """Record the answer's calls; up to the first difference, or all of them."""
    for want, record in zip(
        expected(exercise, seed), records(exercise, answer, seed), strict=True
    ):
        got.append(record)
        if difference(exercise, record, want) and not everything:
            return


def difference(exercise: Exercise, got: Record, want: Record) -> str:
    """Return a sentence on how a record differs from the oracle's, or ""."""
    if isinstance(got.value, Used):
        return got.value.sentence
    sentence = first_difference(got.value, want.value, tolerance=exercise.tolerance)
    if not sentence and got.changed != want.changed:
        name = got.changed or want.changed
        return f"it changes its argument `{name}`; work on a copy instead"
    return sentence


def _verdict(
    exercise: Exercise, answer: object, got: list[Record], seed: int
) -> Outcome:
    results = [record.value for record in got if record.call.mode == "value"]
    if all(result is None for result in results) and not is_stub(answer):
        return _outcome(exercise, "wrong", RETURNS_NOTHING)
    if all(map(_nothing, results)):
        return _outcome(exercise, "not yet", _not_yet(exercise))
    pairs = zip(got, expected(exercise, seed), strict=False)
    sentences = ((one, difference(exercise, one, want)) for one, want in pairs)
    first = next(((one, text) for one, text in sentences if text), None)
    if first is None:
        text = f"It agrees on every input it was tried on. {exercise.takeaway}"
        return _outcome(exercise, "right", text)
    outcome = _explained(exercise, got, seed, *first)
    return replace(outcome, example=tuple(map(fresh, first[0].call.args)))


def _explained(
    exercise: Exercise, got: list[Record], seed: int, record: Record, sentence: str
) -> Outcome:
    """Name the known mistake behind a difference, or the difference itself."""
    if isinstance(record.value, Used):
        return _outcome(exercise, "wrong", f"{sentence}.")
    known = _known_mistake(exercise, got, seed)
    if known:
        return _outcome(exercise, "wrong", known.message, known.name)
    raised = isinstance(record.value, Raised)
    status = "could not be checked" if raised else "wrong"
    return _outcome(exercise, status, _told(exercise, record, sentence))


def _known_mistake(exercise: Exercise, got: list[Record], seed: int) -> Mistake | None:
    """Return the known wrong answer that does the same on every call.

    Corners count only where nothing else is wrong: a batch of one is no reason not to
    recognise a forgotten bias.
    """
    want = expected(exercise, seed)
    if len(got) < len(want) or _only_raises(got):
        return None
    modes = [record.call.mode for record in got]
    plain = [mode not in ("corner", "device", "operators") for mode in modes]
    if not _differ(exercise, got, want, plain):
        plain = [mode != "operators" for mode in modes]
    for mistake in exercise.mistakes:
        with guarded(derived_seed(exercise.id, seed)):
            theirs = records(exercise, mistake.answer, seed)
            if not _differ(exercise, got, theirs, plain):
                return mistake
    return None


def _differ(
    exercise: Exercise, got: list[Record], want: Iterable[Record], counts: list[bool]
) -> bool:
    """Say whether any of the records that count differs."""
    triples = zip(got, want, counts, strict=True)
    return any(yes and difference(exercise, one, other) for one, other, yes in triples)


def _only_raises(got: list[Record]) -> bool:
    silent = (Raised, Skipped, NoGradient, Used)
    return all(isinstance(record.value, silent) for record in got)


def _nothing(value: object, depth: int = 3) -> bool:
    """Say whether a result is what a stub gives."""
    if isinstance(value, (tuple, list)) and value and depth:
        return all(_nothing(part, depth - 1) for part in value)
    if isinstance(value, dict) and value and depth:
        return all(_nothing(part, depth - 1) for part in value.values())
    if isinstance(value, Raised):
        return value.type == "NotImplementedError"
    return value is None or value is ... or isinstance(value, NoGradient | Skipped)


def _told(exercise: Exercise, record: Record, sentence: str) -> str:
    call = call_text(exercise.argument_names, record.call.args)
    parts = [f"With {call}: {sentence}.", advice(record.value)]
    if any(isinstance(value, Tensor) for value in record.call.args):
        kept = f'check("{exercise.id}", {exercise.answer_name}).example'
        parts.append(f"These inputs are kept in `{kept}`.")
    return " ".join(filter(None, parts))


def _stopped(
    exercise: Exercise, seed: int, stop: Stopped | MemoryError, done: int, total: int
) -> str:
    """Say what was stopped; after some calls it may be slow rather than endless."""
    if isinstance(stop, MemoryError):
        return "Your code needs more memory than the check allows."
    if not done or done >= total:
        return f"Your code was stopped: {stop}. Is there a loop that never ends?"
    following = calls(exercise, seed)[done]
    call = call_text(exercise.argument_names, following.args)
    return (
        f"Your code was stopped: {stop}. After {done} of {total} calls, so "
        f"either each of them is slow, or the next one ({call}) never ends."
    )


def _not_yet(exercise: Exercise) -> str:
    return (
        f"No answer so far. Write your code in place of `...`; "
        f'`hint("{exercise.id}")` gives a first nudge.'
    )


def _outcome(
    exercise: Exercise,
    status: str,
    message: str,
    mistake: str = "",
    *,
    notes: list[str] | tuple = (),
) -> Outcome:
    kept = tuple(islice(notes, 5))
    return Outcome(exercise.id, exercise.title, status, message, kept, mistake)
