"""Grad-CAM live: picture, layer and class, of one network or of two side by side.

Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391, section 3.
"""

from dataclasses import dataclass
from typing import Annotated

from torch import Tensor, nn

from coursekit._base.words import article
from coursekit.data import ImageSet
from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.judged import (
    HEIGHT,
    OWN,
    SIDE,
    STEP,
    TOP,
    as_taught,
    check_model,
    layers_with_maps,
    look_at,
    map_over,
    picture_of,
    sentence,
    set_of,
)
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.view import View

PICTURES, PREDICTED = 40, "the predicted one"


@dataclass(frozen=True, eq=False)
class Looked:
    """Hold one or two models, the pictures, and the layers that have maps."""

    models: tuple[nn.Module, ...]
    data: ImageSet
    images: tuple[Tensor, ...]
    layers: tuple[str, ...]


def _prepare(model: nn.Module, data: object, other: nn.Module | None = None) -> Looked:
    """Ask a network where it finds evidence, layer by layer and class by class.

    Args:
        model: a trained network, images → logits.
        data: a set it knows how to read (`Shapes` also tell where the object is), or
            one picture of your own: a path, a Pillow image, an array or a tensor.
        other: a second network with the same layers, shown beside the first.

    Raises:
        ValueError: no model, no pictures, a model that does not take them, or none of
            its layers gives maps.
    """
    models = (model,) if other is None else (model, other)
    for name, one in zip(("model", "other"), models, strict=False):
        check_model(name, one)
    data = set_of("data", data, model)
    data = data.subset(range(min(PICTURES, len(data))))
    images = tuple(as_taught(one, data) for one in models)
    each = [layers_with_maps(one, x) for one, x in zip(models, images, strict=True)]
    shared = tuple(name for name in each[0] if all(name in names for names in each))
    if not shared:
        raise ValueError("`model` must have a layer that gives maps (n, c, h, w)")
    return Looked(models, data, images, shared)


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
    whole = data.name if data.name == OWN else article(data.classes[data.labels[0]])
    parts.append(svg.words(8, 20, whole))
    for i, model in enumerate(looked.models):
        image = looked.images[i][picture : picture + 1]
        row, heat = look_at(model, data, image, layer, asked)
        rows.append(row)
        left = 8 + STEP * (i + 1)
        whose = ("the network: ", "the other: ")[i] * (len(looked.models) > 1)
        parts.append(svg.words(left, 20, f"{whose}evidence for {row['class']}"))
        parts.append(map_over(data.images[0], heat, left))
    numbers = {key: [row[key] for row in rows] for key in rows[0]}
    names = ("The network", "The other network")
    text = "\n".join(map(sentence, names[: len(rows)], rows))
    return View.drawn(HEIGHT, "".join(parts), text, numbers=numbers)


explore_grad_cam = grad_cam_view.explore
