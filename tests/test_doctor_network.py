"""The doctor's line about the network, on servers that misbehave."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from coursekit.data.catalogue import SETS
from coursekit.setup.doctor import mirrors as network
from coursekit.setup.doctor.mirrors import Mirror, ask_all

ROOT = Path(__file__).resolve().parent.parent
SIZE = 1234
TOGETHER = 5


class Handler(BaseHTTPRequestHandler):
    """Answer by the path: /good, /page, /gone, /unsaid, /silent, /together.

    `/together` answers when as many questions are waiting as `TOGETHER` says.
    """

    def do_HEAD(self) -> None:
        """Answer a question for the head of a file."""
        kind = self.path.strip("/")
        if kind == "silent":
            self.server.released.wait()
            return
        if kind == "together":
            self.server.gathered.wait(timeout=60)
        self.send_response(404 if kind == "gone" else 200)
        length = {"good": SIZE, "page": 17}.get(kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    """Give the address of a web server that ends with the test."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        running.released = threading.Event()
        running.gathered = threading.Barrier(TOGETHER)
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.released.set()
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    """Ask without a proxy, which this machine may have."""
    monkeypatch.setenv("no_proxy", "*")


def closed_port() -> int:
    """Return a port nobody listens on."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [
        ("good", ""),
        ("unsaid", ""),
        ("page", "answers something else: a log-in page?"),
        ("gone", "answers 404 Not Found"),
        ("silent", "no answer in 0.3 s"),
    ],
)
def test_what_a_mirror_does_is_told_in_words(server, kind, trouble):
    one = Mirror("set", f"{server}/{kind}", SIZE)
    patience = 0.3 if kind == "silent" else 30.0
    found = ask_all([one], patience)[one]
    # a time-out is told by the socket or by the clock, whichever is first
    assert found == trouble or (kind == "silent" and "timed out" in found)


def test_a_refused_connection_is_told_in_the_system_s_words():
    one = Mirror("set", f"http://127.0.0.1:{closed_port()}/x", SIZE)
    assert "refused" in ask_all([one], 30.0)[one].lower()


def test_all_mirrors_are_asked_at_the_same_time(server):
    together = [Mirror(str(n), f"{server}/together", SIZE) for n in range(TOGETHER)]
    assert set(ask_all(together, 60.0).values()) == {""}


@pytest.fixture
def asked(server, monkeypatch):
    """Give a function that makes the catalogue of mirrors of the given kinds."""

    def make(**sets: str) -> None:
        found = [
            Mirror(name, f"{server}/{kind}", SIZE)
            for name, kinds in sets.items()
            for kind in kinds.split()
        ]
        monkeypatch.setattr(network, "mirrors", lambda: found)

    return make


def test_a_network_that_works_is_right(asked):
    asked(mnist="good unsaid", cifar10="good")
    answer = network.network()
    assert (answer.mark, answer.detail) == (
        "ok",
        "3 of 3 mirrors of the data sets answer",
    )


def test_one_mirror_of_each_set_is_enough(asked):
    asked(mnist="good gone", cifar10="page good")
    answer = network.network()
    assert answer.mark == "ok"
    assert "2 of 4 mirrors of the data sets answer, enough for every set" in (
        answer.detail
    )
    assert "127.0.0.1: answers 404 Not Found" in answer.detail


def test_a_set_without_a_mirror_is_a_note_that_names_it(asked):
    asked(mnist="good", cifar10="gone page")
    answer = network.network()
    assert answer.mark == "note"
    assert answer.remedy == "cifar10 cannot be downloaded now; try again later"


def test_being_offline_is_a_note_and_no_failure_of_the_course(asked):
    asked(mnist="gone", cifar10="page")
    answer = network.network()
    assert answer.mark == "note"
    assert answer.detail.startswith("no mirror of the data sets answers (answers 404")
    assert answer.remedy.startswith("the course works without a network")


def test_an_untrusted_certificate_has_its_own_remedy():
    told = "x: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"
    assert "SSL_CERT_FILE" in network._remedy(told, [], ["mnist"])


def test_every_mirror_of_the_catalogue_is_asked_for_a_file_it_has():
    found = network.mirrors()
    known = {
        (url, remote.size)
        for entry in SETS.values()
        for remote in entry.archives
        for url in remote.urls
    }
    assert {(one.url, one.size) for one in found} <= known
    hosts = {url.split("/")[2] for url, _ in known}
    assert {one.host for one in found} == hosts
    assert {one.set_name for one in found} == set(SETS)


def test_a_name_server_that_never_answers_does_not_keep_the_process_alive(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import socket, threading\n"
        "socket.getaddrinfo = lambda *a, **k: threading.Event().wait()\n",
        encoding="utf-8",
    )
    code = (
        "from coursekit.setup.doctor.mirrors import ask_all, mirrors\n"
        "print(set(ask_all(mirrors(), 0.5).values()))"
    )
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths, "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.stdout.strip() == "{'no answer in 0.5 s'}", done.stderr
