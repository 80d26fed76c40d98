"""Download a file whose length and SHA-256 are known, from the first mirror that works.

What arrived is kept in NAME.part and continued after a break, from the same mirror or
the next: all serve the same bytes. The file gets its name only when its sum is right,
by an atomic rename, under a lock, so that two processes cannot disturb each other.
"""

import errno
import hashlib
import http.client
import os
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import BinaryIO
from urllib.parse import urlsplit

from coursekit._base.words import printable
from coursekit.data.catalogue import Remote
from coursekit.data.download_progress import Progress, silent
from coursekit.data.locking import locked

_BLOCK = 1 << 16
_LEAST = 512  # bytes for which a connection is worth its trouble
_NO_SPACE = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}
_NETWORK = (OSError, http.client.HTTPException)  # URLError and time-outs are OSErrors


class DownloadError(ConnectionError):
    """No mirror gave the file; the message says what happened at each of them."""


@dataclass(frozen=True)
class Patience:
    """Say when to give up on a mirror.

    Args:
        timeout: seconds without a byte, and for the whole head of an answer.
        attempts: tries at one mirror in a row that bring nothing worth asking for.
        slow: bytes a second under which the other mirrors are tried first.
        watch: seconds over which that speed is measured, over all connections.
        least: bytes a second under which, on the whole, even the last mirror is given
            up; it gets `timeout` · `attempts` seconds to begin with.
    """

    timeout: float = 20.0
    attempts: int = 2
    slow: float = 150_000.0
    watch: float = 10.0
    least: float = 2_000.0


class _RefusedError(Exception):
    """This mirror cannot help, for the reason given."""


class _SlowError(Exception):
    """This mirror works, but slowly."""


class _Watch:
    """Look at what a mirror brings, over all its connections.

    Args:
        patience: how slow it may be.
        patient: whether it may be slower than others.
    """

    def __init__(self, patience: Patience, patient: bool):
        self._patience, self._patient = patience, patient
        self._begin = self._since = time.monotonic()
        self._all = self._lately = 0

    def came(self, count: int) -> None:
        """Count bytes; give up on a mirror that takes too long for them."""
        patience, now = self._patience, time.monotonic()
        self._all, self._lately = self._all + count, self._lately + count
        seconds = now - self._begin
        if seconds > patience.timeout * patience.attempts + self._all / patience.least:
            raise _RefusedError(f"brought {self._all:,} bytes in {seconds:.0f} s")
        seconds = now - self._since
        if seconds >= patience.watch:
            if not self._patient and self._lately / seconds < patience.slow:
                raise _SlowError
            self._since, self._lately = now, 0


def fetch(
    remote: Remote,
    target: Path,
    *,
    urls: tuple[str, ...] | None = None,
    progress: Progress = silent,
    patience: Patience | None = None,
) -> Path:
    """Return `target` after downloading it, unless it is there with the right sum.

    Args:
        remote: name, length, sum and addresses of the file.
        target: where it goes.
        urls: addresses to use instead of `remote.urls`.
        progress: called with (name, bytes done, bytes in all).
        patience: when to give up on a mirror.

    Raises:
        DownloadError: no mirror gave the file.
        OSError: the folder cannot be written, or the disk is full.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_name(f".{target.name}.lock")):
        if target.exists() and _sum(target) == remote.sha256:
            return target
        part = target.with_name(target.name + ".part")
        places = remote.urls if urls is None else urls
        _Fetcher(remote, part, progress, patience or Patience()).from_any(places)
        os.replace(part, target)
    return target


@dataclass(frozen=True)
class _Fetcher:
    remote: Remote
    part: Path
    progress: Progress
    patience: Patience

    def from_any(self, urls: tuple[str, ...]) -> None:
        """Complete the part from one mirror after the other, slow ones last."""
        reasons, slow = [], []
        for url in urls:
            patient = len(urls) == 1
            try:
                return self._from_one(url, patient)
            except _SlowError:
                slow.append(url)
            except _RefusedError as refused:
                reasons.append(f"{urlsplit(url).hostname}: {refused}")
        for url in slow:
            try:
                return self._from_one(url, patient=True)
            except _RefusedError as refused:
                reasons.append(f"{urlsplit(url).hostname}: {refused}")
        raise DownloadError(
            f"could not download {self.remote.name} ({'; '.join(reasons)})"
        )

    def _from_one(self, url: str, patient: bool) -> None:
        """Complete the part from one mirror, however often it breaks off."""
        fresh, fruitless, reason = not self._have(), 0, "broke off"
        watch = _Watch(self.patience, patient)
        while (before := self._have()) != self.remote.size:
            try:
                self._continue(url, watch)
                reason = f"broke off at {self._have():,} of {self.remote.size:,} bytes"
            except urllib.error.HTTPError as error:
                error.close()
                if error.code != 416:  # the rest was not to be had: begin anew
                    raise _RefusedError(
                        f"answered {error.code} {printable(error.reason)}"
                    ) from None
                self.part.unlink(missing_ok=True)
            except _NETWORK as error:
                if _is_local(error):
                    raise
                reason = printable(getattr(error, "reason", error))
                reason = reason or type(error).__name__
            watch.came(0)
            worth = max(1, min(_LEAST, (self.remote.size - before) // 100))
            fruitless = 0 if self._have() - before >= worth else fruitless + 1
            if fruitless >= self.patience.attempts:
                raise _RefusedError(reason)
        if _sum(self.part) == self.remote.sha256:
            return
        self.part.unlink()
        if fresh:
            raise _RefusedError("served other bytes than the published ones")
        self._from_one(url, patient)  # the wrong bytes may be an earlier mirror's

    def _continue(self, url: str, watch: _Watch) -> None:
        """Ask for what is missing and append it."""
        have = self._have()
        headers = {"User-Agent": "coursekit", "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        request = urllib.request.Request(url, headers=headers)
        with _answered(request, self.patience.timeout) as reply:
            appended = reply.status == 206 and _starts_at(reply, have)
            with self.part.open("ab" if appended else "wb") as file:
                self._copy(reply, file, have if appended else 0, watch)

    def _copy(self, reply: BinaryIO, file: BinaryIO, done: int, watch: _Watch) -> None:
        while block := reply.read1(min(_BLOCK, self.remote.size - done)):
            file.write(block)
            done += len(block)
            self.progress(self.remote.name, done, self.remote.size)
            watch.came(len(block))

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0


def _answered(request: urllib.request.Request, seconds: float) -> HTTPResponse:
    """Return the answer to a request once its head is there.

    A socket's own patience begins anew with every byte, so a head that drips would be
    waited for without end: it is read by a thread that may be left behind.
    """
    answers: SimpleQueue = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(urllib.request.urlopen(request, timeout=seconds))
        except (*_NETWORK, ValueError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=1.1 * seconds)
    except Empty:
        raise TimeoutError(f"no whole answer in {seconds:g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _starts_at(reply: HTTPResponse, have: int) -> bool:
    return reply.headers.get("Content-Range", "").startswith(f"bytes {have}-")


def _is_local(error: Exception) -> bool:
    """Tell a full disk or a folder without permission from a broken network."""
    if not isinstance(error, OSError):
        return False
    return error.filename is not None or error.errno in _NO_SPACE


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
