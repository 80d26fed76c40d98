"""Explorers that a kernel shows as islands, for a page that is read afterwards.

`IN_KERNEL` runs before the first cell; from then on an explorer that a cell shows comes
out as HTML without style and script (`SCRIPT` once a page brings them).
"""

from coursekit.explore.live import LiveExplorer
from coursekit.staff.pages.island.fragment import island

IN_KERNEL = f"from {__name__} import show_islands; show_islands()"


def show_islands() -> None:
    """Let every explorer of this process display itself as an island."""

    def display(explorer: LiveExplorer) -> None:
        from IPython.display import publish_display_data

        html = island(explorer, alone=False)
        publish_display_data({"text/plain": repr(explorer), "text/html": html})

    LiveExplorer._ipython_display_ = display
