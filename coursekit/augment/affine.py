"""Rotation, scale and shear of a batch, about the centre, linearly interpolated."""

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit._base.validate import number
from coursekit.augment.batch import (
    Amount,
    check_batch,
    draw_unit,
    fill_values,
    per_image,
)


def affine(
    images: Tensor,
    *,
    degrees: Amount = 0.0,
    scale: Amount = 1.0,
    shear: Amount = 0.0,
    fill: float = 0.0,
) -> Tensor:
    """Shear images, turn them counter-clockwise and scale them, about their centre.

    Args:
        images: the batch; bytes are rounded.
        degrees: angle of the turn.
        scale: 0.001 or more; 2 shows the middle half at twice its size.
        shear: angle by which upright edges lean, between -89 and 89 degrees.
        fill: value of the pixels that come in, one number or one for each channel.

    Shape:
        images (n, c, h, w); degrees, scale and shear () or (n,).

    Raises:
        ValueError: not a batch, or amounts of another shape or out of range.
    """
    check_batch(images)
    turn = per_image("degrees", degrees, images).deg2rad()
    size = per_image("scale", scale, images, low=1e-3)
    lean = per_image("shear", shear, images, low=-89.0, high=89.0).deg2rad().tan()
    outside = fill_values(fill, images)
    if len(images) == 0:
        return images.clone()
    values = images if images.is_floating_point() else images.float()
    grid = _grid(turn, size, lean, images.shape[2:])
    if outside is not None:
        values = values - outside
    turned = F.grid_sample(values, grid.to(values.dtype), align_corners=False)
    if outside is not None:
        turned = turned + outside
    return turned if images.is_floating_point() else turned.round_().to(images.dtype)


def rotate(images: Tensor, degrees: Amount, *, fill: float = 0.0) -> Tensor:
    """Turn images counter-clockwise about their centre; arguments as for `affine`."""
    return affine(images, degrees=degrees, fill=fill)


def random_affine(
    images: Tensor,
    *,
    degrees: float = 0.0,
    scale: float = 0.0,
    shear: float = 0.0,
    fill: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Turn, scale and shear each image by amounts of its own, all uniform.

    Args:
        images: the batch.
        degrees: angles are -x to x, 0 to 180.
        scale: scales are 1 - x to 1 + x, 0 to 0.9.
        shear: angles are -x to x, 0 to 80.
        fill: value of the pixels that come in, one number or one for each channel.
        generator: where the amounts are drawn from; None is torch's default.

    Shape:
        images (n, c, h, w).
    """
    check_batch(images, generator)
    most = {"degrees": (degrees, 180.0), "scale": (scale, 0.9), "shear": (shear, 80.0)}
    amounts = {}
    for name, (reach, high) in most.items():
        if number(name, reach, low=0.0, high=high):
            side = draw_unit(len(images), images.device, generator) * 2 - 1
            amounts[name] = side * reach + (1.0 if name == "scale" else 0.0)
    return affine(images, **amounts, fill=fill) if amounts else images.clone()


def random_rotation(
    images: Tensor,
    degrees: float,
    *,
    fill: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Turn each image by an angle uniform in -degrees to degrees.

    Arguments as for `random_affine`.
    """
    return random_affine(images, degrees=degrees, fill=fill, generator=generator)


def _grid(turn: Tensor, size: Tensor, lean: Tensor, shape: torch.Size) -> Tensor:
    """Return where each output pixel looks, (n, h, w, 2), x and y from -1 to 1.

    Sums of a column and a row: four times as fast as `F.affine_grid`.
    """
    (h, w), where = shape, turn.device
    y = (2 * torch.arange(h, device=where) + 1 - h).view(1, h, 1)
    x = (2 * torch.arange(w, device=where) + 1 - w).view(1, 1, w)
    size, lean = size.view(-1, 1, 1), lean.view(-1, 1, 1)
    cosine, sine = turn.cos().view(-1, 1, 1), turn.sin().view(-1, 1, 1)
    across = (cosine + sine * lean) / size, (sine - cosine * lean) / size
    down = sine / size, cosine / size
    grid = turn.new_empty((len(turn), h, w, 2))
    torch.sub(x * (across[0] / w), y * (across[1] / w), out=grid[..., 0])
    torch.add(x * (down[0] / h), y * (down[1] / h), out=grid[..., 1])
    return grid
