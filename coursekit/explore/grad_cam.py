"""Grad-CAM live: picture, layer and class, of one network or of two side by side.

Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391, section 3.
"""

from dataclasses import dataclass
from typing import Annotated

from torch import Tensor, nn

from coursekit._base.modes import left_as_found
from coursekit._base.trial import Frame, one_sentence
from coursekit.data import ImageSet, Shapes
from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.judged import (
    as_taught,
    check_model,
    check_set,
    picture_of,
)
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.view import View
from coursekit.gradcam import grad_cam, overlay
from coursekit.metrics import energy_inside

PICTURES, PREDICTED = 40, "the predicted one"
SIDE, STEP, TOP, HEIGHT = 230, 250, 30, 285


@dataclass(frozen=True, eq=False)
class Looked:
    """Hold one or two models, the pictures, and the layers that have maps."""

    models: tuple[nn.Module, ...]
    data: ImageSet
    images: tuple[Tensor, ...]
    layers: tuple[str, ...]


def _prepare(
    model: nn.Module, data: ImageSet, other: nn.Module | None = None
) -> Looked:
    """Ask a network where it finds evidence, layer by layer and class by class.

    Args:
        model: a trained network, images → logits.
        data: pictures it knows how to read; `Shapes` also tell where the object is.
        other: a second network with the same layers, shown beside the first.

    Raises:
        ValueError: no model, no pictures, a model that does not take them, or none of
            its layers gives maps.
    """
    check_set("data", data)
    models = (model,) if other is None else (model, other)
    for name, one in zip(("model", "other"), models, strict=False):
        check_model(name, one)
    data = data.subset(range(min(PICTURES, len(data))))
    images = tuple(as_taught(one, data) for one in models)
    each = [layers_with_maps(one, x) for one, x in zip(models, images, strict=True)]
    shared = tuple(name for name in each[0] if all(name in names for names in each))
    if not shared:
        raise ValueError("`model` must have a layer that gives maps (n, c, h, w)")
    return Looked(models, data, images, shared)


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


def _last(looked: Looked) -> int:
    return len(looked.data) - 1


def _deepest(looked: Looked) -> str:
    return looked.layers[-1]


def _targets(looked: Looked) -> tuple[str, ...]:
    return (PREDICTED, *looked.data.classes)


@explorer("Grad-CAM: where is the evidence, for which class, in which layer?", _prepare)
def grad_cam_view(
    looked: Looked,
    *,
    picture: Annotated[int, Whole("picture", 0, _last)] = 0,
    layer: Annotated[
        str | None, Choice("layer", lambda looked: looked.layers, start=_deepest)
    ] = None,
    target: Annotated[str, Choice("class", _targets)] = PREDICTED,
) -> View:
    """Show a picture and the map of each network over it."""
    data = looked.data.subset([picture])
    asked = None if target == PREDICTED else data.classes.index(target)
    rows, parts = [], [picture_of(data.images[0], 8, TOP, SIDE)]
    parts.append(svg.words(8, 20, f"a {data.classes[data.labels[0]]}"))
    for place, model in enumerate(looked.models):
        image = looked.images[place][picture : picture + 1]
        row, laid = look_at(model, data, image, layer, asked)
        rows.append(row)
        left = 8 + STEP * (place + 1)
        parts.append(svg.words(left, 20, f"evidence for {row['class']}"))
        parts.append(picture_of(laid, left, TOP, SIDE))
    numbers = {key: [row[key] for row in rows] for key in rows[0]}
    names = ("The network", "The other network")
    text = "\n".join(map(sentence, names[: len(rows)], rows))
    return View.drawn(HEIGHT, "".join(parts), text, numbers=numbers)


explore_grad_cam = grad_cam_view.explore


def look_at(
    model: nn.Module, data: ImageSet, image: Tensor, layer: str, asked: int | None
) -> tuple[dict, Tensor]:
    """Return what a network says to one picture, and its map over the picture.

    Args:
        data: the picture alone.
        image: the same as the network was taught to see it, (1, c, h, w).
        asked: the class, None for the predicted one.

    Raises:
        ValueError: the model does not take the picture.
    """
    found = grad_cam(model, image, layer, asked)
    shares, maps = found.logits.softmax(1)[0], found.maps.cpu().float()
    row = {
        "class": data.classes[int(found.targets[0])],
        "answer": data.classes[int(shares.argmax())],
        "probability": shares.max().item(),
        "largest": found.raw.max().item(),
        "layer": layer,
        "side": tuple(found.raw.shape[1:]),
    }
    if isinstance(data, Shapes):
        row["energy"] = energy_inside(maps, data.masks).item()
        row["area"] = data.masks.double().mean().item()
    return row, overlay(data.images, maps)[0]


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
