"""What a wrong answer looks like: the first difference from the right one, shortened.

Only what is the same on every computer is shown: whole numbers, shapes, dtypes. Random
values are not, so of them it is said how many differ.
"""

import re
from itertools import groupby

from coursekit.course.exercises.checker import difference
from coursekit.course.exercises.describe import call_text
from coursekit.course.exercises.exercise import Exercise, Mistake
from coursekit.course.exercises.observe import expected, records
from coursekit.course.exercises.values import is_value

LONGEST_CALL = 60  # characters
# A sentence of `difference` → its short form; what stands before it (which of several
# results) is kept.
FORMS = (
    (r"the result is (-?[\d,]+); (-?[\d,]+) is right", r"\1 instead of \2"),
    (r"the result is (True|False); \w+ is right", r"\1 instead of the opposite"),
    (r"the result is an? (\w+)(?:, .*)?; (.+?)(?: is| are)? right", r"\1, not \2"),
    (r"the shape is (\(.*?\)); (\(.*?\)) is right", r"shape \1 instead of \2"),
    (r"the dtype is (\w+); (\w+) is right.*", r"\1 instead of \2"),
    (r"the result has (\d+ values?); (\d+) (?:is|are) right", r"\1 instead of \2"),
    (r"it changes its argument (`\w+`).*", r"\1 is changed"),
    (r"no gradient flows back.*", r"no gradient flows back"),
    (r"it raises (\w+).*", r"\1"),
    (r"(\w+) is missing", r"no `\1`"),
)
COUNTS = re.compile(r"\((\d+) of (\d+) values differ\)")


def symptom(exercise: Exercise, mistake: Mistake) -> str:
    """Return in a few words what a check sees first of a wrong answer.

    Of a number or a choice it returns "": the wrong ones would give the right one away.
    """
    if is_value(exercise):
        return _design(mistake.answer) if exercise.kind == "design" else ""
    pairs = zip(
        records(exercise, mistake.answer, 0), expected(exercise, 0), strict=True
    )
    for got, want in pairs:
        sentence = difference(exercise, got, want)
        if sentence:
            call = call_text(exercise.argument_names, got.call.args)
            return _with_call(shortened(sentence), call)
    raise AssertionError(f"{exercise.id}: {mistake.name} is right")


def shortened(sentence: str) -> str:
    """Return the short form of a sentence of `difference`."""
    counts = COUNTS.search(sentence)
    if counts:
        return "all values differ" if counts[1] == counts[2] else "some values differ"
    for pattern, short in FORMS:
        match = re.search(pattern + "$", sentence)
        if match:
            return sentence[: match.start()] + match.expand(short)
    return "another value"


def _with_call(text: str, call: str) -> str:
    """Put the call before whole numbers, where it can be tried out by hand."""
    by_hand = "tensor" not in call and len(call) <= LONGEST_CALL and call
    return f"`{call}`: {text}" if by_hand and "instead of" in text else text


def _design(layers: list[str]) -> str:
    """Return a list of layers with repetitions counted."""
    runs = [(name, len(list(group))) for name, group in groupby(layers)]
    parts = [f"{n}× {name}" if n > 1 else str(name) for name, n in runs]
    return ", ".join(parts) or "`[]`"
