"""Find a Python, make environments with it, install into them, list what they have."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

TAIL = 40  # lines of a failed program's words that are shown
# Names and versions of what is installed, whichever pip is there.
LIST = (
    "import json; from importlib import metadata; print(json.dumps({d.metadata['Name']"
    ": d.version for d in metadata.distributions() if d.metadata['Name']}))"
)


class TrialError(Exception):
    """What went wrong and what to do, in one sentence."""


def say(text: str) -> None:
    """Write a line and show it at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(command: list[object], log: Path, **more: object) -> int:
    """Run a program, its words appended to `log`; return its exit code."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as words:
        done = subprocess.run(
            [str(part) for part in command],
            stdout=words,
            stderr=subprocess.STDOUT,
            check=False,
            **more,
        )
    return done.returncode


def tail(log: Path) -> str:
    """Return the last lines of a log, without colours."""
    words = re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(encoding="utf-8"))
    return "\n".join(words.splitlines()[-TAIL:])


def interpreter(environment: Path) -> Path:
    """Return the Python of an environment."""
    if sys.platform == "win32":
        return environment / "Scripts" / "python.exe"
    return environment / "bin" / "python"


def starts(python: str | Path, version: str) -> bool:
    """Tell whether `python` is there and of this version, such as "3.13"."""
    probe = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", probe], capture_output=True, text=True)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == version


def python_of(environment: Path) -> str:
    """Return the version of an environment's Python, "3.11.7"."""
    probe = "import platform; print(platform.python_version())"
    asked = [interpreter(environment), "-I", "-c", probe]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def find_python(versions: tuple[str, ...], variable: str) -> str:
    """Find a Python: the first version that PATH or pyenv has.

    Args:
        versions: such as ("3.14", "3.13"), the best first.
        variable: the make variable that names one, for the message.

    Raises:
        TrialError: there is none.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in versions:
        known = sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)
        for python in (shutil.which(f"python{version}"), *known):
            if python and starts(python, version):
                return str(python)
    raise TrialError(
        f"No Python {' or '.join(versions)} here. Install one, or name it: "
        f"{variable}=/path/to/python"
    )


def packages(environment: Path) -> dict[str, str]:
    """List what is installed, canonical name → version."""
    from tests.environments.pins import canonical

    command = [interpreter(environment), "-I", "-c", LIST]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return {canonical(name): found[name] for name in sorted(found, key=str.lower)}


def make(environment: Path, python: str) -> None:
    """Create an environment, unless there is one already."""
    if interpreter(environment).exists():
        return
    say(f"Making {environment} with {python} …")
    environment.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([python, "-m", "venv", environment], check=True)


def install(environment: Path, *arguments: object) -> None:
    """Run `pip install`; its words go to pip.log in the environment.

    Raises:
        TrialError: pip failed.
    """
    pip = [interpreter(environment), "-m", "pip", "install", "--no-input"]
    log = environment / "pip.log"
    if run([*pip, "--disable-pip-version-check", *arguments], log):
        raise TrialError(f"pip could not install it:\n{tail(log)}")


def bring_to(environment: Path, python: str, wanted: dict[str, str]) -> None:
    """Make an environment with exact versions, or bring one to them.

    Args:
        environment: its folder.
        python: the interpreter that makes it.
        wanted: canonical name → version.
    """
    make(environment, python)
    found = packages(environment)
    if all(found.get(name) == version for name, version in wanted.items()):
        say(f"{environment} is ready.")
        return
    say(f"Installing into {environment}: minutes, and several GB the first time …")
    install(environment, *(f"{name}=={version}" for name, version in wanted.items()))


def fresh_copy(environment: Path, place: Path) -> Path:
    """Copy an environment in seconds: its files are linked, not copied.

    pip replaces files and never writes into them, so the original stays as it is.
    """
    shutil.rmtree(place, ignore_errors=True)
    copy: Callable[..., object] = shutil.copy2 if sys.platform == "win32" else os.link
    shutil.copytree(environment, place, symlinks=True, copy_function=copy)
    return place
