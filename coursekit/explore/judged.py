"""A trained network asked about images of a set, for explorers that show its answers.

A network of the student's own may be broken: its error becomes one sentence with the
layer, and the next call works again once it is mended.
"""

import numpy as np
import torch
from torch import Tensor, nn

from coursekit._base.modes import left_as_found
from coursekit._base.trial import one_sentence
from coursekit.data import Batches, ImageSet
from coursekit.explore import svg
from coursekit.training.sources import norm_of


def check_model(name: str, model: object) -> None:
    """Refuse anything but a model.

    Raises:
        ValueError: naming the argument.
    """
    if not isinstance(model, nn.Module):
        raise ValueError(f"`{name}` must be an nn.Module; got {type(model).__name__}")


def check_set(name: str, data: object) -> None:
    """Refuse anything but a set with images.

    Raises:
        ValueError: naming the argument.
    """
    if not isinstance(data, ImageSet) or len(data) == 0:
        kind = type(data).__name__
        raise ValueError(f"`{name}` must be an ImageSet with images; got {kind}")


def as_taught(model: nn.Module, data: ImageSet) -> Tensor:
    """Return all images normalised as `fit` did it for this model, else by the set."""
    mean, std = norm_of(None, model) or (None, None)
    parameter = next(model.parameters(), data.images)
    batches = Batches(data, len(data), shuffle=False, mean=mean, std=std)
    return next(iter(batches))[0].to(parameter.device)


def probabilities(
    model: nn.Module, images: Tensor, *, training: bool = False
) -> np.ndarray:
    """Return the softmax of the answers; the model is left as it was found.

    Shape:
        images (n, c, h, w) → (n, classes).
    """
    buffers = {name: value.clone() for name, value in model.named_buffers()}
    with (
        left_as_found(model, training=training),
        torch.no_grad(),
        one_sentence(model, tuple(images.shape[1:])),
    ):
        found = model(images).softmax(1).cpu().numpy()
    for name, value in model.named_buffers():  # running statistics move in training
        value.copy_(buffers[name])
    return found


def picture_of(image: Tensor, x: float, y: float, side: float) -> str:
    """Draw an image of bytes or of floats 0 to 1 as a square.

    Shape:
        image (c, h, w), c is 1 or 3.
    """
    scaled = image if image.dtype == torch.uint8 else (255 * image).round().byte()
    pixels = scaled.permute(1, 2, 0).cpu().numpy()
    pixels = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    source = svg.uri(svg.png(np.ascontiguousarray(pixels)))
    return svg.picture(source, x, y, side, side)
