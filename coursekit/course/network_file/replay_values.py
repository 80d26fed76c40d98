"""What is known of a tensor on its way through a replayed graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.course.network_file.graph import Node
from coursekit.course.network_file.plain_numbers import is_even, is_uniform
from coursekit.course.network_file.replay_moves import slices

# A weighing layer; after it batch norm may keep statistics.
WEIGHING = {"Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum"}
NORMALISES = {"Sub", "Add", "Mul", "Div"}
MOST_NORMS = 1  # whose statistics rest, since the last weighing layer
NOTHING = torch.empty(0)


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor on its way, and where its numbers come from.

    Args:
        data: without numbers where they depend on the image.
        image: whether they do.
        leaves: the stored tensors it is made of.
        moved: whether those numbers only changed their place.
        before: what it was before axes were laid together, to go back without loss.
        centred: the stored mean that was just taken off, "" for everything else.
        norms: batch norms since the last weighing layer.
        raw: steps left to normalise the image itself with; 0 for everything else.
    """

    data: Tensor
    image: bool = False
    leaves: frozenset[str] = frozenset()
    moved: bool = True
    before: Tensor | None = None
    centred: str = ""
    norms: int = MOST_NORMS
    raw: int = 0


def normed_by_hand(x: Tensor, deviation: Tensor) -> Tensor:
    """Divide each channel by its deviation, as the batch norm that it is."""
    variance = deviation.reshape(-1).square()
    return F.batch_norm(x, torch.zeros_like(variance), variance, eps=0.0)


def is_plain(numbers: Tensor, *, only_uniform: bool) -> bool:
    """Tell whether numbers are all alike or, where that is enough, evenly spaced."""
    half = numbers.dtype in (torch.float16, torch.bfloat16)
    array = (numbers.float() if half else numbers).detach().numpy()
    return is_uniform(array) or (not only_uniform and is_even(array))


def as_tensor(array: np.ndarray) -> Tensor:
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:
        array = array.astype(np.int64)
    return torch.from_numpy(np.array(array))


def after(node: Node, given: list) -> Value:
    """Return what is known of a result that depends on the image."""
    sources = [one for one in given if one and one.image]
    norms = max(one.norms for one in sources)
    if node.op in WEIGHING:
        norms = 0
    if node.op == "BatchNormalization":
        norms += 1
    raw = sources[0].raw - 1 if node.op in NORMALISES and len(sources) == 1 else 0
    return Value(NOTHING, True, norms=norms, raw=max(0, raw))


def reshaped(given: Value, made: Value) -> Value:
    """Go back to what a tensor was where the sizes are the same again."""
    before = given.data if given.before is None else given.before
    if made.data.shape == before.shape:
        return replace(made, data=before, before=None)
    return replace(made, before=before)


def normed_before(node: Node, given: list) -> Tensor | None:
    """Return the map that group norm's reshape took apart, None for other nodes.

    The exporter writes group norm as instance norm of (n, groups, numbers of a group)
    with ones and zeros for scale and bias.
    """
    if node.op != "InstanceNormalization" or len(given) != 3 or None in given:
        return None
    first, scale, bias = given
    plain = bool((scale.data == 1).all()) and bool((bias.data == 0).all())
    return first.before if plain and first.data.dim() == 3 else None


def wrapped(node: Node, makers: Mapping[str, Node], values: dict) -> Tensor | None:
    """Return a map with circular padding, None for other nodes.

    The exporter writes it in pieces: the end of the map, the map, its beginning.

    Args:
        node: any node.
        makers: tensor → the node it comes from.
        values: tensor → what is known of it.
    """
    axis, names = node.settings.get("axis"), node.inputs
    if node.op != "Concat" or axis not in (2, 3) or not 1 < len(names) < 4:
        return None
    maps = [n for n in names if all(_is_cut(makers.get(o), n) for o in names if o != n)]
    if len(maps) != 1 or values[maps[0]].data.dim() != 4:
        return None
    whole, middle = values[maps[0]].data, names.index(maps[0])
    line = torch.arange(whole.shape[axis]).view(
        (1, 1, -1, 1) if axis == 2 else (1, 1, 1, -1)
    )
    parts = [
        line if k == middle else slices(line, *_given(makers[n], values))
        for k, n in enumerate(names)
    ]
    sizes = [part.numel() for part in parts]
    before, after = sum(sizes[:middle]), sum(sizes[middle + 1 :])
    around = torch.arange(-before, line.numel() + after) % line.numel()
    if not torch.equal(torch.cat(parts, axis).flatten(), around):
        return None
    sides = (before, after, 0, 0) if axis == 3 else (0, 0, before, after)
    return F.pad(whole, sides, mode="circular")


def _given(cut: Node, values: dict) -> list[Tensor | None]:
    """Return starts, ends, axes and steps of a Slice."""
    return [values[name].data if name else None for name in cut.inputs[1:]]


def _is_cut(maker: Node | None, name: str) -> bool:
    return maker is not None and maker.op == "Slice" and maker.inputs[0] == name
