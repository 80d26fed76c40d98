"""Is an image answered by itself, whatever lies beside it in its batch?

Every operator is followed along the batch, as anatomy follows it along a map: a unit of
the answer to image 1 may be made of image 1 alone. What is mixed and then multiplied
by 0 is mixed. Numbers that count the images, such as `torch.arange(len(x))`, no
operator mixes; so two images are also answered, together and alone. A map made from
the image that is the same for both, though its places differ, is a mask in disguise:
the same for faint images, which in a deep net drown in biases and borders, and for loud
ones, which make a softmax answer alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from coursekit.anatomy.dataless import blank_image, dataless_run
from coursekit.anatomy.field import Axis, Field, full
from coursekit.anatomy.rules.operators import UnknownOperatorError
from coursekit.anatomy.trace import Watch
from coursekit.course.network_file.allow_list import Misfit, Unrecognised

if TYPE_CHECKING:  # it needs onnx
    from coursekit.course.network_file.replay import Replay

IMAGES = 2
MOST_WORK = 5 * 10**8  # multiply-adds of one image; of more the structure alone speaks
APART = 1e-3  # of the largest logit
SAME = 1e-4  # of what a map's places differ by
LOUD = 100  # times noise of 1
UNKNOWN = (Misfit, Unrecognised, UnknownOperatorError, ValueError)


def mixed_in_a_file(replay: Replay, multiply_adds: int) -> tuple[str, ...]:
    """Return what speaks against answers that are made of one image each.

    Args:
        replay: of its own, for it is run again.
        multiply_adds: of one image.
    """
    mixed = mixed_by_structure(replay, replay.graph.input_shape)
    if mixed or multiply_adds > MOST_WORK:
        return mixed
    noise = torch.randn(IMAGES, *replay.graph.input_shape, generator=_drawn())
    faint = [_maps(replay, one) for one in noise.split(1)]
    alone = torch.cat([maps[replay.graph.output] for maps in faint])
    if not _is_alike(alone, _maps(replay, noise)[replay.graph.output]):
        return ("the answer to an image depends on its place in the batch",)
    loud = [_maps(replay, one) for one in (LOUD * noise).split(1)]
    for name in faint[0]:
        if all(_is_one_map(one[name], other[name]) for one, other in (faint, loud)):
            node = replay.makers[name].label
            return (f"node {node} gives the same map for every image",)
    return ()


def mixed_by_structure(model: nn.Module, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return the same from the operators alone, for any model.

    Args:
        model: left as it was found.
        shape: (channels, height, width) of one image.
    """
    try:
        if _stays_in_its_row(model, shape):
            return ()
    except UNKNOWN as error:
        return (f"{IMAGES} images at once: {error}",)
    return ("the answer to an image is made from its neighbours in the batch",)


def _stays_in_its_row(model: nn.Module, shape: tuple[int, ...]) -> bool:
    """Tell whether every unit of an answer sees the image of its own row alone."""
    image, stack = blank_image(model, shape), []
    images, watch = torch.empty_like(image.expand(IMAGES, *shape)), Watch(stack)
    rows = Axis(_rows(images.shape), None, None)
    watch.fields[images] = Field(tuple(images.shape), (rows,))
    with dataless_run(model, shape, watch, [], stack, watch.field_of):
        answer = model(images)
    (seen,) = watch.field_of(answer).axes
    own = _rows(answer.shape).expand(2, *answer.shape)
    return torch.equal(full(seen, answer.shape), own)


def _rows(shape: Sequence[int]) -> Tensor:
    """Return (2, n, 1, …): the row of each unit and minus it, as fields are noted."""
    row = torch.arange(shape[0]).view(-1, *[1] * (len(shape) - 1))
    return torch.stack([row, -row])


def _drawn() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def _maps(replay: Replay, image: Tensor) -> dict[str, Tensor]:
    """Return all that is made from an image, by name."""
    with torch.no_grad():
        replay(image)
    values = replay.ledger.values.items()
    return {name: value.data.float() for name, value in values if value.image}


def _is_alike(alone: Tensor, together: Tensor) -> bool:
    """Tell whether logits are the same but for rounding."""
    near = APART * float(together.nan_to_num(0, 0, 0).abs().max().clamp(min=1))
    return torch.allclose(alone, together, rtol=0, atol=near, equal_nan=True)


def _is_one_map(one: Tensor, other: Tensor) -> bool:
    """Tell whether places differ, but not from image to image."""
    if one.dim() < 3 or not one.isfinite().all() or not other.isfinite().all():
        return False
    flat = one.flatten(2)
    places = float((flat.amax(2) - flat.amin(2)).max())
    return float((one - other).abs().max()) < SAME * places
