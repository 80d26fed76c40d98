"""Predictions as cards: HTML for a notebook, text for anywhere.

What came out never stands by its colour alone: each outcome has a sign and a word.
"""

from coursekit._base.card import BLUE, GREEN, GREY, ORANGE, Card
from coursekit._base.words import number_text
from coursekit.metrics.runs import Interval

SIGNS = {True: "✓", False: "✗", None: "–"}
WORDS = {True: "Right", False: "Not this time", None: "No prediction"}
COLOURS = {True: GREEN, False: ORANGE, None: GREY}

OFFER = "How sure? If you like, add `sure=` and 50 to 100 (percent) to the call."
ENOUGH = 10  # answers with a confidence before it is compared with the hits
BANDS = ((50, 70), (70, 90), (90, 101))  # percent sure, upper end excluded


def spoken(name: str) -> str:
    """Write a prediction's name without its session: "fft crossover"."""
    return name[3:].replace("-", " ")


def listed(options: tuple) -> str:
    """Write options as one types them: 5, 15 or "never"."""
    typed = [f'"{one}"' if isinstance(one, str) else f"{one}" for one in options]
    return " or ".join([", ".join(typed[:-1]), typed[-1]] if typed[1:] else typed)


def noted(made) -> Card:
    """Return a prediction as a card: the answer, or what to answer."""
    colour = GREY if made.guess is None else BLUE
    asks = made.guess is not None and made.sure is None
    rows = [("", OFFER)] if asks else []
    return Card(f"Prediction “{spoken(made.name)}”: {_state(made)}", rows, colour)


def sentence(seen) -> str:
    """Write what was said, what was measured, and whether it was right."""
    made, measured = seen.prediction, _with_unit(seen.measured, seen.prediction.unit)
    if seen.right is None:
        return f"No prediction; measured {measured}."
    said = _with_unit(made.guess, made.unit)
    return f"You said {said}, measured {measured}. {WORDS[seen.right]}{_why(seen)}."


def revealed(seen) -> Card:
    """Return the outcome of a prediction as a card."""
    title = f"{SIGNS[seen.right]} {sentence(seen)}"
    return Card(title, colour=COLOURS[seen.right], name="Your prediction")


def hits(session) -> Card:
    """Return a session's predictions, and what they say together."""
    return Card(_summary(session), [*_rows(session), *_lessons(session)])


def calibration(outcomes: list[tuple[float, bool]]) -> str:
    """Compare how sure somebody was with how often they were right.

    Args:
        outcomes: (percent sure, right) of each prediction; "" for fewer than ten.
    """
    if len(outcomes) < ENOUGH:
        return ""
    parts = []
    for low, high in BANDS:
        hits = [right for sure, right in outcomes if low <= sure < high]
        if hits:
            parts.append(
                f"{low} to {min(high, 100)} % sure: {sum(hits)} of {len(hits)}"
            )
    sure = sum(sure for sure, _ in outcomes) / len(outcomes)
    hit = 100 * sum(right for _, right in outcomes) / len(outcomes)
    return (
        f"Confidence against hits: {'; '.join(parts)}. On average you were "
        f"{sure:.0f} % sure and right in {hit:.0f} % of {len(outcomes)}."
    )


def _state(made) -> str:
    if made.guess is None:
        wanted = listed(made.options) or (f"a number of {made.unit}").removesuffix(
            " of "
        )
        return f"no prediction yet; write {wanted} in place of the dots{_margin(made)}"
    sure = "" if made.sure is None else f", {made.sure:g} % sure"
    return f"noted, {_with_unit(made.guess, made.unit)}{sure}{_margin(made)}"


def _margin(made) -> str:
    """Say what counts as right, in brackets."""
    if made.factor is not None:
        return f" (right within a factor of {made.factor:g})"
    if made.within:
        return f" (right within ±{_with_unit(made.within, made.unit)})"
    numbers = [one for one in made.options if not isinstance(one, str | bool)]
    return " (the nearest is right)" if len(numbers) > 1 else ""


def _why(seen) -> str:
    """Explain a hit that is not exact."""
    made = seen.prediction
    exact = _with_unit(made.guess, "") == _with_unit(seen.measured, "")
    if not seen.right or exact:
        return ""
    if made.options:
        return ": the nearest of the options"
    if made.factor is not None:
        return f" within a factor of {made.factor:g}"
    return f" within ±{number_text(made.within)}" if made.within else ""


def _with_unit(value: object, unit: str) -> str:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, Interval):
        return value.written(unit)
    text = number_text(value)
    return text if isinstance(value, str) or not unit else f"{text} {unit}"


def _rows(table) -> list[tuple[str, str]]:
    rows = []
    for made, seen in table.rows:
        open_text = "noted" if made.guess is not None else "no prediction"
        text = f"{open_text}; the experiment has not run" if seen is None else f"{seen}"
        rows.append((f"{SIGNS[seen and seen.right]} {spoken(made.name)}", text))
    return rows


def _summary(table) -> str:
    judged = [seen.right for _, seen in table.rows if seen and seen.right is not None]
    missing = sum(made.guess is None for made, _ in table.rows)
    if not table.rows:
        return f"Session {table.session}: no prediction yet"
    text = f"Session {table.session}: {sum(judged)} of {len(judged)} predictions hit"
    return f"{text}; {missing} not made" if missing else text


def _lessons(table) -> list[tuple[str, str]]:
    missed = [
        f"{spoken(made.name)} (said {_with_unit(made.guess, made.unit)}, measured "
        f"{_with_unit(seen.measured, made.unit)})"
        for made, seen in table.rows
        if seen is not None and seen.right is False
    ]
    lines = [f"Where intuition failed: {'; '.join(missed)}."] if missed else []
    lines += filter(None, [calibration(table.outcomes)])
    return [("", line) for line in lines]
