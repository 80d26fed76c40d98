"""What a class believed and was not so, from the predictions that students share.

Counted are guesses, of those who said that they may be. Nothing follows from them about
what anybody learnt, and nothing is graded by them.
"""

import json
from collections import Counter
from collections.abc import Sequence
from numbers import Real
from statistics import mean

from coursekit._base.card import Table
from coursekit._base.words import number_text
from coursekit.course.predictions import NAME, SURE

MOST, LONGEST = 200, 80  # predictions of a student; letters of a guess
FEWEST = 3  # who share a prediction, so that nobody's guess is told
SHOWN = 12
HEAD = ("prediction", "said most", "not so", "of", "sure of it")
CAPTION = (
    "Most believed, and not so: guesses of those who share them. Nothing about "
    "learning follows from this."
)


def shared_guesses(text: str) -> dict[str, dict]:
    """Read what a hand-in shares; whatever is no prediction is left out.

    Args:
        text: JSON that somebody else wrote.
    """
    try:
        table = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    rows = list(table.items())[:MOST] if isinstance(table, dict) else []
    return {name: one for name, one in rows if NAME.fullmatch(name) and _is_guess(one)}


def _is_guess(one: object) -> bool:
    if not isinstance(one, dict) or set(one) != {"guess", "right", "sure"}:
        return False
    guess, sure = one["guess"], one["sure"]
    plain = isinstance(guess, Real) or (
        isinstance(guess, str) and len(guess) <= LONGEST
    )
    low, high = SURE
    known = sure is None or (isinstance(sure, Real) and low <= sure <= high)
    return plain and known and isinstance(one["right"], bool)


def believed(grades: Sequence[dict]) -> Table:
    """Return the predictions that most of those who shared them got wrong.

    Args:
        grades: as `Grade.write` wrote them.
    """
    guesses: dict[str, list[dict]] = {}
    for grade in grades:
        for name, one in grade.get("predictions", {}).items():
            guesses.setdefault(name, []).append(one)
    wrong = {
        name: [one for one in all_of_it if not one["right"]]
        for name, all_of_it in guesses.items()
        if len(all_of_it) >= FEWEST
    }
    shares = {name: len(some) / len(guesses[name]) for name, some in wrong.items()}
    order = sorted((n for n in wrong if wrong[n]), key=lambda name: -shares[name])
    rows = [(name, *_row(wrong[name], len(guesses[name]))) for name in order[:SHOWN]]
    return Table(HEAD, rows, CAPTION, left=2)


def _row(wrong: list[dict], count: int) -> tuple[str, ...]:
    said = Counter(_shown(one["guess"]) for one in wrong).most_common(1)[0][0]
    sure = [one["sure"] for one in wrong if one["sure"] is not None]
    confident = f"{mean(sure):.0f} %" if len(sure) >= FEWEST else "–"
    return said, str(len(wrong)), str(count), confident


def _shown(guess: object) -> str:
    return str(guess) if isinstance(guess, str | bool) else number_text(guess)
