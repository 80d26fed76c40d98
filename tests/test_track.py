"""The quiet line of progress: what it shows, that it goes, that it changes nothing."""

import nbformat
import pytest
from nbclient import NotebookClient

from coursekit.training import track


def ran(code):
    """Run a cell in a kernel; give its outputs as nbformat has them."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=120).execute()
    return notebook.cells[0].outputs


def test_every_item_comes_once_and_in_order(capsys):
    assert list(track(range(4), "training nets")) == [0, 1, 2, 3]
    assert list(track((n for n in "ab"), "letters")) == ["a", "b"]
    assert capsys.readouterr() == ("", "")


def test_in_a_notebook_the_line_is_gone_when_the_loop_is_over():
    (output,) = ran(
        "from coursekit.training import track\n"
        "for seed in track(range(3), 'training nets'):\n    pass"
    )
    assert output["data"] == {"text/plain": "", "text/html": ""}


def test_in_a_notebook_the_line_says_how_far_the_loop_is():
    (output,) = ran(
        "from coursekit.training import track\n"
        "nets = iter(track([5, 6], 'training nets'))\n"
        "first = next(nets)"
    )
    assert output["data"]["text/plain"] == "training nets: 1 of 2"
    assert "<progress" in output["data"]["text/html"]


def test_in_a_notebook_the_line_goes_also_when_the_loop_fails():
    (output,) = ran(
        "from contextlib import suppress\n"
        "from coursekit.training import track\n"
        "with suppress(RuntimeError):\n"
        "    for seed in track(range(3), 'training nets'):\n"
        "        raise RuntimeError('mine')"
    )
    assert output["data"] == {"text/plain": "", "text/html": ""}


@pytest.mark.parametrize(
    ("items", "words", "message"),
    [
        (3, "nets", "`items` must be something to go through; got 3"),
        ([1], "", "`words` must say what is going on; got ''"),
        ([1], 3, "`words` must say what is going on; got 3"),
    ],
)
def test_what_is_no_loop_is_refused_at_once(items, words, message):
    with pytest.raises(ValueError, match=message):
        track(items, words)
