"""What every notebook's set-up cell calls: complete a hosted runtime, say what is here.

Nothing that is installed is ever changed: what is missing is installed against a list
of everything that is there, and only on Colab and Kaggle. A student's own machine is
left alone; `make lab` and `environment.yml` are for that.
"""

import platform
import re
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import coursekit
from coursekit._base.free_memory import ENOUGH, MORE_ROOM, free_memory, in_words
from coursekit._base.hosted import hosted_by
from coursekit._base.notebook import use_short_numbers
from coursekit._base.short_errors import use_short_errors

SHOWN = ("torch", "torchvision", "ipywidgets")


@dataclass(frozen=True)
class Profile:
    """What a session may expect of the machine it runs on.

    Args:
        name: "gpu" where there is one, else "hosted" (Colab, Kaggle) or "laptop".
        device: "cuda", "mps" or "cpu", for torch.
        long: whether experiments that take a processor hours are sensible here. The
            sessions themselves need no such experiment.
    """

    name: str
    device: str
    long: bool

    def __str__(self) -> str:
        return f"{self.name} ({'long' if self.long else 'short'} experiments)"


def start() -> str:
    """Install what a hosted runtime lacks, and describe this machine in one line.

    From then on the notebook shows short errors and short numbers.

    Raises:
        SystemExit: something needed is missing and could not be installed; its message
            says so in one sentence (a notebook shows it without a traceback).
    """
    use_short_errors()
    use_short_numbers()
    if not hosted_by() or not (lacking := missing()):
        return summary()
    try:
        install(lacking)
    except OSError as problem:
        if needed := missing(extras=()):
            raise SystemExit(
                f"The course needs {', '.join(needed)}. Is the network on? {problem}"
            ) from None
        return f"{summary()} · without {', '.join(lacking)}"
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
        judged, because nothing that is there gets changed. None for a package that is
        not installed but lies in the working folder.
    """
    try:
        wanted = [line.partition(";") for line in metadata.requires(package) or ()]
    except metadata.PackageNotFoundError:
        return []
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
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "constraints.txt"
        kept.write_text("\n".join(held()), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "-c", str(kept)]
        done = subprocess.run([*pip, *requirements], capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise OSError(f"could not install {', '.join(requirements)}: {last}")


def held() -> list[str]:
    """List what is installed as pip's constraints, "name==version".

    Where a package is there twice, the one that Python imports counts.
    """
    versions = {}
    for one in metadata.distributions():
        if (name := one.metadata["Name"]) and one.version:
            versions.setdefault(re.sub(r"[-_.]+", "-", name).lower(), one.version)
    return [f"{name}=={version}" for name, version in sorted(versions.items())]


def summary() -> str:
    """Describe versions, device, data at hand and profile in a line or two."""
    here = profile()
    parts = [
        f"coursekit {coursekit.__version__}",
        f"Python {platform.python_version()}",
    ]
    parts += [f"{name} {_version(name)}" for name in SHOWN]
    parts += [_device(here.device), f"data: {', '.join(data_at_hand())}"]
    free = free_memory()
    if free is not None and free < ENOUGH:
        parts.append(f"{in_words(free)}: {MORE_ROOM}")
    line = " · ".join([*parts, f"profile: {here}"])
    return textwrap.fill(line, 88, break_long_words=False, break_on_hyphens=False)


def profile() -> Profile:
    """Choose the profile of this machine."""
    import torch

    if torch.cuda.is_available():
        return Profile("gpu", "cuda", long=True)
    if torch.backends.mps.is_available():
        return Profile("gpu", "mps", long=True)
    return Profile("hosted" if hosted_by() else "laptop", "cpu", long=False)


def data_at_hand() -> list[str]:
    """Name the image sets that need no download here."""
    from coursekit.data.catalogue import SETS
    from coursekit.data.store import is_complete

    try:
        lying = [wanted.title for name, wanted in SETS.items() if is_complete(name)]
    except ValueError:  # COURSEKIT_DATA names a file; `coursekit doctor` says so
        lying = []
    return ["embedded", *lying]


def _device(kind: str) -> str:
    import torch

    if kind == "cuda":
        return torch.cuda.get_device_name()
    if kind == "mps":
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
