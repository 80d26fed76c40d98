"""The controls with which a chain of layers is built and changed."""

from dataclasses import replace

from coursekit.explore.chain import CHAINS, KINDS, LAYERS, LONGEST, ChainLayer, misfit
from coursekit.explore.shell import button, menu, slider
from coursekit.explore.sights import sights_of_chain
from coursekit.explore.unit_choice import UnitChoice

FIRST, OWN = "3×3 and pooling", "my own"
_PARAMETERS = ("kind", "kernel_size", "stride", "padding", "dilation")


class ChainEditor:
    """Keep a chain of layers and its controls in step.

    Args:
        shape: (c, h, w) of the photo the chain looks at.
    """

    def __init__(self, shape: tuple[int, int, int]):
        self.shape, self.chain = shape, CHAINS[FIRST]
        self.problem, self.sights = "", None
        self.controls = _make_controls(self.chain, FIRST)
        self.units = UnitChoice(self.controls["row"], self.controls["column"])

    @property
    def number(self) -> int:
        """The position of the chosen layer."""
        return self.controls["layer"].value

    @property
    def unit(self) -> tuple[int, ...]:
        """The chosen (row, column) on the map of the chosen layer."""
        return self.units.unit(self.sights, self.number)

    def adjust(self, name: str) -> None:
        """Answer a change of the control `name`, then set the others to match."""
        if name in ("row", "column", "new"):
            return
        if name == "chain" and self.controls["chain"].value != OWN:
            self._take(CHAINS[self.controls["chain"].value], last=True)
        elif name == "add":
            self._add(LAYERS[self.controls["new"].value])
        elif name == "remove":
            self._remove()
        elif name in _PARAMETERS:
            self._change()
        self._show()

    def _take(self, chain: tuple[ChainLayer, ...], *, last: bool = False) -> None:
        self.chain = chain
        number = len(chain) - 1 if last else min(self.number, len(chain) - 1)
        self._name_layers(number)

    def _add(self, layer: ChainLayer) -> None:
        if len(self.chain) < LONGEST:
            after = self.number + 1
            self.chain = (*self.chain[:after], layer, *self.chain[after:])
            self._name_layers(after)

    def _remove(self) -> None:
        if len(self.chain) > 1:
            at = self.number
            self._take(self.chain[:at] + self.chain[at + 1 :])

    def _change(self) -> None:
        at = self.number
        values = {name: self.controls[name].value for name in _PARAMETERS}
        layer = replace(self.chain[at], **values)
        self._take((*self.chain[:at], layer, *self.chain[at + 1 :]))

    def _name_layers(self, number: int) -> None:
        """Offer the layers of the chain, `number` being the chosen one."""
        layer = self.controls["layer"]
        layer.options = _options(self.chain)
        layer.value = number

    def _show(self) -> None:
        """Set the controls to the chosen layer, and see whether the chain works."""
        for name in _PARAMETERS:
            self.controls[name].value = getattr(self.chain[self.number], name)
        known = [name for name, chain in CHAINS.items() if chain == self.chain]
        self.controls["chain"].value = known[0] if known else OWN
        self.problem = misfit(self.chain, self.shape[1:])
        if not self.problem:
            self.sights = sights_of_chain(self.chain, self.shape)
            self.units.fit(self.sights, self.number)


def _make_controls(chain: tuple[ChainLayer, ...], name: str) -> dict:
    layers = _options(chain)
    return {
        "chain": menu("chain", [*CHAINS, OWN], name),
        "layer": menu("layer", layers, len(layers) - 1),
        "kind": menu("kind", list(KINDS), KINDS[0]),
        "kernel_size": slider("kernel size", 3, 1, 11),
        "stride": slider("stride", 1, 1, 4),
        "padding": slider("padding", 0, 0, 8),
        "dilation": slider("dilation", 1, 1, 8),
        "row": slider("unit row", 0, 0, 0),
        "column": slider("unit column", 0, 0, 0),
        "new": menu("new layer", list(LAYERS), "conv 3×3"),
        "add": button("add it after the chosen layer"),
        "remove": button("remove the chosen layer"),
    }


def _options(chain: tuple[ChainLayer, ...]) -> list[tuple[str, int]]:
    return [(f"{n + 1}: {layer.title}", n) for n, layer in enumerate(chain)]
