"""A course of one session, as small as it can be and with all that a page has."""

import shutil
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit.staff.build.build import as_text
from coursekit.staff.build.convert import notebook
from coursekit.staff.build.folder import Session
from coursekit.staff.build.notebook_source import read_source
from tests.small_sources import OPENING, written

ROOT = Path(__file__).resolve().parent.parent
SOURCE = (
    OPENING.replace("# How big is it?", "# **How big is a kernel's answer?**")
    + r"""
# %% tags=["fold"]
from coursekit import check, claim, figures, predict, reveal, verdict
from coursekit.course import prediction_table, verdict_table

# %% [markdown]
# ## 1 · First part, with $\sqrt{2}$
#
# A receptive field is what a unit sees.

# %%
claim("C12")

# %% [markdown]
# **Predict:** how many pixels wide: 3, 7 or 9?

# %%
guess = 9  # answer
predict("01-wide", guess, options=(3, 7, 9), unit="pixels")

# %%
measured = 1 + 2 * 3

# %% tags=["verdict"]
verdict(
    "C12",
    cases={"as wide as said": measured == 7},
    measured={"pixels": measured},
    predicted=reveal("01-wide", measured),
    why="Each layer adds two.",
)

# %% [markdown]
# ## 2 · Second part
#
# **Predict:** how many pixels are that?

# %%
guess = 81  # answer
predict("01-many", guess, unit="pixels", factor=2)

# %%
figures.matrix(
    [[7.0]], name="width", title="The result, drawn", words="One cell that says 7."
)

# %%
reveal("01-many", measured**2)

# %% [markdown]
# **Exercise 01.8 (6 minutes).** Which padding keeps the size?


# %%
def same_padding(kernel_size, dilation=1):
    ### BEGIN SOLUTION
    return dilation * (kernel_size - 1) // 2
    ### END SOLUTION


# %% tags=["check"]
check("01.8", same_padding)

# %% [markdown]
# ## Quiz
#
# **1.** Why seven?
#
# <details><summary>Answer</summary>
#
# One and three times two.
#
# </details>

# %% tags=["verdict"]
verdict_table("01")

# %% tags=["reveal"]
prediction_table("01")
"""
)


def small_course(root: Path) -> Session:
    """Write the course, its notebooks without outputs, its pages real.

    Args:
        root: an empty folder.
    """
    session = written(root, SOURCE)
    cells = read_source(session.source)
    for path in (session.student, session.solution):
        made = notebook(cells, session, student=path == session.student)
        write_whole(path, as_text(made))
    for name in ("README.md", "INSTRUCTORS.md"):
        shutil.copy2(ROOT / name, root)
    for name in ("course_map.md", "common_errors.md"):
        shutil.copy2(ROOT / "notebooks" / name, root / "notebooks")
    shutil.copytree(ROOT / "notebooks" / "pictures", root / "notebooks" / "pictures")
    return session
