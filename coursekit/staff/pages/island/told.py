"""What the page is told of an explorer's settings, as plain data.

Whatever is a function in the declaration (a range, a label, what a button sets) becomes
a table over the values of the settings it depends on:

    {"all": "stride"}                                     always the same
    {"by": ["way"], "at": {"cutout": 16, "flip": 1}}      looked up
"""

import json
from collections.abc import Callable, Iterator

from coursekit.explore.depends import known, needs
from coursekit.explore.setting import Button, Choice, Setting, Whole
from coursekit.staff.pages.island.held import Held

KINDS = {"Whole": "slider", "Real": "slider", "Choice": "menu", "Switch": "box"}


def told(held: Held) -> dict:
    """Return title, settings and buttons of an explorer as JSON has them."""
    declared = held.declared
    return {
        "title": declared.title,
        "order": list(held.order),
        "controls": [_control(held, n, s) for n, s in declared.controls.items()],
    }


def _control(held: Held, name: str, setting: Setting) -> dict:
    """Return one control: a setting, or a button that sets others."""
    about = {"name": name, "group": setting.group}
    about["kind"] = KINDS.get(type(setting).__name__, type(setting).__name__.lower())
    about["label"] = _table(held, setting.label)
    about["active"] = _table(held, setting.active)
    if setting.sets is not None:
        about["sets"] = _table(held, setting.sets)
    if isinstance(setting, Button):
        return about
    needed = sorted(held.needed(name))
    about["values"] = _tabled(held, needed, lambda names: _values(held, name, names))
    if callable(setting.active):
        about["rest"] = _tabled(held, needed, setting.first)
    if {*needs(setting.start)} & {*held.declared.settings}:
        about["start"] = _table(held, setting.start)
    if isinstance(setting, Whole):
        about |= {"share": setting.keep_share, "play": setting.play}
    return about


def _values(held: Held, name: str, names: dict) -> list:
    """Return (text, value) pairs of a menu, the values of anything else."""
    setting, values = held.declared.settings[name], held.choices(name, names)
    if not isinstance(setting, Choice):
        return [plain(value) for value in values]
    options = (
        o if isinstance(o, tuple) else (str(o), o)
        for o in setting.traits(names)["options"]
    )
    return [[text, plain(value)] for text, value in options if value in values]


def _table(held: Held, value: object) -> dict:
    """Return a value of a declaration as a table."""
    if not callable(value):
        return {"all": plain(value)}
    needed = [n for n in needs(value) if n in held.declared.settings]
    return _tabled(held, needed, lambda names: known(value, names))


def _tabled(held: Held, needed: list[str], tell: Callable[[dict], object]) -> dict:
    """Ask once for every choice of the settings that the answer depends on."""
    found = {
        key(names[name] for name in needed): tell(names)
        for names in _over(held, needed)
    }
    if not needed:
        return {"all": plain(found[""])}
    return {"by": needed, "at": {at: plain(value) for at, value in found.items()}}


def _over(held: Held, needed: list[str]) -> Iterator[dict]:
    """Go through every choice of some settings."""
    wanted, todo = set(), [*needed]
    while todo:
        name = todo.pop()
        todo += held.needed(name) - wanted
        wanted.add(name)
    order = tuple(name for name in held.order if name in wanted)
    yield from held.walk(order)


def key(values: Iterator[object]) -> str:
    """Return the place of some values in a table."""
    return "|".join(v if isinstance(v, str) else json.dumps(plain(v)) for v in values)


def plain(value: object) -> object:
    """Return a value as JSON has it: 1.0 is 1, as JavaScript writes it."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
