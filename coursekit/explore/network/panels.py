"""Pictures of what a layer holds and says: its kernels, and its maps on the photo."""

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from coursekit._base.words import many
from coursekit.explore import svg
from coursekit.explore.marks import ROW_AND_COLUMN, Mark
from coursekit.explore.network.tints import SHADES, colours, mosaic, reduced, shaded
from coursekit.figures.style import ROLES

HEIGHT = 256
_LEFT, _RIGHT, _TOP, _SIDE = 8, 404, 56, 184
_FINEST = 56  # pixels of a large map, on the longer side
_SMALL, _THUMB = 24, 42  # pixels of a small map, and its side on the page
_MOST_KERNELS, _MOST_SIDE, _MOST_WEIGHTS = 8, 11, 28
_THUMBS, _SHOWN = _RIGHT + _SIDE + 38, 8  # where small maps begin, and how many


def group(chosen: int, count: int, size: int) -> range:
    """Return the `size` neighbours, from a multiple of `size`, that hold the chosen."""
    first = chosen - chosen % size
    return range(first, min(first + size, count))


def draw_kernels(kernels: np.ndarray, channel: int, *, in_colour: bool) -> str:
    """Draw kernels as a table: a row for each output channel, a column for each input.

    Args:
        kernels: of a layer.
        channel: the chosen output channel.
        in_colour: they look at red, green and blue: draw them so, 16 at a time.

    Shape:
        kernels: (out_channels, in_channels / groups, height, width).
    """
    out, given, high, wide = kernels.shape
    if in_colour:
        return _colour_kernels(kernels, channel)
    rows = group(channel, out, _MOST_KERNELS)
    shown = kernels[rows.start : rows.stop, :_MOST_KERNELS, :_MOST_SIDE, :_MOST_SIDE]
    cell = _SIDE / _MOST_KERNELS
    title = f"kernels {high}×{wide}: rows are output channels {rows[0]} to {rows[-1]},"
    more = f"columns input channels 0 to {shown.shape[1] - 1} of {given}"
    return _heading(_LEFT, title, more) + _rows_of_weights(
        mosaic(shown), float(np.abs(shown).max()), cell * shown.shape[1],
        cell, rows, channel,
    )  # fmt: skip


def _rows_of_weights(
    picture: np.ndarray,
    limit: float,
    wide: float,
    cell: float,
    rows: range,
    chosen: int,
) -> str:
    """Draw weights with the number of each row before it, the chosen row framed."""
    x, y = _LEFT + 34, _TOP
    at = rows.index(chosen)
    every = 1 if cell > 12 else 5
    numbers = "".join(
        _number(x - 6, y + (i + 0.5) * cell + 4, row, row == chosen)
        for i, row in enumerate(rows)
        if row == chosen or (i % every == 0 and abs(i - at) >= every // 2)
    )
    return (
        svg.picture(shaded(picture, "kernel", limit), x, y, wide, cell * len(rows))
        + numbers
        + svg.outlined(x, y + at * cell, wide, cell, ROLES["chosen"])
        + _scale(x, limit, "kernel")
    )


def _colour_kernels(kernels: np.ndarray, channel: int) -> str:
    """Draw up to 16 kernels of three channels as one picture: grey is 0."""
    near = group(channel, len(kernels), 16)
    shown = kernels[near.start : near.stop]
    limit = float(np.abs(shown).max()) or 1.0
    across, cell = min(4, len(near)), _SIDE / 4
    pixels = colours(shown / limit, across)
    high = cell * -(-len(near) // across)
    y, x = divmod(channel - near[0], across)
    ring = (_LEFT + x * cell - 2, _TOP + y * cell - 2, cell, cell)
    size = svg.sides(kernels.shape[2:])
    title = f"kernels {size} of output channels {near[0]} to {near[-1]},"
    more = f"over the colours; grey is 0, black and white ±{svg.short(limit)}"
    return (
        _heading(_LEFT, title, more)
        + svg.png_picture(pixels, _LEFT, _TOP, cell * across, high)
        + svg.outlined(*ring, ROLES["chosen"])
    )


def draw_dense(weights: np.ndarray, channel: int) -> str:
    """Draw a part of the matrix of a dense layer, the chosen row framed.

    Shape:
        weights: (out_features, in_features).
    """
    rows = group(channel, len(weights), 16)
    shown = weights[rows.start : rows.stop, :_MOST_WEIGHTS]
    cell = _SIDE / 16
    title = f"weights: rows are outputs {rows[0]} to {rows[-1]},"
    more = f"columns inputs 0 to {shown.shape[1] - 1} of {weights.shape[1]}"
    limit = float(np.abs(shown).max())
    wide = cell * shown.shape[1]
    heading = _heading(_LEFT, title, more)
    return heading + _rows_of_weights(shown, limit, wide, cell, rows, channel)


def draw_nothing(lines: tuple[str, ...]) -> str:
    """Say what stands in the place of kernels."""
    return "".join(
        svg.words(_LEFT, _TOP + 16 + 20 * at, line, size=13, fill=svg.QUIET)
        for at, line in enumerate(lines)
    )


def draw_maps(maps: Tensor, channel: int, title: str) -> str:
    """Draw the map of one channel large, and its neighbours beside it.

    Shape:
        maps: (c, h, w).
    """
    near = group(channel, len(maps), _SHOWN)
    shown = maps[near.start : near.stop]
    limit = float(shown.nan_to_num(0, 0, 0).abs().max())
    large = shaded(reduced(shown[channel - near[0]], _FINEST), "output", limit)
    wide, high = map_size(maps.shape)
    parts = [
        _heading(_RIGHT, title, f"at its side channels {near[0]} to {near[-1]}"),
        svg.picture(large, _RIGHT, _TOP, wide, high),
        svg.box(_RIGHT, _TOP, wide, high, "#999", line=0.75),
        _scale(_RIGHT, limit, "output"),
    ]
    return "".join(parts) + _small_maps(shown, near, channel, limit)


def _small_maps(maps: Tensor, near: range, channel: int, limit: float) -> str:
    """Draw up to eight maps as one picture, two in a row, with numbers and rings."""
    small = np.stack([reduced(values, _SMALL) for values in maps])
    times = -(-_SMALL // max(small.shape[1:]))  # tiny maps in larger squares
    small = np.kron(small, np.ones((1, times, times)))
    high, wide = small.shape[1:]
    down, across = high + 3, wide + 20
    canvas = np.zeros((-(-len(near) // 2) * down, 2 * across))
    unit = _THUMB / max(high, wide)
    for at in range(len(near)):
        top, left = at // 2 * down, at % 2 * across
        canvas[top : top + high, left : left + wide] = small[at]
    places = _places(maps.shape[1:], near).items()
    marks = (_thumb(*place, number, number == channel) for number, place in places)
    tall, broad = (side * unit for side in canvas.shape)
    source = shaded(canvas, "output", limit)
    return svg.picture(source, _THUMBS, _TOP, broad, tall) + "".join(marks)


def _places(size: tuple[int, int], near: range) -> dict[int, tuple[float, ...]]:
    """Return where the small map of each channel stands: x, y, width, height."""
    longest = max(size)
    if longest > _SMALL:
        size = tuple(max(1, round(side * _SMALL / longest)) for side in size)
    times = -(-_SMALL // max(size))
    high, wide = (side * times for side in size)
    unit = _THUMB / max(high, wide)
    down, across = (high + 3) * unit, (wide + 20) * unit
    corners = {n: divmod(at, 2) for at, n in enumerate(near)}
    return {
        n: (_THUMBS + column * across, _TOP + row * down, wide * unit, high * unit)
        for n, (row, column) in corners.items()
    }


def channel_marks(shape: tuple[int, int, int], channel: int) -> list[Mark]:
    """Return the marks of the small maps, which choose a channel."""
    places = _places(shape[1:], group(channel, shape[0], _SHOWN))
    return [Mark(*place, {"channel": number}) for number, place in places.items()]


def _thumb(
    x: float, y: float, wide: float, high: float, number: int, is_chosen: bool
) -> str:
    thin = svg.box(x, y, wide, high, "#999", line=0.75)
    ring = svg.outlined(x, y, wide, high, ROLES["chosen"]) if is_chosen else thin
    return ring + _number(x - 5, y + 12, number, is_chosen)


def draw_values(values: Tensor, channel: int, title: str) -> str:
    """Draw a layer without a map: a cell for each of its numbers, row by row."""
    flat = values.flatten()
    side = columns_of(len(flat))
    filled = F.pad(flat, (0, -len(flat) % side)).view(-1, side)
    limit = float(flat.nan_to_num(0, 0, 0).abs().max())
    cell = _SIDE / side
    height = cell * len(filled)
    y, x = divmod(channel, side)
    source = shaded(reduced(filled, _FINEST), "output", limit)
    return (
        _heading(_RIGHT, title, f"its {many(len(flat), 'number')}, {side} in a row")
        + svg.picture(source, _RIGHT, _TOP, _SIDE, height)
        + svg.box(_RIGHT, _TOP, _SIDE, height, "#999", line=0.75)
        + svg.outlined(_RIGHT + x * cell, _TOP + y * cell, cell, cell, ROLES["chosen"])
        + _scale(_RIGHT, limit, "output")
    )


def columns_of(count: int) -> int:
    """Return the side of the smallest square that holds so many cells."""
    return max(1, int(np.ceil(np.sqrt(count))))


def map_size(shape: tuple[int, ...]) -> tuple[float, float]:
    """Return width and height of a large map on the page."""
    high, wide = shape[-2:]
    unit = _SIDE / max(high, wide)
    return wide * unit, high * unit


def map_mark(size: tuple[int, int]) -> Mark:
    """Return the mark whose cells choose a unit of the large map."""
    wide, high = map_size(size)
    return Mark(_RIGHT, _TOP, wide, high, ROW_AND_COLUMN, *size)


def mark_unit(shape: tuple[int, ...], unit: tuple[int, int]) -> str:
    """Frame the chosen unit on the large map; the frame is never too small to see."""
    cell = map_size(shape)[1] / shape[-2]
    side = max(cell, 7)
    x = _RIGHT + (unit[1] + 0.5) * cell - side / 2
    y = _TOP + (unit[0] + 0.5) * cell - side / 2
    return svg.outlined(x, y, side, side, ROLES["chosen"])


def _heading(x: float, title: str, more: str) -> str:
    second = svg.words(x, 42, more, size=12, fill=svg.QUIET)
    return svg.words(x, 24, title, size=13) + second


def _number(x: float, y: float, value: int, is_chosen: bool) -> str:
    weight = ' font-weight="700"' if is_chosen else ""
    return svg.words(x, y, str(value), size=11, more=f' text-anchor="end"{weight}')


def _scale(x: float, limit: float, role: str) -> str:
    """Draw the scale of a picture's colours below it."""
    y = _TOP + _SIDE + 8
    scale = shaded(np.linspace(-1, 1, SHADES)[None], role, 1)
    end = svg.short(limit)
    return svg.picture(scale, x + 40, y, 100, 7) + "".join(
        svg.words(
            at, y + 7, text, size=10, fill=svg.QUIET, more=f' text-anchor="{how}"'
        )
        for at, text, how in ((x + 36, f"−{end}", "end"), (x + 144, end, "start"))
    )
