"""The thin widget shell round a pure function: controls in, a `View` out.

Only what ipywidgets 7.7 and 8 share is used. The two layers of a picture are HTML
widgets in one cell of a CSS grid, so a photo is sent once. An answer to a slider is one
message: the drawing over the photo and the words below it, a few kilobytes.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape

import ipywidgets as widgets

from coursekit._base.kept_widget import show_kept
from coursekit.explore.aloud import SCRIPT
from coursekit.explore.marks import layer
from coursekit.explore.theme import ON_A_PAGE
from coursekit.explore.view import View, still_html, table_html, words_html

LABEL = {"style": {"description_width": "118px"}}
CONTROL = {"layout": {"width": "274px", "margin": "1px 8px 1px 0"}}
BUTTON = {"layout": {"width": "auto", "margin": "1px 10px 1px 0"}}
_ONE_CELL = {
    "display": "grid",
    "grid_template_columns": "100%",
    "flex": "1 1 550px",  # beside the controls where there is room, else above them
    "max_width": "760px",
}
_LAYER = {"grid_area": "1 / 1 / 2 / 2", "margin": "0", "min_width": "0"}
_CONTROLS = {"flex": "1 1 280px", "align_content": "flex-start"}
_WRAPPED = {"flex_flow": "row wrap"}
_BELOW = {"margin": "0", "width": "100%", "max_width": "760px"}
_HIDDEN = {"display": "none"}
_SAVED = "A saved picture: run the cell to use its controls."


class Explorer:
    """Show a `View` and draw it anew whenever a control changes.

    Args:
        title: one line above the picture.
        controls: name → widget; buttons call, all others are settings.
        draw: returns the View of the current settings.
        adjust: called first with the names of the controls that changed; it may set
            other controls, e.g. the end of a slider.
        groups: heading → widgets below it, "" without one; None takes the controls.
    """

    def __init__(
        self,
        title: str,
        controls: Mapping[str, widgets.Widget],
        draw: Callable[[], View],
        adjust: Callable[..., None] = lambda *names: None,
        groups: Mapping[str, list[widgets.Widget]] | None = None,
    ):
        self.title, self.controls = title, dict(controls)
        self._draw, self._adjust, self._busy = draw, adjust, False
        self._layers = [widgets.HTML(layout=_LAYER) for _ in range(3)]
        self._touch, self._marks = widgets.HTML(layout=_LAYER), ()
        self._table = widgets.HTML(layout=_BELOW)
        self.widget = self._assemble(groups or {"": [*self.controls.values()]})
        for name, control in self.controls.items():
            self._connect(name, control)
        self.refresh()

    def choose(self, **values: object) -> None:
        """Set several controls at once, and draw once."""
        with self._at_work():
            for name, value in values.items():
                self.controls[name].value = value
        self.refresh(*values)

    def refresh(self, *names: str) -> None:
        """Draw the current settings; `names` are the controls that changed."""
        if self._busy:
            return
        with self._at_work():
            self._adjust(*names)
            self.view = self._draw()
            front = self.view.svg_or_html + words_html(self.view)
            shown = (self.view.backdrop, self.view.sheet, front)
            for part, html in zip(self._layers, shown, strict=True):
                part.value = html
            self._lay_over(self.view)
            self._table.value = table_html(self.view.table)

    def _lay_over(self, view: View) -> None:
        """Lay over the picture what can be pointed at, if it is not there already."""
        if view.marks != self._marks:
            self._marks = view.marks
            self._touch.value = layer(view.size, view.marks) if view.marks else ""

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Hold back nested answers; show an error on the page and pass it on."""
        self._busy = True
        try:
            yield
        except Exception as error:
            shown = escape(f"{type(error).__name__}: {error}")
            self._layers[-1].value = f"<div role='alert'>{shown}</div>"
            raise
        finally:
            self._busy = False

    def _connect(self, name: str, control: widgets.Widget) -> None:
        if isinstance(control, widgets.Button):
            control.on_click(lambda _: self.refresh(name))
        else:
            control.observe(lambda _: self.refresh(name), "value")

    def _assemble(self, groups: Mapping[str, list[widgets.Widget]]) -> widgets.VBox:
        self._touch.add_class("coursekit-touch")
        picture = widgets.Box([*self._layers, self._touch], layout=_ONE_CELL)
        rows = []
        for heading, members in groups.items():
            named = [widgets.HTML(f"<b>{escape(heading)}</b>")] if heading else []
            rows += [*named, widgets.HBox(members, layout=_WRAPPED)]
        controls = widgets.VBox(rows, layout=_CONTROLS)
        title = f"<b style='font-size:15px'>{escape(self.title)}</b>"
        title = ON_A_PAGE + SCRIPT + title
        both = widgets.HBox([picture, controls], layout=_WRAPPED)
        whole = widgets.VBox([widgets.HTML(title), both, self._table, self._ear()])
        whole.add_class("coursekit-view")
        return whole

    def _ear(self) -> widgets.Text:
        """Return the hidden field into which the page writes what was pointed at."""
        ear = widgets.Text(layout=_HIDDEN)
        ear.add_class("coursekit-said")
        ear.observe(lambda change: self._hear(change["new"]), "value")
        return ear

    def _hear(self, said: str) -> None:
        values, _ = json.loads(said)
        self.choose(**values)

    def __repr__(self) -> str:
        return f"{self.title}\n{self.view!r}"

    def _ipython_display_(self) -> None:
        """Show the live widget, and store a still picture for when it is dead."""
        still = f"<b>{escape(self.title)}</b>{still_html(self.view, _SAVED)}"
        show_kept(self.widget, still, repr(self))


def static(explorer: Explorer) -> View:
    """Return what an explorer shows now as a plain figure: HTML picture and text.

    Args:
        explorer: what an `explore_…` function returned.

    Raises:
        ValueError: `explorer` is something else.
    """
    if not isinstance(explorer, Explorer):
        raise ValueError(
            "`explorer` must be what an explore_… function returned; "
            f"got {type(explorer).__name__}"
        )
    return explorer.view


def player(label: str, control: widgets.IntSlider) -> tuple[widgets.HBox, widgets.Play]:
    """Return labelled buttons that move a slider by themselves, and their widget."""
    play = widgets.Play(value=control.value, min=0, max=control.max, interval=500)
    # The slider comes first: when the page is made, it is the one that sets the other.
    widgets.jslink((control, "value"), (play, "value"))
    wide = {"width": LABEL["style"]["description_width"]}
    name = widgets.Label(label, layout={**wide, "justify_content": "flex-end"})
    row = widgets.HBox([name, play], **CONTROL)
    row.add_class("widget-inline-hbox")  # ipywidgets 7 aligns labels by it
    return row, play


def limit(
    control: widgets.IntSlider | widgets.Play, high: int, low: int | None = None
) -> None:
    """Move the ends of a slider; a value beyond them moves along."""
    low = control.min if low is None else low
    high = max(low, high)
    if (control.min, control.max) != (low, high):
        control.max = max(high, control.max)  # the low end never passes the other
        control.min, control.max = low, high
