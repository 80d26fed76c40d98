"""Nothing the course runs needs a network.

Every notebook of this run has a kernel that reaches no other machine (conftest.py).
Here: that this guard holds, and that the embedded sets need nobody.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OFFLINE = ROOT / "tests" / "offline"
# TEST-NET-1 (RFC 5737): an address that belongs to nobody.
NOWHERE = "192.0.2.1"


def run_offline(code: str) -> subprocess.CompletedProcess:
    """Run `code` in a Python that reaches no other machine."""
    environment = dict(os.environ, PYTHONPATH=str(OFFLINE), OMP_NUM_THREADS="1")
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )


@pytest.mark.parametrize(
    "attempt",
    [
        f"import socket; socket.create_connection(('{NOWHERE}', 80), timeout=1)",
        f"import socket; socket.socket().connect_ex(('{NOWHERE}', 80))",
        "import socket; socket.getaddrinfo('example.org', 443)",
        "import urllib.request; urllib.request.urlopen('http://example.org')",
    ],
)
def test_the_guard_refuses_other_machines(attempt: str):
    done = run_offline(attempt)
    assert done.returncode == 1
    assert "the tests are offline" in done.stderr


def test_the_guard_leaves_this_machine_alone():
    code = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    with socket.create_connection(("localhost", server.getsockname()[1]), timeout=5):
        print("connected")
"""
    done = run_offline(code)
    assert done.stdout == "connected\n", done.stderr


def test_embedded_data_and_a_training_step_need_no_network():
    code = """
from coursekit.data import digits, photos, shapes
from coursekit.training import fit
import torch
print(len(digits()), len(photos()), len(shapes(10, seed=0)))
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
print(len(fit(model, digits(), epochs=1, progress=False).epochs))
"""
    done = run_offline(code)
    assert done.stdout.split() == ["1797", "2", "10", "1"], done.stderr
