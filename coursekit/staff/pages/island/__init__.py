"""Explorers that live in a page: no kernel, no network, one small script.

`island(explorer)` is a piece of HTML that answers its controls by itself. It holds the
states of the explorer, computed by Python when the page is built.
"""

from coursekit.staff.pages.island.display import IN_KERNEL
from coursekit.staff.pages.island.fragment import SCRIPT, island

__all__ = ["IN_KERNEL", "SCRIPT", "island"]
