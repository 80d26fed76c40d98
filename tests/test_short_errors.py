"""Errors in a notebook: the student's lines and the sentence, the rest on request."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from coursekit._base.short_errors import is_own, use_short_errors, whole_error

SETUP = """
import torch
from torch import nn
from coursekit import anatomy, fit, digits
from coursekit.course import whole_error
from coursekit._base.short_errors import use_short_errors
from coursekit.explore import explore_network
use_short_errors()

class Broken(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        return self.head(self.conv(x))  # my line

results = {}

def mine(x):
    return {}[x]  # my other line
"""
CALLS = {
    "explorer": "explore_network(Broken(), (1, 28, 28))",
    "anatomy": "anatomy(Broken(), (1, 28, 28))",
    "fit": "fit(Broken(), digits(8).split().train, epochs=1, progress=False)",
    "torch": "Broken()(torch.zeros(1, 1, 9, 9))",
    "own": "mine(3)",
    "sorted": "sorted([1, 2], key=mine)",
    "name": "no_such_name",
    "key": "results['plain']",
    "one step": "torch.nn.functional.pad(torch.zeros(1, 4), (4, 4), mode='reflect')",
    "syntax": "x = = 2",
}


@pytest.fixture(scope="module")
def shown():
    """Run each call in one kernel; give what it shows, and the whole story."""
    codes = [SETUP, *CALLS.values(), CALLS["anatomy"], "whole_error()"]
    cells = [nbformat.v4.new_code_cell(code) for code in codes]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=300, allow_errors=True).execute()
    texts = [_text(cell.outputs) for cell in notebook.cells]
    return dict(zip(CALLS, texts[1:], strict=False)) | {"whole": texts[-1]}


def _text(outputs):
    parts = [
        part for out in outputs for part in out.get("traceback", [out.get("text")])
    ]
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(filter(None, parts)))


@pytest.mark.parametrize("call", ["explorer", "anatomy", "fit", "torch"])
def test_an_error_inside_a_network_shows_own_lines_sentence_and_layer(shown, call):
    text = shown[call]
    assert len(text.splitlines()) <= 20
    assert "# my line" in text
    assert CALLS[call] in text
    assert "head" in text
    assert "Linear" in text
    assert "_call_impl" not in text
    assert "steps through packages are left out. To see more" in text


def test_every_line_of_the_student_s_own_code_stays(shown):
    for call in ("own", "sorted"):
        assert "# my other line" in shown[call]
        assert CALLS[call] in shown[call]
        assert "KeyError: " in shown[call]
    assert "left out" not in shown["own"]


def test_an_unknown_name_or_key_says_what_to_do_after_a_restart(shown):
    assert "name 'no_such_name' is not defined" in shown["name"]
    assert "KeyError: 'plain'" in shown["key"]
    for call in ("name", "key"):
        assert "run the cells above once more" in shown[call]
    for call in ("anatomy", "torch", "syntax"):
        assert "run the cells above once more" not in shown[call]


def test_one_step_is_one_step(shown):
    assert "\n1 step through packages is left out." in shown["one step"]


def test_a_syntax_error_still_points_at_the_place(shown):
    assert "x = = 2" in shown["syntax"]
    assert re.search(r"^ +\^", shown["syntax"], re.MULTILINE)


def test_the_whole_story_is_there_on_request(shown):
    assert "_call_impl" in shown["whole"]
    assert "coursekit/anatomy/" in shown["whole"].replace("\\", "/")
    assert len(shown["whole"].splitlines()) > 60


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("/tmp/ipykernel_12/345.py", True),
        ("<ipython-input-3-1f2>", True),
        ("/home/ada/mynet.py", True),
        (
            "/home/ada/.venv/lib/python3.12/site-packages/torch/nn/modules/conv.py",
            False,
        ),
        ("/usr/local/lib/python3.13/dist-packages/numpy/core.py", False),
        (
            r"C:\\ada\\venv\\Lib\\site-packages\\torch\\nn.py".replace("\\\\", "\\"),
            False,
        ),
        (re.__file__, False),
        (use_short_errors.__code__.co_filename, False),
        ("<frozen importlib>", False),
    ],
)
def test_cells_and_the_student_s_files_are_own_code(file, own):
    assert is_own(file) == own


def test_outside_a_notebook_nothing_changes(capsys):
    assert use_short_errors() is False
    whole_error()
    assert "No error has been shown" in capsys.readouterr().out
