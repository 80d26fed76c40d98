"""The states that a page holds of an explorer: all that count, or a chosen few."""

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter

from coursekit.explore.depends import known, needs
from coursekit.explore.live import LiveExplorer
from coursekit.explore.setting import Kept, Setting


class Held:
    """List the states of an explorer that a page holds.

    A setting that does not count (`active`) has its first value only. Of a setting
    named in `few` there are so many values, evenly spaced, its present one among them.

    Args:
        explorer: what an `explore_…` function returned.
        few: name → how many values.
    """

    def __init__(self, explorer: LiveExplorer, few: Mapping[str, int]):
        self.declared, self.subject = explorer.declared, explorer.subject
        self._now, self.few = explorer.state, few
        graph = {n: self.needed(n) for n in self.declared.settings}
        self.order = tuple(TopologicalSorter(graph).static_order())

    def needed(self, name: str) -> set[str]:
        """Return the settings that the values of a control depend on."""
        setting = self.declared.controls[name]
        names = {*setting.needed(), *needs(setting.active)}
        return names & {*self.declared.settings}

    def values(self, name: str, names: Mapping[str, object]) -> list:
        """Return the values of a setting that count, others being what `names` says."""
        setting = self.declared.settings[name]
        if not known(setting.active, names):
            return [setting.first(names)]
        return self.choices(name, names)

    def choices(self, name: str, names: Mapping[str, object]) -> list:
        """Return the values its control has."""
        setting = self.declared.settings[name]
        values, most = list(setting.values(names)), self.few.get(name)
        if most is None or len(values) <= most or isinstance(setting, Kept):
            return values
        return _spread(values, most, self._kept(setting, values, name))

    def _kept(self, setting: Setting, values: list, name: str) -> list:
        now = self._now[name]
        return [now] if now in values else []

    def __iter__(self) -> Iterator[dict]:
        for full in self.walk(self.order):
            yield {name: full[name] for name in self.declared.settings}

    def walk(self, order: tuple[str, ...]) -> Iterator[dict]:
        """Go through the values of some settings, each after those it depends on."""
        yield from self._from(order, {self.declared.subject: self.subject})

    def _from(self, order: tuple[str, ...], names: dict) -> Iterator[dict]:
        if not order:
            yield names
            return
        for value in self.values(order[0], names):
            yield from self._from(order[1:], {**names, order[0]: value})


def _spread(values: list, most: int, kept: list) -> list:
    """Return `most` of the values from first to last, and those to be kept."""
    last = len(values) - 1
    places = {round(n * last / (most - 1)) for n in range(most)} if most > 1 else {0}
    places |= {values.index(value) for value in kept}
    return [values[place] for place in sorted(places)]
