"""Where the course lives on GitHub: one place, from which badges and set-up cells come.

The original is `HOME`. A fork names itself in `notebooks/repository.toml`, a file that
the original does not have, so that nothing collides when the fork takes over news.
`coursekit badges` writes it.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = "repository.toml"

# github.com: letters, digits and single hyphens; a repository also has . and _
NAME = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}/(?!\.{1,2}$)[\w.-]{1,100}", re.A)
# `git check-ref-format`, less what would need quoting in a link
BRANCH = re.compile(r"(?!-)[\w.-]+(?:/[\w.-]+)*", re.A)
NO_BRANCH = re.compile(r"\.\.|(?:^|/)\.|\.(?:$|/)|\.lock(?:$|/)")


@dataclass(frozen=True)
class Repository:
    """Name a repository on GitHub and the branch or tag that students get.

    Args:
        name: "owner/name".
        branch: letters, digits and . _ - /

    Raises:
        ValueError: GitHub or git would not take such a name.
    """

    name: str
    branch: str = "main"

    def __post_init__(self):
        if not NAME.fullmatch(self.name) or self.name.endswith(".git"):
            raise ValueError(
                "`repo` must be owner/name as in github.com/owner/name, such as "
                f"ada/cnn-course; got {self.name!r}"
            )
        if not BRANCH.fullmatch(self.branch) or NO_BRANCH.search(self.branch):
            raise ValueError(
                "`branch` must be a branch or tag made of letters, digits and . _ - /, "
                f"such as main; got {self.branch!r}"
            )

    def __str__(self) -> str:
        return f"{self.name} ({self.branch})"

    @property
    def url(self) -> str:
        """The repository's page."""
        return f"https://github.com/{self.name}"

    @property
    def site(self) -> str:
        """Where GitHub Pages shows the course's site, with a slash at its end."""
        owner, _, name = self.name.partition("/")
        at = f"https://{owner.lower()}.github.io/"
        return at if name.lower() == f"{owner.lower()}.github.io" else f"{at}{name}/"

    def page_of(self, notebook: str) -> str:
        """Return the address of a notebook's page on the site.

        Args:
            notebook: its path, student or solution, like `notebooks/00_start.ipynb`.
        """
        return f"{self.site}{notebook.rpartition('/')[2].removesuffix('.ipynb')}.html"

    @property
    def folder(self) -> str:
        """The folder that `git clone` makes."""
        return self.name.partition("/")[2]


HOME = Repository("coursekit/coursekit")


def repository(folder: Path) -> Repository:
    """Return where a course lives: what its `repository.toml` says, else `HOME`.

    Args:
        folder: the course's `notebooks` folder.

    Raises:
        ValueError: the file is there and does not name a repository.
    """
    path = folder / FILE
    if not path.is_file():
        return HOME
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
        return Repository(stated["repository"], stated["branch"])
    except (ValueError, KeyError, TypeError) as problem:
        raise ValueError(
            f'`{FILE}` must hold repository = "owner/name" and branch = "main" '
            f"({problem}): run `coursekit badges --repo owner/name`"
        ) from None


def file_text(home: Repository) -> str | None:
    """Return what `repository.toml` says for a repository; None for no file at all."""
    if home == HOME:
        return None
    return (
        "# Where this fork of the course lives; written by `coursekit badges`.\n"
        f'repository = "{home.name}"\nbranch = "{home.branch}"\n'
    )
