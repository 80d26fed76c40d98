"""Words of messages that many rooms need: a near miss, a number, a plural."""

from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral, Real

NEAR = 0.6  # share of letters in common from which a word counts as a near miss


def did_you_mean(word: object, known: Iterable[str], *, most: int = 1) -> str:
    """Return "did you mean 'build'?" or, where nothing is near, what there is.

    Args:
        word: what was given; anything that can be written as text.
        known: the words that are allowed.
        most: near misses to name, ≥ 1; as many words are listed where none is near,
            and all of them for 1.
    """
    words = list(known)
    near = get_close_matches(str(word), words, most, NEAR)
    if near:
        return f"did you mean {' or '.join(map(repr, near))}?"
    shown = words if most == 1 else words[:most]
    more = " …" if len(shown) < len(words) else ""
    return f"there are {', '.join(map(repr, shown))}{more}"


def number_text(value: object) -> str:
    """Write a measurement: 1,234 for whole numbers, 4 significant digits otherwise.

    Args:
        value: a number; what is none, such as a word or an interval, says itself.
    """
    if isinstance(value, Integral):
        return f"{int(value):,}"
    if not isinstance(value, Real):
        return str(value)
    short = float(f"{float(value):.4g}")
    if 1e4 <= abs(short) < 1e15:
        return f"{short:,.0f}"
    return f"{short:.4g}"


def shown(text: str, most: int = 60) -> str:
    """Return a foreign text as it can be printed: cut, quoted, no signs that act.

    Args:
        text: anything, such as a name out of somebody else's file.
        most: characters to keep.
    """
    kept = (c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[:most])
    return f"'{''.join(kept)}'"


def given(value: object, most: int = 80) -> str:
    """Write what an argument was, for a message: of an array its shape, never it all.

    Args:
        value: what the caller gave.
        most: characters of anything else.
    """
    if getattr(value, "ndim", 0):
        return f"{type(value).__name__} of shape {tuple(value.shape)}"
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def many(number: int, noun: str) -> str:
    """Return "1 image" or "6 images"."""
    return f"{number} {noun}{'s' * (number != 1)}"


def article(noun: object) -> str:
    """Return "a cat", "an airplane" or "an 8"."""
    text = str(noun)
    return f"{'an' if text.lower().startswith(tuple('aeiou8')) else 'a'} {text}"


def printable(text: object) -> str:
    """Return text of others on one line: codes that steer a terminal become "?"."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(str(text).split()))
