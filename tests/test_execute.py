"""What is kept of a run: the text of checked cells, the same on every machine."""

import json

import nbformat
import pytest

from coursekit.staff.build.execute import NotebookError, keep_text
from coursekit.staff.build.notebook_source import Cell

KEPT = (
    Cell("code", "a", frozenset({"check"}), 10, 1),
    Cell("code", "b", frozenset(), 20, 2),
    Cell("markdown", "c", frozenset(), 30, 3),
    Cell("code", "d", frozenset({"verdict"}), 40, 4),
)


def ran(*outputs):
    """Give an executed notebook: the outputs of its first cell, and of a verdict."""
    v4 = nbformat.v4
    said = v4.new_output("stream", name="stdout", text="x")
    plain = v4.new_output("execute_result", {"text/plain": "y"}, execution_count=9)
    cells = [
        v4.new_code_cell("a", outputs=list(outputs), execution_count=7),
        v4.new_code_cell("b", outputs=[said], execution_count=8),
        v4.new_markdown_cell("c"),
        v4.new_code_cell("d", outputs=[plain], execution_count=9),
    ]
    return v4.new_notebook(cells=cells)


def display(**data):
    """Make an output that displays `data`; `_` in a name stands for `/`."""
    kinds = {name.replace("_", "/"): content for name, content in data.items()}
    return nbformat.v4.new_output("display_data", kinds)


def test_only_the_text_of_checked_cells_is_kept():
    out = nbformat.v4.new_output("stream", name="stdout", text="12\n")
    err = nbformat.v4.new_output("stream", name="stderr", text="warned")
    card = display(text_html="<b>", text_plain="card", image_png="AAAA")
    made = keep_text(ran(out, err, card), KEPT, name="src")
    first, second, _, last = made.cells
    assert [output.output_type for output in first.outputs] == [
        "stream",
        "display_data",
    ]
    assert first.outputs[1].data == {"text/plain": "card"}
    assert (second.outputs, second.execution_count) == ([], None)
    assert (first.execution_count, last.execution_count) == (1, 3)
    assert last.outputs[0].execution_count == 3


def test_a_run_is_not_changed_by_keeping_its_text():
    before = ran(display(text_plain="y", image_png="AAAA"))
    copy = nbformat.from_dict(json.loads(json.dumps(before)))
    keep_text(before, KEPT, name="src")
    assert before == copy


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<function f at 0x7f00deadbeef>", "0x7f00deadbeef"),
        ("saved to /home/ada/course/x.pt", "/home/ada/course/x.pt"),
        ("PosixPath('/tmp/x/y')", "/tmp/x/y"),
        (r"C:\Users\ada", "C:"),
    ],
)
def test_text_that_differs_from_machine_to_machine_is_refused(text, shown):
    with pytest.raises(NotebookError, match="cell at line 10 shows") as caught:
        keep_text(ran(display(text_plain=text)), KEPT, name="src")
    assert shown in str(caught.value)


@pytest.mark.parametrize(
    "text", ["3/4 of 7/8", "km/h and m/s/s", "https://a.org/b/c", "0x1F", "a / b / c"]
)
def test_text_that_only_looks_like_a_path_is_kept(text):
    made = keep_text(ran(display(text_plain=text)), KEPT, name="src")
    assert made.cells[0].outputs[0].data["text/plain"] == text


def test_a_checked_cell_that_shows_nothing_is_refused():
    with pytest.raises(NotebookError, match=r"src, cell at line 10 .* showed no text"):
        keep_text(ran(display(image_png="AAAA")), KEPT, name="src")
