"""The generated first cell and badges: the same in every notebook, from one place.

Colab opens `/github/OWNER/NAME/blob/BRANCH/PATH`, Kaggle copies the notebook whose
address on GitHub stands after `src=`.
"""

from coursekit._base.hosted import HOSTED
from coursekit.staff.build.repository import HOME, Repository

COLAB = "https://colab.research.google.com"
KAGGLE = "https://kaggle.com"

# pip runs on hosted machines alone; where the course is missing elsewhere, the last
# lines of the error show the remedy.
SETUP = """\
import os

if {HOSTED} & set(os.environ):
    %pip install --quiet --no-deps git+https://github.com/REPOSITORY@BRANCH
from coursekit.course.start import start  # not found? `make lab` sets the course up
print(start())""".replace("HOSTED", ", ".join(f'"{name}"' for name in HOSTED.values()))


def setup_source(home: Repository = HOME) -> str:
    """Give the code of the set-up cell.

    Args:
        home: the repository to install from.
    """
    return SETUP.replace("REPOSITORY@BRANCH", f"{home.name}@{home.branch}")


def badge(path: str, home: Repository = HOME) -> str:
    """Give the markdown of the two badges that open a notebook in Colab and Kaggle.

    Args:
        path: the notebook in the repository, like `notebooks/00_start.ipynb`.
        home: the repository.
    """
    file = f"{home.name}/blob/{home.branch}/{path}"
    colab = _image("Colab", f"{COLAB}/assets/colab-badge.svg")
    kaggle = _image("Kaggle", f"{KAGGLE}/static/images/open-in-kaggle.svg")
    return (
        f"[{colab}]({COLAB}/github/{file}) "
        f"[{kaggle}]({KAGGLE}/kernels/welcome?src=https://github.com/{file})"
    )


def _image(name: str, url: str) -> str:
    return f"![Open in {name}]({url})"


def with_badge(markdown: str, badge_line: str) -> str:
    """Put the badges under the heading of a notebook's first cell."""
    heading, _, rest = markdown.partition("\n")
    return "\n\n".join(part for part in (heading, badge_line, rest.strip("\n")) if part)
