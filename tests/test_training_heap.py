"""Memory that a training step frees stays with the process."""

import platform
import subprocess
import sys

import pytest

# Takes and frees ten blocks of 4 MiB again and again, as the steps of a network do, and
# prints the page faults of ten such rounds.
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


def faults(how: str) -> int:
    command = [sys.executable, "-c", PROGRAM, how]
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc trims so")
def test_freed_memory_is_kept_and_taken_again_without_page_faults():
    assert faults("keep") * 10 < faults("as it is")
