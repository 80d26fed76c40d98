"""Let the memory of one training step be there for the next.

After each step on a CPU glibc hands what was freed back to the system, which then has
to clear every page again: up to a tenth of ResNet-20's step (`benchmarks/loop.py`).
"""

import torch

_LARGEST = 31 * 2**20  # bytes; the thresholds follow blocks up to 32 MiB


def keep_freed_memory() -> None:
    """Make glibc keep up to 62 MiB of freed memory instead of at most 128 KiB.

    Its thresholds grow by themselves, to the size of a freed block and to twice that
    (mallopt(3), M_MMAP_THRESHOLD, "dynamic mmap threshold"). So one large block, never
    written to, is taken and freed. With another C library nothing changes.
    """
    torch.empty(_LARGEST, dtype=torch.uint8, device="cpu")
