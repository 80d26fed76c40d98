"""The sandbox seen from outside: start it, ask an answer's process, end it.

Bubblewrap gives no network, a read-only system with Python and this package, and no
file of the course that tells an answer: neither the exercises' bank, nor notebooks, nor
tests, nor other hand-ins.
"""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryFile

import coursekit
from coursekit.course.exercises.non_results import Stopped
from coursekit.staff.grading import wire
from coursekit.staff.grading.limits import ASK, END, OPEN, SAYS, Limits

START_SECONDS, END_SECONDS = 120, 10
PACKAGE = Path(coursekit.__file__).parent
SECRET = PACKAGE / "course" / "exercises" / "bank"
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache")
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": str(PACKAGE.parent),
}
WHY = {
    "memory": "it needs more memory than the {memory:.0f} GB of the sandbox",
    "processes": "it started more processes than the {processes} it may have",
    "time": "it did not end within {seconds:g} seconds",
    "flood": "it sent more than a result may hold",
    "died": "its process ended: it exited, or crashed",
}


class Sandbox:
    """A warm process that forks for every answer; one answer at a time.

    Args:
        kind: "bwrap", or "none": no walls at all, for machines without namespaces.

    Raises:
        ValueError: there is no bubblewrap, or it cannot make namespaces here.
    """

    def __init__(self, kind: str = "bwrap", limits: Limits | None = None) -> None:
        self.limits = limits or Limits(alone=kind != "none")
        self._walls = _walls() if kind == "bwrap" else []
        self._start()

    def _start(self) -> None:
        # a file: a pipe that nobody empties would fill up
        self._said = TemporaryFile()  # noqa: SIM115 (`close` closes it)
        server = (sys.executable, "-m", "coursekit.staff.grading.warm_server")
        self._process = subprocess.Popen(
            [*self._walls, *server],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=ENVIRONMENT,
            bufsize=0,
        )
        if self._frame(START_SECONDS) != b'"ready"':
            self._process.kill()
            self._process.wait()
            self._said.seek(0)
            said = self._said.read().decode(errors="replace").strip()
            self.close()
            raise ValueError(f"the sandbox does not start: {said[-300:]}")

    def restart(self) -> None:
        """Start anew after an answer that took the sandbox with it."""
        self.close()
        self._start()

    def close(self) -> None:
        """End the sandbox and all that runs in it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._said):
            stream.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def answer_process(self) -> Iterator["AnswerProcess"]:
        """Fork a process for one answer; it is gone after the block."""
        self._send(OPEN + json.dumps(asdict(self.limits)).encode())
        process = AnswerProcess(self)
        try:
            yield process
        finally:
            process.finish()

    def _send(self, frame: bytes) -> None:
        self._process.stdin.write(wire.LENGTH.pack(len(frame)) + frame)

    def _frame(self, seconds: float) -> bytes:
        """Read a frame; b"" where none came in time."""
        until = time.monotonic() + seconds
        head = self._exactly(wire.LENGTH.size, until)
        return self._exactly(*wire.LENGTH.unpack(head), until) if head else b""

    def _exactly(self, length: int, until: float) -> bytes:
        file, parts = self._process.stdout.fileno(), []
        while length:
            patience = max(0, until - time.monotonic())
            ready = select.select([file], [], [], patience)[0]
            part = os.read(file, min(length, 2**20)) if ready else b""
            if not part:
                return b""
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


class AnswerProcess:
    """The process of one answer, as the judge sees it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._ended = ""
        self.notes: list[str] = []

    def ask(self, name: str, content: dict) -> dict:
        """Ask one question and give the answer, plain values only.

        Raises:
            Stopped: the process ran out of time or memory, ended, or sent nonsense.
        """
        if not self._ended:
            question = wire.encode((name, content))[wire.LENGTH.size :]
            self._sandbox._send(ASK + question)
            answer = self._next()
            if isinstance(answer, dict):
                if "stopped" in answer:
                    self._ended = str(answer["stopped"])[:200]
                else:
                    return answer
            self._ended = self._ended or "it sent something that is no result"
        raise Stopped(self._ended)

    def _next(self) -> object:
        frame = self._sandbox._frame(self._sandbox.limits.seconds + 5)
        if frame[:1] == SAYS:
            try:
                return wire.decode(frame[1:])
            except ValueError:
                return None
        limits = self._sandbox.limits
        why = json.loads(frame)["ended"] if frame else "time"
        self._ended = WHY.get(why, WHY["died"]).format(
            memory=limits.memory / 2**30,
            processes=limits.processes,
            seconds=limits.seconds,
        )
        return None

    def finish(self) -> None:
        """End the process; what its code printed or changed stands in `notes`."""
        try:
            if not self._ended:
                self._sandbox._send(ASK + wire.encode(("end", {}))[wire.LENGTH.size :])
                said = self._next()
                if isinstance(said, list):
                    self.notes = [str(note)[:200] for note in said[:5]]
            self._sandbox._send(END)
            while (frame := self._sandbox._frame(END_SECONDS)) != b'"closed"':
                if not frame:
                    raise BrokenPipeError
        except BrokenPipeError:
            self._sandbox.restart()


def _walls() -> list[str]:
    """Return the command that puts up the walls.

    Raises:
        ValueError: no Linux, or bubblewrap is not installed.
    """
    if not sys.platform.startswith("linux"):
        raise ValueError(
            "grading runs students' code behind Linux's namespaces, which this system "
            "does not have: use Linux, WSL 2 or a virtual machine"
        )
    tool = shutil.which("bwrap")
    if tool is None:
        raise ValueError(
            "grading runs students' code in bubblewrap, which is not installed: "
            "apt-get install bubblewrap, or another way with --sandbox"
        )
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
    return [
        *(tool, "--unshare-all", "--die-with-parent", "--new-session"),
        *("--uid", "65534", "--gid", "65534"),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),
        *binds,
        *("--tmpfs", str(SECRET), "--chdir", "/tmp"),
    ]
