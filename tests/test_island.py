"""Explorers in a page without a kernel: what a page holds is what Python says."""

import re

import pytest

from coursekit import explore
from coursekit.explore import states
from coursekit.explore.shell import Explorer
from coursekit.explore.view import table_html
from coursekit.staff.pages.island import island
from coursekit.staff.pages.island.packed import opened

LETTERS = re.compile(r"class='coursekit-states'>([^<]*)</script>")


def packed(explorer: Explorer) -> dict:
    """Return what the fragment of an explorer holds, unpacked."""
    (letters,) = LETTERS.findall(island(explorer, alone=False))
    return opened(letters)


def test_every_state_of_the_page_is_the_one_python_draws():
    explorer = explore.explore_dense_matrix()
    held = packed(explorer)["states"]
    assert len(held["front"]["of"]) == len(states(explorer)) == 2420
    for number, state in enumerate(states(explorer)):
        view = explorer.at(**state)
        shown = {n: part["texts"][part["of"][number]] for n, part in held.items()}
        assert shown["backdrop"] == view.backdrop
        assert shown["sheet"] == view.sheet
        assert shown["front"] == view.svg_or_html
        assert shown["words"] == view.text
        assert shown["table"] == table_html(view.table)


def test_what_is_no_explorer_is_refused():
    with pytest.raises(ValueError, match="`explorer` must be what an explore_"):
        island("padding")
