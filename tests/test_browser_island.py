"""Islands in Chromium: each answer is Python's, and everybody can use them.

`COURSEKIT_ISLAND=10000` draws so many chains of layers (400 otherwise) and goes through
every state of every table (one in eight of the small ones otherwise; what a page holds
is read whole in `test_island.py`).
"""

import json
import os
import random
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import ipywidgets as widgets
import pytest
import torch
from nbformat import v4

from coursekit.explore.chain import CHAINS, ChainLayer
from coursekit.explore.shell import Explorer
from coursekit.explore.view import View, table_html
from coursekit.staff.pages.html_page import page as page_of
from coursekit.staff.pages.island import SCRIPT, island
from coursekit.staff.pages.island.chain_told import code
from coursekit.staff.pages.island.island_ways import held_of
from coursekit.staff.pages.island.told import plain
from tests.axe import faults
from tests.browser import browser, require_browser
from tests.test_explore_controls import made
from tests.test_island import uncompressed

SAMPLES = int(os.environ.get("COURSEKIT_ISLAND", "400"))
RULED = ("receptive_field", "branches", "pooling")
SMALL = ("dense_matrix", "classics")
LARGE = (
    "augmentation",
    "background",
    "batch_norm",
    "depth",
    "desk",
    "grad_cam",
    "kernel",
    "network",
    "padding",
    "heads",
    "hiding",
    "width",
    "reliability",
    "softmax",
)
ANSWERS = """
states => {
    const [{model}] = coursekitIslands.live.values();
    return states.map(state => model.answer({...model.settings.now, ...state}));
}
"""
TURN = """
([name, value]) => {
    const [{model, view}] = coursekitIslands.live.values();
    view.go(model.settings.after(view.state(), {[name]: value}));
    return view.state();
}
"""
STATE = """
() => JSON.stringify([[...coursekitIslands.live.values()][0].view.state(),
                      document.activeElement.ariaPressed])
"""
CONTROLS = ".coursekit-island :is(input, select, button):not(:disabled):visible"
FOCUS = """
() => {
    const place = document.activeElement;
    if (!place.matches('.coursekit-island :is(input, select, button)')) return null;
    if (place.dataset.reached) return null;
    place.dataset.reached = 'yes';
    return {kind: place.type, name: place.outerHTML};
}
"""
KEYS = {
    "range": ("ArrowRight", "ArrowLeft"),
    "select-one": ("ArrowDown", "ArrowUp"),
    "checkbox": ("Space",),
    "button": ("Space",),
}
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Give one page of one browser; `asked` lists the addresses that it asks for."""
    require_browser()
    with browser(tmp_path_factory.mktemp("islands")) as page:
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        yield page


@pytest.fixture(autouse=True)
def nothing_from_elsewhere(page: object) -> Iterator[None]:
    """Fail a test at whose end the page has asked for more than files and itself."""
    page.asked.clear()
    yield
    here = ("file:", "data:", "about:")
    assert [url[:100] for url in page.asked if not url.startswith(here)] == []


def seeded(name: str) -> Explorer:
    """Return an explorer; of a network always the same one."""
    torch.manual_seed(0)
    return made(f"explore_{name}")


@lru_cache
def fragment(name: str) -> str:
    """Return the island of an explorer."""
    return island(seeded(name), alone=False)


def written(folder: Path, *names: str) -> str:
    """Write a page with some explorers, return its address."""
    parts = "".join(map(fragment, names))
    html = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Islands"
        "</title><meta name='viewport' content='width=device-width'></head>"
        f"<body><main><h1>Islands</h1>{parts}</main>{SCRIPT}</body></html>"
    )
    path = folder / "islands.html"
    path.write_text(html, encoding="utf-8")
    return path.as_uri()


def shown(page: object, address: str) -> object:
    """Open a page, wait until its islands answer."""
    page.set_viewport_size({"width": 1000, "height": 900})
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("[data-coursekit-islands=ready]")
    return page


def words(page: object) -> str:
    return page.locator(".coursekit-words").first.inner_text()


def same(answer: dict, view: View) -> bool:
    """Say whether the page's answer is what Python draws."""
    marks = [(m.x, m.y, m.width, m.height, m.rows, m.columns) for m in view.marks]
    told = [(*m[:4], *m[5:]) for m in json.loads(answer["marks"])]
    layers = {n: uncompressed(answer[n]) for n in ("backdrop", "sheet", "front")}
    return (
        list(layers.values())
        == [*map(uncompressed, (view.backdrop, view.sheet, view.svg_or_html))]
        and (answer["words"], answer["table"]) == (view.text, table_html(view.table))
        and told == marks
    )


@pytest.mark.parametrize("name", SMALL + LARGE * (SAMPLES >= 10_000))
def test_every_state_looks_in_the_page_as_python_draws_it(
    name: str, page: object, tmp_path: Path
):
    explorer = seeded(name)
    shown(page, written(tmp_path, name))
    held = list(held_of(explorer))[:: 1 if SAMPLES >= 10_000 else 8]
    assert len(fragment(name)) < 1_000_000
    for first in range(0, len(held), 500):
        some = held[first : first + 500]
        for state, answer in zip(some, page.evaluate(ANSWERS, some), strict=True):
            assert same(answer, explorer.at(**state)), state


def drawn_chains(explorer: Explorer, count: int) -> Iterator[dict]:
    """Draw states: chains with odd layers too, eight units of each."""
    draw = random.Random(0)
    while count > 0:
        layers = draw.choice([*CHAINS.values()])
        if draw.random() < 0.7:
            layers = tuple(
                ChainLayer(
                    draw.choice(("convolution", "max pooling")),
                    draw.choice((1, 2, 3, 3, 3, 4, 5, 7, 11)),
                    draw.choice((1, 1, 1, 2, 2, 3, 4)),
                    draw.choice((0, 0, 0, 1, 1, 2, 3, 8)),
                    draw.choice((1, 1, 1, 2, 3, 8)),
                )
                for _ in range(draw.choice((1, 2, 3, 4, 6, 9, 24)))
            )
        for _ in range(8):
            at = draw.randrange(len(layers))
            last = (explorer.subject.last(layers, at, axis) for axis in (0, 1))
            row, column = (draw.randint(0, most) for most in last)
            yield {"layers": layers, "layer": at, "row": row, "column": column}
            count -= 1


def test_what_a_unit_of_a_chain_sees_is_the_same_in_the_page_and_in_python(
    page: object, tmp_path: Path
):
    explorer = made("explore_receptive_field")
    shown(page, written(tmp_path, "receptive_field"))
    drawn = list(drawn_chains(explorer, SAMPLES))
    asked = [state | {"layers": code(state["layers"])} for state in drawn]
    for first in range(0, len(drawn), 200):
        answers = page.evaluate(ANSWERS, asked[first : first + 200])
        for state, answer in zip(drawn[first : first + 200], answers, strict=True):
            assert same(answer, explorer.at(**state)), state


def test_what_pooling_keeps_is_the_same_in_the_page_and_in_python(
    page: object, tmp_path: Path
):
    explorer, draw, drawn = made("explore_pooling"), random.Random(0), []
    shown(page, written(tmp_path, "pooling"))
    held = held_of(explorer)
    for _ in range(SAMPLES):
        state = {held.declared.subject: explorer.subject}
        for name in held.order:
            state[name] = draw.choice(held.values(name, state))
        drawn.append({name: state[name] for name in held.order})
    for first in range(0, len(drawn), 200):
        some = drawn[first : first + 200]
        for state, answer in zip(some, page.evaluate(ANSWERS, some), strict=True):
            assert same(answer, explorer.at(**state)), state


def test_what_a_module_costs_is_the_same_in_the_page_and_in_python(
    page: object, tmp_path: Path
):
    explorer, draw = made("explore_branches"), random.Random(0)
    shown(page, written(tmp_path, "branches"))
    values = {n: s.values({}) for n, s in explorer.declared.settings.items()}
    drawn = [{n: draw.choice(v) for n, v in values.items()} for _ in range(SAMPLES)]
    for state, answer in zip(drawn, page.evaluate(ANSWERS, drawn), strict=True):
        assert same(answer, explorer.at(**state)), state


def turned(explorer: Explorer, name: str, draw: random.Random) -> object:
    """Turn one control of an explorer by chance; return its new value."""
    control = explorer.controls[name]
    if isinstance(control, widgets.Button):
        return control.click()
    if isinstance(control, widgets.Dropdown):
        values = [o[1] if isinstance(o, tuple) else o for o in control.options]
    elif isinstance(control, widgets.Checkbox):
        values = [True, False]
    else:
        values = range(control.min, control.max + 1, control.step)
    control.value = draw.choice(values)
    return control.value


@pytest.mark.parametrize("name", ["receptive_field", "dense_matrix"])
def test_controls_move_each_other_as_under_a_kernel(
    name: str, page: object, tmp_path: Path
):
    explorer, draw = made(f"explore_{name}"), random.Random(0)
    shown(page, written(tmp_path, name))
    for _ in range(60):
        control = draw.choice([*explorer.controls])
        value = turned(explorer, control, draw)
        state = page.evaluate(TURN, [control, value])
        wanted = {n: plain(v) for n, v in explorer.state.items()}
        assert {n: state[n] for n in wanted} == wanted, (control, value)


def test_the_page_of_a_session_answers_and_runs_nothing_else(
    page: object, tmp_path: Path
):
    other = "<script>document.title = 'ran'</script>"
    html = fragment("padding") + other + "<b onclick=\"document.title='ran'\">b</b>"
    output = v4.new_output("display_data", {"text/html": html})
    notebook = v4.new_notebook(cells=[v4.new_code_cell("", outputs=[output])])
    path = tmp_path / "session.html"
    path.write_text(page_of(notebook, state={}, folder=tmp_path, name="session"))
    shown(page, path.as_uri())
    page.get_by_label("padding width").press("ArrowRight")
    assert "padded by 17 in four modes" in words(page)
    page.locator("b").last.click()
    assert page.title() == "session"


def test_the_keyboard_alone_moves_every_control(page: object, tmp_path: Path):
    shown(page, written(tmp_path, "padding"))
    for key in ("Tab", "Tab", "ArrowDown", "Tab", "End", "Tab", "ArrowRight"):
        page.keyboard.press(key)  # the picture scrolls, so it comes first
    assert words(page).startswith(
        "The photo, 112×112, padded by 32 in four modes: 176×176; reflect reads d c b"
    )
    assert "1 mean filter of 5×5" in words(page)


def moved(page: object, kind: str) -> bool:
    """Press the keys of the control that has the focus; say whether the state moved."""
    before = page.evaluate(STATE)
    for key in KEYS[kind]:
        page.keyboard.press(key)
        if page.evaluate(STATE) != before:
            if page.evaluate("document.activeElement.ariaPressed") == "true":
                page.keyboard.press(key)  # it plays: stop
            return True
    return False


@pytest.mark.parametrize(
    "name", ["receptive_field", "branches", "pooling", *SMALL, *LARGE]
)
def test_with_tab_and_arrows_everything_of_an_explorer_is_reached(
    name: str, page: object, tmp_path: Path
):
    shown(page, written(tmp_path, name))
    still = []
    for _ in range(3 * page.locator(CONTROLS).count() + 9):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus is not None and not moved(page, focus["kind"]):
            still.append(focus["name"])
    assert still == []
    assert page.locator(f"{CONTROLS}[data-reached]").count() > 0
    assert page.locator(f"{CONTROLS}:not([data-reached])").count() == 0


def test_a_button_goes_on_to_the_next_state_that_a_page_holds(
    page: object, tmp_path: Path
):
    shown(page, written(tmp_path, "augmentation"))
    again, seeds = page.get_by_role("button", name="draw again"), [0]
    for _ in range(3):
        again.click()
        seeds.append(json.loads(page.evaluate(STATE))[0]["seed"])
    assert seeds[0] < seeds[1] < seeds[2]
    assert seeds[3] == seeds[0]


def test_a_drag_over_the_photo_moves_the_unit_of_a_chain(page: object, tmp_path: Path):
    shown(page, written(tmp_path, "receptive_field"))
    box = page.locator(".coursekit-touch rect").first.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    assert "unit (0, 0) sees" in words(page)
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    assert "unit (14, 27) sees" in words(page)
    assert page.url.endswith("#column=27")


def test_layers_are_added_and_removed_without_a_kernel(page: object, tmp_path: Path):
    shown(page, written(tmp_path, "receptive_field"))
    page.get_by_label("chain", exact=True).select_option("one 7×7")
    page.get_by_role("button", name="add it after").click()
    assert words(page).startswith("Layer 2: conv 3×3")
    assert page.get_by_label("chain", exact=True).input_value() == "my own"
    page.get_by_label("dilation").press("ArrowRight")
    assert words(page).startswith("Layer 2: conv 3×3, dilation 2")
    page.get_by_role("button", name="remove").click()
    assert words(page).startswith("Layer 1: conv 7×7")


def test_a_link_opens_its_state_and_the_way_back_goes_back(
    page: object, tmp_path: Path
):
    address = written(tmp_path, "padding")
    shown(page, f"{address}#mode=circular&width=3")
    assert "padded by 3" in words(page)
    assert "circular reads" in words(page)
    page.get_by_label("padding width").press("ArrowRight")
    assert page.url.endswith("#mode=circular&width=4")
    page.go_back()
    page.wait_for_function("document.body.innerText.includes('padded by 3')")


def test_an_unknown_state_in_a_link_gives_the_nearest_and_says_so(
    page: object, tmp_path: Path
):
    address = written(tmp_path, "padding")
    shown(page, f"{address}#mode=mirror&width=99")
    assert "padded by 32 in four modes: 176×176; zeros reads" in words(page)
    assert "The link asks for what is not there" in words(page)
    assert "padding width 99 (now 32)" in words(page)
    shown(page, f"{address}#height=3")
    assert "padded by 16" in words(page)
    assert "not there: a setting “height”" in words(page)


def test_several_islands_have_addresses_of_their_own(page: object, tmp_path: Path):
    address = written(tmp_path, "padding", "padding")
    shown(page, f"{address}#padding.width=1&padding-2.width=2")
    both = page.locator(".coursekit-words").all_inner_texts()
    assert ["padded by 1 " in both[0], "padded by 2 " in both[1]] == [True, True]


def test_without_scripts_there_is_a_picture_with_words_and_the_reason(
    page: object, tmp_path: Path
):
    explorer = made("explore_padding")
    address = written(tmp_path, "padding")
    plain = page.context.browser.new_context(java_script_enabled=False).new_page()
    plain.goto(address)
    text = plain.locator(".coursekit-island").inner_text()
    assert all(line in text for line in explorer.view.text.splitlines())
    assert "scripts, which are off" in text
    assert plain.locator(".coursekit-layer svg").first.is_visible()
    assert not plain.locator("input, select, button").count()
    plain.context.close()


def test_on_paper_there_are_the_settings_in_words_and_no_controls(
    page: object, tmp_path: Path
):
    shown(page, written(tmp_path, "padding"))
    assert not page.locator(".coursekit-why").is_visible()
    page.emulate_media(media="print")
    assert not page.locator("input, select").first.is_visible()
    assert page.locator(".coursekit-now").inner_text() == (
        "padding mode zeros · padding width 16 · mean filter 3 · layers 1"
    )
    assert "on paper" in page.locator(".coursekit-why").inner_text()
    page.emulate_media(media="screen")


def test_an_old_browser_shows_the_picture_and_says_why(page: object, tmp_path: Path):
    address = written(tmp_path, "padding")
    old = page.context.browser.new_page()
    old.add_init_script("delete window.DecompressionStream")
    old.goto(address)
    assert "too old" in old.locator(".coursekit-why").inner_text()
    assert not old.locator("input").count()
    old.close()


@pytest.mark.parametrize(("width", "colours"), [(1000, "light"), (320, "dark")])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    width: int, colours: str, page: object, tmp_path: Path
):
    address = written(tmp_path, "receptive_field", "padding")
    page.emulate_media(color_scheme=colours)
    shown(page, address)
    page.set_viewport_size({"width": width, "height": 800})
    if colours == "dark":
        page.add_style_tag(content="body { background: #111; color: #eee }")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.emulate_media(color_scheme="light")
