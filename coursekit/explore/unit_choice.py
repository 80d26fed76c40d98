"""Two sliders that choose a unit of a layer's map, whatever its size."""

from dataclasses import dataclass

from ipywidgets import IntSlider

from coursekit.explore.shell import limit
from coursekit.explore.sights import Sights


def middle(sights: Sights, number: int) -> tuple[int, ...]:
    """Return the unit in the middle of a layer's map."""
    return tuple(side // 2 for side in sights.map_size(number))


@dataclass
class UnitChoice:
    """Keep the sliders of row and column on the map of the chosen layer."""

    row: IntSlider
    column: IntSlider

    def fit(self, sights: Sights, number: int) -> None:
        """Move to the same place of another layer's map, the middle at first."""
        size = sights.map_size(number) or (1, 1)
        for control, side in zip((self.row, self.column), size, strict=True):
            share = (control.value + 0.5) / (control.max + 1)
            limit(control, side - 1)
            control.value = min(side - 1, int(share * side))

    def unit(self, sights: Sights, number: int) -> tuple[int, ...]:
        """Return the chosen unit, () on a layer without a map."""
        here = (self.row.value, self.column.value)
        return here if sights.map_size(number) else ()
