"""A picture in three layers, for explorers whose controls change different parts.

Between what stays (a photo, a graph) and what follows every slider lies a sheet that
follows the slower choices; each layer is sent only when it changes.
"""

from dataclasses import dataclass

import ipywidgets as widgets

from coursekit.explore.shell import Explorer
from coursekit.explore.view import View


@dataclass(frozen=True, repr=False)
class LayeredView(View):
    """Hold a View with a sheet between its backdrop and its drawing.

    Args:
        sheet: a picture of the same size as the other two.
    """

    sheet: str = ""

    def _repr_html_(self) -> str:
        sheet = f"<div style='grid-area:1/1'>{self.sheet}</div>"
        front = f"<div style='grid-area:1/1'>{self.svg_or_html}</div>"
        return super()._repr_html_().replace(front, sheet + front)


class LayeredExplorer(Explorer):
    """Show a `LayeredView`; its sheet is one more HTML widget in the same cell."""

    def refresh(self, name: str = "") -> None:
        """Draw the current settings; `name` is the control that changed."""
        super().refresh(name)
        if not self._busy:
            self._sheet.value = self.view.sheet

    def _assemble(self, more: tuple[widgets.Widget, ...]) -> widgets.VBox:
        whole = super()._assemble(more)
        self._sheet = widgets.HTML(layout=self._front.layout)
        layers = whole.children[2]
        layers.children = (self._backdrop, self._sheet, self._front)
        return whole
