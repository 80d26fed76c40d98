"""The README's table of versions: a line for each environment, from its last run."""

import re
from datetime import date
from pathlib import Path

from tests.environments.judge import Row

README = Path(__file__).resolve().parent.parent.parent / "README.md"
NAMES = {"floor": "oldest", "twin": "Colab's", "newest": "newest"}
SHOWN = ("torch", "torchvision", "ipywidgets")


def supported_line(
    trial: str, python: str, packages: dict[str, str], rows: list[Row]
) -> str:
    """Write what an environment has and what passed in it as a line of the table.

    Args:
        trial: "floor", "twin" or "newest".
        python: its version, "3.11.7".
        packages: canonical name → version.
        rows: of the trial's own table.
    """
    sessions = [row for row in rows if row.what.endswith(".ipynb")]
    passed = sum(row.passed for row in sessions)
    told = f"{passed} of {len(sessions)} sessions"
    others = [row for row in rows if "unit tests" in row.what]
    told += "".join(f", {row.words}" for row in others)
    versions = [packages.get(name, "–").partition("+")[0] for name in SHOWN]
    cells = [NAMES[trial], python, *versions, told, date.today().isoformat()]
    return f"| {' | '.join(cells)} |"


def with_line(readme: str, line: str) -> str:
    """Return the README with one line of the table of versions replaced.

    Raises:
        ValueError: the table has no line that begins like this one.
    """
    name = re.escape(line.split("|")[1].strip())
    found = re.compile(rf"(?m)^\| {name} \|.*$")
    if not found.search(readme):
        raise ValueError(f"`readme` must have a line for {name}; it has none")
    return found.sub(lambda _: line, readme, count=1)


def record(trial: str, python: str, packages: dict[str, str], rows: list[Row]) -> None:
    """Write the line of a trial into the README; one that failed writes nothing."""
    if not all(row.passed for row in rows):
        return
    line = supported_line(trial, python, packages, rows)
    text = with_line(README.read_text(encoding="utf-8"), line)
    README.write_text(text, encoding="utf-8")
