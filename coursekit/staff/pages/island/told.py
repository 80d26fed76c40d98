"""What the page is told of an explorer's settings, as plain data.

Whatever is a function in the declaration (a range, a label, what a button sets) becomes
a table over the values of the settings it depends on:

    {"all": "stride"}                                     always the same
    {"by": ["way"], "at": {"cutout": 16, "flip": 1}}      looked up

Where the page builds what it shows (a chain of layers), its rule fills in functions.
"""

import json
from collections.abc import Callable, Iterator

from coursekit.explore.chain import ChainLayer
from coursekit.explore.depends import known, needs
from coursekit.explore.setting import Button, Choice, Kept, Setting, Whole
from coursekit.staff.pages.island.chain_told import code
from coursekit.staff.pages.island.held import Held

KINDS = {"Whole": "slider", "Real": "slider", "Choice": "menu", "Switch": "box"}


def told(held: Held) -> dict:
    """Return title, settings and buttons of an explorer as JSON has them.

    Where helpers build what is shown there is no end of states: the page's rule knows
    what is a function.
    """
    declared = held.declared
    has_rule = any(isinstance(s, Choice) for s in declared.helpers.values())
    also = [n for n, s in declared.helpers.items() if not isinstance(s, Button)]
    controls = [
        {"name": name, "group": setting.group, "kind": _kind(setting)}
        | {n: table for n, table in _tables(held, name, setting, has_rule) if table}
        for name, setting in declared.controls.items()
    ]
    return {
        "title": declared.title,
        "order": list(held.order),
        "also": also,
        "controls": controls,
    }


def _kind(setting: Setting) -> str:
    name = type(setting).__name__
    return KINDS.get(name, name.lower())


def _tables(
    held: Held, name: str, setting: Setting, has_rule: bool
) -> Iterator[tuple[str, object]]:
    """Give what there is to know of a control, a table each."""

    def tabled(value: object) -> dict | None:
        return None if has_rule and callable(value) else _table(held, value)

    yield "label", tabled(setting.label)
    yield "active", tabled(setting.active)
    if setting.sets is not None:
        yield "sets", tabled(setting.sets)
    if isinstance(setting, Button):
        return
    needed = sorted(held.needed(name))
    if not (has_rule and (setting.needed() or isinstance(setting, Kept))):
        yield (
            "values",
            _tabled(held, needed, lambda names: _values(held, setting, name, names)),
        )
    if callable(setting.active):
        yield "rest", _tabled(held, needed, setting.first)
    if {*needs(setting.start)} & {*held.declared.settings}:
        yield "start", tabled(setting.start)
    if isinstance(setting, Whole):
        yield "share", setting.keep_share
        yield "play", setting.play


def _values(held: Held, setting: Setting, name: str, names: dict) -> list:
    """Return (text, value) pairs of a menu, the values of anything else."""
    own = name in held.declared.settings
    values = held.choices(name, names) if own else list(setting.values(names))
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
    if isinstance(value, tuple) and all(isinstance(one, ChainLayer) for one in value):
        return code(value)
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
