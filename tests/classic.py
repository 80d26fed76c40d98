"""The classic Notebook with the widgets that Colab has, beside this environment.

Notebook 6.5 and ipywidgets 7.7 exclude what the course's own environment has, so they
get an environment of their own: seconds to install, because PyTorch and everything else
that they do not replace is seen from it where it is.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from tests.browser import give_up

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "tests" / "environments" / "colab.txt"
WANTED = ("notebook", "ipywidgets", "ipykernel")
KERNEL = "course"  # the name by which notebooks ask for it


def classic_python(config: pytest.Config, scratch: Path) -> Path:
    """Return the Python of an environment with the classic Notebook.

    It is made once and kept in pytest's cache; `make clean` removes it.

    Args:
        config: of this run of pytest.
        scratch: a folder to make it in where there is no cache.
    """
    cache = getattr(config, "cache", None)
    kept = cache.mkdir("classic") if cache else scratch / "classic"
    kept.mkdir(parents=True, exist_ok=True)
    home = kept / f"{sys.version_info[0]}.{sys.version_info[1]}-{_age()}"
    if not home.exists():
        made = Path(tempfile.mkdtemp(dir=kept))
        _make(made)
        try:
            made.rename(home)
        except OSError:  # another run was faster
            shutil.rmtree(made)
    return home / "bin" / "python"


def _age() -> str:
    """Return a name that changes with what is to be installed and beside what."""
    wishes = PINS.read_bytes() + " ".join((*WANTED, sys.prefix)).encode()
    return hashlib.sha256(wishes).hexdigest()[:12]


def _make(home: Path) -> None:
    """Install the Notebook at Colab's versions; all else is this environment's."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-input"]
    pip += ["--quiet", "--disable-pip-version-check", "-c", PINS, *WANTED]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(home)
        give_up(f"the classic Notebook could not be installed: {done.stderr[-800:]}")
    ours = sysconfig.get_path("purelib")
    theirs = next((home / "lib").glob("python*/site-packages"))
    beside = f"import site; site.addsitedir({ours!r})\n"
    (theirs / "zz_beside.pth").write_text(beside, encoding="utf-8")


def kernel_python(usual: Path) -> Path:
    """Return the Python that COURSEKIT_TWIN names, the usual one without it."""
    twin = os.environ.get("COURSEKIT_TWIN")
    if twin and not Path(twin).is_file():
        give_up(f"COURSEKIT_TWIN must name a Python; got {twin}")
    return Path(twin or usual)


def offer_kernel(scratch: Path, python: Path) -> None:
    """Let the Jupyter of a folder start `python` as the kernel "course".

    Args:
        scratch: the folder given to the server of `tests.browser`.
        python: has ipykernel and what the course needs; the package is this checkout's.
    """
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": command, "display_name": KERNEL, "language": "python"}
    seen = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    about["env"] = {"PYTHONPATH": seen}
    folder = scratch / "data" / "kernels" / KERNEL
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(about), encoding="utf-8")
