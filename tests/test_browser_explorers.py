"""Every explorer, and the quiz, in JupyterLab and in the classic Notebook.

One notebook shows all. Mouse and keyboard move every control of each; after
each move the page is compared with the pure function, fed with what the controls on the
page say. The classic Notebook has ipywidgets 7.7.1 and a kernel with the same, or the
Python named by COURSEKIT_TWIN.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from PIL import Image

from coursekit.course import defend
from coursekit.course.defence import LETTERS
from coursekit.data import digits, shapes
from coursekit.explore import (
    ChainLayer,
    View,
    augmentation_view,
    explore_network,
    kernel_step,
    network_view,
    padding_modes,
    pooling_pyramid,
    receptive_field_view,
)
from coursekit.explore.photo_input import sample_digit, sample_photo
from coursekit.explore.receptive_field import HIGHER
from coursekit.models import tiny_net
from tests.browser import (
    CLASSIC,
    JUPYTERLAB,
    classic_notebook,
    jupyterlab,
    opened,
    require_browser,
)
from tests.classic import KERNEL, classic_python, kernel_python, offer_kernel
from tests.controls import Explorer
from tests.page import Notebook

VERSIONS = """
import ipywidgets, sys, torch
print(ipywidgets.__version__, torch.__version__, sys.version.split()[0])
"""
SEVEN = digits(28).images[17]
SQUARE = torch.from_numpy(sample_photo(224)).permute(2, 0, 1)
SIX = shapes(6, noise=0).images
C3 = ChainLayer("convolution", 3, 1, 1)
C4 = ChainLayer("convolution", 4, 1, 1)
QUIZ = "from coursekit.course import defend\ndefend(tiny_net(), (1, 28, 28))"
NEXT = "Space ArrowDown Enter"  # of a menu, by the keyboard
PLAY = [f"{way}: play the steps" for way in ("play", "pause", "stop", "repeat")]
POOL = ChainLayer("max pooling", 3, 1, 1)

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Case:
    """Hold one explorer: its cell, what it must show, and what is done to it.

    Args:
        code: of the cell.
        label: of a control that no other explorer has.
        view: what the controls say, and the state the page does not say → View.
        moves: (control, method of `Control`, its argument[, state from then on]).
        state: at the beginning.
    """

    code: str
    label: str
    view: Callable[[dict, object], View]
    moves: tuple[tuple, ...]
    state: object = None


def kernel(says: dict, _: object) -> View:
    names = ("position", "kernel", "stride", "dilation", "padding")
    chosen = {name: says[name] for name in names}
    return kernel_step(sample_digit(), **chosen, padding_mode=says["padding mode"])


def field(says: dict, chain: tuple[ChainLayer, ...]) -> View:
    number = int(says["layer"].split(":")[0]) - 1
    unit = (says["unit row"], says["unit column"])
    return receptive_field_view(SQUARE, chain, layer=number, unit=unit)


def pooling(says: dict, _: object) -> View:
    photo = torch.from_numpy(sample_photo(96)).permute(2, 0, 1)
    row, column = says["spot row"], says["spot column"]
    chosen = {name: says[name] for name in ("levels", "kernel", "spot")}
    size = says["spot size"]
    return pooling_pyramid(photo, **chosen, spot_size=size, row=row, column=column)


def padding(says: dict, _: object) -> View:
    photo = torch.from_numpy(sample_photo(112)).permute(2, 0, 1)
    mode, width = says["padding mode"], says["padding width"]
    kernel, layers = says["mean filter"], says["layers"]
    return padding_modes(photo, mode=mode, width=width, kernel=kernel, layers=layers)


def network(says: dict, _: object) -> View:
    torch.manual_seed(0)
    return network_view(
        tiny_net(),
        SEVEN,
        layer=says["layer"].split(" (")[0],
        unit=(says["unit row"], says["unit column"]),
        channel=says["channel"],
        block="" if says["draw"] == "the whole network" else says["draw"],
        depth=says["levels open"],
    )


def augmentation(says: dict, _: object) -> View:
    way, amount, holes, seed = says.values()  # the label of the second one changes
    return augmentation_view(SIX, way=way, amount=amount, holes=holes, seed=seed)


CASES = {
    "kernel": Case(
        "explore_kernel()",
        "position",
        kernel,
        (
            ("position", "press", "ArrowRight"),
            ("position", "press", "End"),
            ("position", "drag", -30),
            ("kernel", "press", NEXT),
            ("kernel", "choose", "blur"),
            ("stride", "press", "ArrowRight"),
            ("dilation", "drag", 200),
            ("padding mode", "choose", "circular"),
            ("padding", "type", 3),
            ("stride", "press", "ArrowLeft"),
        ),
    ),
    "receptive field": Case(
        "explore_receptive_field()",
        "new layer",
        field,
        (
            ("unit row", "drag", 30),
            ("unit column", "press", "ArrowLeft"),
            ("chain", "choose", "three 3×3", (C3, C3, C3)),
            ("kernel size", "press", "ArrowRight", (C3, C3, C4)),
            ("add it after the chosen layer", "click", None, (C3, C3, C4, C3)),
            ("padding", "press", "ArrowLeft",
             (C3, C3, C4, ChainLayer("convolution", 3, 1, 0))),
            ("layer", "press", "Space ArrowUp Enter"),
            ("remove the chosen layer", "press", "Enter",
             (C3, C3, ChainLayer("convolution", 3, 1, 0))),
            ("layer", "choose", "2: conv 3×3"),
            ("kind", "choose", "max pooling",
             (C3, POOL, ChainLayer("convolution", 3, 1, 0))),
            ("stride", "type", 2,
             (C3, ChainLayer("max pooling", 3, 2, 1),
              ChainLayer("convolution", 3, 1, 0))),
            ("dilation", "press", "ArrowRight",
             (C3, ChainLayer("max pooling", 3, 2, 1, 2),
              ChainLayer("convolution", 3, 1, 0))),
            ("new layer", "pick", "conv 7×7"),
            ("add it after the chosen layer", "press", "Space",
             (C3, ChainLayer("max pooling", 3, 2, 1, 2),
              ChainLayer("convolution", 7, 1, 3),
              ChainLayer("convolution", 3, 1, 0))),
        ),
        state=((C3, C3, ChainLayer("max pooling", 2, 2)) * 3 + (C3, C3)),
    ),
    "pooling": Case(
        "explore_pooling()",
        "spot size",
        pooling,
        (
            ("levels", "press", "ArrowRight"),
            ("spot row", "drag", -25),
            ("spot column", "press", "Home"),
            ("spot size", "type", 9),
            ("spot", "press", NEXT),
            ("kernel", "drag", 35),
            ("spot", "choose", "none"),
            ("levels", "press", "End"),
        ),
    ),
    "padding": Case(
        "explore_padding()",
        "padding width",
        padding,
        (
            ("padding mode", "press", NEXT),
            ("padding width", "drag", 40),
            ("padding width", "press", "Home"),
            ("padding width", "type", 20),
            ("mean filter", "press", "ArrowRight"),
            ("layers", "drag", 50),
            ("padding mode", "choose", "circular"),
        ),
    ),
    "network": Case(
        "torch.manual_seed(0)\nexplore_network(tiny_net(), (1, 28, 28))",
        "levels open",
        network,
        (
            ("channel", "press", "ArrowRight"),
            ("unit row", "drag", 20),
            ("unit column", "type", 3),
            ("next layer ▶", "click", None),
            ("◀ previous layer", "press", "Enter"),
            ("layer", "choose", "2.0 (Conv2d)"),
            ("layer", "press", NEXT),
            ("channel", "drag", 60),
            ("levels open", "press", "ArrowLeft"),
            ("draw", "choose", "4"),
        ),
    ),
    "augmentation": Case(
        "explore_augmentation()",
        "seed",
        augmentation,
        (
            ("length (pixels)", "drag", -30),
            ("holes", "press", "ArrowRight"),
            ("seed", "type", 7),
            ("draw again", "click", None),
            ("draw again", "press", "Enter"),
            ("augmentation", "press", NEXT),
            ("share (%)", "press", "ArrowRight"),
            ("augmentation", "choose", "rotation"),
            ("at most (degrees)", "press", "End"),
        ),
    ),
}  # fmt: skip


def write_notebook(folder: Path, kernel_name: str) -> str:
    """Write the notebook with all explorers and return its name."""
    first = "from coursekit.explore import *\nfrom coursekit.models import tiny_net"
    codes = [first, VERSIONS, *(case.code for case in CASES.values()), QUIZ]
    cells = [nbformat.v4.new_code_cell(code) for code in codes]
    kernel = {"name": kernel_name, "display_name": kernel_name}
    about = {"kernelspec": kernel}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=about)
    nbformat.write(notebook, folder / "explorers.ipynb")
    return "explorers.ipynb"


@pytest.fixture(scope="module", params=["jupyterlab", "classic"])
def page(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Notebook]:
    """Open the notebook in one of the two front ends and run it."""
    require_browser()
    root, scratch = (tmp_path_factory.mktemp(name) for name in ("root", "scratch"))
    if request.param == "jupyterlab":
        front_end, served = JUPYTERLAB, jupyterlab(root, scratch)
        name = write_notebook(root, "python3")
    else:
        python = classic_python(request.config, scratch)
        offer_kernel(scratch, kernel_python(python))
        front_end, served = CLASSIC, classic_notebook(root, scratch, python)
        name = write_notebook(root, KERNEL)
    with served as address, opened(address.format(name), scratch, front_end) as page:
        page.run_all(seconds=100)
        yield page


def test_front_ends_and_widgets_are_those_that_students_have(page: Notebook):
    version = page.page.evaluate(page.front_end.version)
    widgets, _, _ = page.texts()[0].split()
    if page.front_end is CLASSIC:
        # the pages of Notebook 6.5.7 are nbclassic's
        assert (version, widgets) == ("1.3.3", "7.7.1")
    else:
        assert version.startswith("4.")


def same_picture(xml: str) -> str:
    """Return an SVG in the one form that is equal for equal pictures."""
    return ET.canonicalize(xml, strip_text=True)


def assert_shows(explorer: Explorer, view: View) -> None:
    """Compare all that is on the page with a View: layers, words, table."""
    layers = [view.backdrop, getattr(view, "sheet", ""), view.svg_or_html]
    wanted = [same_picture(layer) for layer in layers if layer]
    assert explorer.words() == view.text.splitlines()
    assert [same_picture(xml) for xml in explorer.pictures()] == wanted
    assert explorer.table() == [list(row) for row in view.table]


def test_picture_and_controls_are_seen_together_on_a_small_screen(page: Notebook):
    """1280×720, the list of files open: the picture's left side, its controls right."""
    page.page.set_viewport_size({"width": 1280, "height": 720})
    for case in CASES.values():
        explorer = page.explorer(case.label)
        left, top, width, _ = explorer.boxes()[0]
        control = explorer.control(case.label).row.bounding_box()
        assert control["x"] >= left + width
        assert control["y"] - top < 560
    page.page.set_viewport_size({"width": 1280, "height": 1000})


def assert_nothing_is_cut_or_shifted(explorer: Explorer) -> None:
    """The layers lie on each other, whole; words do not touch."""
    first, *others = explorer.boxes()
    assert first[2] > 540
    for box in others:
        assert box == pytest.approx(first, abs=0.5)
    assert explorer.cut_labels() == []
    assert all(gap > 8 for gap in explorer.gaps())


@pytest.mark.parametrize("name", CASES)
def test_every_control_moves_what_the_pure_function_says(name: str, page: Notebook):
    case = CASES[name]
    explorer, state = page.explorer(case.label), case.state
    assert_shows(explorer, case.view(explorer.settings(), state))
    assert_nothing_is_cut_or_shifted(explorer)
    left = {*explorer.settings(), *explorer.buttons()}
    for label, way, *what in case.moves:
        control, before = explorer.control(label), explorer.drawn()
        what, state = (*what, state)[:2]
        getattr(control, way)(*(() if what is None else (what,)))
        assert_shows(explorer, case.view(explorer.settings(), state))
        assert (explorer.drawn() != before) == (way != "pick")
        left.discard(label)
    assert left == set(), "a control that nobody moved"
    assert_nothing_is_cut_or_shifted(explorer)
    assert (page.alerts(), page.tracebacks(), page.errors) == ([], [], [])


def test_the_kernel_plays_its_steps_by_itself(page: Notebook):
    explorer = page.explorer("position")
    position = explorer.control("position")
    if position.value:
        position.press("Home")
    explorer.play()
    page.page.wait_for_function(
        "e => Number(e.textContent) >= 2",
        arg=position.row.locator(".widget-readout").element_handle(),
    )
    explorer.play(pause=True)
    assert position.value >= 2
    assert_shows(explorer, kernel(explorer.settings(), None))
    assert (page.alerts(), page.tracebacks(), page.errors) == ([], [], [])


def test_pointing_at_the_picture_moves_the_controls(page: Notebook):
    """A press chooses, a drag goes on choosing; sliders and words follow."""
    explorer = page.explorer("new layer")
    chain = explorer.control("chain")
    if chain.value != "three 3×3":
        chain.choose("three 3×3")
    explorer.point(30 / 760, 60 / HIGHER)
    first = explorer.settings()
    assert_shows(explorer, field(first, (C3,) * 3))
    explorer.point(30 / 760, 60 / HIGHER, (200 / 760, 300 / HIGHER))
    then = explorer.settings()
    assert_shows(explorer, field(then, (C3,) * 3))
    # the photo of 224 pixels is 344 units wide from (8, 34)
    places = {"unit column": 30 - 8, "unit row": 60 - 34}
    ends = {"unit column": 200 - 8, "unit row": 300 - 34}
    for place, settings in ((places, first), (ends, then)):
        for name, units in place.items():
            assert settings[name] == pytest.approx(units / 344 * 224, abs=1.5)


def test_pointing_at_a_box_of_the_graph_chooses_the_layer(page: Notebook):
    explorer = page.explorer("levels open")
    drawn = explorer.control("draw")
    if drawn.value != "the whole network":
        drawn.choose("the whole network")
    torch.manual_seed(0)
    marks = explore_network(tiny_net(), (1, 28, 28)).view.marks
    height = float(
        explorer.output.locator("svg").first.get_attribute("viewBox").split()[3]
    )
    mark = marks[3]
    explorer.point((mark.x + 40) / 760, (mark.y + 20) / height)
    assert_shows(explorer, network(explorer.settings(), None))
    assert explorer.words()[0].startswith("Layer 1 (MaxPool2d)")


@pytest.mark.parametrize("name", CASES)
def test_every_slider_and_play_button_has_a_name_and_a_value(name: str, page: Notebook):
    explorer = page.explorer(CASES[name].label)
    for label, value in explorer.settings().items():
        slider = explorer.output.get_by_role("slider", name=label, exact=True)
        if isinstance(value, int):
            assert slider.get_attribute("aria-valuenow") == str(value)
    signs = explorer.output.locator(".widget-play button").all()
    spoken = [sign.get_attribute("aria-label") for sign in signs]
    assert all(said in PLAY for said in spoken)
    assert len({*spoken}) == len(spoken)
    assert bool(spoken) == (name == "kernel")


def test_an_uploaded_photo_is_pooled_and_a_bad_file_is_one_sentence(
    page: Notebook, tmp_path: Path
):
    stripes = np.zeros((60, 90, 3), np.uint8)
    stripes[:, ::3] = 200
    Image.fromarray(stripes).save(tmp_path / "mine.png")
    explorer = page.explorer("spot size")
    before = explorer.drawn()
    explorer.upload(tmp_path / "mine.png")
    explorer.wait_until_settled(before)
    says = explorer.settings()
    chosen = {name: says[name] for name in ("levels", "kernel", "spot")}
    chosen |= {"row": says["spot row"], "column": says["spot column"]}
    view = pooling_pyramid(stripes, spot_size=says["spot size"], **chosen)
    assert_shows(explorer, view)
    (tmp_path / "text.png").write_text("no picture", encoding="utf-8")
    explorer.upload(tmp_path / "text.png")
    alert = explorer.output.get_by_role("alert")
    assert alert.inner_text().startswith(
        "`image` must be a picture; this one: no PNG, JPEG"
    )
    assert explorer.pictures()
    explorer.upload(tmp_path / "mine.png")
    alert.wait_for(state="detached")
    assert (page.alerts(), page.tracebacks(), page.errors) == ([], [], [])


def test_the_quiz_about_a_network_is_answered_by_keyboard(page: Notebook):
    """The first answer is wrong, all others are right; the reason is said."""
    questions = defend(tiny_net(), (1, 28, 28)).questions
    letters = [LETTERS.index(one.right) for one in questions]
    letters[0] = (letters[0] + 1) % len(LETTERS)
    button = page.page.get_by_role("button", name="check my answers")
    button.focus()
    button.press("Enter")
    quiz = page.page.locator(page.front_end.output).filter(has=button).last
    quiz.get_by_text("Choose an answer to every question first").wait_for()
    groups = quiz.locator(".widget-radio-box").all()
    for group, letter in zip(groups, letters, strict=True):
        group.get_by_role("radio").first.focus()
        for _ in range(letter):  # every button of the widget is a stop of its own
            page.page.keyboard.press("Tab")
        page.page.keyboard.press("Space")
        assert group.get_by_role("radio").nth(letter).is_checked()
    button.focus()
    button.press("Space")
    quiz.get_by_text("4 of 5 right", exact=True).wait_for()
    assert quiz.get_by_text("✓ right").count() == 4
    why = questions[0].why[LETTERS[letters[0]]].split("`")[0]
    assert quiz.get_by_text(why).count() == 1
    assert (page.tracebacks(), page.errors) == ([], [])
