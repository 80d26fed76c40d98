"""Figures: what is drawn, how it is described, what is refused, how it displays."""

import base64
import io
import re
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import nbclient
import nbformat
import numpy as np
import pytest
import torch
from matplotlib.image import imread
from matplotlib.text import Annotation
from PIL import Image

from coursekit import figures
from coursekit.figures.style import SERIES

GREY = np.linspace(0, 1, 64).reshape(1, 8, 8)
COLOUR = np.zeros((3, 6, 4), dtype=np.uint8)


def drawn(figure) -> list:
    """Return the arrays shown by imshow, in order."""
    shown = [axes.get_images() for axes in figure.axes]
    return [image.get_array() for images in shown for image in images]


def pixels(figure) -> np.ndarray:
    return imread(io.BytesIO(figure.png()))


EVERY_FIGURE = {
    "images": lambda: figures.images([GREY, COLOUR], ["a", "b"], title="T"),
    "fields": lambda: figures.fields(COLOUR, [((0, 3), (1, 4))], ["f"], title="T"),
    "curves": lambda: figures.curves(
        [1, 2, 3], {"a": [1.0, 2, 3]}, xlabel="x", ylabel="y", title="T", mark=2
    ),
    "bars": lambda: figures.bars({"a": 1, "b": 2.5}, xlabel="weights", title="T"),
    "heatmap": lambda: figures.heatmap([[1, -2], [3, 4]], title="T", values=True),
    "matrices": lambda: figures.matrices({"input": [1, 2], "x": [[1.5]]}, title="T"),
    "matrix": lambda: figures.matrix(np.eye(3), title="T"),
    "boxes": lambda: figures.boxes([{"a": "A\nfirst"}], [], title="T"),
    "profiles": lambda: figures.profiles({"a": {"x": 1, "y": None}}, title="T"),
}


@pytest.mark.parametrize("make", EVERY_FIGURE.values(), ids=EVERY_FIGURE)
def test_a_figure_renders_with_its_title_and_leaves_pyplot_alone(make):
    before = dict(plt.rcParams)
    figure = make()
    picture = pixels(figure)
    assert picture.ndim == 3
    assert picture[..., :3].min() < 0.3, "nothing dark was drawn"
    assert figure.get_suptitle() == "T"
    assert repr(figure).startswith("Figure: T")
    assert plt.get_fignums() == []
    assert dict(plt.rcParams) == before


class Picture(HTMLParser):
    """Read a figure's HTML: the attributes of its `<img>`, and what its text says."""

    def __init__(self, html):
        super().__init__()
        self.img, self.said, self.tags = {}, "", []
        self.feed(html)
        self.kind, _, code = self.img["src"].partition(";base64,")
        self.bytes = base64.b64decode(code, validate=True)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "img":
            self.img = dict(attrs)

    def handle_data(self, data):
        self.said += data if self.tags[-1] != "style" else ""


@pytest.mark.parametrize("make", EVERY_FIGURE.values(), ids=EVERY_FIGURE)
def test_the_picture_carries_its_description_in_the_page(make):
    data = make()._repr_mimebundle_()
    assert set(data) == {"text/html", "text/plain"}
    page = Picture(data["text/html"])
    assert page.tags == ["figure", "style", "img"]
    assert len(page.img["alt"]) > 10
    assert data["text/plain"] == f"Figure: {page.img['alt']}"


@pytest.mark.parametrize(
    "make",
    [
        lambda words: figures.images(GREY, words=words),
        lambda words: figures.fields(GREY, [((0, 3), (0, 1))], words=words),
        lambda words: figures.curves(
            [1], {"a": [1]}, xlabel="", ylabel="", words=words
        ),
        lambda words: figures.bars({"a": 1}, xlabel="n", words=words),
        lambda words: figures.heatmap([[1, 2]], words=words),
        lambda words: figures.matrices({"a": [1]}, words=words),
        lambda words: figures.matrix([1], words=words),
    ],
)
def test_words_are_the_caption_and_the_alternative_text(make):
    words = 'It\'s <bright> on\n the right & "dark" on the left.'
    plain = 'It\'s <bright> on the right & "dark" on the left.'
    page = Picture(make(words).html())
    assert page.img["alt"] == plain
    assert page.said == plain
    assert page.tags == ["figure", "style", "img", "figcaption"]
    with pytest.raises(ValueError, match="`words` must be text or None; got 3"):
        make(3)


def test_the_title_is_read_out_before_the_words():
    figure = figures.matrix([1], title="A long finding " * 10, words="One cell.")
    assert figure.description == "A long finding " * 9 + "A long finding. One cell."


def test_a_photo_travels_as_a_small_picture_and_a_drawing_without_a_loss():
    draw = np.random.default_rng(0)
    smooth = np.cumsum(draw.random((3, 200, 300)), axis=2) / 300
    photo = figures.images(smooth)
    drawing = figures.matrix(np.arange(9).reshape(3, 3))
    for figure, share in ((photo, 0.4), (drawing, 0.6)):
        page = Picture(figure.html())
        assert page.kind == "data:image/webp"
        assert len(page.bytes) < share * len(figure.png())
    shown = Image.open(io.BytesIO(Picture(drawing.html()).bytes)).convert("RGB")
    drawn = Image.open(io.BytesIO(drawing.png())).convert("RGB")
    np.testing.assert_array_equal(shown, drawn)


def test_where_webp_is_missing_a_photo_is_jpeg_and_a_drawing_png(monkeypatch):
    monkeypatch.setattr("PIL.features.check", lambda feature: False)
    assert Picture(figures.images(np.zeros((99, 99))).html()).kind == "data:image/jpeg"
    assert Picture(figures.matrix([1]).html()).kind == "data:image/png"


def test_bytes_floats_and_tensors_of_one_picture_are_drawn_alike():
    whole = np.arange(0, 240, 10, dtype=np.uint8).reshape(1, 4, 6)
    same = [whole, whole.astype(int), whole / 255, torch.tensor(whole)]
    same.append((torch.tensor(whole) / 255).double().requires_grad_())
    pictures = [drawn(figures.images(picture))[0] for picture in same]
    for picture in pictures:
        np.testing.assert_allclose(picture, whole[0] / 255, atol=1e-6)


def test_colour_pictures_are_turned_from_torch_to_screen_layout():
    picture = np.zeros((3, 2, 5))
    picture[0, 1, 4] = 1  # one red pixel, bottom right
    shown = drawn(figures.images(picture))[0]
    assert shown.shape == (2, 5, 3)
    assert tuple(shown[1, 4]) == (1, 0, 0)


def test_a_batch_a_list_and_one_picture_are_all_accepted():
    batch = torch.rand(7, 3, 4, 4)
    assert len(drawn(figures.images(batch))) == 7
    assert len(drawn(figures.images(list(batch)))) == 7
    assert len(drawn(figures.images(batch[0]))) == 1
    assert len(drawn(figures.images([torch.rand(4, 4), torch.rand(1, 9, 2)]))) == 2


def test_feature_maps_are_stretched_each_or_together():
    maps = np.array([[[[-1.0, 1.0]]], [[[0.0, 3.0]]]])
    each = drawn(figures.images(maps, scale="each"))
    shared = drawn(figures.images(maps, scale="shared"))
    np.testing.assert_allclose([e.ravel() for e in each], [[0, 1], [0, 1]])
    np.testing.assert_allclose([s.ravel() for s in shared], [[0, 0.5], [0.25, 1]])


def test_a_constant_map_is_drawn_without_a_division_by_zero():
    np.testing.assert_array_equal(
        drawn(figures.images(np.full((2, 2), 7.5), scale="each"))[0], np.zeros((2, 2))
    )


def test_columns_decide_the_grid():
    figure = figures.images(torch.rand(6, 1, 3, 3), columns=2)
    assert figure.axes[0].get_gridspec().get_geometry() == (3, 2)


def test_a_field_is_outlined_around_whole_pixels():
    figure = figures.fields(np.zeros((20, 30)), [((2, 5), (10, 17))], ["seven wide"])
    outline = figure.axes[0].patches[-1]
    assert outline.get_xy() == (9.5, 1.5)
    assert (outline.get_width(), outline.get_height()) == (7, 3)
    assert outline.get_label() == "seven wide"
    assert "3×7 pixels" in figure.alt


def test_a_field_that_leaves_the_picture_widens_the_view():
    axes = figures.fields(np.zeros((20, 30)), [((-4, 5), (-2, 33))]).axes[0]
    assert axes.get_xlim() == (-2.5, 32.5)
    assert axes.get_ylim() == (19.5, -4.5)


def test_curves_keep_the_numbers_and_leave_gaps_at_nan():
    y = np.array([1, np.nan, 3])
    figure = figures.curves(
        torch.arange(3), {"a": y, "b": [0, 1, 2]}, xlabel="layers", ylabel="pixels"
    )
    first, second = figure.axes[0].get_lines()
    np.testing.assert_array_equal(first.get_ydata(), y)
    np.testing.assert_array_equal(second.get_xdata(), [0, 1, 2])
    assert first.get_color() != second.get_color()
    assert first.get_marker() != second.get_marker()
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == (
        "layers",
        "pixels",
    )


def test_a_role_has_one_colour_everywhere():
    line = figures.curves([0, 1], {"kernel": [0, 1]}, xlabel="x", ylabel="y")
    assert line.axes[0].get_lines()[0].get_color() == figures.ROLES["kernel"]
    table = figures.matrices({"kernel of the edge": np.eye(2)})
    assert table.axes[0].get_lines()[0].get_color() == figures.ROLES["kernel"]


def test_marks_and_levels_stand_where_asked():
    figure = figures.curves(
        [1, 10],
        {"a": [1, 10]},
        xlabel="x",
        ylabel="y",
        mark={"here": 4},
        level={"there": 7},
        log_x=True,
        log_y=True,
    )
    _, mark, level = figure.axes[0].get_lines()
    assert list(mark.get_xdata()) == [4, 4]
    assert list(level.get_ydata()) == [7, 7]
    assert figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "log"


def test_bars_write_their_values_and_raise_the_highlighted_one():
    figure = figures.bars({"a": 1600, "b": 0.125}, xlabel="n", highlight=["b"])
    written = [text.get_text() for text in figure.axes[0].texts]
    assert written == ["1,600", "0.125"]
    first, second = (patch.get_facecolor() for patch in figure.axes[0].patches)
    assert first != second


def test_matrices_write_every_number_and_frame_the_window():
    table = np.arange(6).reshape(2, 3)
    frame = {"input": ((0, 1), (1, 3))}
    figure = figures.matrices({"input": table, "b": [0.5, -1]}, highlight=frame)
    written = [[t.get_text() for t in axes.texts] for axes in figure.axes]
    assert written == [["0", "1", "2", "3", "4", "5"], ["0.5", "−1"]]
    (outline,) = figure.axes[0].patches
    assert outline.get_xy() == (0.5, -0.5)
    assert (outline.get_width(), outline.get_height()) == (2, 1)


def test_a_heat_map_with_signs_puts_white_at_zero():
    signed = figures.heatmap([[-1.0, 4.0]]).axes[0].get_images()[0]
    assert (signed.norm.vmin, signed.norm.vmax) == (-4, 4)
    amounts = figures.heatmap([[1.0, 4.0]]).axes[0].get_images()[0]
    assert (amounts.norm.vmin, amounts.norm.vmax) == (0, 4)


REFUSED = {
    "channels": (lambda: figures.images(np.zeros((8, 8, 2))), "1 or 3 channels"),
    "range": (lambda: figures.images(np.full((2, 2), 1.5)), "0 to 1; got 1.5 to 1.5"),
    "bytes": (lambda: figures.images(np.full((2, 2), 256)), "0 to 255"),
    "nan picture": (lambda: figures.images(np.full((2, 2), np.nan)), "finite"),
    "no pictures": (lambda: figures.images([]), "`images` must be an array"),
    "text": (
        lambda: figures.images("china"),
        "must be a picture; china: No such",
    ),
    "captions": (lambda: figures.images(GREY, ["a", "b"]), "`titles` must be 1"),
    "one word": (lambda: figures.images(GREY, "a"), "`titles` must be 1 captions"),
    "columns": (lambda: figures.images(GREY, columns=0), "`columns` must be"),
    "scale": (lambda: figures.images(GREY, scale="own"), "`scale` must be one of"),
    "title": (lambda: figures.images(GREY, title=3), "`title` must be text"),
    "empty box": (
        lambda: figures.fields(GREY, [((3, 3), (0, 1))]),
        r"`boxes\[0\]` must be \(\(top, bottom\), \(left, right\)\)",
    ),
    "flat box": (lambda: figures.fields(GREY, [(0, 3, 0, 1)]), r"`boxes\[0\]`"),
    "labels": (
        lambda: figures.fields(GREY, [((0, 3), (0, 1))], ["a", "b"]),
        "`labels` must be 1 captions for boxes; got 2",
    ),
    "length": (
        lambda: figures.curves([1, 2], {"a": [1]}, xlabel="x", ylabel="y"),
        r"`series\['a'\]` must have 2 values, one for each x; got 1",
    ),
    "series": (
        lambda: figures.curves([1], [1], xlabel="x", ylabel="y"),
        "`series` must map names to values",
    ),
    "2-D x": (
        lambda: figures.curves([[1]], {"a": [1]}, xlabel="x", ylabel="y"),
        "`x` must be one-dimensional",
    ),
    "bars": (lambda: figures.bars({}, xlabel="n"), "`values` must map names"),
    "log bars": (lambda: figures.bars({"a": 0}, xlabel="n", log=True), "above 0"),
    "highlight": (
        lambda: figures.bars({"a": 1}, xlabel="n", highlight=["b"]),
        "`highlight` must list names",
    ),
    "ragged": (lambda: figures.matrix([[1, 2], [3]]), "regular array"),
    "large": (lambda: figures.matrix(np.zeros((30, 30))), "at most 600 cells"),
    "frame": (
        lambda: figures.matrix(np.eye(2), highlight=((0, 3), (0, 1))),
        r"`highlight\[''\]` must be",
    ),
    "unknown frame": (
        lambda: figures.matrices({"a": [1]}, highlight={"b": ((0, 1), (0, 1))}),
        "`highlight` must name one of 'a'; got 'b'",
    ),
    "row": (lambda: figures.heatmap([1, 2]), "`matrix` must be"),
    "ticks": (lambda: figures.heatmap([[1, 2]], xticks=["a"]), "`xticks` must be 2"),
}


@pytest.mark.parametrize(("call", "message"), REFUSED.values(), ids=REFUSED)
def test_wrong_input_is_refused_in_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("first", ["", "import matplotlib.pyplot as plt\n"])
def test_a_figure_that_ends_a_cell_is_displayed_exactly_once(first):
    make = 'from coursekit import figures\nfigures.matrix([1, 2], title="T")'
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(first + make),
        nbformat.v4.new_code_cell("kept = figures.matrix([1, 2])"),
    ]
    nbclient.NotebookClient(notebook, timeout=120).execute()
    (output,) = notebook.cells[0].outputs
    assert "Figure: T" in output["data"]["text/plain"]
    assert Picture(output["data"]["text/html"]).img["alt"].startswith("T")
    assert notebook.cells[1].outputs == []


def test_the_colour_of_what_is_chosen_means_nothing_else():
    others = [c for name, c in figures.ROLES.items() if name not in ("chosen", "field")]
    assert figures.ROLES["chosen"] not in [*SERIES, *others]


def centre_of(axes, heading):
    """Return the middle of the box whose text begins with a heading."""
    (text,) = [one for one in axes.texts if one.get_text() == heading]
    x, y = text.get_position()
    boxes = [patch.get_bbox() for patch in axes.patches]
    (box,) = [b for b in boxes if b.x0 <= x <= b.x1 and b.y0 <= y <= b.y1]
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def test_boxes_stand_in_rows_from_top_to_bottom_and_from_left_to_right():
    rows = [{"1": "one"}, {"2": "two", "2b": "two again"}]
    (axes,) = figures.boxes(rows, []).axes
    one, two, again = (centre_of(axes, name) for name in ("one", "two", "two again"))
    assert one[0] == two[0] < again[0]
    assert two[1] == again[1]
    assert axes.transData.transform(one)[1] > axes.transData.transform(two)[1]


def test_an_arrow_leaves_the_edge_of_one_box_and_meets_that_of_the_other():
    rows = [{"1": "one"}, {"2": "two", "2b": "again"}]
    (axes,) = figures.boxes(rows, [("1", "2"), ("2", "2b")]).axes
    boxes = [patch.get_bbox() for patch in axes.patches]
    arrows = [text for text in axes.texts if isinstance(text, Annotation)]
    down, along = ((arrow.xyann, arrow.xy) for arrow in arrows)
    assert down == ((0, pytest.approx(boxes[0].y1)), (0, pytest.approx(boxes[1].y0)))
    assert along == ((pytest.approx(boxes[1].x1), 1), (pytest.approx(boxes[2].x0), 1))


@pytest.mark.parametrize(
    ("rows", "arrows", "said"),
    [
        ([], [], "`rows` must hold at least one box"),
        ([{"a": "A"}, {"a": "B"}], [], "`rows` must name each box once; got 'a' twice"),
        ([{"a": "A"}], [("a", "b")], "`arrows` must join boxes; there is no 'b'"),
    ],
)
def test_boxes_that_make_no_map_are_refused(rows, arrows, said):
    with pytest.raises(ValueError, match=said):
        figures.boxes(rows, arrows)


def test_profiles_draw_a_panel_a_column_and_a_dot_a_number():
    rows = {"old": {"size": 10, "error": None}, "new": {"size": 1000, "error": 3.5}}
    size, error = figures.profiles(rows, log=["size"]).axes
    assert (size.get_xlabel(), error.get_xlabel()) == ("size", "error")
    assert (size.get_xscale(), error.get_xscale()) == ("log", "linear")
    dots = [axes.lines[-1].get_xydata().tolist() for axes in (size, error)]
    assert dots == [[[10, 0], [1000, 1]], [[3.5, 1]]]
    assert [label.get_text() for label in size.get_yticklabels()] == ["old", "new"]


@pytest.mark.parametrize(
    ("rows", "log", "said"),
    [
        ({}, (), "`rows` must map names to columns"),
        ({"a": {"x": 1}, "b": {"y": 1}}, (), "'b' has \\['y'\\]"),
        ({"a": {"x": 1}}, ("y",), "`log` must name columns of \\['x'\\]; got 'y'"),
    ],
)
def test_profiles_that_make_no_table_are_refused(rows, log, said):
    with pytest.raises(ValueError, match=said):
        figures.profiles(rows, log=log)


@pytest.mark.parametrize(
    ("value", "said"),
    [(7, "7"), (8.25, "8.25"), (1451, "1,451"), (60_900, "60.9k"), (7e6, "7M"),
     (1.58e9, "1.58G"), (9_999, "9,999"), (999_499, "999k"), (999_700, "1M"),
     (999_600_000, "1G")],
)  # fmt: skip
def test_profiles_write_large_numbers_shortly(value, said):
    (axes,) = figures.profiles({"a": {"x": value}}).axes
    assert [text.get_text() for text in axes.texts] == [said]


@pytest.mark.parametrize(
    ("name", "night"),
    [("curves", "invert(1) hue-rotate(180deg)"), ("images", "brightness(.8)")],
)
def test_a_dark_page_turns_a_plot_and_only_dims_pictures(name: str, night: str):
    html = EVERY_FIGURE[name]().html()
    ((kind, rule),) = re.findall(
        r"false\],.* \.coursekit-(\w+) img{filter:(.*)}</", html
    )
    assert f"<figure class='coursekit-{kind}'" in html
    assert rule == night
