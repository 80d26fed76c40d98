"""Memory that a training step frees stays with the process."""

import platform
import subprocess
import sys

import pytest

# Takes and frees ten blocks of 4 MiB again and again, as the steps of a network do, and
# prints the page faults of ten such rounds: 102,400 pages are written to.
PROGRAM = """
import resource, torch
from coursekit.training.heap import keep_freed_memory

def rounds(n):
    for _ in range(n):
        blocks = [torch.ones(2**20) for _ in range(10)]
        del blocks

keep_freed_memory()
rounds(3)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
rounds(10)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc trims so")
def test_freed_memory_is_kept_and_taken_again_without_page_faults():
    # Without the call: about 100,000, unless an import has freed a large block before.
    command = [sys.executable, "-c", PROGRAM]
    faults = int(subprocess.run(command, capture_output=True, check=True).stdout)
    assert faults < 10_000
