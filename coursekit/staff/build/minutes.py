"""How long a session takes, computed from what there is to read and to do.

The rates are estimates for a student who meets the matter for the first time, on the
side of too long; what an exercise takes stands in its text.
"""

import re
from collections.abc import Sequence

from coursekit.staff.build.code import calls_in, name_of
from coursekit.staff.build.counting import code_lines, words
from coursekit.staff.build.notebook_source import Cell

WORDS = 120  # of prose read and thought about in a minute
LINES = 25  # of code read in a minute
PREDICTION, EXPLORER, QUESTION = 1.0, 4.0, 2.0  # minutes each
RUN = 1.5  # what a session may take to run
STEP = 5  # minutes; nobody plans more finely

EXERCISE = re.compile(r"\*\*(?:Exercise|Challenge) [^*]*\((\d+)\s+minutes\)")


def minutes(cells: Sequence[Cell]) -> int:
    """Return the minutes of a session, a multiple of five.

    Args:
        cells: of the student version.
    """
    prose = [cell for cell in cells if cell.kind == "markdown"]
    code = [c for c in cells if c.kind == "code" and not {"setup", "fold"} & c.tags]
    called = [name_of(call.func) for cell in code for call in calls_in(cell)]
    text = "\n".join(cell.text for cell in prose)
    total = RUN
    total += sum(words(cell.text) for cell in prose) / WORDS
    read = [cell for cell in code if "verdict" not in cell.tags]
    total += sum(code_lines(cell.text) for cell in read) / LINES
    total += sum(map(int, EXERCISE.findall(text)))
    total += PREDICTION * called.count("predict")
    total += EXPLORER * sum(name.startswith("explore_") for name in called)
    total += QUESTION * text.count("<details>")
    return max(STEP, STEP * round(total / STEP))
