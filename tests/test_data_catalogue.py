"""data/README.md names every archive with the length and sum the downloader checks."""

from pathlib import Path

import pytest

from coursekit.data.catalogue import SETS

README = Path(__file__).resolve().parents[1] / "data" / "README.md"


@pytest.mark.parametrize("name", SETS)
def test_the_readme_states_what_the_downloader_checks(name):
    lines = README.read_text(encoding="utf-8").splitlines()
    for archive in SETS[name].archives:
        row = f"`{archive.name}` | {archive.size:,} | `{archive.sha256}` |"
        assert any(SETS[name].title in line and row in line for line in lines)
