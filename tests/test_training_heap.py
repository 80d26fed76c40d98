"""Memory that a training step frees stays with the process."""

import platform
import subprocess
import sys

import pytest

# Takes and frees ten blocks of 4 MiB again and again, as the steps of a network do,
# with the call if it is told to "keep", and prints the page faults of ten such rounds:
# 102,400 pages are written to.
PROGRAM = """
import resource, sys, torch
from coursekit.training.heap import keep_freed_memory

def rounds(n):
    for _ in range(n):
        blocks = [torch.ones(2**20) for _ in range(10)]
        del blocks

if sys.argv[1] == "keep":
    keep_freed_memory()
rounds(3)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
rounds(10)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(what: str) -> int:
    command = [sys.executable, "-c", PROGRAM, what]
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc trims so")
def test_freed_memory_is_kept_and_taken_again_without_page_faults():
    kept, given_back = faults("keep"), faults("give back")
    assert kept < 10_000
    if given_back < 10_000:
        pytest.skip("memory is kept here without the call: an import freed much before")
    assert given_back >= 5 * kept
