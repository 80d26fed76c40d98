"""All explorers: labels, pictures, words, answers, errors, no front end."""

import subprocess
import sys
from functools import partial
from html import escape

import ipywidgets as widgets
import pytest

from coursekit.explore import (
    Explorer,
    View,
    explore_receptive_field,
    static,
)
from tests.explorers import (
    SVG,
    displayed,
    drawing,
    shown,
    small_model,
    still,
    turns,
)
from tests.test_explore_controls import NAMES, made

KEYBOARD = (
    widgets.IntSlider
    | widgets.FloatSlider
    | widgets.Dropdown
    | widgets.Checkbox
    | widgets.Button
)
MOST_BYTES = {"desk": 80_000, "augmentation": 30_000}  # pixels that are all new
EXPLORERS = {name.removeprefix("explore_"): partial(made, name) for name in NAMES} | {
    "receptive_field of a model": lambda: explore_receptive_field(
        model=small_model(), input_shape=(1, 28, 28)
    ),
}


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_control_has_a_visible_label_and_a_range(name):
    for control in EXPLORERS[name]().controls.values():
        assert control.description.strip()
        assert isinstance(control, KEYBOARD), "operable from the keyboard in 7.7 and 8"


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_control_through_its_range_shows_a_described_well_formed_picture(name):
    explorer = EXPLORERS[name]()
    for _ in turns(explorer):
        view = explorer.view
        picture, ground = drawing(view.svg_or_html), drawing(view.backdrop)
        assert picture.get("role") == "img"
        assert picture.get("aria-label") == view.text.splitlines()[0]
        assert picture.get("viewBox") == ground.get("viewBox")
        assert ground.get("aria-hidden") == "true"
        assert len(view.svg_or_html) < MOST_BYTES.get(name, 20_000)
        everything = shown(explorer)
        for part in (view.svg_or_html, view.backdrop):
            assert part in everything
        cells = (escape(cell, quote=False) for row in view.table for cell in row)
        assert all(cell in everything for cell in cells)
        assert 'role="img"' in everything
        assert "role='status'" in everything


@pytest.mark.parametrize("name", EXPLORERS)
def test_the_photo_or_the_grid_beneath_is_a_ground_that_a_dark_theme_darkens(name):
    explorer = EXPLORERS[name]()
    ground = drawing(explorer.view.backdrop)
    paper = ground.find(f"{SVG}rect")
    assert paper.get("fill") == "#ffffff"
    assert ".coursekit-view [fill='#ffffff']{fill:#181818}" in shown(explorer)
    assert paper.get("width") == ground.get("viewBox").split()[2]


@pytest.mark.parametrize(
    ("name", "control", "most"),
    [
        ("kernel", "position", 4096),
        ("receptive_field", "row", 4096),
        ("receptive_field of a model", "column", 4096),
        ("padding", "width", 5500),
        ("pooling", "row", 10_000),
    ],
)
def test_an_answer_to_a_slider_is_a_few_kilobytes(name, control, most):
    explorer = EXPLORERS[name]()
    slider = explorer.controls[control]
    sent = []

    def keep(change):
        sent.append(change["new"])

    boxes = [explorer.widget]
    while boxes:
        widget = boxes.pop()
        boxes += getattr(widget, "children", ())
        if isinstance(widget, widgets.HTML):
            widget.observe(keep, "value")
    slider.value = slider.value - 1 if slider.value else 1
    assert 1 <= len(sent) <= 2, (
        "the drawing with its words, and the table if it changed"
    )
    assert sum(len(text.encode()) for text in sent) < most


@pytest.mark.parametrize("name", EXPLORERS)
def test_without_a_front_end_an_explorer_is_its_text(name):
    explorer = EXPLORERS[name]()
    assert explorer.view.text in repr(explorer)
    assert displayed(explorer)[0]["text/plain"] == repr(explorer)
    for row in explorer.view.table:
        assert all(cell in repr(explorer) for cell in row)


@pytest.mark.parametrize("name", EXPLORERS)
def test_static_gives_the_picture_and_the_words_of_now(name):
    explorer = EXPLORERS[name]()
    twin = static(explorer)
    assert isinstance(twin, View)
    html = twin._repr_html_()
    assert twin.svg_or_html in still(html)
    assert twin.backdrop in still(html)
    assert f"alt='{escape(twin.text.splitlines()[0])}'" in html
    assert all(escape(line) in html for line in twin.text.splitlines())


def test_static_refuses_what_is_no_explorer():
    with pytest.raises(ValueError, match=r"`explorer` must be .* got IntSlider"):
        static(widgets.IntSlider())


def test_an_error_in_a_callback_is_raised_and_shown():
    slider = widgets.IntSlider(description="divide by", value=1)
    explorer = Explorer(
        "t", {"n": slider}, lambda: View(f"<svg>{1 / slider.value}</svg>", text="x")
    )
    with pytest.raises(ZeroDivisionError):
        slider.value = 0
    assert "role='alert'" in shown(explorer)
    assert "ZeroDivisionError" in shown(explorer)


def test_an_explorer_works_again_after_an_error():
    slider = widgets.IntSlider(description="divide by", value=1)
    explorer = Explorer(
        "t", {"n": slider}, lambda: View(f"<svg>{1 / slider.value}</svg>", text="x")
    )
    with pytest.raises(ZeroDivisionError):
        slider.value = 0
    slider.value = 2
    assert "<svg>0.5</svg>" in shown(explorer)


def test_a_view_is_frozen_and_prints_its_words():
    view = View("<svg/>", {"a": 1}, "one\ntwo", (("head", "b"), ("x", "long cell")))
    rule = "─" * 15
    table = f"head  b\n{rule}\nx     long cell\n{rule}"
    assert repr(view) == f"one\ntwo\n\n{table}"
    with pytest.raises(AttributeError):
        view.text = "other"


def test_explorers_load_neither_pyplot_nor_torchvision():
    code = (
        "import sys; from coursekit.explore import explore_kernel; "
        "late = {'matplotlib.pyplot', 'torchvision', 'cv2', 'sklearn'}; "
        "print(sorted(late & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
