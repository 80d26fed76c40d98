"""The question about the network: which mirrors of the data sets answer.

Nothing the sessions need comes from there, so no answer is a failure.
"""

import http.client
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from importlib import import_module
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from coursekit._base.words import printable
from coursekit.setup.doctor.asking import after_torch
from coursekit.setup.doctor.doctor_report import Line

PATIENCE = 3.0  # seconds, for all mirrors together


@dataclass(frozen=True)
class Mirror:
    """One place of one data set: the address of a file, and its length in bytes."""

    set_name: str
    url: str
    size: int

    @property
    def host(self) -> str:
        """The computer's name."""
        return urlsplit(self.url).hostname or self.url


@after_torch("network")
def network() -> Line:
    """Which mirrors of the data sets can be reached from here?"""
    asked = mirrors()
    troubles = ask_all(asked)
    reached = [one for one in asked if not troubles[one]]
    detail = f"{len(reached)} of {len(asked)} mirrors of the data sets answer"
    if len(reached) == len(asked):
        return Line("network", True, detail)
    told = _told(troubles)
    lost = sorted({one.set_name for one in asked} - {one.set_name for one in reached})
    if not lost:
        return Line("network", True, f"{detail}, enough for every set; not {told}")
    detail += f"; not {told}"
    if not reached:
        reasons = sorted(set(troubles.values()))
        detail = f"no mirror of the data sets answers ({'; '.join(reasons)})"
    return Line("network", False, detail, _remedy(told, reached, lost), needed=False)


def skipped() -> Line:
    """Stand in for `network` where nobody is to be asked."""
    return Line("network", True, "not asked (--offline)")


def _told(troubles: dict[Mirror, str]) -> str:
    """Return the hosts that do not answer, those with one reason together."""
    hosts: dict[str, dict[str, None]] = {}  # reason → hosts, as an ordered set
    for one, trouble in troubles.items():
        if trouble:
            hosts.setdefault(trouble, {})[one.host] = None
    return "; ".join(f"{', '.join(names)}: {why}" for why, names in hosts.items())


def _remedy(told: str, reached: list[Mirror], lost: list[str]) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in told:
        return (
            "the certificates are not trusted: set SSL_CERT_FILE to those of your "
            "school or company (on a Mac with Python from python.org: run its "
            '"Install Certificates.command")'
        )
    if reached:
        return f"{', '.join(lost)} cannot be downloaded now; try again later"
    return (
        "the course works without a network; only to download data sets: connect, "
        "behind a proxy set HTTPS_PROXY"
    )


def mirrors() -> list[Mirror]:
    """Return every place of every data set, from the course's own catalogue."""
    every = []
    for entry in import_module("coursekit.data.catalogue").SETS.values():
        file = entry.archives[0]
        every += [Mirror(entry.name, url, file.size) for url in file.urls]
    return every


def ask_all(asked: list[Mirror], patience: float = PATIENCE) -> dict[Mirror, str]:
    """Ask all mirrors at once; return what is the matter with each, "" for nothing.

    A look-up of a name cannot be interrupted, so the threads are left behind when the
    time is over; as daemons they do not keep the process alive.

    Args:
        patience: seconds for all of them together.
    """
    answers: SimpleQueue = SimpleQueue()
    for one in asked:
        arguments = (one, patience, answers)
        threading.Thread(target=_ask, args=arguments, daemon=True).start()
    troubles = dict.fromkeys(asked, f"no answer in {patience:g} s")
    end = time.monotonic() + patience
    for _ in asked:
        try:
            one, trouble = answers.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            break
        troubles[one] = trouble
    return troubles


def _ask(one: Mirror, patience: float, answers: SimpleQueue) -> None:
    """Ask for the head of one file and compare its length with the published one."""
    request = urllib.request.Request(
        one.url, method="HEAD", headers={"User-Agent": "coursekit"}
    )
    try:
        with urllib.request.urlopen(request, timeout=patience) as reply:
            length = reply.headers.get("Content-Length", str(one.size))
            right = length == str(one.size)
            trouble = "" if right else "answers something else: a log-in page?"
    except urllib.error.HTTPError as error:
        error.close()
        trouble = f"answers {error.code} {error.reason}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        cause = getattr(error, "reason", error)  # URLError wraps the reason
        words = getattr(cause, "strerror", None) or str(cause)
        trouble = words or type(cause).__name__
    answers.put((one, printable(trouble)[:120]))
