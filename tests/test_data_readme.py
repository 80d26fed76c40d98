"""data/README.md says the truth about the files it lists."""

import hashlib
import re
from pathlib import Path

import pytest
import sklearn.datasets

ROOT = Path(__file__).resolve().parent.parent
FILES = Path(sklearn.datasets.__file__).parent
ROW = re.compile(
    r"\| `(?P<name>[\w.]+)` \| (?P<size>[\d,]+) \| `(?P<sha>[0-9a-f]{64})` \|"
)
ROWS = list(ROW.finditer((ROOT / "data" / "README.md").read_text(encoding="utf-8")))


def test_every_embedded_file_is_listed():
    assert [row["name"] for row in ROWS] == [
        "digits.csv.gz",
        "china.jpg",
        "flower.jpg",
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_listed_file_has_the_listed_size_and_checksum(row: re.Match):
    (path,) = FILES.rglob(row["name"])
    content = path.read_bytes()
    assert len(content) == int(row["size"].replace(",", ""))
    assert hashlib.sha256(content).hexdigest() == row["sha"]
