"""The controls with which a chain of layers is built and changed."""

from dataclasses import replace

from coursekit.explore.chain import CHAINS, LAYERS, LONGEST, SETTINGS, ChainLayer
from coursekit.explore.setting import Button, Choice, Setting

FIRST, OWN = "3×3 and pooling", "my own"
CHAIN, LAYER, UNIT = "the chain", "the layer", "the unit"  # headings
Layers = tuple[ChainLayer, ...]


def _name(layers: Layers) -> str:
    return next((name for name, chain in CHAINS.items() if chain == layers), OWN)


def _take(layers: Layers, value: str) -> dict:
    """Take a named chain, to look from its last layer."""
    if value == OWN:
        return {"chain": _name(layers)}
    return {"layers": CHAINS[value], "layer": len(CHAINS[value]) - 1}


def _add(layers: Layers, layer: int, new: str) -> dict:
    if len(layers) == LONGEST:
        return {}
    after = layer + 1
    return {"layers": (*layers[:after], LAYERS[new], *layers[after:]), "layer": after}


def _remove(layers: Layers, layer: int) -> dict:
    if len(layers) == 1:
        return {}
    rest = layers[:layer] + layers[layer + 1 :]
    return {"layers": rest, "layer": min(layer, len(rest) - 1)}


def _of_layer(name: str, setting: Setting) -> Setting:
    """Return the control of one number of the chosen layer."""

    def now(layers: Layers, layer: int) -> object:
        return getattr(layers[layer], name)

    def change(layers: Layers, layer: int, value: object) -> dict:
        changed = replace(layers[layer], **{name: value})
        return {"layers": (*layers[:layer], changed, *layers[layer + 1 :])}

    return replace(setting, start=now, sets=change, group=LAYER)


EDITORS = {
    "chain": Choice("chain", (*CHAINS, OWN), start=_name, sets=_take, group=CHAIN),
    "new": Choice("new layer", tuple(LAYERS), group=CHAIN),
    "add": Button("add it after the chosen layer", sets=_add, group=CHAIN),
    "remove": Button("remove the chosen layer", sets=_remove, group=CHAIN),
    **{name: _of_layer(name, setting) for name, setting in SETTINGS.items()},
}
