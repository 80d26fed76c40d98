"""What an explorer is made of, and the list of all its states."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from math import prod

from coursekit.explore.depends import needs
from coursekit.explore.setting import Kept, Setting
from coursekit.explore.view import View


@dataclass(frozen=True, eq=False)
class Declaration:
    """Hold what an explorer is made of.

    Args:
        title: one line above the picture.
        draw: (subject, settings by name) → View, unchecked.
        settings: by the name of the argument, in the order of the page.
        helpers: controls that are no argument and change others, by name.
        subject: the name of the argument that no control changes, "" without one.
    """

    title: str
    draw: Callable[..., View]
    settings: Mapping[str, Setting]
    helpers: Mapping[str, Setting]
    subject: str

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The names of the settings, each after those its values depend on."""
        graph = {
            n: {*s.needed(), *needs(s.start)} & {*self.settings}
            for n, s in self.settings.items()
        }
        return tuple(TopologicalSorter(graph).static_order())

    @property
    def controls(self) -> dict[str, Setting]:
        """All that stands on the page, by name."""
        return {**self.settings, **self.helpers}

    def view(self, subject: object, values: Mapping[str, object]) -> View:
        """Return the View of settings known to be right."""
        chosen = {name: values[name] for name in self.settings}
        return self.draw(subject, **chosen) if self.subject else self.draw(**chosen)

    def checked(self, subject: object, given: Mapping[str, object]) -> dict:
        """Return a value for every setting: what was given, its start in place of None.

        Raises:
            ValueError: a value that is not allowed.
        """
        names = {self.subject: subject}
        for name in self.order:
            setting, value = self.settings[name], given[name]
            if value is None:
                names[name] = setting.first(names)
            else:
                names[name] = setting.checked(name, value, names)
        return names


class States:
    """List the states of an explorer: for each a dict of every setting's value.

    Args:
        declared: what the explorer is made of.
        subject: what it shows.
        only: name → the values of a setting to keep.
    """

    def __init__(self, declared: Declaration, subject: object, only: Mapping):
        self._declared, self._only = declared, only
        self._start = {declared.subject: subject}

    def __iter__(self) -> Iterator[dict]:
        for names in self._from(self._declared.order, self._start):
            yield {name: names[name] for name in self._declared.settings}

    def __len__(self) -> int:
        return self._count(self._declared.order, self._start)

    def _values(self, name: str, names: dict) -> list:
        setting = self._declared.settings[name]
        values = setting.values(names)
        if isinstance(setting, Kept):
            return list(self._only.get(name, values))
        return [value for value in values if value in self._only.get(name, values)]

    def _from(self, order: tuple[str, ...], names: dict) -> Iterator[dict]:
        if not order:
            yield names
            return
        for value in self._values(order[0], names):
            yield from self._from(order[1:], {**names, order[0]: value})

    def _count(self, order: tuple[str, ...], names: dict) -> int:
        """Count without visiting: settings no other depends on are multiplied."""
        if not any({*self._declared.settings[n].needed()} & {*order} for n in order):
            return prod(len(self._values(name, names)) for name in order)
        first, *rest = order
        return sum(
            self._count(tuple(rest), {**names, first: value})
            for value in self._values(first, names)
        )
