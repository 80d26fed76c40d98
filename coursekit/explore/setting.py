"""Settings of an explorer, each declared once: as the annotation of an argument.

    width: Annotated[int, Whole("padding width", 0, 32)] = 16

From this line follow the check of the argument, the control on the page, its way
through the tests and the list of all states. Where a range, options, a start or a label
are not always the same, a function stands in their place. It is given what its own
arguments are named after: the subject (a photo, a model) and other settings.

    row: Annotated[int, Whole("row", 0, lambda photo, size: len(photo) - size)] = 0
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import KW_ONLY, dataclass
from types import SimpleNamespace
from typing import ClassVar

import ipywidgets as widgets

from coursekit._base.validate import choice, integer, number
from coursekit.explore.depends import Names, known, needs
from coursekit.explore.shell import BUTTON, CONTROL, LABEL, limit


@dataclass(frozen=True, eq=False)
class Setting:
    """Describe one setting; label, start and active may be functions (see above).

    Args:
        label: what stands beside the control.
        start: where the control begins, None for the argument's default; taken anew
            when settings it depends on change.
        group: the heading under which the control stands.
        active: whether the setting counts now.
        sets: returns what else changes with it, {name: value}; it may ask for `value`,
            the setting's own.
        about: words for the docstring, None for the label.
    """

    label: str | Callable[..., str]
    _: KW_ONLY
    start: object = None
    group: str = ""
    active: bool | Callable[..., bool] = True
    sets: Callable[..., dict] | None = None
    about: str | None = None
    allowed: ClassVar[str] = ""  # in words, for the docstring
    ends: ClassVar[tuple[str, ...]] = ()  # the fields that the values follow from
    widget: ClassVar[type[widgets.Widget]]

    def needed(self) -> tuple[str, ...]:
        """Return the names that the values depend on."""
        return needs(*(getattr(self, name) for name in self.ends))

    def values(self, names: Names) -> Sequence:
        """Return every value the control can have, in order."""
        raise NotImplementedError

    def traits(self, names: Names) -> dict:
        """Return what the control needs besides value and label."""
        return {}

    def first(self, names: Names) -> object:
        """Return the value the control begins with."""
        start = known(self.start, names)
        return self.values(names)[0] if start is None else start

    def checked(self, name: str, value: object, names: Names) -> object:
        """Return a value of the argument, or refuse it in one sentence."""
        return choice(name, value, self.values(names))

    def control(self, names: Names) -> widgets.Widget:
        """Return the control at its start."""
        looks = {"description": known(self.label, names), **LABEL, **CONTROL}
        return self.widget(**self.traits(names), value=self.first(names), **looks)

    def fit(
        self, control: widgets.Widget, names: Names, moved: set[str], wanted: object
    ) -> object:
        """Fit the control to other settings, and return its value.

        Args:
            moved: the settings that have changed.
            wanted: what another setting sets this one to, or None.
        """
        if moved.intersection(self.needed()):
            self.refit(control, names, wanted)
        if wanted is not None:
            control.value = wanted
        elif moved.intersection(needs(self.start)):
            control.value = self.first(names)
        return control.value

    def refit(self, control: widgets.Widget, names: Names, wanted: object) -> None:
        """Give the control other values to choose from."""

    def dress(self, control: widgets.Widget, names: Names) -> None:
        """Say what the control is now, and whether it counts."""
        if callable(self.label):
            control.description = known(self.label, names)
        if callable(self.active):
            control.disabled = not known(self.active, names)


@dataclass(frozen=True, eq=False)
class Whole(Setting):
    """Describe a whole number, chosen by a slider.

    Args:
        low, high: the ends; `high=None` is an argument without an upper end.
        step: between two values.
        reach: where the slider ends if the argument does not.
        keep_share: begin in the middle, and keep the place on the slider, not the
            number, when its end moves.
        play: label of buttons that move the slider by themselves, "" without them.
    """

    low: int | Callable[..., int] = 0
    high: int | Callable[..., int] | None = None
    step: int = 1
    _: KW_ONLY
    reach: int = 0
    keep_share: bool = False
    play: str = ""
    ends: ClassVar = ("low", "high")
    widget: ClassVar = widgets.IntSlider

    @property
    def allowed(self) -> str:
        if self.needed() or self.high is None:
            return "" if self.needed() else f"{self.low} or more"
        return f"{self.low} to {self.high}" + f" by {self.step}" * (self.step > 1)

    def values(self, names: Names) -> range:
        low, high = known(self.low, names), known(self.high, names)
        return range(low, max(low, self.reach if high is None else high) + 1, self.step)

    def first(self, names: Names) -> int:
        if self.keep_share and self.start is None:
            values = self.values(names)
            return values[len(values) // 2]
        return super().first(names)

    def traits(self, names: Names) -> dict:
        values = self.values(names)
        return {"min": values[0], "max": values[-1], "step": self.step}

    def checked(self, name: str, value: object, names: Names) -> int:
        values = self.values(names)
        if self.step > 1:
            return choice(name, value, values)
        high = None if self.high is None else values[-1]
        return integer(name, value, low=values[0], high=high)

    def refit(self, control: widgets.Widget, names: Names, wanted: object) -> None:
        values, share = self.values(names), (control.value + 0.5) / (control.max + 1)
        moves = self.keep_share and control.max != values[-1]
        limit(control, values[-1], values[0])
        if moves:
            control.value = int(share * (values[-1] + 1))


@dataclass(frozen=True, eq=False)
class Real(Setting):
    """Describe a real number, chosen by a slider.

    Args:
        low, high: the ends.
        step: between two places of the slider; the argument may lie between them.
    """

    low: float | Callable[..., float] = 0.0
    high: float | Callable[..., float] = 1.0
    step: float = 0.1
    ends: ClassVar = ("low", "high")
    widget: ClassVar = widgets.FloatSlider

    @property
    def allowed(self) -> str:
        return "" if self.needed() else f"{self.low:g} to {self.high:g}"

    def values(self, names: Names) -> list[float]:
        low, high = self._between(names)
        count = round((high - low) / self.step)
        return [round(low + n * self.step, 10) for n in range(count + 1)]

    def traits(self, names: Names) -> dict:
        low, high = self._between(names)
        return {"min": low, "max": high, "step": self.step}

    def checked(self, name: str, value: object, names: Names) -> float:
        low, high = self._between(names)
        return number(name, value, low=low, high=high)

    def refit(self, control: widgets.Widget, names: Names, wanted: object) -> None:
        low, high = self._between(names)
        limit(control, high, low)

    def _between(self, names: Names) -> tuple[float, float]:
        return known(self.low, names), known(self.high, names)


@dataclass(frozen=True, eq=False)
class Choice(Setting):
    """Describe one of several values, chosen from a menu.

    Args:
        options: the values, or (text, value) pairs.
        own: turns another value of the argument into one that can be drawn, or refuses
            it in one sentence.
    """

    options: Sequence | Callable[..., Sequence] = ()
    _: KW_ONLY
    own: Callable[[object], object] | None = None
    ends: ClassVar = ("options",)
    widget: ClassVar = widgets.Dropdown

    @property
    def allowed(self) -> str:
        return "" if callable(self.options) else f"one of {self.values({})}"

    def values(self, names: Names) -> list:
        options = known(self.options, names)
        return [o[1] if isinstance(o, tuple) else o for o in options]

    def traits(self, names: Names) -> dict:
        return {"options": tuple(known(self.options, names))}

    def checked(self, name: str, value: object, names: Names) -> object:
        is_option = isinstance(value, Hashable) and value in self.values(names)
        if is_option or self.own is None:
            return super().checked(name, value, names)
        return self.own(value)

    def refit(self, control: widgets.Widget, names: Names, wanted: object) -> None:
        value = control.value if wanted is None else wanted
        control.options = self.traits(names)["options"]
        values = self.values(names)
        control.value = value if value in values else values[0]


@dataclass(frozen=True, eq=False)
class Switch(Setting):
    """Describe something that is on or off, chosen by a box to tick."""

    allowed: ClassVar = "True or False"
    widget: ClassVar = widgets.Checkbox

    def values(self, names: Names) -> tuple[bool, bool]:
        return (False, True)

    def checked(self, name: str, value: object, names: Names) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"`{name}` must be True or False; got {value!r}")
        return value

    def traits(self, names: Names) -> dict:
        return {"indent": False}


@dataclass(frozen=True, eq=False)
class Kept(Setting):
    """Describe something without a control: only other settings set it.

    Args:
        named: the values that the list of states goes through; there may be others.
    """

    named: Sequence | Callable[..., Sequence] = ()

    def values(self, names: Names) -> Sequence:
        return known(self.named, names)

    def checked(self, name: str, value: object, names: Names) -> object:
        return value

    def control(self, names: Names) -> SimpleNamespace:
        return SimpleNamespace(value=self.first(names))


@dataclass(frozen=True, eq=False)
class Button(Setting):
    """Describe a button: no argument of the function, it only `sets` others."""

    def control(self, names: Names) -> widgets.Button:
        """Return the button."""
        return widgets.Button(description=known(self.label, names), **BUTTON)
