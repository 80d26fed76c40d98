"""Two of the classic networks side by side, layer by layer, at a chosen input size."""

from functools import lru_cache
from math import prod
from typing import Annotated

import torch

from coursekit.anatomy import Anatomy, anatomy
from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.setting import Choice
from coursekit.explore.view import View
from coursekit.figures.style import PALETTE, ROLES
from coursekit.models import alexnet, alexnet_one_tower, lenet5, vgg11, vgg16, zfnet

NETS = {
    "LeNet-5": lambda: lenet5(1000, 3),
    "AlexNet": alexnet,
    "AlexNet, one tower": alexnet_one_tower,
    "ZFNet": zfnet,
    "VGG-11": vgg11,
    "VGG-16": vgg16,
}
SIDES = (32, 64, 224, 227)
KINDS = {"Conv2d": "conv", "MaxPool2d": "pool", "Linear": "dense"}
COLUMNS = "layer", "map", "parameters", "multiply-adds", "bytes", "field"
_ROW, _TOP, _WIDE, _ROWS = 17, 62, 370, 21


@explorer("Two classic networks, layer by layer")
def classics_view(
    *,
    left: Annotated[str, Choice("left", tuple(NETS))] = "AlexNet, one tower",
    right: Annotated[str, Choice("right", tuple(NETS))] = "VGG-16",
    side: Annotated[int, Choice("picture (pixels)", SIDES)] = 224,
) -> View:
    """Show each layer's map, parameters, work, memory and field in both networks.

    Example:
        >>> classics_view(left="LeNet-5", side=32).numbers["left"]["parameters"]
        146156
    """
    chosen = {"left": left, "right": right}
    tables = {key: _layers(name, side) for key, name in chosen.items()}
    body = "".join(
        _column(_WIDE * i, chosen[key], tables[key]) for i, key in enumerate(chosen)
    )
    text = " ".join(_sentence(chosen[key], tables[key], side) for key in chosen)
    if any(tables.values()):
        text += " Each bar is a share of its own network's largest layer."
    numbers = {key: _numbers(table) for key, table in tables.items()}
    table = _table(chosen, tables)
    height = _TOP + _ROW * _ROWS
    return View.drawn(height, body, text, numbers=numbers, table=table)


explore_classics = classics_view.explore


@lru_cache(maxsize=64)
def _layers(name: str, side: int) -> Anatomy | None:
    """Return the layers of a network, or None where such a picture does not fit."""
    with torch.device("meta"):
        net = NETS[name]()
    try:
        return anatomy(net, (3, side, side))
    except ValueError:  # its dense layers are tied to another size
        return None


def _rows(table: Anatomy) -> list:
    return [row for row in table if row.kind in KINDS]


def _numbers(table: Anatomy | None) -> dict:
    if table is None:
        return {"fits": False}
    return {
        "fits": True,
        "parameters": table.parameters,
        "multiply-adds": table.multiply_adds,
        "bytes of maps": sum(4 * prod(row.output_shape) for row in _rows(table)),
    }


def _sentence(name: str, table: Anatomy | None, side: int) -> str:
    if table is None:
        return f"{name} does not take {side}×{side}: its layers need another size."
    numbers = _numbers(table)
    return (
        f"{name}: {numbers['parameters'] / 1e6:.3g} million parameters, "
        f"{numbers['multiply-adds'] / 1e6:,.0f} million multiply-adds, "
        f"{numbers['bytes of maps'] / 1e6:.3g} MB of maps."
    )


def _column(x: int, name: str, table: Anatomy | None) -> str:
    """Draw one network: a line a layer with bars for its map's bytes and its work."""
    parts = [svg.words(x + 8, 20, name)]
    if table is None:
        return parts[0] + svg.words(x + 8, 60, "does not fit this picture", size=13)
    rows = _rows(table)
    most = max(prod(row.output_shape) for row in rows)
    work = max(row.multiply_adds for row in rows)
    parts.append(svg.words(x + 150, 44, "map", size=12))
    parts.append(svg.words(x + 255, 44, "multiply-adds", size=12))
    for number, row in enumerate(rows):
        y = _TOP + _ROW * number
        shape = "×".join(map(str, row.output_shape))
        parts.append(svg.words(x + 8, y, f"{KINDS[row.kind]} {shape}", size=12))
        size = 95 * prod(row.output_shape) / most
        parts.append(svg.filled(x + 150, y - 10, size, 11, ROLES["output"]))
        share = 95 * row.multiply_adds / work
        parts.append(svg.filled(x + 255, y - 10, share, 11, PALETTE["blue"]))
    return "".join(parts)


def _table(chosen: dict, tables: dict) -> tuple[tuple[str, ...], ...]:
    lines = [("network", *COLUMNS)]
    for key, table in tables.items():
        for row in _rows(table) if table is not None else ():
            field = row.receptive_field[0] if row.receptive_field else None
            counts = row.parameters, row.multiply_adds, 4 * prod(row.output_shape)
            shape = "×".join(map(str, row.output_shape))
            cells = (KINDS[row.kind], shape, *(f"{n:,}" for n in counts), str(field))
            lines.append((chosen[key], *cells))
    return tuple(lines) if lines[1:] else ()
