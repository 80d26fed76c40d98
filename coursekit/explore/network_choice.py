"""The controls of the network explorer, and how one of them moves the others."""

from ipywidgets import Widget

from coursekit.explore.network_layout import containers, depths
from coursekit.explore.network_state import Network, kernels
from coursekit.explore.shell import button, limit, menu, slider
from coursekit.explore.unit_choice import UnitChoice

_INDENT = "\u2003"  # a space that menus keep


class NetworkChoice:
    """Choose what is drawn, a layer, one of its channels and one of its units."""

    def __init__(self, network: Network):
        self.network = network
        self.controls = _controls(network)
        self.units = UnitChoice(self.controls["row"], self.controls["column"])

    def settings(self) -> tuple:
        """Return layer, unit, channel, block and depth as chosen now."""
        values = {n: getattr(c, "value", None) for n, c in self.controls.items()}
        index = values["layer"]
        return (
            index,
            self._unit(index),
            *(values[n] for n in ("channel", "block", "depth")),
        )

    def adjust(self, name: str) -> None:
        """Follow the control that changed; "" fits all at the beginning."""
        layer = self.controls["layer"]
        if name in ("previous", "next"):
            step = 1 if name == "next" else -1
            layer.value = (layer.value + step) % len(layer.options)
        if name == "block":
            self._open()
        elif name in ("", "layer", "previous", "next"):
            self._follow()
        if name not in ("channel", "row", "column", "depth"):
            self._fit()

    def _open(self) -> None:
        """Draw another block: choose a layer within, and how much of it to open."""
        layer, block = self.controls["layer"], self.controls["block"].value
        inside = [n for _, n in layer.options if _is_in(self.network, n, block)]
        if inside and layer.value not in inside:
            layer.value = inside[0]
        self._depth(block)

    def _follow(self) -> None:
        """Draw a block that holds the chosen layer, as deep as the present one."""
        index, block = self.controls["layer"].value, self.controls["block"]
        if _is_in(self.network, index, block.value):
            return
        level = _around(self.network, block.value).index(block.value)
        around = _around(self.network, self.network.call(index))[:-1]
        block.value = around[min(level, len(around) - 1)]
        self._depth(block.value)

    def _depth(self, block: str) -> None:
        first, most = depths(self.network.flow, block)
        limit(self.controls["depth"], most)
        self.controls["depth"].value = first

    def _fit(self) -> None:
        index = self.controls["layer"].value
        limit(self.controls["channel"], len(self.network.maps(index)) - 1)
        if len(self.network.sights.map_size(index)) in (0, 2):
            self.units.fit(self.network.sights, index)

    def _unit(self, index: int) -> tuple[int, ...]:
        sizes = self.network.sights.map_size(index)
        if len(sizes) == 2:
            return self.units.unit(self.network.sights, index)
        return tuple(side // 2 for side in sizes)


def _controls(network: Network) -> dict[str, Widget]:
    """Return the controls, at the first layer that has kernels."""
    blocks = [("the whole network", "")]
    blocks += [(name, name) for name in containers(network.flow)]
    first, most = depths(network.flow, "")
    titles = [(_title(network, n), n) for n in range(len(network.sights.rows))]
    with_kernels = (n for _, n in titles if kernels(network.module(n)) is not None)
    return {
        "layer": menu("layer", titles, next(with_kernels, 0)),
        "previous": button("◀ previous layer"),
        "next": button("next layer ▶"),
        "channel": slider("channel", 0, 0, 0),
        "row": slider("unit row", 0, 0, 0),
        "column": slider("unit column", 0, 0, 0),
        "block": menu("draw", blocks, ""),
        "depth": slider("levels open", first, 1, most),
    }


def _title(network: Network, index: int) -> str:
    """Return a layer's title, further to the right the deeper it is nested."""
    depth = max(0, network.row(index).depth)
    return f"{_INDENT * depth}{network.sights.titles[index]}"


def _is_in(network: Network, index: int, block: str) -> bool:
    return not block or block in _around(network, network.call(index))


def _around(network: Network, call: str) -> tuple[str, ...]:
    """Return "", the containers round a call from outside in, and itself."""
    for node in network.flow.nodes:
        if call in node.inside:
            return ("", *node.inside[: node.inside.index(call)], call)
        if call == node.name:
            return ("", *node.inside, call)
    return ("", call) if call else ("",)
