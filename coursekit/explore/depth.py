"""How large the gradient is at each block of a deep net, before any training.

The nets are those of He et al., arXiv 1512.03385, section 4.2, with 8 channels in the
first stage; a grey line shows the plain twin with the same norm and the same start.
"""

from functools import lru_cache
from math import ceil, log10
from typing import Annotated

from coursekit.blocks import BasicBlock
from coursekit.data import digits
from coursekit.explore import svg
from coursekit.explore.charts import Chart
from coursekit.explore.declare import explorer
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.view import View
from coursekit.figures.style import ROLES
from coursekit.metrics import gradient_norms
from coursekit.models import depth_net

IMAGES = 16  # digits in the step backward
SHORTCUTS = {"none": "no shortcuts", "padded": "padded shortcuts"}
SHORTCUTS |= {"projection": "projections"}
NORMS = {"batch": "batch norm", "none": "no norm"}
STARTS = {"torch": "torch's start", "he": "He's start"}
_HEIGHT, _TWIN = 330, "#999999"
_CHART = Chart(70, 40, 650, 230)


@explorer("A deep net before training: where does the gradient get lost?")
def depth_view(
    *,
    depth: Annotated[int, Whole("layers", 8, 56, 6)] = 56,
    shortcut: Annotated[str, Choice("shortcut", tuple(SHORTCUTS))] = "padded",
    norm: Annotated[str, Choice("norm", tuple(NORMS))] = "batch",
    start: Annotated[str, Choice("start", tuple(STARTS))] = "torch",
) -> View:
    """Show the gradient's norm after the first layer and after each block.

    Example:
        >>> depth_view(depth=20, shortcut="none", norm="none").numbers["parameters"]
        67218
    """
    norms, parameters = _profile(depth, shortcut, norm, start)
    twin, twin_parameters = _profile(depth, "none", norm, start)
    numbers = {
        "gradient_norms": norms,
        "log10_first_over_last": log10(norms[0] / norms[-1]),
        "twin_log10": log10(twin[0] / twin[-1]),
        "parameters": parameters,
        "in_shortcuts": parameters - twin_parameters,
    }
    names = SHORTCUTS[shortcut], NORMS[norm], STARTS[start]
    return View.drawn(
        _HEIGHT, _drawing(norms, twin), _text(depth, names, numbers), numbers=numbers
    )


explore_depth = depth_view.explore


@lru_cache(maxsize=128)
def _profile(
    depth: int, shortcut: str, norm: str, start: str
) -> tuple[tuple[float, ...], int]:
    """Return the norms, first layer to last block, and the net's parameters."""
    data = digits()
    images = data.images[:IMAGES] / 255
    images = (images - images.mean()) / images.std()
    net = depth_net(depth, shortcut=shortcut, norm=norm, start=start)
    blocks = [n for n, layer in net.named_modules() if isinstance(layer, BasicBlock)]
    norms = gradient_norms(net, images, data.labels[:IMAGES], ["2", *blocks])
    return tuple(norms.values()), sum(p.numel() for p in net.parameters())


def _drawing(norms: tuple[float, ...], twin: tuple[float, ...]) -> str:
    """Draw both lines on a scale of powers of ten with 1 in the middle."""
    lines = [[log10(norm / line[-1]) for norm in line] for line in (twin, norms)]
    most = max(1, ceil(max(abs(value) for line in lines for value in line)))
    parts = [_frame(most, len(norms) - 1)]
    for line, colour, thick in zip(
        lines, (_TWIN, ROLES["chosen"]), (4, 2.5), strict=True
    ):
        places = ((i / (len(line) - 1), _share(v, most)) for i, v in enumerate(line))
        parts.append(_CHART.line(places, colour, thick=thick))
    title = "gradient over the last block's (grey: the plain twin)"
    return svg.words(_CHART.x, 22, title) + "".join(parts)


def _share(power: float, most: int) -> float:
    return (power + most) / (2 * most)


def _frame(most: int, blocks: int) -> str:
    """Draw the lines at 10^−most, 1 and 10^most, and the blocks below."""
    below = sorted({0, *range(blocks // 3, blocks + 1, blocks // 3)})
    return _CHART.frame(
        [(b / blocks, f"block {b}" if b else "first layer") for b in below],
        [(0, f"1e-{most}"), (0.5, "1"), (1, f"1e+{most}")],
    )


def _text(depth: int, names: tuple[str, ...], numbers: dict) -> str:
    own, twin = numbers["log10_first_over_last"], numbers["twin_log10"]
    return (
        f"{depth} layers, {', '.join(names)}: {numbers['parameters']:,} parameters, "
        f"{numbers['in_shortcuts']:,} of them in shortcuts.\n"
        f"The gradient at the first layer is {_times(own)} the one at the last block, "
        f"in the plain twin {_times(twin)}."
    )


def _times(power: float) -> str:
    """Say how often, from a power of ten."""
    if abs(power) >= 6:
        return f"10 to the {power:.0f} times"
    ratio = 10**power
    return f"{ratio:,.0f} times" if ratio >= 100 else f"{ratio:.2g} times"
