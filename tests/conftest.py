"""What several test files share: seeds, and one warm sandbox for students' code."""

import os
import shutil
import subprocess
import sys

import pytest
from hypothesis import settings

settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")


@pytest.fixture(autouse=True)
def _seeded():
    """Let what a test draws not depend on the tests that ran before it."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


def no_namespaces() -> str:
    """Say why there can be no sandbox here, or ""."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    test = ("bwrap", "--unshare-all", "--ro-bind", "/", "/", "true")
    done = subprocess.run(test, capture_output=True, text=True, check=False)
    return done.stderr.strip()


def require_namespaces() -> None:
    """Skip where there can be no sandbox; fail where one was promised."""
    if why := no_namespaces():
        promised = os.environ.get("COURSEKIT_REQUIRE_SANDBOX") == "1"
        give_up = pytest.fail if promised else pytest.skip
        give_up(f"no user namespaces: {why}")


@pytest.fixture(scope="session")
def sandbox():
    """Return a sandbox; where there can be none, the test is skipped and says why."""
    require_namespaces()
    from coursekit.staff.grading.sandbox import Sandbox

    with Sandbox() as made:
        yield made
