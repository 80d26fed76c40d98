"""Whether a notebook runs this code, without importing IPython to find out."""

import sys

DIGITS = 6  # of a float that is shown


def shell() -> object | None:
    """Return IPython's shell where one runs this code."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def in_notebook() -> bool:
    """Return whether a Jupyter kernel runs this code."""
    return getattr(shell(), "kernel", None) is not None


def use_short_numbers() -> bool:
    """Show floats of many digits by six from now on; say whether this is a notebook.

    0.25 stays 0.25, and 0.6652409557748218 is shown as 0.665241: in lists and dicts,
    too. The numbers themselves do not change.
    """
    running = shell()
    if running is None:
        return False
    writer = running.display_formatter.formatters["text/plain"]
    writer.for_type(float, lambda value, page, _: page.text(_short(value)))
    return True


def _short(value: float) -> str:
    whole = repr(value)
    if len(whole) <= DIGITS + 2 or value.is_integer():
        return whole
    large = 10 ** (DIGITS - 1) <= abs(value) < 1e15
    return f"{value:.1f}" if large else f"{value:.{DIGITS}g}"
