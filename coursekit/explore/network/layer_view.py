"""Any network as a graph; each layer with its kernels, maps, field and costs."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

from torch import nn

from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.live import LiveExplorer
from coursekit.explore.network.graph_layout import containers, depths
from coursekit.explore.network.layer_drawing import (
    draw_chosen,
    draw_graph,
    draw_panels,
    marks,
    moved,
)
from coursekit.explore.network.layer_words import numbers, sentences, table
from coursekit.explore.network.network_run import Network, at_work, kernels
from coursekit.explore.photo_input import input_photo
from coursekit.explore.setting import Button, Choice, Whole
from coursekit.explore.view import View

_INDENT = "\u2003"  # a space that menus keep
_LAYER, _GRAPH = "the layer", "the graph"  # headings


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
        image: a photo, as large as the network's input; a path and others as well.
        layer: its name as in `model.named_modules()`, or its number in the table.
        unit: (row, column) on the layer's map, from 0; None takes the middle.
        channel: of the layer's output, from 0.
        block: the container to draw; "" draws the whole network.
        depth: how many levels of containers are open, ≥ 1; None chooses.
        mean, std: per channel, to normalise the photo (values 0 to 1) with; None takes
            the photo's own, as `coursekit.data.Batches` does.

    Shape:
        image: (3, h, w), (h, w, 3) or (1, h, w), 8 to 1024 each.

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
    given = {"layer": index, "channel": channel, "block": block, "depth": depth}
    given = _shown.declaration.checked(network, {**given, "row": None, "column": None})
    unit = network.sights.middle(index) if unit is None else tuple(unit)
    return _view(network, index, unit, channel, block, given["depth"])


def explore_network(
    model: nn.Module,
    input_shape: tuple[int, int, int] | None = None,
    photo: object = None,
    *,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> LiveExplorer:
    """See any network layer by layer: choose one, a channel of it, a unit of that.

    Args:
        model: your own network, or one of `coursekit.models`.
        input_shape: (c, h, w) of its input; None takes the photo's own shape, and
            (3, 224, 224) without a photo.
        photo: a path, a Pillow image, an array or a tensor; None takes the temple of
            `coursekit.data.photos`, or a digit where the network takes one small grey
            image.
        mean, std: as in `network_view`.

    Shape:
        photo: (3, h, w), (h, w, 3) or (1, h, w), 8 to 1024 each.

    Raises:
        ValueError: an argument of another type or shape, or a model that does not
            take such an input.
    """
    shape, pixels = input_photo("photo", photo, input_shape)

    def again(photo: object) -> Network:
        return at_work(model, *input_photo("photo", photo, shape), mean, std)

    return _shown.live(at_work(model, shape, pixels, mean, std), again)


def _titles(network: Network) -> list[tuple[str, int]]:
    """Return the layers, each further to the right the deeper it is nested."""
    depths = (max(0, row.depth) for row in network.sights.rows)
    titles = zip(network.sights.titles, depths, strict=True)
    return [(_INDENT * depth + title, n) for n, (title, depth) in enumerate(titles)]


def _with_kernels(network: Network) -> int:
    rows = range(len(network.sights.rows))
    return next((n for n in rows if kernels(network.module(n)) is not None), 0)


def _blocks(network: Network) -> list[tuple[str, str]]:
    names = containers(network.flow)
    return [("the whole network", ""), *zip(names, names, strict=True)]


def _follow(network: Network, layer: int, block: str) -> dict:
    """Draw a block that holds the chosen layer, as deep as the present one."""
    if network.is_in(layer, block):
        return {}
    level = network.around(block).index(block)
    around = network.around(network.call(layer))[:-1]
    return {"block": around[min(level, len(around) - 1)]}


def _open(network: Network, layer: int, block: str) -> dict:
    """Choose a layer inside the block that is drawn."""
    rows = range(len(network.sights.rows))
    inside = [n for n in rows if network.is_in(n, block)]
    return {"layer": inside[0]} if inside and layer not in inside else {}


def _step(by: int) -> Callable[[Network, int], dict]:
    return lambda network, layer: {"layer": (layer + by) % len(network.sights.rows)}


def _along(axis: int, label: str) -> Whole:
    last = lambda network, layer: network.last(layer, axis)  # noqa: E731
    return Whole(label, 0, last, keep_share=True, group=_LAYER)


def _last_channel(network: Network, layer: int) -> int:
    return len(network.maps(layer)) - 1


@explorer(
    "What does every layer of the network do?",
    helpers={
        "previous": Button("◀ previous layer", sets=_step(-1), group=_LAYER),
        "next": Button("next layer ▶", sets=_step(1), group=_LAYER),
    },
)
def _shown(
    network: Network,
    *,
    layer: Annotated[
        int, Choice("layer", _titles, start=_with_kernels, sets=_follow, group=_LAYER)
    ],
    channel: Annotated[int, Whole("channel", 0, _last_channel, group=_LAYER)],
    row: Annotated[int, _along(0, "unit row")],
    column: Annotated[int, _along(1, "unit column")],
    block: Annotated[str, Choice("draw", _blocks, sets=_open, group=_GRAPH)],
    depth: Annotated[
        int,
        Whole(
            "levels open",
            1,
            lambda network, block: depths(network.flow, block)[1],
            start=lambda network, block: depths(network.flow, block)[0],
            group=_GRAPH,
        ),
    ],
) -> View:
    """Show one layer of a network: its place, kernels, map, field and costs."""
    has_map = len(network.sights.map_size(layer)) == 2
    unit = (row, column) if has_map else network.sights.middle(layer)
    return _view(network, layer, unit, channel, block, depth)


def _view(
    network: Network,
    layer: int,
    unit: tuple[int, ...],
    channel: int,
    block: str,
    depth: int,
) -> View:
    graph, panels, rows = (
        network.latest(what, key, partial(draw, network, *key))
        for what, key, draw in (
            ("graph", (block, depth), draw_graph),
            ("panels", (layer, channel), draw_panels),
            ("table", (layer,), table),
        )
    )
    about = numbers(network, graph.sheet.layout, layer, channel, unit)
    return View.drawn(
        graph.height,
        draw_chosen(network, graph, unit, about),
        sentences(about, network, block),
        numbers=about,
        table=rows,
        backdrop=graph.backdrop,
        marks=marks(network, graph, layer, channel),
        sheet=svg.document(graph.height, moved(graph.sheet.height, panels)),
    )
