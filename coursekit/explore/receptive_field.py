"""What a unit of a layer sees of a photo: build a chain, or bring your own model."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from torch import nn

from coursekit.explore import chain_drawing as strip
from coursekit.explore import svg
from coursekit.explore.chain import CHAINS, ChainLayer, misfit
from coursekit.explore.chain_editor import CHAIN, EDITORS, FIRST, LAYER, UNIT, Layers
from coursekit.explore.declare import explorer
from coursekit.explore.field_drawing import (
    HEIGHT,
    LocalField,
    Photo,
    draw_field,
    show_photo,
    unit_marks,
)
from coursekit.explore.field_words import sentences, table, who
from coursekit.explore.live import LiveExplorer
from coursekit.explore.photo_input import input_photo
from coursekit.explore.setting import Choice, Kept, Whole
from coursekit.explore.sights import (
    Sights,
    find_sights,
    sights_of_chain,
    titles_of_chain,
)
from coursekit.explore.view import View

HIGHER = HEIGHT + strip.HEIGHT  # with the chain below the photo


def receptive_field_view(
    image: object,
    model: nn.Module | Sequence[ChainLayer],
    *,
    layer: str | int = -1,
    unit: tuple[int, int] | None = None,
) -> View:
    """Show the part of a photo that one unit of one layer sees.

    Args:
        image: the photo, as large as the network's input; a path and others as well.
        model: any network that takes such a photo, or a chain of layers.
        layer: its name as in `model.named_modules()`, or its number in the table.
        unit: (row, column) on the layer's map, from 0; None takes the middle.

    Shape:
        image: (3, h, w), (h, w, 3) or (1, h, w), 8 to 1024 each.

    Raises:
        ValueError: an argument of another type, shape or range, or a model that does
            not take the image.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3))
        >>> receptive_field_view(torch.rand(3, 32, 32), net).numbers["rows"]
        (14, 19)
    """
    shape, pixels = input_photo("image", image, None)
    sights = find_sights(model, shape)
    number = sights.number(layer)
    unit = sights.middle(number) if unit is None else tuple(unit)
    return _view(show_photo(pixels, _height(sights)), sights, number, unit)


def explore_receptive_field(
    photo: object = None,
    model: nn.Module | None = None,
    input_shape: tuple[int, int, int] | None = None,
) -> LiveExplorer:
    """See how far a unit sees: change layers, move the unit, watch the square.

    Args:
        photo: a path, a Pillow image, an array or a tensor; None takes the temple of
            `coursekit.data.photos`, or a digit where the network takes one small grey
            image.
        model: your own network; None gives a chain of layers to build.
        input_shape: (c, h, w) of the network's input; None takes the photo's own shape,
            and (3, 224, 224) without a photo.

    Shape:
        photo: (3, h, w), (h, w, 3) or (1, h, w), 8 to 1024 each.

    Raises:
        ValueError: an argument of another type or shape, or a model that does not
            take such an input.
    """
    shape, _ = input_photo("photo", photo, input_shape)
    sights = None if model is None else find_sights(model, shape)

    def scene(photo: object) -> Scene:
        _, pixels = input_photo("photo", photo, shape)
        height = HIGHER if sights is None else HEIGHT
        return Scene(show_photo(pixels, height), shape, sights)

    declared = _of_chain if sights is None else _of_model
    return declared.live(scene(photo), scene)


@dataclass(frozen=True, eq=False)
class Scene:
    """Hold the photo, the shape the network is fed with, and a model's layers if any.

    Without a model the layers are those of a chain.
    """

    photo: Photo
    shape: tuple[int, int, int]
    model: Sights | None = None

    def chains(self) -> tuple[Layers, ...]:
        """Return the named chains one can choose from."""
        return ((),) if self.model else tuple(CHAINS.values())

    def sights(self, layers: Layers) -> Sights | None:
        """Return the layers one can look from, None if the chain does not fit."""
        if self.model or misfit(layers, self.shape[1:]):
            return self.model
        return sights_of_chain(layers, self.shape)

    def titles(self, layers: Layers) -> list[tuple[str, int]]:
        """Return title and number of every layer."""
        titles = self.model.titles if self.model else titles_of_chain(layers)
        return [(title, number) for number, title in enumerate(titles)]

    def first(self, layers: Layers) -> int:
        """Return the last layer with a map."""
        sights = self.sights(layers)
        with_map = [n for n in range(len(sights.rows)) if sights.map_size(n)]
        return with_map[-1] if with_map else len(sights.rows) - 1

    def last(self, layers: Layers, layer: int, axis: int) -> int:
        """Return the last place along an axis of a layer's map."""
        sights = self.sights(layers)
        size = sights.map_size(layer) if sights else ()
        return size[axis] - 1 if size else 0


def _along(axis: int, label: str) -> Whole:
    """Declare where the unit lies along an axis, whatever the map's size."""

    def last(scene: Scene, layers: Layers, layer: int) -> int:
        return scene.last(layers, layer, axis)

    return Whole(label, 0, last, keep_share=True, group=UNIT)


def _shown(
    scene: Scene,
    *,
    layers: Annotated[
        Layers,
        Kept(
            "layers",
            named=lambda scene: scene.chains(),
            start=lambda scene: () if scene.model else CHAINS[FIRST],
            group=CHAIN,
        ),
    ],
    layer: Annotated[
        int,
        Choice(
            "layer",
            lambda scene, layers: scene.titles(layers),
            start=lambda scene: scene.first(() if scene.model else CHAINS[FIRST]),
            group=LAYER,
        ),
    ],
    row: Annotated[int, _along(0, "unit row")],
    column: Annotated[int, _along(1, "unit column")],
) -> View:
    """Show what a unit sees, or why a chain has no units."""
    sights = scene.sights(layers)
    if sights is None:
        return _misfit(scene, layers, layer)
    unit = (row, column) if sights.map_size(layer) else ()
    return _view(scene.photo, sights, layer, unit)


_of_model = explorer("What does a unit of the network see?")(_shown)
_of_chain = explorer(
    "Build a chain of layers: what does one of its units see?", helpers=EDITORS
)(_shown)


def _misfit(scene: Scene, layers: Layers, layer: int) -> View:
    return View.drawn(
        HIGHER,
        strip.frame_layer(len(layers), layer, HEIGHT),
        misfit(layers, scene.shape[1:]),
        backdrop=scene.photo.backdrop,
        sheet=_sheet(layers),
        marks=strip.chain_marks(len(layers), HEIGHT),
    )


@lru_cache(maxsize=32)
def _sheet(layers: Layers) -> str:
    return svg.document(HIGHER, strip.draw_chain(layers, HEIGHT)) if layers else ""


def _height(sights: Sights) -> int:
    return HIGHER if sights.chain else HEIGHT


def _view(photo: Photo, sights: Sights, number: int, unit: tuple[int, ...]) -> View:
    numbers, count = _numbers(photo, sights, number, unit), len(sights.chain)
    local = LocalField(*sights.reads(number, unit)) if sights.chain else None
    seen = numbers["rows"], numbers["columns"]
    size = svg.sides(end - first for first, end in seen)
    field = draw_field(photo, *seen, local, f"all that {who(unit)}: {size} pixels")
    frame = strip.frame_layer(count, number, HEIGHT) if count else ""
    return View.drawn(
        _height(sights),
        field + frame,
        sentences(numbers, sights, number, local is not None and local.has_dots),
        numbers=numbers,
        table=table(sights, number),
        marks=(
            *unit_marks(photo, sights.map_size(number), sights.rows[number]),
            *strip.chain_marks(count, HEIGHT),
        ),
        backdrop=photo.backdrop,
        sheet=_sheet(sights.chain),
    )


def _numbers(
    photo: Photo, sights: Sights, number: int, unit: tuple[int, ...]
) -> dict[str, object]:
    rows, columns = sights.seen(number, unit)
    seen = (rows[1] - rows[0]) * (columns[1] - columns[0])
    row = sights.rows[number]
    return {
        "layer": row.name,
        "unit": unit,
        "rows": rows,
        "columns": columns,
        "share": seen / (photo.shape[0] * photo.shape[1]),
        "output_size": sights.map_size(number),
        "local_field": sights.local[number],
        "receptive_field": row.receptive_field,
        "stride": row.stride,
        "start": row.start,
    }
