"""The generated first cell and badges: the same in every notebook, from one place.

Colab opens `/github/OWNER/NAME/blob/BRANCH/PATH`, Kaggle copies the notebook whose
address on GitHub stands after `src=`.
"""

import posixpath

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


def badge(path: str, home: Repository = HOME, *, beside: str = "") -> str:
    """Give the markdown of the three badges of a notebook: Colab, Kaggle, its page.

    Their pictures lie in the course, so that whoever looks at a notebook asks nobody.

    Args:
        path: the notebook in the repository, like `notebooks/00_start.ipynb`.
        home: the repository.
        beside: the folder of the text in which they stand; none for the notebook's.
    """
    file, pictures = f"{home.name}/blob/{home.branch}/{path}", _pictures(path, beside)
    places = {
        "Open in Colab": f"{COLAB}/github/{file}",
        "Open in Kaggle": f"{KAGGLE}/kernels/welcome?src=https://github.com/{file}",
        "Read the page": home.page_of(path),
    }
    return " ".join(
        f"[![{words}]({pictures}/{words.lower().replace(' ', '_')}.svg)]({address})"
        for words, address in places.items()
    )


def preview(path: str, number: str, home: Repository = HOME) -> str:
    """Give the markdown of a session's small picture, a link to its page.

    Args:
        path: the notebook in the repository.
        number: of the session, "01b".
        home: the repository.
    """
    words = f"The page of session {number}: all it shows, nothing to run"
    source = f"{_pictures(path)}/{number}.png"
    return f'[<img src="{source}" width="280" alt="{words}">]({home.page_of(path)})'


def _pictures(path: str, beside: str = "") -> str:
    """Return where the course's pictures lie, seen from a notebook or from `beside`."""
    here = beside or posixpath.dirname(path)
    return posixpath.relpath("notebooks/pictures", here)


def with_badge(markdown: str, *lines: str) -> str:
    """Put badges and picture under the heading of a notebook's first cell."""
    heading, _, rest = markdown.partition("\n")
    parts = (heading, *lines, rest.strip("\n"))
    return "\n\n".join(part for part in parts if part)
