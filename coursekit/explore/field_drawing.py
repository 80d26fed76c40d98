"""The picture of a receptive field: the photo, and the part of it a unit sees."""

from dataclasses import dataclass, replace

import numpy as np

from coursekit.anatomy import Layer
from coursekit.explore import svg
from coursekit.explore.marks import ROW_AND_COLUMN, Mark
from coursekit.explore.photo_input import jpeg, resized
from coursekit.figures.style import PALETTE, ROLES

HEIGHT = 388
_LEFT, _RIGHT, _TOP, _SIDE = 8, 404, 34, 344
_SHARP = 448  # pixels of the embedded picture at most, on the longer side
_MOST_DOTS = 49
_STILL = 'vector-effect="non-scaling-stroke"'  # strokes keep their width when enlarged

Interval = tuple[int, int]


@dataclass(frozen=True)
class Photo:
    """Hold what stays on the page: the photo under the id it can be copied by.

    Args:
        name: the id.
        shape: (height, width) in pixels of the network's input.
        backdrop: the drawing with the photo in it.
    """

    name: str
    shape: tuple[int, int]
    backdrop: str

    @property
    def unit(self) -> float:
        """The side of a pixel in the picture."""
        return _SIDE / max(self.shape)


def show_photo(pixels: np.ndarray, height: float = HEIGHT) -> Photo:
    """Draw the photo, with an image file no larger than what the page shows.

    Args:
        pixels: the photo.
        height: of the drawing.

    Shape:
        pixels: (h, w, 3) uint8.
    """
    rows, columns = pixels.shape[:2]
    name = svg.name_of(pixels)
    image = svg.picture(_source(pixels), 0, 0, columns, rows, name=name)
    photo = Photo(name, (rows, columns), "")
    title = svg.words(_LEFT, 22, f"photo, {rows}×{columns}")
    body = svg.paper(height) + title + _on_photo(photo, image)
    return replace(photo, backdrop=svg.document(height, body))


def unit_marks(photo: Photo, size: tuple[int, ...], row: Layer) -> tuple[Mark, ...]:
    """Return the marks on the photo that choose the unit looking there.

    Each cell lies in the middle of what its unit sees. Where the middles leave a border
    free, or are not known, the map is stretched over the photo.

    Args:
        photo: as drawn.
        size: (height, width) of the layer's map; of other layers there are no marks.
        row: the layer in the anatomy table.
    """
    if len(size) != 2:
        return ()
    (height, width), unit, sets = photo.shape, photo.unit, ROW_AND_COLUMN
    whole = Mark(_LEFT, _TOP, width * unit, height * unit, sets, *size)
    numbers = (*row.start, *row.receptive_field, *row.stride)
    if not all(isinstance(number, int) for number in numbers):
        return (whole,)
    top, left = (
        start + (field - jump) / 2
        for start, field, jump in zip(
            row.start, row.receptive_field, row.stride, strict=True
        )
    )
    high, wide = (n * jump * unit for n, jump in zip(size, row.stride, strict=True))
    exact = Mark(_LEFT + left * unit, _TOP + top * unit, wide, high, sets, *size)
    return whole, exact


def _on_photo(photo: Photo, body: str) -> str:
    """Place elements given in pixels of the photo on the photo."""
    onto = f"translate({_LEFT} {_TOP}) scale({photo.unit:.6g})"
    return f'<g transform="{onto}">{body}</g>' if body else ""


def _source(pixels: np.ndarray) -> str:
    longest = max(pixels.shape[:2])
    if longest <= 64:  # single pixels show: keep them exact
        return svg.uri(svg.png(pixels))
    if longest > _SHARP:
        height, width = (side * _SHARP // longest for side in pixels.shape[:2])
        pixels = resized(pixels, max(1, height), max(1, width))
    return svg.uri(jpeg(pixels), "jpeg")


@dataclass(frozen=True, eq=False)
class LocalField:
    """Hold where the units lie that a unit reads, in pixels of the photo.

    Args:
        places: the middles of what they see, one array per axis.
        jump: pixels from one to the next.
    """

    places: list[np.ndarray]
    jump: int

    @property
    def has_dots(self) -> bool:
        """Whether a dot for each unit has room."""
        ys, xs = self.places
        return len(ys) * len(xs) <= _MOST_DOTS

    def edges(self, axis: int) -> tuple[float, float]:
        """Return where the square of these units begins and ends."""
        half = self.jump / 2
        return self.places[axis][0] - half, self.places[axis][-1] + half


def draw_field(
    photo: Photo,
    rows: Interval,
    columns: Interval,
    local: LocalField | None,
    title: str,
) -> str:
    """Draw what a unit sees: framed on the photo, and enlarged beside it.

    Args:
        photo: what lies beneath.
        rows, columns: (first, end) pixels the unit sees.
        local: the units it reads, if they are known.
        title: of the enlarged part.
    """
    (top, bottom), (left, right) = rows, columns
    heading = svg.words(_RIGHT, 22, title)
    if bottom <= top or right <= left:
        return heading + _shade(photo, 0, 0, 0, 0)
    unit = photo.unit
    x, y = _LEFT + left * unit, _TOP + top * unit
    wide, high = (right - left) * unit, (bottom - top) * unit
    return (
        heading
        + _shade(photo, x, y, wide, high)
        + svg.outlined(x, y, wide, high, ROLES["field"])
        + _on_photo(photo, "" if local is None else _square(local))
        + _enlarged(photo, rows, columns, local)
    )


def _shade(photo: Photo, x: float, y: float, wide: float, high: float) -> str:
    """Darken all of the photo but the part that is seen."""
    height, width = (side * photo.unit for side in photo.shape)
    whole = f"M{_LEFT} {_TOP}h{width:.5g}v{height:.5g}h{-width:.5g}z"
    hole = f"M{x:.5g} {y:.5g}h{wide:.5g}v{high:.5g}h{-wide:.5g}z"
    return f'<path d="{whole}{hole}" fill-rule="evenodd" fill-opacity=".55"/>'


def _enlarged(
    photo: Photo, rows: Interval, columns: Interval, local: LocalField | None
) -> str:
    high, wide = rows[1] - rows[0], columns[1] - columns[0]
    scale = _SIDE / max(high, wide)
    place = _RIGHT, _TOP, wide * scale, high * scale
    drawn = "" if local is None else _square(local) + _dots(local)
    body = f'<use href="#{photo.name}"/>{drawn}'
    inside = svg.cutting(place, (columns[0], rows[0], wide, high), body)
    return inside + svg.box(*place, ROLES["field"], line=2.5)


def _square(local: LocalField) -> str:
    """Draw a dashed square round the units that are read."""
    (top, bottom), (left, right) = local.edges(0), local.edges(1)
    path = f"M{left:.5g} {top:.5g}H{right:.5g}V{bottom:.5g}H{left:.5g}z"
    style = f'fill="none" {_STILL}'
    return (
        f'<path d="{path}" stroke="#000" stroke-width="4" {style}/>'
        f'<path d="{path}" stroke="{PALETTE["yellow"]}" stroke-width="2.5" '
        f'stroke-dasharray="7 5" {style}/>'
    )


def _dots(local: LocalField) -> str:
    """Mark the middles of the units that are read, where dots have room."""
    if not local.has_dots:
        return ""
    ys, xs = local.places
    path = "".join(f"M{x:.5g} {y:.5g}h0" for y in ys for x in xs)
    style = f'stroke-linecap="round" {_STILL}'
    return (
        f'<path d="{path}" stroke="#000" stroke-width="11" {style}/>'
        f'<path d="{path}" stroke="{PALETTE["yellow"]}" stroke-width="7" {style}/>'
    )
