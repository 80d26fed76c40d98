"""Any network as a graph; each layer with its kernels, maps, field and costs."""

from collections.abc import Sequence

import numpy as np
from torch import nn

from coursekit._base.validate import choice, integer
from coursekit.explore import network_panels as panels
from coursekit.explore import svg
from coursekit.explore.field_drawing import HEIGHT, draw_field
from coursekit.explore.inputs import input_photo
from coursekit.explore.network_choice import NetworkChoice
from coursekit.explore.network_drawing import (
    Sheet,
    described,
    draw_network,
    highlight,
    tail,
)
from coursekit.explore.network_layout import containers, depths, lay_out
from coursekit.explore.network_state import Network, at_work, dense_weights, kernels
from coursekit.explore.network_words import numbers, sentences, shape, table
from coursekit.explore.shell import Explorer
from coursekit.explore.view import View


def network_view(
    model: nn.Module,
    image: object,
    *,
    layer: str | int = -1,
    unit: tuple[int, int] | None = None,
    channel: int = 0,
    block: str = "",
    depth: int | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> View:
    """Show one layer of a network: its place, kernels, map, field and costs.

    Args:
        model: any network that takes such an image; run in eval mode, left as found.
        image: a photo, as large as the network's input.
        layer: its name as in `model.named_modules()`, or its number in the table.
        unit: (row, column) on the layer's map, from 0; None takes the middle.
        channel: of the layer's output, from 0.
        block: the container to draw; "" draws the whole network.
        depth: how many levels of containers are open, ≥ 1; None chooses.
        mean, std: per channel, to normalise the photo (values 0 to 1) with; None takes
            the photo's own, as `coursekit.data.Batches` does.

    Shape:
        image: (3, h, w) or (1, h, w), 8 to 1024 each.

    Raises:
        ValueError: an argument of another type, shape or range, or a model that does
            not take the image.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
        >>> network_view(net, torch.rand(3, 32, 32), layer="0").numbers["parameters"]
        224
    """
    input_shape, pixels = input_photo("image", image, None)
    network = at_work(model, input_shape, pixels, mean, std)
    index = network.sights.number(layer)
    integer("channel", channel, low=0, high=len(network.maps(index)) - 1)
    choice("block", block, ("", *containers(network.flow)))
    first, most = depths(network.flow, block)
    depth = first if depth is None else integer("depth", depth, low=1, high=most)
    sizes = network.sights.map_size(index)
    place = tuple(side // 2 for side in sizes) if unit is None else tuple(unit)
    return _view(network, index, place, channel, block, depth)


def explore_network(
    model: nn.Module,
    input_shape: tuple[int, int, int] | None = None,
    photo: object = None,
    *,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> Explorer:
    """See any network layer by layer: choose one, a channel of it, a unit of that.

    Args:
        model: your own network, or one of `coursekit.models`.
        input_shape: (c, h, w) of its input; None takes the photo's own shape, and
            (3, 224, 224) without a photo.
        photo: a picture; None takes the temple of `coursekit.data.photos`, or a digit
            where the network takes one small grey image.
        mean, std: as in `network_view`.

    Shape:
        photo: (3, h, w) or (1, h, w), 8 to 1024 each.

    Raises:
        ValueError: an argument of another type or shape, or a model that does not
            take such an input.
    """
    input_shape, pixels = input_photo("photo", photo, input_shape)
    network = at_work(model, input_shape, pixels, mean, std)
    chosen = NetworkChoice(network)

    def draw() -> View:
        return _view(network, *chosen.settings())

    title = "What does every layer of the network do?"
    return Explorer(title, chosen.controls, draw, chosen.adjust)


def _view(
    network: Network,
    index: int,
    unit: tuple[int, ...],
    channel: int,
    block: str,
    depth: int,
) -> View:
    layout, ground = network.latest(
        "graph", (block, depth), lambda: _graph(network, block, depth)
    )
    panel = network.latest(
        "panels", (index, channel), lambda: _panels(network, index, channel)
    )
    found = numbers(network, layout.layout, index, channel, unit)
    text = sentences(found, network, block)
    front = highlight(layout, found["highlighted"])
    front += _moved(layout.height, _mark(network, index, unit))
    who = f"all that unit {unit} sees" if unit else "all that its units see"
    field = draw_field(network.photo, found["rows"], found["columns"], None, who)
    front += _moved(layout.height + panels.HEIGHT, field)
    height = layout.height + panels.HEIGHT + HEIGHT
    return View(
        svg.document(height, front, label=text.splitlines()[0]),
        found,
        text,
        network.latest("table", (index,), lambda: table(network, index)),
        ground,
        sheet=svg.document(height, _moved(layout.height, panel)),
    )


def _graph(network: Network, block: str, depth: int) -> tuple[Sheet, str]:
    """Return where everything stands, and the drawing of it with the photo."""
    layout = lay_out(network.flow, block, depth)
    sheet = Sheet(layout)
    rows = {row.name.split("[")[0]: row for row in network.sights.table}
    nodes = {node.name: node for node in network.flow.nodes}
    labels = {}
    for name, box in layout.boxes.items():
        row, module = rows.get(name), network.modules.get(name.split(":")[0])
        if not box.kind:
            size = shape(row.output_shape) if row and row.output_shape else ""
            what = type(module).__name__
            labels[name] = ("", _cut(tail(name)), _cut(what), size)
            continue
        is_layer = name in rows
        family, what = described(module if is_layer else None, box.kind)
        end = "" if name in ("input", "output") else tail(name)
        labels[name] = (family, _cut(what), _cut(end), shape(nodes[name].output_shape))
    levels = f"{depth} level{'s' if depth > 1 else ''} open"
    title = f"{block or 'the whole network'}, {levels}: {len(labels)} boxes"
    return sheet, _backdrop(network, draw_network(sheet, title, labels), sheet.height)


def _cut(text: str, most: int = 12) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _backdrop(network: Network, graph: str, top: float) -> str:
    photo = network.photo.backdrop
    inner = photo[photo.index(">") + 1 : photo.rindex("</svg>")]
    height = top + panels.HEIGHT + HEIGHT
    body = svg.paper(height) + graph + _moved(top + panels.HEIGHT, inner)
    return svg.document(height, body)


def _panels(network: Network, index: int, channel: int) -> str:
    """Draw the kernels and the maps of the chosen channel."""
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
    found = kernels(module)
    if found is not None:
        before, _ = network.neighbours(network.call(index))
        in_colour = before == ("input",) and found.shape[1] == 3
        return panels.draw_kernels(found, channel, in_colour=in_colour)
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


def _mark(network: Network, index: int, unit: tuple[int, ...]) -> str:
    is_map = len(unit) == 2
    return panels.mark_unit(network.maps(index).shape, unit) if is_map else ""


def _moved(down: float, body: str) -> str:
    return f'<g transform="translate(0 {down:g})">{body}</g>' if body else ""
