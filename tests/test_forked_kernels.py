"""The forked kernels of a test run beside kernels as Jupyter starts them."""

import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client import KernelManager

from tests.kernels import POSSIBLE, ForkServer

if not POSSIBLE:
    pytest.skip("forked kernels are for Linux", allow_module_level=True)

# What a kernel is to its notebook, apart from its number and its first import of torch.
SEEN = (
    "import os, sys\n"
    "print(os.getcwd(), sorted(os.environ.items()), sys.path, sys.argv[0], sep='\\n')\n"
    "print('coursekit' in sys.modules, __name__)"
)


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServer]:
    server = ForkServer()
    yield server
    server.close()


class Kernel:
    """A kernel that says what it prints."""

    def __init__(self, command: list[str] | None, folder: Path):
        self.manager = KernelManager(kernel_name="python3")
        if command is not None:
            self.manager.kernel_spec.argv = command
        environment = os.environ | {"COURSEKIT_STRICT": "1"}
        self.manager.start_kernel(cwd=str(folder), env=environment)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def says(self, code: str) -> str:
        printed = []
        self.client.execute_interactive(code, timeout=60, output_hook=printed.append)
        return "".join(m["content"].get("text", "") for m in printed)

    def end(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(forks: ForkServer, tmp_path: Path) -> Iterator[Kernel]:
    started = Kernel(forks.command(), tmp_path)
    yield started
    started.end()


def test_a_forked_kernel_sees_what_a_usual_one_sees(kernel: Kernel, tmp_path: Path):
    usual = Kernel(None, tmp_path)
    try:
        expected, found = usual.says(SEEN), kernel.says(SEEN)
    finally:
        usual.end()
    assert "COURSEKIT_STRICT" in found
    assert without_numbers(found) == without_numbers(expected)


def without_numbers(said: str) -> list[str]:
    """Leave out how a kernel was started, and in which phase of the test."""
    folder, environment, path, _, *rest = said.splitlines()
    variables = [v for v in eval(environment) if v[0] != "PYTEST_CURRENT_TEST"]
    return [folder, variables, path, *rest]


def test_two_forked_kernels_share_nothing_they_write(
    forks: ForkServer, kernel: Kernel, tmp_path: Path
):
    kernel.says("import torch; torch.left_behind = 1; here = 1")
    other = Kernel(forks.command(), tmp_path)
    try:
        said = other.says("import torch; print(hasattr(torch, 'left_behind'))")
    finally:
        other.end()
    assert said == "False\n"


def test_an_interrupt_reaches_the_forked_kernel(kernel: Kernel):
    pid = int(kernel.says("import os; print(os.getpid())"))
    message = kernel.client.execute(
        "import signal; print('on', flush=True); signal.pause()"
    )
    while kernel.client.get_iopub_msg(timeout=60)["content"].get("text") != "on\n":
        pass
    kernel.manager.interrupt_kernel()
    reply = kernel.client.get_shell_msg(timeout=60)
    while reply["parent_header"]["msg_id"] != message:
        reply = kernel.client.get_shell_msg(timeout=60)
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    os.kill(pid, 0)  # it is still there


def test_a_forked_kernel_ends_with_its_client(forks: ForkServer, tmp_path: Path):
    kernel = Kernel(forks.command(), tmp_path)
    handle = os.pidfd_open(int(kernel.says("import os; print(os.getpid())")))
    kernel.end()
    assert select.select([handle], [], [], 60)[0]  # readable once it has ended
    os.close(handle)
