"""What several test files share: one warm sandbox for students' code."""

import shutil
import subprocess

import pytest


def no_namespaces() -> str:
    """Say why there can be no sandbox here, or ""."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    test = ("bwrap", "--unshare-all", "--ro-bind", "/", "/", "true")
    done = subprocess.run(test, capture_output=True, text=True, check=False)
    return done.stderr.strip()


@pytest.fixture(scope="session")
def sandbox():
    """Return a sandbox; where there can be none, the test is skipped and says why."""
    if why := no_namespaces():
        pytest.skip(f"no user namespaces: {why}")
    from coursekit.staff.grading.sandbox import Sandbox

    with Sandbox() as made:
        yield made
