"""A copy of this checkout: a git repository to install from, and a folder to run in."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.environments.places import TrialError

ROOT = Path(__file__).resolve().parent.parent.parent
# The package as the set-up cell asks for it: git+https://…/name@branch
ADDRESS = re.compile(r"git\+(?P<url>[^\s\"'@]+)@(?P<branch>[\w./-]+)")
WHO = ("-c", "user.name=coursekit", "-c", "user.email=nobody@invalid")
DRIVE = Path(__file__).with_name("drive.py")


def tracked(root: Path) -> list[str]:
    """List the files of a checkout: those of git, and new ones it does not ignore.

    Raises:
        TrialError: the folder is no git checkout.
    """
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(asked, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise TrialError(f"{root} is no git checkout: {done.stderr.strip()}")
    names = sorted(set(done.stdout.splitlines()))
    return [name for name in names if (root / name).is_file()]


def copy_files(root: Path, names: list[str], to: Path) -> None:
    """Copy files with the folders they lie in."""
    for name in names:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, to / name)


def git_repository(root: Path, to: Path, branch: str = "main") -> Path:
    """Put the files of a checkout, as they are now, into a new repository.

    Args:
        root: the checkout, maybe with changes that are not committed.
        to: an empty or missing folder.
        branch: the name of the branch.
    """
    copy_files(root, tracked(root), to)
    for command in (
        ["init", "--quiet", f"--initial-branch={branch}"],
        ["config", "uploadpack.allowFilter", "true"],
        ["add", "--all"],
        [*WHO, "commit", "--quiet", "--no-verify", "--message=this checkout"],
    ):
        subprocess.run(["git", *command], cwd=to, check=True)
    return to


def instead_of(address: str, repository: Path) -> dict[str, str]:
    """Give the variables that make git fetch `address` from a folder."""
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
    }


def setup_cell(notebook: Path) -> str:
    """Return the code of a notebook's set-up cell.

    Raises:
        TrialError: it has none.
    """
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if "setup" in cell["metadata"].get("tags", ()):
            return "".join(cell["source"])
    raise TrialError(f"{notebook.name} has no cell tagged `setup`")


def notebooks(folder: Path) -> list[Path]:
    """List every notebook of a course: the students' versions, then the solutions."""
    return sorted((folder / "notebooks").glob("[0-9]*.ipynb")) + solutions(folder)


def solutions(folder: Path) -> list[Path]:
    """List the solved notebooks of a course."""
    return sorted((folder / "notebooks" / "solutions").glob("[0-9]*.ipynb"))


def workplace(repository: Path, to: Path) -> Path:
    """Copy everything but the package, so that only the installed one is found."""
    skip = shutil.ignore_patterns("coursekit", ".git")
    shutil.copytree(repository, to, ignore=skip)
    for notebook in solutions(to):
        append_drive(notebook)
    return to


def append_drive(notebook: Path) -> None:
    """Give a copy of a solution one more cell: the one that turns its controls."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    driven = json.dumps(str(driven_file(notebook)))
    code = f"{DRIVE.read_text(encoding='utf-8')}\n\ndrive_all({driven})\n"
    content["cells"].append(
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"{notebook.name[:2]}-drive",
            "metadata": {},
            "outputs": [],
            "source": code,
        }
    )
    notebook.write_text(json.dumps(content), encoding="utf-8")


def driven_file(notebook: Path) -> Path:
    """Return where the last cell of a copy writes what it turned."""
    return notebook.with_suffix(".driven")


def clean_environment(scratch: Path) -> dict[str, str]:
    """Return the variables of a run: one thread, nothing of the user's own settings."""
    own = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "COURSEKIT_", "JUPYTER_", "GIT_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(own)}
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        kept[name] = str(scratch / name.lower())
    return kept | {"OMP_NUM_THREADS": "1", "MPLBACKEND": ""}
