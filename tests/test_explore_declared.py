"""Explorers from their declaration: checks, controls and states of every setting."""

import random
import re
import subprocess
import sys
from inspect import signature
from itertools import islice
from pathlib import Path
from typing import Annotated

import ipywidgets as widgets
import pytest

from coursekit.explore import Explorer, View, states
from coursekit.explore.declare import explorer
from coursekit.explore.live import LiveExplorer
from coursekit.explore.setting import Button, Choice, Kept, Real, Switch, Whole
from tests.explorers import drawing, turns
from tests.test_explore_controls import NAMES, made

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = re.search(
    r"## Add an explorer.*?```python\n(.*?)```",
    (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
    re.DOTALL,
)[1]


@explorer(
    "Everything a setting can be",
    helpers={"next": Button("next", sets=lambda size: {"size": size % 9 + 1})},
)
def everything(
    photo: list,
    *,
    size: Annotated[int, Whole("size", 1, 9)] = 3,
    odd: Annotated[int, Whole("odd", 1, 9, 2, group="odd ones")] = 5,
    row: Annotated[int, Whole("row", 0, lambda photo, size: len(photo) - size)] = 0,
    share: Annotated[int, Whole("share", 0, lambda size: size, keep_share=True)] = 0,
    mean: Annotated[
        int | None, Whole("mean", 0, 9, start=lambda size: size // 2)
    ] = None,
    seed: Annotated[int, Whole("seed", 0, None, reach=99)] = 0,
    rate: Annotated[float, Real("rate", 0.1, 0.5)] = 0.2,
    layer: Annotated[int, Choice("layer", lambda size: range(size))] = 0,
    way: Annotated[str, Choice("way", [("A", "a"), ("B", "b")], own=str.lower)] = "a",
    train: Annotated[bool, Switch("train", active=lambda way: way == "a")] = False,
) -> View:
    """Show what is set."""
    told = {name: value for name, value in locals().items() if name != "photo"}
    return View.drawn(20, "", f"{told}", numbers=told)


def declared(name: str) -> Explorer:
    """Return an explorer made by its name; it has a list of states."""
    one = everything.explore([0] * 10) if name == "everything" else made(name)
    assert isinstance(one, LiveExplorer), name
    return one


EVERY = ["everything", *NAMES]


def some_state(shown: LiveExplorer, draw: random.Random) -> dict:
    """Choose a value for every setting, one after the other."""
    names = {shown.declared.subject: shown.subject}
    for name in shown.declared.order:
        names[name] = draw.choice(shown.declared.settings[name].values(names))
    return {name: names[name] for name in shown.declared.settings}


@pytest.mark.parametrize("name", EVERY)
def test_the_controls_stay_in_the_list_of_states_and_show_what_it_says(name: str):
    shown = declared(name)
    for _ in islice(turns(shown), 60):
        now = shown.state
        assert list(states(shown, **{n: [v] for n, v in now.items()})) == [now]
        assert shown.at(**now).svg_or_html == shown.view.svg_or_html
        assert shown.at(**now).text == shown.view.text


@pytest.mark.parametrize("name", EVERY)
def test_a_state_chosen_by_chance_is_in_the_list_and_a_picture(name: str):
    shown, draw = declared(name), random.Random(0)
    for _ in range(8):
        state = some_state(shown, draw)
        assert len(states(shown, **{n: [v] for n, v in state.items()})) == 1
        drawing(shown.at(**state).svg_or_html)


@pytest.mark.parametrize("name", EVERY)
def test_what_is_no_value_of_a_setting_is_refused_in_one_sentence(name: str):
    shown = declared(name)
    nothing = dict.fromkeys(shown.declared.settings)
    for setting, about in shown.declared.settings.items():
        if getattr(about, "own", None) is None and not isinstance(about, Kept):
            given = {**nothing, setting: "no such value"}
            sentence = f"`{setting}` must be .* got 'no such value'$"
            with pytest.raises(ValueError, match=sentence):
                shown.declared.checked(shown.subject, given)


def test_states_are_counted_as_they_are_listed():
    shown = everything.explore([0] * 10)
    few = {"seed": [0], "rate": [0.1, 0.2], "odd": [1, 9], "mean": [0], "way": ["a"]}
    listed = [tuple(state.items()) for state in states(shown, **few)]
    assert len(listed) == len(set(listed)) == len(states(shown, **few))
    # row has 10 − size + 1 values, share size + 1, layer size
    by_hand = sum((11 - size) * (size + 1) * size for size in range(1, 10))
    assert len(listed) == by_hand * 2 * 2 * 2


def test_states_refuses_an_unknown_setting_and_what_has_no_list():
    with pytest.raises(ValueError, match=r"one of 'size', .* got 'sise'"):
        states(everything.explore([0] * 10), sise=[1])
    with pytest.raises(ValueError, match=r"`explorer` must be .* got IntSlider"):
        states(widgets.IntSlider())


def test_the_function_takes_what_the_settings_allow():
    view = everything([0] * 5, size=5, way="LOUD", rate=0.15, seed=10**6, train=True)
    assert view.numbers["mean"] == 2, "a start that depends on another setting"
    assert view.numbers["way"] == "loud", "a value of one's own"
    assert (view.numbers["rate"], view.numbers["seed"]) == (0.15, 10**6)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"size": 10}, "`size` must be 1 to 9; got 10"),
        ({"odd": 4}, "`odd` must be one of 1, 3, 5, 7, 9; got 4"),
        ({"size": 6, "row": 5}, "`row` must be 0 to 4; got 5"),
        ({"rate": 0.6}, "`rate` must be between 0.1 and 0.5; got 0.6"),
        ({"seed": -1}, "`seed` must be a whole number ≥ 0; got -1"),
        ({"train": 1}, "`train` must be True or False; got 1"),
    ],
)
def test_the_function_refuses_in_one_sentence(given: dict, sentence: str):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        everything([0] * 10, **given)


def test_the_subject_goes_by_its_own_name():
    assert everything(photo=[0] * 10) == everything([0] * 10)
    assert everything.explore(photo=[0] * 10).view == everything([0] * 10)
    assert list(signature(everything).parameters)[:2] == ["photo", "size"]
    with pytest.raises(TypeError, match="photo"):
        everything.explore()


def test_help_lists_arguments_defaults_and_what_is_allowed():
    assert everything.__doc__.startswith("Show what is set.")
    assert "    odd: odd, 1 to 9 by 2." in everything.__doc__
    assert "    rate: rate, 0.1 to 0.5." in everything.__doc__


def test_a_control_keeps_to_what_the_others_allow():
    shown = everything.explore([0] * 10)
    size, row, share = (shown.controls[name] for name in ("size", "row", "share"))
    row.value, share.value = 7, 3
    size.value = 8
    assert (row.max, row.value) == (2, 2)
    assert (share.max, share.value) == (8, 7), "at its end as before"
    assert shown.controls["mean"].value == 4, "its start depends on the size"
    assert shown.controls["layer"].options == tuple(range(8))
    shown.controls["layer"].value = 6
    size.value = 7
    assert shown.controls["layer"].value == 6, "still there"
    size.value = 2
    assert shown.controls["layer"].value == 0


def test_a_button_sets_others_and_a_setting_that_does_not_count_is_grey():
    shown = everything.explore([0] * 10)
    shown.controls["next"].click()
    assert (shown.controls["size"].value, shown.view.numbers["size"]) == (4, 4)
    assert not shown.controls["train"].disabled
    shown.controls["way"].value = "b"
    assert shown.controls["train"].disabled


def test_headings_stand_above_their_controls():
    page = everything.explore([0] * 10).widget.children[1]
    picture, controls = page.children
    assert all(isinstance(layer, widgets.HTML) for layer in picture.children)
    headings = [c.value for c in controls.children if isinstance(c, widgets.HTML)]
    assert headings == ["<b>odd ones</b>"]


def test_the_example_of_the_guide_is_a_working_explorer():
    lines = EXAMPLE.strip().splitlines()
    assert len(lines) <= 30
    rooms = {"__name__": "coursekit.explore.softmax"}
    exec(EXAMPLE, rooms)
    view = rooms["softmax_view"]([0.0, 0.0], temperature=2.0)
    assert view.numbers["probabilities"] == [0.5, 0.5]
    shown = rooms["explore_softmax"]([1.0, 2.0, 4.0])
    for _ in turns(shown):
        drawing(shown.view.svg_or_html)
    assert rooms["explore_softmax"].__name__ == "explore_softmax"


@pytest.mark.parametrize("name", ["kernel", "padding", "pooling"])
def test_an_explorer_that_needs_only_numpy_loads_no_torch(name: str):
    code = (
        f"import sys; from coursekit.explore import explore_{name}; explore_{name}(); "
        "print('torch' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "False"
