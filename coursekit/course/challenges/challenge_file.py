"""Challenges as an instructor writes them: a TOML table each, checked key by key."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from coursekit._base.words import did_you_mean
from coursekit.course.challenges.requirements import (
    KEYS,
    LAYER_RULES,
    Rule,
)

COURSE_FILE = Path(__file__).with_name("challenges.toml")
VARIABLE = "COURSEKIT_CHALLENGES"
SHAPES = {  # data set → (what the input shape must be, the shapes)
    "mnist": ("[1, 28, 28]", {(1, 28, 28)}),
    "cifar10": ("[3, 32, 32]", {(3, 32, 32)}),
    "digits": (
        "[1, n, n] with n 8, 16, 24, 28 or 32",
        {(1, n, n) for n in (8, 16, 24, 28, 32)},
    ),
    "shapes": ("[3, n, n] with n 32 to 96", {(3, n, n) for n in range(32, 97)}),
    "none": ("[channels, height, width]", None),
}
_OTHER = ("title", "data", "input_shape", "images", "twin", "last_epochs", "layers",
          "by_eye")  # fmt: skip


class _Table:
    """One table of the file; its complaints name the file, the table and the key."""

    def __init__(self, path: Path, name: str, values: object):
        self.path, self.name, self.values = path, name, values
        if not isinstance(values, dict):
            raise ValueError(
                f"{path.name}: `{name}` must be a table, written as [{name}] on a line "
                f"of its own; got {values!r}"
            )
        for key in values:
            if key not in KEYS and key not in _OTHER:
                self.refuse(key, f"unknown key; {did_you_mean(key, [*_OTHER, *KEYS])}")

    def refuse(self, key: str, reason: str) -> None:
        """Raise the one sentence about a key."""
        raise ValueError(f"{self.path.name} [{self.name}] `{key}`: {reason}")

    def get(self, key: str, allowed: str, fits, default: object = ...) -> object:
        """Return the value of a key, or its default; refuse what does not fit."""
        value = self.values.get(key, default)
        if value is ...:
            self.refuse(key, f"is missing; it must be {allowed}")
        if value is not default and not fits(value):
            self.refuse(key, f"must be {allowed}; got {value!r}")
        return value

    def text(self, key: str, default: object = ...) -> str:
        """Return a key that holds words."""
        return self.get(
            key, "some words in quotes", lambda v: isinstance(v, str) and v, default
        )

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a key that holds a list of texts, empty by default."""

        def fits(value: object) -> bool:
            return isinstance(value, list) and all(isinstance(v, str) for v in value)

        return tuple(self.get(key, "a list of texts", fits, ()))


def read(path: str | os.PathLike | None = None) -> dict[str, dict[str, object]]:
    """Return name → the fields of each challenge, the course's own and those of a file.

    Args:
        path: a file whose tables are added and replace those of the same name; None
            takes the one named by COURSEKIT_CHALLENGES, if it is set.

    Raises:
        ValueError: the file cannot be read, or is not as it must be; the sentence names
            file, table and key.
    """
    found = _read(COURSE_FILE)
    other = path if path is not None else os.environ.get(VARIABLE)
    if not other:
        return found
    place = _path(other)
    own = _read(place)
    found |= own
    for name, fields in own.items():
        if fields["twin"] and fields["twin"] not in found:
            reason = f"no challenge {fields['twin']!r}"
            raise ValueError(
                f"{place.name} [{name}] `twin`: {reason}; "
                f"{did_you_mean(fields['twin'], found)}"
            )
    return found


def _path(path: str | os.PathLike) -> Path:
    try:
        return Path(path).expanduser()
    except TypeError:
        raise ValueError(f"`path` must be a TOML file; got {path!r}") from None


def _read(path: Path) -> dict[str, dict[str, object]]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f"`path` {str(path)!r} cannot be read: {reason}") from None
    except UnicodeDecodeError:
        raise ValueError(f"`path` {str(path)!r} is not text in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name} is not valid TOML: {error}") from None
    return {name: _fields(_Table(path, name, t)) for name, t in tables.items()}


def _fields(table: _Table) -> dict[str, object]:
    data = table.text("data")
    if data not in SHAPES:
        table.refuse("data", f"there is no data set {data!r}; "
                             f"{did_you_mean(data, SHAPES)}")  # fmt: skip
    words, shapes = SHAPES[data]
    shape = table.get("input_shape", words, lambda v: _is_shape(v, shapes))
    several = lambda v: type(v) is int and v >= 100  # noqa: E731
    images = table.get("images", "a whole number ≥ 100", several, None)
    if images and data != "shapes":
        table.refuse("images", 'only "shapes" are generated in any number')
    return {
        "name": table.name,
        "title": table.text("title"),
        "data": data,
        "input_shape": tuple(shape),
        "rules": _rules(table),
        "images": images,
        "twin": table.text("twin", ""),
    }


def _is_shape(value: object, shapes: set | None) -> bool:
    if not isinstance(value, list) or len(value) != 3:
        return False
    whole = all(type(side) is int and side >= 1 for side in value)
    return whole and (shapes is None or tuple(value) in shapes)


def _rules(table: _Table) -> tuple[Rule, ...]:
    rules = []
    for key, kind in KEYS.items():
        if key in table.values:
            limit = table.get(key, kind.allowed, kind.fits)
            rules.append(Rule(key, limit, kind.words(limit)))
    if {"epochs_below", "epochs_at_most"} <= set(table.values):
        table.refuse("epochs_below", "give this or `epochs_at_most`, not both")
    if "last_epochs" in table.values and "valid_accuracy" not in table.values:
        table.refuse("last_epochs", "needs `valid_accuracy` beside it")
    rules = [_with_epochs(table, rule) for rule in rules]
    for name in table.texts("layers"):
        if name not in LAYER_RULES:
            table.refuse("layers", f"there is no rule {name!r}; "
                                   f"{did_you_mean(name, LAYER_RULES)}")  # fmt: skip
        rules.append(Rule("layers", name, LAYER_RULES[name]))
    rules += [Rule("by_eye", text, text) for text in table.texts("by_eye")]
    if not rules:
        table.refuse("parameters_below", "is missing: a challenge needs a rule")
    return tuple(rules)


def _with_epochs(table: _Table, rule: Rule) -> Rule:
    """Say on how many of the last epochs the validation accuracy must hold."""
    if rule.key != "valid_accuracy":
        return rule
    allowed = "a whole number ≥ 1"
    count = table.get("last_epochs", allowed, lambda v: type(v) is int and v >= 1, 1)
    which = f"in each of the last {count} epochs" if count > 1 else "in the last epoch"
    return Rule(rule.key, rule.limit, f"{rule.text} {which}", count)
