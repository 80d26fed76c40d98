"""What every notebook's set-up cell calls: complete a hosted runtime, say what is here.

Nothing that is installed is ever changed: what is missing is installed against a list
of everything that is there, and only on Colab and Kaggle. A student's own machine is
left alone; `make lab` and `environment.yml` are for that.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

HOSTED = ("COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE")

SHOWN = ("torch", "torchvision", "ipywidgets")


def start() -> str:
    """Install what a hosted runtime lacks, and describe this machine in one line.

    Raises:
        OSError: pip could not install what is missing.
    """
    if any(name in os.environ for name in HOSTED) and (lacking := missing()):
        install(lacking)
    return summary()


def missing(
    package: str = "coursekit", extras: tuple[str, ...] = ("extras",)
) -> list[str]:
    """List the requirements of an installed package that are not installed.

    Args:
        package: a distribution's name.
        extras: which of its extras count as well.

    Returns:
        Requirement strings such as "grad-cam>=1.5"; versions that are there are not
        judged, because nothing that is there gets changed.
    """
    wanted = [line.partition(";") for line in metadata.requires(package) or ()]
    asked = [
        requirement.strip()
        for requirement, _, marker in wanted
        if "extra" not in marker
        or any(re.search(rf"extra\s*==\s*['\"]{name}['\"]", marker) for name in extras)
    ]
    return [requirement for requirement in asked if not _installed(requirement)]


def install(requirements: list[str]) -> None:
    """Install requirements without changing the version of anything installed.

    Raises:
        OSError: pip failed; the message ends with pip's last line.
    """
    here = sorted(
        f"{found.metadata['Name']}=={found.version}"
        for found in metadata.distributions()
        if found.metadata["Name"]
    )
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "constraints.txt"
        kept.write_text("\n".join(here), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "-c", str(kept)]
        done = subprocess.run([*pip, *requirements], capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise OSError(f"could not install {', '.join(requirements)}: {last}")


def summary() -> str:
    """Describe device and versions in one line."""
    parts = [
        f"coursekit {_version('coursekit')}",
        f"Python {platform.python_version()}",
    ]
    parts += [f"{name} {_version(name)}" for name in SHOWN]
    return " · ".join([*parts, _device()])


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    if torch.backends.mps.is_available():
        return "Apple GPU (mps)"
    threads = torch.get_num_threads()
    return f"CPU ({threads} thread{'s' if threads > 1 else ''})"


def _installed(requirement: str) -> bool:
    name = re.match(r"[\w.-]+", requirement)[0]
    return _version(name) != "missing"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"
