"""What each way of padding does at the border: pixels, and the trace it leaves.

Zero padding tells a network where the border is: Islam, Jia and Bruce, "How much
position information do convolutional neural networks encode?" (ICLR 2020,
https://arxiv.org/abs/2001.08248).
"""

import numpy as np

from coursekit.explore import svg
from coursekit.explore.stepping import PADDING_MODES

# The first pixels of a row "a b c d … w x y z" and what stands before them.
PATTERNS = dict(
    zip(
        PADDING_MODES,
        ("0 0 0 | a b c d", "d c b | a b c d", "a a a | a b c d", "x y z | a b c d"),
        strict=True,
    )
)
_IN_NUMPY = dict(
    zip(PADDING_MODES, ("constant", "reflect", "edge", "wrap"), strict=True)
)


def border_response(side: int, mode: str, kernel: int, layers: int) -> np.ndarray:
    """Return the middle row of an image of ones after mean filters with padding.

    The filter is the same along both axes, and so is what it leaves: one axis is
    enough to compute.

    Args:
        side: of the square image, odd.
        mode: one of `PADDING_MODES`.
        kernel: side of the mean filter, odd; it is padded by (kernel − 1) / 2.
        layers: how many filters follow each other.

    Shape:
        returns (side,).
    """
    line, edge = np.ones(side), (kernel - 1) // 2
    for _ in range(layers):
        padded = np.pad(line, edge, mode=_IN_NUMPY[mode])
        line = np.lib.stride_tricks.sliding_window_view(padded, kernel).mean(axis=1)
    return line * line[side // 2]


def padded_picture(name: str, shape: tuple[int, int], width: int, mode: str) -> str:
    """Draw a photo with padding from copies of one embedded picture.

    Args:
        name: the id of the embedded picture, `shape` units high and wide.
        width: of the padding in pixels, less than the sides of the photo.
        mode: one of `PADDING_MODES`.

    Returns:
        The rest of an `<svg ` tag begun by the caller with `x`, `y`, `width` and
        `height`, and its content: the unit is a pixel, the origin the photo's corner.
    """
    height, across = shape
    frame = f"{-width} {-width} {across + 2 * width} {height + 2 * width}"
    draw = {"zeros": _zeros, "replicate": _replicate}.get(mode, _copies)
    return f'viewBox="{frame}">{draw(name, shape, width, mode)}</svg>'


def _use(name: str, more: str = "") -> str:
    return f'<use href="#{name}"{more}/>'


def _zeros(name: str, shape: tuple[int, int], width: int, mode: str) -> str:
    sides = f'width="{shape[1] + 2 * width}" height="{shape[0] + 2 * width}"'
    return f'<rect x="{-width}" y="{-width}" {sides}/>{_use(name)}'


def _copies(name: str, shape: tuple[int, int], width: int, mode: str) -> str:
    """Lay shifted or mirrored copies round the photo; the frame cuts them."""
    axes = [_turns(size, mode) if width else [(1, 0)] for size in shape]
    return "".join(
        _use(name, f' transform="matrix({b} 0 0 {a} {right} {down})"')
        for a, down in axes[0]
        for b, right in axes[1]
    )


def _turns(size: int, mode: str) -> list[tuple[int, int]]:
    """Return (factor, shift) of the copies before, at and after the photo."""
    if mode == "circular":
        return [(1, -size), (1, 0), (1, size)]
    # Mirrored at the middle of the border pixel, which is not repeated.
    return [(-1, 1), (-1, 2 * size - 1), (1, 0)]


def _replicate(name: str, shape: tuple[int, int], width: int, mode: str) -> str:
    """Stretch border pixels: (from, size) in the photo, (to, size) in the frame."""
    if not width:
        return _use(name)
    axes = [
        ((0, 1, -width, width), (0, size, 0, size), (size - 1, 1, size, width))
        for size in shape
    ]
    return "".join(
        f'<svg x="{x}" y="{y}" width="{wide}" height="{high}" preserveAspectRatio='
        f'"none" viewBox="{left} {top} {columns} {rows}">{_use(name)}</svg>'
        for top, rows, y, high in axes[0]
        for left, columns, x, wide in axes[1]
    )


def embedded(pixels: np.ndarray, name: str) -> str:
    """Return a picture that is not shown itself but can be copied by its name."""
    height, width = pixels.shape[:2]
    source = svg.uri(svg.png(pixels))
    return f"<defs>{svg.picture(source, 0, 0, width, height, name=name)}</defs>"
