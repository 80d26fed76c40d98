"""Width and memory: what a plain network costs, and which batch fits a T4.

Stages of 3×3 convolution, batch norm and ReLU with 2×2 max pooling between them, as in
VGG (Simonyan and Zisserman 2014, https://arxiv.org/abs/1409.1556, table 1), trained by
SGD with momentum in float32. `coursekit.anatomy.memory` counts any network.
"""

from dataclasses import dataclass
from typing import Annotated

from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.view import View
from coursekit.figures.style import PALETTE, ROLES

BUDGET = 15e9  # bytes: what a T4 of 16 GB leaves to use
CLASSES, FLOAT, PLACE = 1000, 4, 8  # outputs; bytes of a number, of a pooled place
WIDTHS, SIDES = (8, 16, 32, 64, 128, 256), (32, 64, 128, 224)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_LEFT, _BAR, _HEIGHT = 8, 700, 330
COLOURS = {
    "weights, gradients, momentum": ROLES["kernel"],
    "images": ROLES["input"],
    "activations": ROLES["output"],
}


@dataclass(frozen=True)
class Stage:
    """Hold what one stage costs: for one image, and its weights."""

    channels: int
    side: int
    parameters: int
    multiply_adds: int
    kept: int  # bytes of activations


def stages_of(
    first: int, growth: int, stages: int, layers: int, side: int
) -> tuple[Stage, ...]:
    """Count the stages of the network, without its classifier.

    Each layer keeps its convolution's map for batch norm and the map after ReLU; a
    pooling keeps its own map and the place of each maximum.
    """
    costs, before = [], 3
    for number in range(stages):
        c, area = first * growth**number, side**2
        pairs = before * c + (layers - 1) * c * c
        kept = 2 * layers * c * area * FLOAT
        if number < stages - 1:
            kept += c * (side // 2) ** 2 * (FLOAT + PLACE)
        parameters = 9 * pairs + 2 * c * layers
        costs.append(Stage(c, side, parameters, 9 * pairs * area, kept))
        before, side = c, side // 2
    return tuple(costs)


@explorer("Width and memory: which batch fits a T4 of 16 GB?")
def width_view(
    *,
    first: Annotated[int, Choice("channels at first", WIDTHS)] = 64,
    growth: Annotated[int, Choice("times a stage", (1, 2, 4))] = 2,
    stages: Annotated[int, Whole("stages", 1, 5)] = 5,
    layers: Annotated[int, Whole("layers a stage", 1, 4)] = 2,
    side: Annotated[int, Choice("side (pixels)", SIDES)] = 224,
    batch: Annotated[int, Choice("images a batch", BATCHES)] = 32,
) -> View:
    """Show the memory of a training step by part, and the cost of every stage."""
    costs = stages_of(first, growth, stages, layers, side)
    head = (costs[-1].channels + 1) * CLASSES
    parameters = sum(stage.parameters for stage in costs) + head
    image = 3 * side**2 * FLOAT
    kept = sum(stage.kept for stage in costs) + (costs[-1].channels + CLASSES) * FLOAT
    fixed = 3 * parameters * FLOAT
    parts = dict(zip(COLOURS, (fixed, batch * image, batch * kept), strict=True))
    numbers = {
        "parameters": parameters,
        "multiply-adds": sum(s.multiply_adds for s in costs) + head - CLASSES,
        "activations of an image": kept,
        "parts": parts,
        "total": sum(parts.values()),
        "largest batch": max(0, int((BUDGET - fixed) // (image + kept))),
    }
    text = _text(batch, numbers)
    body = _bar(numbers) + _stages(costs)
    return View.drawn(_HEIGHT, body, text, numbers=numbers, table=_table(costs))


explore_width = width_view.explore


def _text(batch: int, numbers: dict) -> str:
    fits = "fits" if numbers["total"] <= BUDGET else "does not fit"
    return (
        f"Batch {batch:,}: a step takes {_size(numbers['total'])} and {fits}; the "
        f"largest batch is about {numbers['largest batch']:,}.\n"
        f"{numbers['parameters'] / 1e6:.2f} million parameters, "
        f"{numbers['multiply-adds'] / 1e9:.3g} billion multiply-adds an image; each "
        f"image keeps {_size(numbers['activations of an image'])}.\n"
        "Workspace of the kernels comes on top."
    )


def _size(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.3g} MB"


def _bar(numbers: dict) -> str:
    """Draw the parts of the step side by side, and the budget as a line."""
    scale = _BAR / max(BUDGET * 1.1, numbers["total"])
    parts, x = [svg.words(_LEFT, 20, "one training step")], _LEFT
    for i, (name, size) in enumerate(numbers["parts"].items()):
        parts.append(svg.filled(x, 30, size * scale, 30, COLOURS[name]))
        x += size * scale
        left = _LEFT + (0, 300, 480)[i]
        parts.append(svg.filled(left, 74, 12, 12, COLOURS[name]))
        parts.append(svg.words(left + 18, 85, f"{name} {_size(size)}", size=13))
    limit = _LEFT + BUDGET * scale
    parts.append(svg.filled(limit - 1, 22, 3, 46, svg.INK))
    parts.append(svg.words(limit - 40, 16, "15 GB", size=13))
    return "".join(parts)


def _stages(costs: tuple[Stage, ...]) -> str:
    """Draw two bars a stage: its multiply-adds and what it keeps of an image."""
    work = max(stage.multiply_adds for stage in costs)
    most = max(stage.kept for stage in costs)
    parts = [svg.words(150, 120, "multiply-adds"), svg.words(440, 120, "kept an image")]
    for number, stage in enumerate(costs):
        y = 132 + 36 * number
        shape = f"{stage.channels}×{stage.side}×{stage.side}"
        parts.append(svg.words(_LEFT, y + 17, shape))
        share, kept = stage.multiply_adds / work, stage.kept / most
        parts.append(svg.filled(150, y, 200 * share, 22, PALETTE["blue"]))
        parts.append(svg.filled(440, y, 200 * kept, 22, ROLES["output"]))
        text = f"{stage.multiply_adds / 1e9:.3g} billion"
        parts.append(svg.words(156 + 200 * share, y + 16, text, size=12))
        end, text = 446 + 200 * kept, _size(stage.kept)
        parts.append(svg.words(end, y + 16, text, size=12))
    return "".join(parts)


def _table(costs: tuple[Stage, ...]) -> tuple[tuple[str, ...], ...]:
    head = "stage", "channels", "side", "parameters", "multiply-adds", "bytes kept"
    rows = [(s.channels, s.side, s.parameters, s.multiply_adds, s.kept) for s in costs]
    numbered = [(n, *row) for n, row in enumerate(rows, 1)]
    return (head, *(tuple(f"{value:,}" for value in row) for row in numbered))
