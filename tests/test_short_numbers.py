"""Numbers as a notebook shows them: six digits are enough to read."""

from types import SimpleNamespace

import pytest
from IPython.core.formatters import DisplayFormatter

from coursekit._base import notebook


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.6652409557748218, "0.665241"),
        (0.25, "0.25"),
        (1.0, "1.0"),
        (138357544.0, "138357544.0"),
        (1234567.2512345, "1234567.3"),
        (float("inf"), "inf"),
        (3.966636963238786e-16, "3.96664e-16"),
        (float("nan"), "nan"),
        ({"a": [0.1 + 0.2, 3]}, "{'a': [0.3, 3]}"),
        ("0.6652409557748218", "'0.6652409557748218'"),
    ],
)
def test_a_notebook_shows_six_digits_of_a_float(value, shown, monkeypatch):
    running = SimpleNamespace(display_formatter=DisplayFormatter())
    monkeypatch.setattr(notebook, "shell", lambda: running)
    assert notebook.use_short_numbers() is True
    data, _ = running.display_formatter.format(value)
    assert data["text/plain"] == shown


def test_outside_a_notebook_nothing_changes(monkeypatch):
    monkeypatch.setattr(notebook, "shell", lambda: None)
    assert notebook.use_short_numbers() is False
