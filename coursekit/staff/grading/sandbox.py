"""The sandbox seen from outside: start it, ask an answer's process, end it.

Behind its walls are Python and this package, and no file of the course that tells an
answer: neither the exercises' bank, nor notebooks, nor tests, nor other hand-ins.
"""

import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from tempfile import TemporaryFile

from coursekit.course.exercises.non_results import Stopped
from coursekit.staff.grading import wire
from coursekit.staff.grading.limits import ASK, END, OPEN, SAYS, Limits
from coursekit.staff.grading.walls import walls

START_SECONDS, END_SECONDS = 120, 10
MOST_BYTES = wire.MOST_BYTES + 1024  # of a frame; longer ones are nobody's
WHY = {
    "memory": "it needs more memory than the {memory:.0f} GB of the sandbox",
    "processes": "it started more processes than the {processes} it may have",
    "time": "it did not end within {seconds:g} seconds of computing, {wall:g} in all",
    "flood": "it sent more than a result may hold",
    "died": "its process ended: it exited, or crashed",
}


class Sandbox:
    """A warm process that forks for every answer; one answer at a time.

    Args:
        kind: "bwrap", "docker", "podman", "user" or "none", as `walls` says.

    Raises:
        ValueError: there are no such walls here, or they do not hold.
    """

    def __init__(self, kind: str = "bwrap", limits: Limits | None = None) -> None:
        self._kind, limits = kind, limits or Limits()
        self._walls = walls(kind, limits)
        self.limits = replace(limits, own=self._walls.own)
        self._start()

    def _start(self) -> None:
        # a file: a pipe that nobody empties would fill up
        self._said = TemporaryFile()  # noqa: SIM115 (`close` closes it)
        self._used = False
        pipe = subprocess.PIPE
        self._process = self._walls.popen(stdin=pipe, stdout=pipe, stderr=self._said)
        if self._frame(START_SECONDS) != b'"ready"':
            self._said.seek(0)
            said = self._said.read().decode(errors="replace").strip()
            self.close()
            raise ValueError(f"the sandbox does not start: {said[-300:]}")

    def restart(self) -> None:
        """Start anew after an answer that took the sandbox with it."""
        self.close()
        self._walls = walls(self._kind, self.limits)
        self._start()

    def next_hand_in(self) -> None:
        """Make room for another student where answers are not apart by themselves."""
        if self._walls.once and self._used:
            self.restart()

    def close(self) -> None:
        """End the sandbox and all that runs in it."""
        self._walls.clear()
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
        self._used = True
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
        length = wire.LENGTH.unpack(head)[0] if head else MOST_BYTES
        return self._exactly(length, until) if length < MOST_BYTES else b""

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
        frame = self._sandbox._frame(self._sandbox.limits.wall + 5)
        if frame[:1] == SAYS:
            try:
                return wire.decode(frame[1:])
            except ValueError:
                return None
        limits = self._sandbox.limits
        self._ended = WHY[_why(frame)].format(
            memory=limits.memory / 2**30,
            processes=limits.processes,
            seconds=limits.seconds,
            wall=limits.wall,
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
            until = time.monotonic() + END_SECONDS
            while (frame := self._sandbox._frame(END_SECONDS)) != b'"closed"':
                if not frame or time.monotonic() > until:
                    raise BrokenPipeError
        except BrokenPipeError:
            self._sandbox.restart()


def _why(frame: bytes) -> str:
    """Return why a process ended; behind some walls it could write this itself."""
    try:
        said = str(json.loads(frame)["ended"]) if frame else "time"
    except (ValueError, KeyError, TypeError):
        said = "died"
    return said if said in WHY else "died"
