"""The rule for interpolation: torch itself is asked which pixels each output reads."""

from __future__ import annotations

import torch
from torch import Tensor

from coursekit.anatomy import carry
from coursekit.anatomy.field import Field
from coursekit.anatomy.rules.operators import Operands, rule
from coursekit.anatomy.window import Window

_MODES = """nearest1d nearest2d nearest3d linear1d bilinear2d trilinear3d bicubic2d
    bilinear2d_aa bicubic2d_aa"""
_NAMES = " ".join(
    [f"{start}upsample_{mode}" for mode in _MODES.split() for start in ("", "_")]
    + [f"_upsample_nearest_exact{rank}d" for rank in (1, 2, 3)]
)


@rule(_NAMES)
def resizing(call: Operands, outputs: list[Tensor]) -> Field:
    """Read what torch's own interpolation reads, found by asking it per dimension."""
    field, out = call.sole(), outputs[0]
    for dim in range(2, len(field.shape)):
        weights = _resize_weights(call, field, dim, out.shape[dim])
        field = _through_weights(field, dim, weights, _repeats(call, field, dim, out))
    return field


def _repeats(call: Operands, field: Field, dim: int, out: Tensor) -> int | None:
    """Return the whole factor of a resize whose units repeat, else None."""
    factor, rest = divmod(out.shape[dim], field.shape[dim])
    aligned = bool(call.get("align_corners", False))
    antialiased = "_aa" in call.func._schema.name
    return None if rest or aligned or antialiased else factor


def _resize_weights(call: Operands, field: Field, dim: int, to: int) -> Tensor:
    """Return which inputs (columns) each output (rows) along `dim` is made of."""
    size, rank = field.shape[dim], len(field.shape)
    basis = torch.eye(size, dtype=torch.float64)
    view = [size, 1, *[1] * (rank - 2)]
    view[dim] = size
    sizes = list(field.shape[2:])
    target = [to if d == dim else 1 for d in range(2, rank)]
    sizes = [sizes[d - 2] if d == dim else 1 for d in range(2, rank)]
    args, kwargs = call.replaced(basis.view(size, 1, *sizes))
    scales = {k: None for k in kwargs if k.startswith("scale")}
    names = [a.name for a in call.func._schema.arguments]
    args = list(args)
    for index, name in enumerate(names[: len(args)]):
        if name == "output_size":
            args[index] = target
        elif name.startswith("scale"):
            args[index] = _scale_of(call, name, dim, rank)
    for key in list(kwargs):
        if key == "output_size":
            kwargs[key] = target
    kwargs.update({k: _scale_of(call, k, dim, rank) for k in scales})
    return call.func(*args, **kwargs).view(size, to).T != 0


def _scale_of(call: Operands, name: str, dim: int, rank: int) -> object:
    """Return the scale argument with only the scale of `dim` kept."""
    value = call.get(name)
    if name == "scale_factors":
        return (
            None
            if value is None
            else [
                v if d == dim else 1.0
                for d, v in zip(range(2, rank), value, strict=True)
            ]
        )
    places = {
        "scales": rank - 1,
        "scales_w": rank - 1,
        "scales_h": rank - 2,
        "scales_d": rank - 3,
    }
    return value if places[name] == dim else None


def _through_weights(field: Field, dim: int, used: Tensor, factor: int | None) -> Field:
    counts = int(used.sum(1).max())
    index = used.int().sort(dim=1, descending=True, stable=True).indices[:, :counts]
    valid = used.gather(1, index)

    def change(along: int, window: Window) -> Window | None:
        unchanged = torch.equal(used, torch.eye(*used.shape, dtype=torch.bool))
        if along != dim or unchanged:
            return window
        return _repeated(window, used, factor) if factor else None

    return carry.gather(carry.rewindow(field, change), dim, index, valid)


def _repeated(window: Window, used: Tensor, factor: int) -> Window | None:
    """Return the window after up-sampling, read off the middle of the map."""
    middle = used.shape[1] // 2
    rows = used[middle * factor : (middle + 1) * factor]
    inside = all(
        row.nonzero().min() > 0 and row.nonzero().max() < used.shape[1] - 1
        for row in rows
    )
    if not inside and factor > 1:
        return None  # too small a map to see what happens away from its border
    taps = [[int(t) - middle for t in row.nonzero().flatten()] for row in rows]

    def reads(out: int) -> list[int]:
        turn, phase = divmod(out, factor)
        return [turn + tap for tap in taps[phase]]

    return window.through(reads, factor, 1)
