"""Small notebook sources, written by hand, for the tests of `coursekit.staff.build`."""

from coursekit.staff.build.folder import Session

OPENING = """\
# %% [markdown]
# # 01 Trial
#
# How big is it? 3 minutes.

# %% tags=["setup"]
# setup
"""

EXERCISE = """
# %% [markdown]
# Write it.

# %%
def double(x):
    '''Give twice x.'''
    ### BEGIN SOLUTION
    y = x + x
    return y
    ### END SOLUTION

# %% tags=["check"]
double(4)

# %% tags=["solution"]
# Only in the solution.
double(5)

# %% [markdown] tags=["student"]
# Only for students.

# %% tags=["predict"]
guess = 7  # answer
"""


def written(folder, text, name="01_trial"):
    """Write a source into a course at `folder`; give its session."""
    session = Session(name.partition("_")[0], name, folder / "notebooks")
    session.source.parent.mkdir(parents=True, exist_ok=True)
    session.source.write_text(text, encoding="utf-8")
    return session
