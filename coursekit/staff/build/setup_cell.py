"""The generated first cell and badges: the same in every notebook, from one place.

Colab opens `/github/OWNER/NAME/blob/BRANCH/PATH`, Kaggle copies the notebook whose
address on GitHub stands after `src=`.
"""

from coursekit.staff.build.repository import HOME, Repository

COLAB = "https://colab.research.google.com"
KAGGLE = "https://kaggle.com"

SETUP = """\
# Set-up, the same in every notebook: on Colab and Kaggle it installs the course.
import importlib.util
import os
import re
import subprocess
import sys

course = "git+https://github.com/REPOSITORY@BRANCH"
found = importlib.util.find_spec("coursekit")
if found is None or found.origin is None:  # no origin: a mere folder of that name
    if not {"COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"} & set(os.environ):
        sys.exit("This kernel has no coursekit: start the course with `make lab`.")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", course]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        why = "".join(re.findall("(?:fatal|ERROR): .*", done.stderr)[:1])
        advice = "Is the network on (Kaggle: Settings), and the repository public?"
        sys.exit(f"Could not install {course}. {advice} {why}")
    importlib.invalidate_caches()

from coursekit.course.start import start

print(start())"""


def setup_source(place: Repository = HOME) -> str:
    """Give the code of the set-up cell.

    Args:
        place: the repository to install from.
    """
    return SETUP.replace("REPOSITORY@BRANCH", f"{place.name}@{place.branch}")


def badge(path: str, place: Repository = HOME) -> str:
    """Give the markdown of the two badges that open a notebook in Colab and Kaggle.

    Args:
        path: the notebook in the repository, like `notebooks/00_start.ipynb`.
        place: the repository.
    """
    file = f"{place.name}/blob/{place.branch}/{path}"
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
