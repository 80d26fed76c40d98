"""Which states of each explorer a page holds."""

from collections.abc import Mapping
from itertools import islice

from coursekit.explore.live import LiveExplorer
from coursekit.explore.setting import Real, Whole
from coursekit.staff.pages.island.held import Held

MOST = 6000  # states of an explorer without a way of its own
_STEPS = (33, 17, 9, 5, 4, 3, 2, 1)


def held_of(explorer: LiveExplorer) -> Held:
    """Return the states to hold: all, or so few values of each slider as must be."""
    settings = explorer.declared.settings
    sliders = [n for n, s in settings.items() if isinstance(s, Whole | Real)]
    choices: list[Mapping] = [{}, *(dict.fromkeys(sliders, n) for n in _STEPS)]
    for few in choices:
        held = Held(explorer, few)
        if sum(1 for _ in islice(held, MOST + 1)) <= MOST:
            return held
    return held
