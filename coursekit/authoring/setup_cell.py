"""The generated first cell and badge: the same in every notebook, from one place.

A fork changes REPOSITORY and BRANCH here (and nowhere else) and builds again.
"""

REPOSITORY = "coursekit/coursekit"
BRANCH = "main"

COLAB = "https://colab.research.google.com"

SETUP = """\
# Set-up, the same in every notebook: on Colab and Kaggle it installs the course.
import importlib.util
import os
import subprocess
import sys

hosted = {"COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"} & set(os.environ)
if importlib.util.find_spec("coursekit") is None:
    if not hosted:
        raise ModuleNotFoundError("no coursekit in this kernel: start with `make lab`")
    course = "git+https://github.com/REPOSITORY@BRANCH"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", course]
    subprocess.run(pip, check=True)

from coursekit.authoring.start import start

print(start())"""


def setup_source(repository: str = REPOSITORY, branch: str = BRANCH) -> str:
    """Give the code of the set-up cell.

    Args:
        repository: "owner/name" on GitHub.
        branch: branch or tag to install from.
    """
    return SETUP.replace("REPOSITORY", repository).replace("BRANCH", branch)


def badge(path: str, repository: str = REPOSITORY, branch: str = BRANCH) -> str:
    """Give the markdown of the badge that opens a notebook in Colab.

    Args:
        path: the notebook in the repository, like `notebooks/00_start.ipynb`.
    """
    target = f"{COLAB}/github/{repository}/blob/{branch}/{path}"
    return f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({target})"


def with_badge(markdown: str, badge_line: str) -> str:
    """Put the badge under the heading of a notebook's first cell."""
    heading, _, rest = markdown.partition("\n")
    return "\n\n".join(part for part in (heading, badge_line, rest.strip("\n")) if part)
