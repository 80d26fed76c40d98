"""Claims and verdicts as objects: checks on what goes in, the verdict that follows."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite, isnan, nan
from numbers import Integral, Real

from coursekit._base import validate as _validate
from coursekit._base.card import Card, Displayed
from coursekit._base.words import did_you_mean, number_text
from coursekit.course.claims import claim_cards as cards
from coursekit.course.claims.board import remember
from coursekit.course.claims.syllabus import CLAIMS, Claim
from coursekit.metrics.runs import Interval, interval

VERDICT_MIME = "application/vnd.coursekit.verdict+json"

VERDICTS = ("true", "false", "depends", "not separable")
LONGEST = 160  # characters of a prediction
INTERVAL = ("mean", "low", "high", "n")

Measurement = int | float | str | Interval


@dataclass(frozen=True, repr=False)
class ClaimCard(Displayed):
    """A claim as a notebook shows it before the experiment: without its verdict."""

    claim: Claim

    @property
    def _shown(self) -> Card:
        return cards.claim_card(self.claim)


@dataclass(frozen=True, repr=False)
class Verdict(Displayed):
    """What an experiment said about a claim.

    Args:
        claim: the row of the syllabus.
        verdict: one of `VERDICTS`, computed from `cases`.
        cases: (description, held) for every case; None where the runs leave it open.
        measured: (name, number, interval of runs or label) for every measurement.
        predicted: the prediction as text, or None where none is shown.
        why: one sentence.
    """

    claim: Claim
    verdict: str
    cases: tuple[tuple[str, bool | None], ...]
    measured: tuple[tuple[str, Measurement], ...]
    predicted: str | None
    why: str

    @property
    def surprising(self) -> bool:
        """Whether the measurement contradicts what the syllabus expects."""
        return self.verdict not in (self.claim.syllabus_verdict, "not separable")

    def as_dict(self) -> dict:
        """Give the verdict as plain data."""
        return {
            "id": self.claim.id,
            "session": self.claim.session,
            "verdict": self.verdict,
            "expected": self.claim.syllabus_verdict,
            "cases": dict(self.cases),
            "measured": {name: _as_data(value) for name, value in self.measured},
            "predicted": self.predicted,
            "why": self.why,
        }

    def stored(self) -> dict:
        """Give the same data for a notebook's outputs, where only lists keep order."""
        pairs = {
            "cases": [list(pair) for pair in self.cases],
            "measured": [[name, _as_data(value)] for name, value in self.measured],
        }
        return self.as_dict() | pairs

    @property
    def _shown(self) -> Card:
        return cards.verdict_card(self)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        """Give Jupyter the card, its text twin, and the data `listing` reads back."""
        return {
            "text/plain": repr(self),
            "text/html": self._repr_html_(),
            VERDICT_MIME: self.stored(),
        }


def claim(id: str) -> ClaimCard:
    """Show a claim of the syllabus, before it is tested.

    Args:
        id: "C01" to "C86".

    Raises:
        ValueError: no such claim.
    """
    return ClaimCard(_row(id))


def verdict(
    id: str,
    *,
    cases: Mapping[str, object],
    measured: Mapping[str, object],
    why: str,
    predicted: object = None,
) -> Verdict:
    """Compute the verdict on a claim from what was measured.

    Args:
        id: "C01" to "C86".
        cases: description → whether the statement held there (bool, or a bool scalar
            of numpy or torch), or None where these runs leave it open. Of those that
            are decided all true: "true"; all false: "false"; else "depends"; none
            decided: "not separable".
        measured: name → number (int, float or scalar array), an `Interval` or a list of
            numbers (one a run, shown with its interval), or a short label.
        why: one sentence that gives the reason.
        predicted: what `reveal(…)` gave, here or in a cell before, or a guess; None
            shows none.

    Raises:
        ValueError: unknown claim, no case, a case that is not a bool, a measurement
            that is not a finite number or a label, or no reason.

    Example:
        `verdict("C09", cases={"2×2 = 3×3 with zeros": equal}, measured={"pixels": n},
        why="A row and a column of zeros change nothing.")`
    """
    row = _row(id)
    held = tuple((_label("cases", k), _held(k, v)) for k, v in _items("cases", cases))
    if not held:
        raise ValueError(f"`cases` of {row.id} must hold at least one case; got none")
    numbers = tuple(
        (_label("measured", k), _measurement(k, v))
        for k, v in _items("measured", measured)
    )
    if not isinstance(why, str) or not why.strip():
        raise ValueError(
            f"`why` must be one sentence that gives the reason; got {why!r}"
        )
    result = Verdict(
        claim=row,
        verdict=_verdict_of([value for _, value in held]),
        cases=held,
        measured=numbers,
        predicted=_prediction(predicted),
        why=" ".join(why.split()),
    )
    remember(result)
    return result


def _verdict_of(held: list[bool | None]) -> str:
    decided = [one for one in held if one is not None]
    if not decided:
        return "not separable"
    if all(decided):
        return "true"
    return "depends" if any(decided) else "false"


def _row(id: object) -> Claim:
    if isinstance(id, str) and id in CLAIMS:
        return CLAIMS[id]
    digits = re.sub(r"\D", "", str(id))
    wanted = f"C{digits:0>2}" if digits else ""
    hint = did_you_mean(wanted, CLAIMS, most=3)
    raise ValueError(f"`id` must be a claim from C01 to C86; got {id!r}: {hint}")


def _items(name: str, mapping: object) -> list[tuple[object, object]]:
    if not isinstance(mapping, Mapping):
        raise ValueError(
            f"`{name}` must be a dict from description to value; got {mapping!r}"
        )
    return list(mapping.items())


def _label(name: str, text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"`{name}` must have descriptions as keys; got {text!r}")
    return " ".join(text.split())


def _held(name: object, value: object) -> bool | None:
    plain = _validate.plain(value)
    if plain is not None and not isinstance(plain, bool):
        raise ValueError(
            f"`cases[{name!r}]` must be True, False or None (open); got {value!r}"
        )
    return plain


def _measurement(name: object, value: object) -> Measurement:
    plain = _validate.plain(value)
    if isinstance(plain, str) and plain.strip():
        return " ".join(plain.split())
    if isinstance(plain, Interval):
        return _rounded(plain)
    if isinstance(plain, list | tuple):
        return _rounded(_runs(name, plain))
    if isinstance(plain, Mapping) and set(plain) == set(INTERVAL):
        return Interval(**{k: nan if v is None else v for k, v in plain.items()})
    if isinstance(plain, Integral) and not isinstance(plain, bool):
        return int(plain)
    if isinstance(plain, Real) and not isinstance(plain, bool) and isfinite(plain):
        return float(f"{float(plain):.4g}")
    raise ValueError(
        f"`measured[{name!r}]` must be a finite number, a list of runs or a short "
        f"label; got {value!r}"
    )


def _runs(name: object, values: list | tuple) -> Interval:
    try:
        return interval(values)
    except ValueError as error:
        raise ValueError(f"`measured[{name!r}]`: {error}") from None


def _rounded(runs: Interval) -> Interval:
    ends = (float(f"{end:.6g}") for end in (runs.mean, runs.low, runs.high))
    return Interval(*ends, runs.n)


def _as_data(value: Measurement) -> object:
    """Give a measurement as JSON has it, without the NaN of a single run."""
    if not isinstance(value, Interval):
        return value
    return {k: None if isnan(v) else v for k, v in asdict(value).items()}


def _prediction(value: object) -> str | None:
    plain = _validate.plain(value)
    if plain is None:
        return None
    if plain is ...:
        return "no prediction made"
    if isinstance(plain, bool):
        return str(plain).lower()
    if isinstance(plain, Real) and isfinite(plain):
        return number_text(plain)
    text = " ".join((plain if isinstance(plain, str) else repr(plain)).split())
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
