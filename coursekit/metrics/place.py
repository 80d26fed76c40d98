"""Whether a map of importance and a box lie where the object is.

- pointing game: Zhang et al. 2016, "Top-down Neural Attention by Excitation Backprop",
  section 4.2, https://arxiv.org/abs/1608.00507
- energy inside: Wang et al. 2020, "Score-CAM", section 4.3 (there with boxes),
  https://arxiv.org/abs/1910.01279
- overlap of boxes: Russakovsky et al. 2015, section 4.2,
  https://arxiv.org/abs/1409.0575
"""

import torch
from torch import Tensor

from coursekit._base import validate as _validate


def pointing_game(maps: Tensor, masks: Tensor, tolerance: float = 0.0) -> float:
    """Return how often the brightest pixel of a map lies on the object.

    Where several pixels are equally bright, the share of them on the object counts: a
    map that is the same everywhere points nowhere in particular.

    Args:
        maps: how much each pixel matters. masks: true on the object.
        tolerance: distance from the object that still counts, in pixels (paper: 15).

    Shape:
        maps (n, h, w), masks (n, h, w) bool.

    Raises:
        ValueError: shapes that differ, or a mask without an object.
    """
    _check_maps(maps, masks)
    tolerance = _validate.number("tolerance", tolerance, low=0.0)
    hits = []
    for one, mask in zip(maps, masks, strict=True):
        points = (one == one.max()).nonzero().double()
        distances = torch.cdist(points, mask.nonzero().double()).min(1).values
        hits.append((distances <= tolerance).double().mean())
    return torch.stack(hits).mean().item()


def energy_inside(maps: Tensor, masks: Tensor) -> Tensor:
    """Return the share of each map that lies on its object, 0 to 1.

    Compare it with the object's share of the picture, `masks.double().mean((1, 2))`: a
    map that knows nothing has that much by chance; one that is 0 everywhere gets it.

    Args:
        maps: maps that are nowhere negative, such as Grad-CAM. masks: true on the
            object.

    Shape:
        maps (n, h, w), masks (n, h, w) bool; result (n,) float64.

    Raises:
        ValueError: shapes that differ, a negative value, or a mask without an object.
    """
    _check_maps(maps, masks)
    if maps.min() < 0:
        raise ValueError(f"`maps` must be nowhere negative; got {maps.min():g}")
    maps = maps.double()
    total = maps.sum((1, 2), keepdim=True)
    maps = torch.where(total > 0, maps, 1.0)
    return (maps * masks).sum((1, 2)) / maps.sum((1, 2))


def mask_iou(maps: Tensor, masks: Tensor, threshold: float = 0.5) -> Tensor:
    """Return intersection over union of the bright part of each map and its object.

    Args:
        maps: maps that are nowhere negative. masks: true on the object.
        threshold: what counts as bright: at least this share of the map's maximum.

    Shape:
        maps (n, h, w), masks (n, h, w) bool; result (n,) float64.

    Raises:
        ValueError: shapes that differ, or a mask without an object.
    """
    _check_maps(maps, masks)
    bright = _bright(maps, threshold)
    shared, either = ((bright & masks), (bright | masks))
    return shared.double().sum((1, 2)) / either.double().sum((1, 2))


def best_threshold(maps: Tensor, boxes: Tensor, steps: int = 19) -> float:
    """Return the threshold whose boxes overlap the true ones most on average.

    Choose it on other images than those you report on.

    Args:
        maps: maps that are nowhere negative. boxes: the true ones.
        steps: how many thresholds to try, evenly between 0 and 1.

    Shape:
        maps (n, h, w), boxes (n, 4) as x1, y1, x2, y2.
    """
    steps = _validate.integer("steps", steps, low=1)
    tried = [(step + 1) / (steps + 1) for step in range(steps)]
    overlaps = [box_iou(boxes_of(maps, t), boxes).mean().item() for t in tried]
    return tried[overlaps.index(max(overlaps))]


def boxes_of(maps: Tensor, threshold: float = 0.5) -> Tensor:
    """Return the smallest box around everything at least `threshold` · maximum.

    Args:
        maps: maps that are nowhere negative, such as Grad-CAM. threshold: 0 to 1.

    Shape:
        maps (n, h, w); result (n, 4) int64 as x1, y1, x2, y2 with x2, y2 exclusive.
    """
    bright = _bright(maps, threshold)
    sides = []
    for along in (bright.any(1), bright.any(2)):  # columns, rows
        first = along.int().argmax(1)
        last = along.shape[1] - along.flip(1).int().argmax(1)
        sides.append((first, last))
    (x1, x2), (y1, y2) = sides
    return torch.stack([x1, y1, x2, y2], dim=1)


def _bright(maps: Tensor, threshold: float) -> Tensor:
    threshold = _validate.number("threshold", threshold, low=0.0, high=1.0)
    if maps.ndim != 3 or maps.numel() == 0:
        raise ValueError(
            f"`maps` must have the shape (n, h, w); got {tuple(maps.shape)}"
        )
    return maps >= threshold * maps.amax((1, 2), keepdim=True)


def box_iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Return intersection over union of each box with its partner.

    Shape:
        boxes and others (n, 4) as x1, y1, x2, y2, x2 > x1 and y2 > y1; result (n,).

    Raises:
        ValueError: shapes that differ, or a box without area.

    Example: [0, 0, 2, 2] and [1, 0, 3, 2] share 2 of 6 pixels: 1/3.
    """
    for name, values in (("boxes", boxes), ("others", others)):
        if values.ndim != 2 or values.shape[1] != 4 or len(values) != len(boxes):
            shape = tuple(values.shape)
            raise ValueError(f"`{name}` must have the shape (n, 4); got {shape}")
        if (values[:, 2:] <= values[:, :2]).any():
            raise ValueError(f"`{name}` must have x2 > x1 and y2 > y1")
    boxes, others = boxes.double(), others.double()
    top_left = torch.maximum(boxes[:, :2], others[:, :2])
    bottom_right = torch.minimum(boxes[:, 2:], others[:, 2:])
    shared = (bottom_right - top_left).clamp(min=0).prod(1)
    areas = [(both[:, 2:] - both[:, :2]).prod(1) for both in (boxes, others)]
    return shared / (areas[0] + areas[1] - shared)


def _check_maps(maps: Tensor, masks: Tensor) -> None:
    if maps.ndim != 3 or maps.shape != masks.shape or masks.dtype != torch.bool:
        raise ValueError(
            "`maps` and `masks` must have the same shape (n, h, w), masks as bool; got "
            f"{tuple(maps.shape)} and {tuple(masks.shape)} {masks.dtype}"
        )
    if maps.numel() == 0 or not masks.flatten(1).any(1).all():
        raise ValueError("`masks` must have at least one pixel of object in every mask")
