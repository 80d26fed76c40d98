"""What stands between students' code and this machine: the command that puts it up.

    bwrap           every answer has namespaces of its own; one server for a class
    docker, podman  every hand-in has a container of its own, from an image without
                    the exercises; its answers share it
    user            every hand-in runs as another user, whose processes end with it:
                    no walls for the network and for files that all may read
    none            nothing: only for code that one trusts

`docker` was not tried with an engine; `podman` was, with 4.3 and runc.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import coursekit
from coursekit import __version__
from coursekit.staff.grading.limits import NAMESPACE, SESSION, USER, Limits

PACKAGE = Path(coursekit.__file__).parent
SECRET = PACKAGE / "course" / "exercises" / "bank"
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache")
IMAGE = f"coursekit-answers:{__version__}"
ANSWERER = "coursekit-answers"  # the user of the kind "user"
NOBODY = 65534
SERVER_BYTES = 2**30  # that the warm server itself needs
INSIDE = {
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
    "PYTHONDONTWRITEBYTECODE": "1",
}
HERE = INSIDE | {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PACKAGE.parent)}
SERVER = ("-P", "-m", "coursekit.staff.grading.warm_server")
PACKAGES = {
    "bwrap": "apt-get install bubblewrap",
    "docker": "apt-get install docker.io, or Docker Desktop",
    "podman": "apt-get install podman, or podman.io",
}
KINDS = {
    "bwrap": "bubblewrap: no network, read-only system, limits (Linux)",
    "docker": "a container for each hand-in; not tried with an engine",
    "podman": "a container for each hand-in",
    "user": "another user, as root, in a container that is thrown away",
    "none": "no walls: only for code that you trust",
}
ELSEWHERE = {
    "darwin": "on macOS `collect`, `merge`, `recipe` and `feedback` work; `release` "
    "and `grade` with --sandbox docker or podman, or in a virtual machine with Linux",
    "win32": "on Windows `collect`, `merge`, `recipe` and `feedback` work; `release` "
    "and `grade` in WSL 2",
}


@dataclass(frozen=True)
class Walls:
    """How to start a server behind walls, and how to end all that runs there.

    Args:
        start: the command of the server.
        environment: of that command.
        own: what an answer's processes are told by.
        user: who runs the command; None: who runs this.
        end: a command that ends what is left; () where killing the first does.
    """

    start: tuple[str, ...]
    environment: dict[str, str]
    own: str = NAMESPACE
    user: int | None = None
    end: tuple[str, ...] = ()

    @property
    def once(self) -> bool:
        """Say whether every hand-in needs new ones: its answers are not apart."""
        return self.own == USER

    def popen(self, **streams: object) -> subprocess.Popen:
        """Start the server."""
        return subprocess.Popen(
            self.start, env=self.environment, bufsize=0, **self._as(), **streams
        )

    def clear(self) -> None:
        """End what is left behind the walls."""
        if self.end:
            subprocess.run(
                self.end, check=False, capture_output=True, timeout=60, **self._as()
            )

    def _as(self) -> dict[str, object]:
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.user, "extra_groups": [], "cwd": "/"}


def walls(kind: str, limits: Limits) -> Walls:
    """Return the walls of a kind.

    Raises:
        ValueError: this system has no such walls; the message says what to do.
    """
    if not sys.platform.startswith("linux") and not _engine(kind):
        raise ValueError(
            f"grading behind `--sandbox {kind}` needs Linux: use Linux, WSL 2 or a "
            "virtual machine"
        )
    if _engine(kind):
        return _container(kind, limits)
    if kind == "user":
        return _other_user()
    if kind == "none":
        return Walls((sys.executable, *SERVER), HERE, own=SESSION)
    return Walls((*_bubble(), sys.executable, *SERVER), HERE)


def _engine(kind: str) -> bool:
    return kind in ("docker", "podman") and sys.platform != "win32"


def _tool(name: str) -> str:
    tool = shutil.which(name)
    if tool is None:
        raise ValueError(
            f"grading runs students' code in {name}, which is not installed: install "
            f"it ({PACKAGES[name]}), or take another way with --sandbox"
        )
    return tool


def _bubble() -> tuple[str, ...]:
    seen = [Path(one) for one in SYSTEM]
    seen += [Path(one).resolve() for one in (sys.base_prefix, sys.prefix)]
    seen += [Path(sys.prefix), PACKAGE]
    seen += [Path(one) for one in sys.path if "site-packages" in one]
    binds = [
        word
        for path in dict.fromkeys(seen)
        if path.exists() or path.is_symlink()
        for word in ("--ro-bind", str(path), str(path))
    ]
    return (
        *(_tool("bwrap"), "--unshare-all", "--die-with-parent", "--new-session"),
        *("--uid", str(NOBODY), "--gid", str(NOBODY)),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),
        *binds,
        *("--tmpfs", str(SECRET), "--chdir", "/tmp"),
    )


def _container(engine: str, limits: Limits) -> Walls:
    """Return a container with the limits of an answer, and room for its server."""
    tool, name = _tool(engine), f"coursekit-{token_hex(8)}"
    memory = str(limits.memory + SERVER_BYTES)
    tmpfs = f"/tmp:rw,nosuid,nodev,size={limits.files},mode=1777"
    variables = [word for k, v in INSIDE.items() for word in ("--env", f"{k}={v}")]
    start = (
        *(tool, "run", "--rm", "--interactive", "--name", name),
        *("--network", "none", "--log-driver", "none", "--pull", "never"),
        *("--read-only", "--tmpfs", tmpfs, "--workdir", "/tmp"),
        *(("--read-only-tmpfs=false",) if engine == "podman" else ()),
        *("--memory", memory, "--memory-swap", memory),
        *("--pids-limit", str(4 * limits.processes), "--ulimit", "nofile=256:256"),
        *("--ulimit", "core=0:0", "--user", f"{NOBODY}:{NOBODY}"),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *(*variables, IMAGE, "python", *SERVER),
    )
    return Walls(start, dict(os.environ), own=USER, end=(tool, "kill", name))


def _other_user() -> Walls:
    """Return another user, who can read neither the exercises nor what is root's."""
    if os.geteuid() != 0:
        raise ValueError("`--sandbox user` starts another user's processes: be root")
    if SECRET.stat().st_mode & 0o007:
        raise ValueError(f"every user can read the answers: chmod -R o-rwx '{SECRET}'")
    user = _uid(ANSWERER)
    end = ("/bin/sh", "-c", "kill -9 -1")  # all that this user may end
    return Walls((sys.executable, *SERVER), HERE, own=USER, user=user, end=end)


def _uid(name: str) -> int:
    import pwd

    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise ValueError(
            f"`--sandbox user` needs a user of its own: useradd --system {name}"
        ) from None
