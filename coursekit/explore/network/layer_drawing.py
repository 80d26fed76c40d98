"""The three parts of the network explorer's picture: graph, panels, what is chosen."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch import nn

from coursekit.explore import svg
from coursekit.explore.field_drawing import HEIGHT, draw_field, unit_marks
from coursekit.explore.marks import Mark
from coursekit.explore.network import panels
from coursekit.explore.network.graph_drawing import (
    Sheet,
    described,
    draw_network,
    highlight,
    tail,
)
from coursekit.explore.network.graph_layout import lay_out
from coursekit.explore.network.network_run import Network, dense_weights, kernels


@dataclass(frozen=True, eq=False)
class Graph:
    """Hold the places of the boxes, the height of the whole, and what stays."""

    sheet: Sheet
    height: float
    backdrop: str


def draw_graph(network: Network, block: str, depth: int) -> Graph:
    """Draw the network, and below it the photo."""
    sheet = Sheet(lay_out(network.flow, block, depth))
    rows = {row.name.split("[")[0]: row for row in network.sights.table}
    nodes = {node.name: node for node in network.flow.nodes}
    labels = {}
    for name, box in sheet.layout.boxes.items():
        row, module = rows.get(name), network.modules.get(name.split(":")[0])
        if not box.kind:
            size = svg.sides(row.output_shape) if row and row.output_shape else ""
            what = type(module).__name__
            labels[name] = ("", _cut(tail(name)), _cut(what), size)
            continue
        is_layer = name in rows
        family, what = described(module if is_layer else None, box.kind)
        end = "" if name in ("input", "output") else tail(name)
        labels[name] = (
            family,
            _cut(what),
            _cut(end),
            svg.sides(nodes[name].output_shape),
        )
    levels = f"{depth} level{'s' if depth > 1 else ''} open"
    title = f"{block or 'the whole network'}, {levels}: {len(labels)} boxes"
    photo = network.photo.backdrop
    inner = photo[photo.index(">") + 1 : photo.rindex("</svg>")]
    height = sheet.height + panels.HEIGHT + HEIGHT
    body = svg.paper(height) + draw_network(sheet, title, labels)
    body += moved(sheet.height + panels.HEIGHT, inner)
    return Graph(sheet, height, svg.document(height, body))


def _cut(text: str, most: int = 12) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def draw_panels(network: Network, index: int, channel: int) -> str:
    """Draw the kernels and the maps of a channel."""
    maps, sizes = network.maps(index), network.sights.map_size(index)
    title = f"output of channel {channel} (of {len(maps)}) on the photo"
    if len(sizes) == 2:
        output = panels.draw_maps(maps, channel, title)
    elif sizes:
        output = panels.draw_values(maps[channel], _middle(sizes), title)
    else:
        output = panels.draw_values(maps, channel, title)
    return _weights(network, index, channel) + output


def _middle(sizes: tuple[int, ...]) -> int:
    """Return where the middle unit stands when a map is written in a row."""
    return int(np.ravel_multi_index([side // 2 for side in sizes], sizes))


def _weights(network: Network, index: int, channel: int) -> str:
    module, row = network.module(index), network.row(index)
    weights = kernels(module)
    if weights is not None:
        before, _ = network.neighbours(network.call(index))
        in_colour = before == ("input",) and weights.shape[1] == 3
        return panels.draw_kernels(weights, channel, in_colour=in_colour)
    dense = dense_weights(module)
    if dense is not None and len(dense) > channel:
        return panels.draw_dense(dense, channel)
    return panels.draw_nothing(_instead(module, row.is_leaf, row.parameters, channel))


def _instead(
    module: nn.Module, is_leaf: bool, parameters: int, channel: int
) -> tuple[str, ...]:
    """Say what a layer without kernels has."""
    names = ("weight", "bias", "running_mean", "running_var")
    held = [(name, getattr(module, name, None)) for name in names]
    lines = [
        f"{name.replace('_', ' ')} of channel {channel}: "
        f"{svg.precise(values[channel].detach())}"
        for name, values in held
        if getattr(values, "ndim", 0) == 1 and len(values) > channel
    ]
    if lines:
        return ("no kernels here; what it has for each channel:", *lines)
    if is_leaf:
        return ("no weights: it only rearranges or bends", "what it is given")
    return (f"a block of layers, {parameters:,} parameters;",
            "choose one of its layers to see kernels")  # fmt: skip


def draw_chosen(
    network: Network, graph: Graph, unit: tuple[int, ...], about: dict
) -> str:
    """Mark the layer's boxes, the unit on its map, and what it sees of the photo."""
    top = graph.sheet.height
    who = f"all that unit {unit} sees" if unit else "all that its units see"
    field = draw_field(network.photo, about["rows"], about["columns"], None, who)
    mark = panels.mark_unit(about["output_shape"], unit) if len(unit) == 2 else ""
    boxes = highlight(graph.sheet, about["highlighted"])
    return boxes + moved(top, mark) + moved(top + panels.HEIGHT, field)


def marks(network: Network, graph: Graph, layer: int, channel: int) -> tuple[Mark, ...]:
    """Return what can be pointed at: boxes, units of the map and photo, small maps."""
    top, sizes = graph.sheet.height, network.sights.map_size(layer)
    on_photo, on_map = unit_marks(network.photo, sizes, network.row(layer)), []
    if len(sizes) == 2:
        shape = tuple(network.maps(layer).shape)
        on_map = [panels.map_mark(sizes), *panels.channel_marks(shape, channel)]
    return (
        *_boxes(network, graph.sheet),
        *(mark.moved(top) for mark in on_map),
        *(mark.moved(top + panels.HEIGHT) for mark in on_photo),
    )


def _boxes(network: Network, sheet: Sheet) -> Iterator[Mark]:
    """Give the mark of every box that is a layer or a container."""
    numbers = {network.call(n): n for n in reversed(range(len(network.sights.rows)))}
    for name in sheet.layout.boxes:
        if name in numbers:
            (place,) = sheet.rectangles([name])
            yield Mark(*place, {"layer": numbers[name]})


def moved(down: float, body: str) -> str:
    """Return elements further down in the picture."""
    return f'<g transform="translate(0 {down:g})">{body}</g>' if body else ""
