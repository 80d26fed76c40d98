"""Every explorer there is, every control, every value a page can send.

The values arrive as a page sends them (`set_state`), not as Python sets them.
"""

import ipywidgets as widgets
import pytest

from coursekit import explore
from coursekit.data import digits, shapes
from coursekit.explore import Explorer
from coursekit.models import tiny_net
from tests.environments.drive import states, turn
from tests.explorers import drawing, shown

# An explorer that cannot be made without arguments, made.
MADE = {
    "explore_background": lambda: explore.explore_background(tiny_net(4, 3, width=4)),
    "explore_batch_norm": lambda: explore.explore_batch_norm(tiny_net(), digits()),
    "explore_grad_cam": lambda: explore.explore_grad_cam(tiny_net(4, 3), shapes(6)),
    "explore_network": lambda: explore.explore_network(tiny_net(), (1, 28, 28)),
}
NAMES = [name for name in explore.__all__ if name.startswith("explore_")]


def made(name: str) -> Explorer:
    """Return a new explorer by the name of its function."""
    return MADE.get(name, getattr(explore, name))()


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_every_control_is_answered_by_a_picture(name: str):
    explorer = made(name)
    for control in explorer.controls.values():
        for state in [{}] if isinstance(control, widgets.Button) else states(control):
            if state:
                control.set_state(state)
            else:
                control.click()
            view, page = explorer.view, shown(explorer)
            drawing(view.svg_or_html)
            assert view.svg_or_html in page, (control.description, state)
            assert "role='alert'" not in page, (control.description, state)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_that_sends_everything_finds_the_explorer_working(name: str):
    explorer = made(name)
    count = sum(turn(control) for control in explorer.controls.values())
    assert count > len(explorer.controls)
    assert explorer.view.svg_or_html in shown(explorer)


def test_a_slider_gives_each_whole_step_and_a_menu_each_place():
    slider = widgets.IntSlider(min=2, max=8, step=3)
    menu = widgets.Dropdown(options=[("a", 10), ("b", 20)])
    seen = []
    for control in (slider, menu):
        control.observe(lambda change: seen.append(change["new"]), "value")
    assert [turn(slider), turn(menu)] == [3, 2]
    assert seen == [5, 8, 2, 20, 10]


def test_what_a_control_raises_is_not_hidden():
    slider = widgets.IntSlider(min=0, max=3)

    def fail(change: dict) -> None:
        if change["new"] == 2:
            raise ArithmeticError("two")

    slider.observe(fail, "value")
    with pytest.raises(ArithmeticError, match="two"):
        turn(slider)


def test_a_control_of_an_unknown_kind_is_refused_by_name():
    with pytest.raises(TypeError, match="no list of values for a ColorPicker"):
        states(widgets.ColorPicker())
