"""The drawing of a kernel at work: grids that stay, and what moves over them."""

import numpy as np

from coursekit.explore import svg
from coursekit.explore.arithmetic import Scene, Step
from coursekit.figures.style import PALETTE, ROLES

_LEFT, _RIGHT, _TOP, _SIDE = 8, 424, 34, 328  # where the two large grids stand
_GAP = 44  # between the small grids, room for × and =
NOWHERE = svg.words(_RIGHT, _TOP + 24, "The kernel does not fit anywhere.")


def _cell(scene: Scene) -> int:
    return min(40, _SIDE // max(scene.padded.shape))


def _output_cell(scene: Scene) -> int:
    return min(40, _SIDE // max(1, *scene.output.shape))


def _small(scene: Scene) -> int:
    return 34 if max(scene.kernel.shape) <= 3 else 26


def _low(scene: Scene) -> int:
    """Return where the row of small grids begins."""
    tallest = max(
        _cell(scene) * scene.padded.shape[0],
        _output_cell(scene) * scene.output.shape[0],
    )
    return _TOP + tallest + 46


def height(scene: Scene) -> int:
    """Return the height of the picture."""
    return _low(scene) + _small(scene) * scene.kernel.shape[0] + 14


def _places(scene: Scene) -> tuple[float, float, float]:
    """Return the left edges of the window, the kernel and the products."""
    width = _small(scene) * scene.kernel.shape[1] + _GAP
    return _LEFT, _LEFT + width, _LEFT + 2 * width


def backdrop(scene: Scene) -> str:
    """Draw the grids that stay while the kernel moves."""
    cell, low, small = _cell(scene), _low(scene), _small(scene)
    padding = f", padded to {svg.sides(scene.padded.shape)}" if scene.padding else ""
    parts = [
        svg.paper(height(scene)),
        svg.words(_LEFT, 22, f"image {svg.sides(scene.image.shape)}{padding}"),
        svg.grid(scene.padded, _LEFT, _TOP, cell, _with_ring(scene)),
        svg.words(_RIGHT, 22, f"output {svg.sides(scene.output.shape)}"),
    ]
    if scene.padding:
        edge = scene.padding * cell
        high, wide = (cell * side for side in scene.image.shape)
        parts.append(svg.box(_LEFT + edge, _TOP + edge, wide, high, svg.INK))
    if scene.output.size:
        colours = svg.tint(scene.output, "output")
        parts += [svg.grid(scene.output, _RIGHT, _TOP, _output_cell(scene), colours)]
        parts += [_sum_of_products(scene, low, small)]
    return svg.document(height(scene), "".join(parts))


def _sum_of_products(scene: Scene, low: int, small: int) -> str:
    """Draw the kernel, the names of the small grids and the signs between them."""
    places = _places(scene)
    names = zip(places, ("window", "kernel", "products"), strict=True)
    middle = low + small * scene.kernel.shape[0] / 2 + 9
    signs = zip(places[1:], "×=", strict=True)
    colours = svg.tint(scene.kernel, "kernel")
    return "".join(
        (
            svg.grid(scene.kernel, places[1], low, small, colours, spell=svg.fraction),
            *(svg.words(x, low - 8, name) for x, name in names),
            *(svg.words(x - 31, middle, sign, size=26) for x, sign in signs),
        )
    )


def _with_ring(scene: Scene) -> np.ndarray:
    """Return the colours of the padded image, its padding mixed with yellow."""
    colours = svg.tint(scene.padded, "input", float(np.abs(scene.image).max()))
    ring = np.pad(np.zeros(scene.image.shape, bool), scene.padding, constant_values=1)
    yellow = 0.45 * svg.rgb(PALETTE["yellow"])
    colours[ring] = np.rint(0.55 * colours[ring] + yellow)
    return colours


def overlay(scene: Scene, at: Step) -> str:
    """Draw what moves: window, arithmetic, and the veil over outputs to come."""
    cell, small, places = _cell(scene), _small(scene), _places(scene)
    low, high = _low(scene), _small(scene) * scene.kernel.shape[0]
    side = _output_cell(scene)
    x, y = _RIGHT + at.column * side, _TOP + at.row * side
    seen = svg.tint(at.window, "input", float(np.abs(scene.image).max()))
    products = svg.tint(at.products, "output")
    wide = small * scene.kernel.shape[1]
    return "".join(
        (
            _taps(scene, at, cell),
            _veil(scene, at, side),
            svg.outlined(x, y, side, side, ROLES["field"]),
            svg.grid(at.window, places[0], low, small, seen),
            svg.box(places[0], low, wide, high, ROLES["field"]),
            svg.grid(at.products, places[2], low, small, products),
            _total(scene, at, places[2] + wide + 14, low + high / 2),
        )
    )


def _total(scene: Scene, at: Step, x: float, y: float) -> str:
    """Draw the sum in the frame and the colour of its cell in the output."""
    text = svg.precise(at.total)
    largest = float(np.abs(scene.output).max())
    red, green, blue = svg.tint(np.array([[at.total]]), "output", largest)[0, 0]
    wide = 20 + 13 * len(text)
    return (
        f'{svg.words(x, y + 6, "add up:", size=16)}<rect x="{x + 66:g}" '
        f'y="{y - 20:g}" width="{wide}" height="40" fill="rgb({red},{green},{blue})" '
        f'stroke="{ROLES["field"]}" stroke-width="2.5"/>'
        f"{svg.words(x + 76, y + 8, text, size=22)}"
    )


def _taps(scene: Scene, at: Step, cell: int) -> str:
    """Outline every pixel the kernel reads; dilation shows as gaps."""
    top, left = at.row * scene.stride, at.column * scene.stride
    squares = "".join(
        f"M{_LEFT + (left + j * scene.dilation) * cell} "
        f"{_TOP + (top + i * scene.dilation) * cell}h{cell}v{cell}h{-cell}z"
        for i, j in np.ndindex(scene.kernel.shape)
    )
    style = f'fill="none" stroke="{ROLES["field"]}" stroke-width="2.5"'
    return f'<path d="{squares}" {style}/>'


def _veil(scene: Scene, at: Step, cell: int) -> str:
    """Cover the outputs that have not been computed yet."""
    rows, columns = scene.output.shape
    rest, below = columns - at.column - 1, rows - at.row - 1
    x, y = _RIGHT + (at.column + 1) * cell, _TOP + at.row * cell
    shapes = f"M{x} {y}h{rest * cell}v{cell}h{-rest * cell}z" if rest else ""
    if below:
        wide = columns * cell
        shapes += f"M{_RIGHT} {y + cell}h{wide}v{below * cell}h{-wide}z"
    return f'<path d="{shapes}" fill="#eee"/>'
