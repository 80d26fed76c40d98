"""Predictions that are judged: said before the experiment, compared after it.

Predicting first makes people learn more from a result (Tucker and others 2024, Learning
and Instruction, https://doi.org/10.1016/j.learninstruc.2023.101871; randomised,
n = 121), and most where the answer surprises.

Like the verdicts of a sitting, predictions are kept for the life of the kernel; the
answer itself is a line of the notebook's source, which survives saving and re-running.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real

from coursekit._base import validate as _validate
from coursekit._base.card import Card, Displayed
from coursekit._base.words import number_text
from coursekit.course import prediction_cards as cards
from coursekit.course.records import is_kept, note, recorded
from coursekit.metrics.runs import Interval

NAME = re.compile(r"\d\d(-[a-z0-9]+)+")
SURE = (50, 100)  # percent; below 50 one would bet on the opposite

Answer = bool | int | float | str

_MADE: dict[str, "Prediction"] = {}
_SEEN: dict[str, "Revealed"] = {}


@dataclass(frozen=True, repr=False)
class Prediction(Displayed):
    """What a student says will be measured, and what will count as right.

    Args:
        name: session and words, "01-fft-crossover".
        guess: None where there is no answer yet.
        options: the answers that are offered; empty for any number.
        unit: of the number, "pixels".
        within: distance that still counts as right.
        factor: ratio that still counts as right; None for `within`.
        sure: percent, None where not given.
    """

    name: str
    guess: Answer | None = None
    options: tuple[Answer, ...] = ()
    unit: str = ""
    within: float = 0.0
    factor: float | None = None
    sure: float | None = None

    def is_hit_by(self, measured: Answer) -> bool:
        """Say whether the guess was right.

        Args:
            measured: a number, or one of the options.
        """
        if self.options:
            return any(_same(self.guess, one) for one in _nearest(self, measured))
        if self.factor is not None:
            low, high = sorted((abs(self.guess), abs(measured)))
            return self.guess * measured > 0 and high <= self.factor * low * (1 + 1e-9)
        near = abs(self.guess - measured) <= self.within * (1 + 1e-9)
        return near or number_text(self.guess) == number_text(measured)

    @property
    def _shown(self) -> Card:
        return cards.noted(self)


@dataclass(frozen=True, repr=False)
class Revealed:
    """A prediction beside what was measured.

    Args:
        prediction: what was said.
        measured: the number or the option that came out, or an interval of runs.
        right: None where nothing was predicted.
    """

    prediction: Prediction
    measured: Answer | Interval
    right: bool | None

    def __repr__(self) -> str:
        return cards.sentence(self)

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return cards.revealed(self).html()


@dataclass(frozen=True, repr=False)
class PredictionTable(Displayed):
    """The predictions of one session: hit, missed, not made, still open.

    Args:
        session: "00" to "08".
        rows: each prediction with what became of it, None where that is still open.
        outcomes: (percent sure, right) of all predictions that said how sure.
    """

    session: str
    rows: tuple[tuple[Prediction, Revealed | None], ...]
    outcomes: tuple[tuple[float, bool], ...] = ()

    @property
    def _shown(self) -> Card:
        return cards.hits(self)


def predict(
    name: str,
    guess: object,
    *,
    options: Sequence[Answer] = (),
    unit: str = "",
    within: float = 0.0,
    factor: float | None = None,
    sure: object = ...,
) -> Prediction:
    """Note a prediction and show what is asked.

    Args:
        name: session and words, "01-fft-crossover".
        guess: a number, or one of `options`; `...` where there is none yet.
        options: the answers that are offered, numbers or short texts.
        unit: of the number, such as "pixels".
        within: distance from what is measured that still counts as right, ≥ 0.
        factor: ratio that still counts, ≥ 1; instead of `within`.
        sure: how sure you are, 50 to 100 percent; `...` where you would not say.

    Raises:
        ValueError: a guess that is no number or not offered, or another argument that
            is out of its range.

    Example:
        >>> predict("01-join", 6, unit="pixels", sure=80)
        Prediction “join”: noted, 6 pixels, 80 % sure
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"`name` must be like '01-fft-crossover'; got {name!r}")
    made = Prediction(
        name,
        _guess(guess, tuple(options), unit),
        tuple(options),
        unit,
        _validate.number("within", within, low=0.0),
        None if factor is None else _validate.number("factor", factor, low=1.0),
        _sure(sure),
    )
    _MADE[name] = made
    _SEEN.pop(name, None)
    return made


def reveal(name: str, measured: object) -> Revealed:
    """Show what was measured beside what was predicted.

    Args:
        name: of a prediction.
        measured: a number, one of its options, or an `Interval` of runs (its mean is
            what counts). With numeric options the nearest to the number is right.

    Raises:
        ValueError: something that is neither a finite number nor one of the options.

    Example: after `predict("01-join", 6)`, `reveal("01-join", 5)` shows "You said 6,
        measured 5. Not this time."
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"`name` must be like '01-fft-crossover'; got {name!r}")
    made = _MADE.get(name, Prediction(name))
    shown = _validate.plain(measured)
    value = shown.mean if isinstance(shown, Interval) else shown
    if not (
        _is_number(value) or (isinstance(value, str | bool) and _fits(value, made))
    ):
        allowed = cards.listed(made.options) or "a finite number"
        raise ValueError(f"`measured` of {name} must be {allowed}; got {measured!r}")
    right = None if made.guess is None else made.is_hit_by(value)
    _SEEN[name] = Revealed(made, shown, right)
    if right is not None:
        note("predictions", name, _outcome(_SEEN[name]))
    return _SEEN[name]


def prediction_table(session: str) -> PredictionTable:
    """Show which predictions of a session were hit, and where intuition failed.

    Args:
        session: "00" to "08".

    Raises:
        ValueError: no such session.
    """
    _validate.choice("session", session, [f"0{number}" for number in range(9)])
    mine = [made for name, made in _MADE.items() if name[:2] == session]
    rows = tuple((one, _SEEN.get(one.name)) for one in mine)
    return PredictionTable(session, rows, _outcomes())


def _outcomes() -> tuple[tuple[float, bool], ...]:
    """List how sure and whether right, of earlier sessions and of this kernel."""
    known = {n: (one.get("sure"), one.get("right")) for n, one in _earlier().items()}
    for name, one in _SEEN.items():
        known[name] = (one.prediction.sure, one.right)
    return tuple(
        (sure, bool(right))
        for sure, right in known.values()
        if sure is not None and right is not None
    )


def judged_guesses() -> dict[str, dict]:
    """Return guess, outcome and confidence by name, earlier sessions included."""
    known = {name: one for name, one in _earlier().items() if "guess" in one}
    mine = {n: _outcome(one) for n, one in _SEEN.items() if one.right is not None}
    return dict(sorted((known | mine).items()))


def _outcome(seen: Revealed) -> dict:
    made = seen.prediction
    return {"right": seen.right, "sure": made.sure, "guess": made.guess}


def _earlier() -> dict[str, dict]:
    """Return what the student's file holds of predictions, where one is kept."""
    return recorded()["predictions"] if is_kept() else {}


def _guess(guess: object, options: tuple, unit: str) -> Answer | None:
    plain = _validate.plain(guess)
    if plain is None or plain is ...:
        return None
    if options:
        for one in options:
            if _same(plain, one):
                return one
        raise ValueError(f"`guess` must be {cards.listed(options)}; got {guess!r}")
    if not _is_number(plain):
        kind = f"a number of {unit}" if unit else "a number"
        raise ValueError(f"`guess` must be {kind}; got {guess!r}")
    return plain


def _sure(sure: object) -> float | None:
    plain = _validate.plain(sure)
    if plain is None or plain is ...:
        return None
    low, high = SURE
    if not _is_number(plain) or not low <= plain <= high:
        raise ValueError(f"`sure` must be {low} to {high} percent; got {sure!r}")
    return float(plain)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)


def _fits(measured: str | bool, made: Prediction) -> bool:
    """Say whether a measured word is an option; any is where nobody was asked."""
    asked = made.name in _MADE
    return not asked or any(_same(measured, one) for one in made.options)


def _nearest(made: Prediction, measured: Answer) -> list[Answer]:
    """List the options that are right: the one measured, else the nearest numbers."""
    if same := [one for one in made.options if _same(measured, one)]:
        return same
    numbers = [one for one in made.options if _is_number(one)]
    if not numbers or not _is_number(measured):
        return []
    least = min(abs(one - measured) for one in numbers)
    return [one for one in numbers if abs(one - measured) == least]


def _same(one: object, other: object) -> bool:
    """Compare answers: True is not 1, and "Never" is "never"."""
    if isinstance(one, str) and isinstance(other, str):
        return one.strip().casefold() == other.strip().casefold()
    return isinstance(one, bool) == isinstance(other, bool) and one == other
