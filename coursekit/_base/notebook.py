"""Whether a notebook runs this code, without importing IPython to find out."""

import sys


def shell() -> object | None:
    """Return IPython's shell where one runs this code."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def in_notebook() -> bool:
    """Return whether a Jupyter kernel runs this code."""
    return getattr(shell(), "kernel", None) is not None
