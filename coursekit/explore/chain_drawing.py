"""A chain of layers as a row of boxes, each of which can be pressed."""

from functools import lru_cache

from coursekit.explore import svg
from coursekit.explore.boxes import LINE, centred, plate, tinted
from coursekit.explore.chain import ChainLayer
from coursekit.explore.marks import Mark
from coursekit.figures.style import PALETTE, ROLES

HEIGHT = 62
_LEFT, _ACROSS, _WIDEST, _HIGH, _GAP = 8, 744, 84, 40, 10
_TINTS = {"convolution": ROLES["kernel"], "max pooling": PALETTE["sky"]}
_NAMES = {"convolution": "conv", "max pooling": "max"}


def _places(count: int) -> list[tuple[float, float]]:
    """Return the left edge and the width of each box."""
    step = min(_WIDEST, _ACROSS / max(1, count))
    gap = min(_GAP, step / 6)
    return [(_LEFT + n * step, step - gap) for n in range(count)]


def draw_chain(layers: tuple[ChainLayer, ...], y: float) -> str:
    """Draw the layers from left to right, in the order of the computation."""
    places, middle = _places(len(layers)), y + _HIGH / 2
    line = f'<path d="M{_LEFT} {middle:g}H{sum(places[-1]):.5g}" stroke="{LINE}"/>'
    return line + "".join(
        _box(layer, x, y, wide) for layer, (x, wide) in zip(layers, places, strict=True)
    )


def _box(layer: ChainLayer, x: float, y: float, wide: float) -> str:
    size = f"{layer.kernel_size}×{layer.kernel_size}"
    more = [f"/{layer.stride}"] * (layer.stride > 1)
    more += [f"d{layer.dilation}"] * (layer.dilation > 1)
    name = _NAMES[layer.kind] if wide >= 34 else _NAMES[layer.kind][:1]
    lines = (name, " ".join([size, *more]) if wide >= 60 else size)
    at = x + wide / 2
    return plate(x, y, wide, _HIGH, tinted(_TINTS[layer.kind])) + "".join(
        centred(at, y + below, text, min(12, int(wide / 2.6)), svg.ON_TINT)
        for below, text in zip((17, 32), lines, strict=True)
    )


@lru_cache(maxsize=64)
def frame_layer(count: int, number: int, y: float) -> str:
    """Frame the chosen layer."""
    x, wide = _places(count)[number]
    return svg.outlined(x - 2, y - 2, wide + 4, _HIGH + 4, ROLES["chosen"])


@lru_cache(maxsize=64)
def chain_marks(count: int, y: float) -> tuple[Mark, ...]:
    """Return the marks that choose a layer."""
    return tuple(
        Mark(x, y, wide, _HIGH, {"layer": number})
        for number, (x, wide) in enumerate(_places(count))
    )
