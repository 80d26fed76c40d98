"""A trained network asked about images of a set, for explorers that show its answers.

A network of the student's own may be broken: its error becomes one sentence with the
layer, and the next call works again once it is mended.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from coursekit._base.modes import left_as_found
from coursekit._base.trial import Frame, one_sentence
from coursekit.data import Batches, ImageSet, Shapes
from coursekit.explore import svg
from coursekit.explore.photo_input import photo_or_sample
from coursekit.gradcam import grad_cam
from coursekit.gradcam.overlay import veil
from coursekit.metrics import energy_inside
from coursekit.training.sources import norm_of

SIDE, STEP, TOP, HEIGHT = 230, 250, 30, 285  # of pictures side by side
STRONGEST = 23  # of the levels of a map: few, so that thousands of maps fit a page
PHOTO_SIDE = 224  # of a picture of one's own, at most


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


def squared(name: str, picture: object, side: int) -> Tensor:
    """Return one picture of any kind as a batch, its middle square reduced.

    Shape:
        (1, 3, h, w) uint8, h and w at most `side`.
    """
    pixels = photo_or_sample(name, picture, side, low=8)
    return torch.tensor(pixels).permute(2, 0, 1)[None]


OWN = "your picture"


def set_of(name: str, data: object, model: nn.Module) -> ImageSet:
    """Return a set as it is, and one picture of any kind as a set of its own.

    Classes of a picture are numbers; it counts as what the model takes it for.

    Raises:
        ValueError: a set without images, no picture, or a model that does not take it.
    """
    if isinstance(data, ImageSet):
        check_set(name, data)
        return data
    images = squared(name, data, PHOTO_SIDE)
    first = next((m for m in model.modules() if isinstance(m, nn.Conv2d)), None)
    if first is not None and first.in_channels == 1:
        images = images.float().mean(1, keepdim=True).round().byte()
    plain = ImageSet(images, torch.zeros(1, dtype=torch.int64), ("?",), OWN, "yours")
    shares = probabilities(model, as_taught(model, plain))
    classes = tuple(f"class {n}" for n in range(shares.shape[1]))
    return replace(plain, labels=torch.tensor(shares.argmax(1)), classes=classes)


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
        shares = model(images).softmax(1).cpu().numpy()
    for name, value in model.named_buffers():  # running statistics move in training
        value.copy_(buffers[name])
    return shares


def picture_of(image: Tensor, x: float, y: float, side: float) -> str:
    """Draw an image of bytes or of floats 0 to 1; its longer side is `side` units.

    Shape:
        image (c, h, w), c is 1 or 3.
    """
    scaled = image if image.dtype == torch.uint8 else (255 * image).round().byte()
    pixels = scaled.permute(1, 2, 0).cpu().numpy()
    pixels = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    high, wide = (side * n / max(pixels.shape[:2]) for n in pixels.shape[:2])
    return svg.png_picture(np.ascontiguousarray(pixels), x, y, wide, high)


def map_over(image: Tensor, heat: Tensor, left: float) -> str:
    """Draw an image in grey and a map over it, as `overlay` does, in few levels.

    The image stands by itself, so that a page has it once for all its maps.

    Args:
        image, heat: as `overlay` takes them, one.
        left: of the place among pictures side by side.
    """
    grey = image.float().mean(0, keepdim=True).round().byte()
    levels = (STRONGEST * heat).round().byte().numpy()
    high, wide = (SIDE * n / max(levels.shape) for n in levels.shape)
    source = svg.uri(svg.png(levels, _veils()))
    return picture_of(grey, left, TOP, SIDE) + svg.picture(
        source, left, TOP, wide, high
    )


@cache
def _veils() -> np.ndarray:
    """Return the colour and the opacity of each level of a map."""
    heat = torch.linspace(0, 1, STRONGEST + 1).view(-1, 1, 1, 1)
    return (255 * torch.cat(veil(heat), 1)).round().byte().flatten(1).numpy()


def layers_with_maps(model: nn.Module, images: Tensor) -> list[str]:
    """Return the names of the modules that run once and give maps.

    Raises:
        ValueError: the model does not take the images.
    """
    frames: list[Frame] = []
    with (
        left_as_found(model, training=False),
        one_sentence(model, tuple(images.shape[1:]), frames),
    ):
        model(images[:1])
    again = {frame.name.split(":")[0] for frame in frames if not frame.first_call}
    once = [f for f in frames if f.name and f.name.split(":")[0] not in again]
    return [frame.name for frame in once if _gives_maps(frame)]


def _gives_maps(frame: Frame) -> bool:
    shapes = [shape for _, shape, _ in frame.outputs]
    return len(shapes) == 1 and len(shapes[0]) == 3 and min(shapes[0][1:]) > 1


def look_at(
    model: nn.Module, data: ImageSet, image: Tensor, layer: str, asked: int | None
) -> tuple[dict, Tensor]:
    """Return what a network says to one picture, and its map.

    Args:
        data: the picture alone.
        image: the same as the network was taught to see it, (1, c, h, w).
        asked: the class, None for the predicted one.

    Raises:
        ValueError: the model does not take the picture.
    """
    cam = grad_cam(model, image, layer, asked)
    shares, maps = cam.logits.softmax(1)[0], cam.maps.cpu().float()
    row = {
        "class": data.classes[int(cam.targets[0])],
        "answer": data.classes[int(shares.argmax())],
        "probability": shares.max().item(),
        "largest": cam.raw.max().item(),
        "layer": layer,
        "side": tuple(cam.raw.shape[1:]),
    }
    if isinstance(data, Shapes):
        row["energy"] = energy_inside(maps, data.masks).item()
        row["area"] = data.masks.double().mean().item()
    return row, maps[0]


def sentence(who: str, row: dict) -> str:
    """Say in words what `look_at` found."""
    height, width = row["side"]
    text = (
        f"{who} says {row['answer']} ({row['probability']:.0%}); layer {row['layer']} "
        f"has maps of {height}×{width}."
    )
    if row["largest"] <= 0:
        return f"{text} Nothing in this layer speaks for {row['class']}."
    if "energy" not in row:
        return text
    return (
        f"{text} {row['energy']:.0%} of its map for {row['class']} lies on the object, "
        f"which covers {row['area']:.0%}."
    )
