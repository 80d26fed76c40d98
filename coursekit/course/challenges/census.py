"""What a network really does to an image, operator by operator: what the judge watches.

A rule about layers must not depend on what the layers are called: `F.linear` on a
buffer is a dense layer, and so is a 7×7 convolution on a 7×7 map. So the model is run
once on tensors without data, and every step that weighs values, normalises or averages
is noted with what its units see of the map before it (`coursekit.anatomy`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from coursekit._base.modes import left_as_found
from coursekit.anatomy import trace as tracing
from coursekit.anatomy.arguments import checked_model, checked_shape
from coursekit.anatomy.calls import (
    cpu_by_default,
    explained,
    watched_calls,
)
from coursekit.course.challenges.notes import Census
from coursekit.course.challenges.watch import CensusWatch


def census(model: nn.Module, input_shape: Sequence[int]) -> Census:
    """Watch one forward pass of a model on an image without data.

    Args:
        model: any module; run once in eval mode and left as it was found.
        input_shape: (channels, height, width) of one image.

    Raises:
        ValueError: the image does not go through, or an operator is not known; the
            sentence names the layer.
    """
    shape, stack, frames = checked_shape(input_shape), [], []
    watch = CensusWatch(checked_model(model), stack)
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), None)
    with cpu_by_default(), left_as_found(model, training=False):
        image = torch.empty(1, *shape, dtype=dtype, device="meta")
        watch.start(image)
        with watched_calls(model, frames, stack, watch.field_of):
            try:
                with torch.no_grad(), tracing.Circular(watch), watch:
                    out = model(image)
            except (RuntimeError, ValueError, IndexError, NotImplementedError) as error:
                raise explained(error, stack, shape) from error
    return watch.census(out, frames)
