"""Make the project's own environment: what `make lab` and `make test` do first.

    python -I coursekit/setup/bootstrap.py .venv lab,extras

Runs before anything is installed, maybe on an old Python: standard library only, and
nothing that Python 3.7 could not read. The second run finds its stamp (what was
installed, for which pyproject.toml, where) and ends at once.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parents[2]
# PyTorch for Linux brings its CUDA libraries; elsewhere it is small.
ROOM = 8 if sys.platform == "linux" else 3  # GiB

NO_NETWORK = (
    "There is no way to the package index. Check the network (behind a proxy: set "
    "HTTPS_PROXY) and run the same command again; it goes on where it stopped."
)
DISK_FULL = (
    f"The disk is full. Free about {ROOM} GiB (or set TMPDIR to a disk with room) and "
    "run the same command again."
)
NO_CERTIFICATE = (
    "The package index's certificate is not trusted here. Behind a company or school "
    "proxy, set PIP_CERT to its certificate file and run the same command again."
)
NO_WHEEL = (
    "No PyTorch exists for this Python on this computer. It wants a 64-bit Python "
    "3.11 or newer on Linux, Windows (x86) or macOS (Apple silicon); else use Colab."
)
NO_VENV = (
    "This Python cannot make environments. On Debian or Ubuntu: sudo apt install "
    "python3-venv. Elsewhere install Python from python.org; then run again."
)
# First match wins: pip ends most failures with "No matching distribution".
REASONS = (
    (r"No space left on device|Errno 28|not enough space", DISK_FULL),
    (r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError", NO_CERTIFICATE),
    (
        r"NewConnectionError|name resolution|getaddrinfo|Network is unreachable"
        r"|ConnectTimeout|ReadTimeout|Read timed out|ProxyError|Connection refused",
        NO_NETWORK,
    ),
    (r"No matching distribution found for torch", NO_WHEEL),
)


class SetupError(Exception):
    """What went wrong and what to do, in one sentence."""


def say(text: str) -> None:
    """Write one line and show it at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def explain(log: str) -> str:
    """Return the sentence that tells what to do about pip's (or venv's) output."""
    for pattern, sentence in REASONS:
        if re.search(pattern, log):
            return sentence
    last = [line for line in log.splitlines() if line.strip()][-1:]
    return f"The last words were: {''.join(last).strip() or 'none'}"


def check_python(version: tuple[int, ...]) -> None:
    """Refuse a Python that is too old.

    Args:
        version: such as (3, 11, 7).
    """
    if version[:2] < OLDEST:
        wanted, found = (".".join(map(str, v[:2])) for v in (OLDEST, version))
        raise SetupError(
            f"The course needs Python {wanted} or newer; this is {found}. Install a "
            f"newer one and name it: make lab PYTHON=python{wanted}"
        )


def check_room(folder: Path) -> None:
    """Refuse to begin an installation that the disk cannot hold."""
    if shutil.disk_usage(str(folder)).free < ROOM * 2**30:
        raise SetupError(DISK_FULL)


def check_place(environment: Path) -> None:
    """Refuse a folder with other things in it: making an environment empties it."""
    is_environment = (environment / "pyvenv.cfg").is_file()
    if environment.exists() and any(environment.iterdir()) and not is_environment:
        raise SetupError(
            f"{environment} has something else in it. Move that away, or name another "
            "folder: make lab VENV=.venv-course"
        )


def interpreter(environment: Path) -> Path:
    """Return the path of the environment's Python."""
    if sys.platform == "win32":
        return environment / "Scripts" / "python.exe"
    return environment / "bin" / "python"


def fingerprint(extras: str) -> str:
    """Return a text that changes when there is something to install.

    Args:
        extras: the names in the brackets of `pip install -e ".[…]"`.
    """
    wishes = (ROOT / "pyproject.toml").read_bytes()
    return f"{extras}\n{hashlib.sha256(wishes).hexdigest()}\n{ROOT}\n"


def run(
    command: list[object], each_line: Callable[[str], None] | None = None
) -> tuple[int, str]:
    """Run `command` and return its exit code and everything it said.

    Args:
        command: the program and its arguments.
        each_line: called with every line while the program runs.
    """
    words = []
    with subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout:
            words.append(line)
            if each_line is not None:
                each_line(line)
    return process.returncode, "".join(words)


def show_progress(line: str) -> None:
    """Name the package pip is getting, on one line that is overwritten."""
    if sys.stdout.isatty() and line.startswith("Collecting "):
        sys.stdout.write(f"\r  {line.split()[1][:50]:<50}\r")
        sys.stdout.flush()


def works(python: Path) -> bool:
    """Return whether the environment has a Python with pip that starts and is new."""
    if not python.exists():
        return False
    probe = f"import pip, sys; sys.exit(sys.version_info < {OLDEST})"
    return run([python, "-c", probe])[0] == 0


def make_environment(environment: Path) -> None:
    """Create the virtual environment, or repair one whose Python is gone."""
    if works(interpreter(environment)):
        return
    check_place(environment)
    check_room(environment.parent)
    say(f"Making an environment in {environment.name} …")
    code, log = run([sys.executable, "-m", "venv", "--clear", environment])
    if code:
        missing = re.search(r"ensurepip|No module named '?venv", log)
        raise SetupError(NO_VENV if missing else explain(log))


def install(environment: Path, extras: str) -> None:
    """Install the package, editable, with `extras`; pip's words go to a log file."""
    say(f"Installing coursekit[{extras}]: minutes and {ROOM} GiB the first time …")
    pip = [interpreter(environment), "-m", "pip", "install", "--no-input"]
    pip += ["--disable-pip-version-check", "--retries=2", "-e", f"{ROOT}[{extras}]"]
    code, log = run(pip, show_progress)
    log_file = environment / "pip.log"
    log_file.write_text(log, encoding="utf-8")
    if code:
        raise SetupError(f"{explain(log)} (All of pip's words: {log_file})")


def check_stack(environment: Path) -> None:
    """Run one operator of torch and of torchvision: they may not belong together."""
    probe = (
        "import sys; from coursekit.setup.doctor import stack; line = stack(); "
        "sys.exit(0 if line.ok else line.detail + '. Remedy: ' + line.remedy)"
    )
    say("Checking PyTorch …")
    code, log = run([interpreter(environment), "-c", probe])
    if code:
        raise SetupError(log.strip() or "PyTorch does not start.")


def set_up(environment: Path, extras: str) -> None:
    """Make `environment` ready for `extras`, unless its stamp says that it is."""
    check_python(sys.version_info)
    stamp = environment / f"coursekit-{extras.replace(',', '-')}.stamp"
    wanted = fingerprint(extras)
    fresh = stamp.exists() and stamp.read_text(encoding="utf-8") == wanted
    if fresh and interpreter(environment).exists():
        say(f"Environment {environment.name} is up to date.")
        return
    make_environment(environment)
    install(environment, extras)
    check_stack(environment)
    stamp.write_text(wanted, encoding="utf-8")
    say(f"Environment {environment.name} is ready.")


def main(arguments: list[str]) -> int:
    """Set up the environment named on the command line; 0 on success."""
    if len(arguments) != 2:
        sys.stderr.write(
            "usage: python -I coursekit/setup/bootstrap.py .venv lab,extras\n"
        )
        return 2
    try:
        set_up(Path(arguments[0]).absolute(), arguments[1])
    except SetupError as problem:
        sys.stderr.write(f"Set-up stopped. {problem}\n")
        return 1
    except OSError as problem:
        sys.stderr.write(f"Set-up stopped. {explain(str(problem))}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
