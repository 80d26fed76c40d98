"""What a network really does to an image, operator by operator: what the judge watches.

A rule about layers must not depend on what the layers are called: `F.linear` on a
buffer is a dense layer, and so is a 7×7 convolution on a 7×7 map. So the model is run
once on tensors without data, and every step that weighs values, normalises or averages
is noted with what its units see of the map before it (`coursekit.anatomy`).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from coursekit.anatomy.arguments import checked_model, checked_shape
from coursekit.anatomy.dataless import blank_image, dataless_run
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
    image = blank_image(model, shape)
    watch.start(image)
    with dataless_run(model, shape, watch, frames, stack, watch.field_of):
        out = model(image)
    return watch.census(out, frames)
