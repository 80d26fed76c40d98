"""Swap the background under a shape and see whether the answer follows.

Backgrounds as shortcuts: Geirhos et al. 2020, https://arxiv.org/abs/2004.07780; Beery,
Van Horn, Perona 2018, https://arxiv.org/abs/1807.04975.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from torch import nn

from coursekit.data import Shapes, shapes
from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.judged import (
    HEIGHT,
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
)
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.view import View

TEXTURES = ("stripes", "checks", "dots", "waves")
OBJECTS = 24
LOOK = {"colours": ("red", "yellow"), "object_size": (12, 18), "seed": 77}


@dataclass(frozen=True, eq=False)
class Stage:
    """Hold the networks, and the same objects on every background.

    Args:
        models: name → network.
        layers: name → the last layer with maps.
        shifted: for each shift of the tie between class and background the objects.
        textures: names of the backgrounds.
    """

    models: dict[str, nn.Module]
    layers: dict[str, str]
    shifted: tuple[Shapes, ...]
    textures: tuple[str, ...]

    def scene(self, place: int, background: str) -> Shapes:
        """Return one object on one background."""
        label = int(self.shifted[0].labels[place])
        shift = (self.textures.index(background) - label) % len(self.textures)
        return self.shifted[shift].subset([place])


def _prepare(
    models: nn.Module | Mapping[str, nn.Module], textures: Sequence[str] = TEXTURES
) -> Stage:
    """Put a shape on another background and ask one network or two.

    Args:
        models: a network trained on `shapes` of 32×32, or name → network, at most two.
        textures: four backgrounds or more; the first belongs to the first class.

    Raises:
        ValueError: no model, more than two, or one that does not take the pictures.
    """
    named = dict(models) if isinstance(models, Mapping) else {"the network": models}
    if not 1 <= len(named) <= 2:
        raise ValueError(f"`models` must be one or two networks; got {len(named)}")
    for one in named.values():
        check_model("models", one)
    tied = {"background_correlation": 1.0, "backgrounds": textures, **LOOK}
    shifted = tuple(
        shapes(OBJECTS, background_shift=shift, **tied)
        for shift in range(len(textures))
    )
    layers = {
        name: layers_with_maps(one, as_taught(one, shifted[0]))[-1]
        for name, one in named.items()
    }
    return Stage(named, layers, shifted, tuple(textures))


def _backgrounds(stage: Stage) -> tuple[str, ...]:
    return stage.textures


@explorer("Swap the background: does the answer follow the object?", _prepare)
def background_view(
    stage: Stage,
    *,
    place: Annotated[int, Whole("object", 0, OBJECTS - 1)] = 0,
    background: Annotated[str | None, Choice("background", _backgrounds)] = None,
) -> View:
    """Show an object on a background, and what each network sees in it."""
    scene = stage.scene(place, background)
    right = scene.classes[int(scene.labels[0])]
    owner = dict(zip(stage.textures, scene.classes, strict=False)).get(background)
    parts = [svg.words(8, 20, f"a {right} on {background}")]
    parts.append(picture_of(scene.images[0], 8, TOP, SIDE))
    answers = {}
    for column, (name, model) in enumerate(stage.models.items(), start=1):
        image, layer = as_taught(model, scene), stage.layers[name]
        answers[name], heat = look_at(model, scene, image, layer, None)
        left = 8 + STEP * column
        parts.append(svg.words(left, 20, f"{name}: {answers[name]['answer']}"))
        parts.append(map_over(scene.images[0], heat, left))
    whose = f"the {owner}" if owner else "no class"
    text = [f"A {right} on {background}, the background of {whose}."]
    text += [sentence(name.capitalize(), row) for name, row in answers.items()]
    numbers = {"object": right, "owner of the background": owner, "found": answers}
    return View.drawn(HEIGHT, "".join(parts), "\n".join(text), numbers=numbers)


explore_background = background_view.explore
