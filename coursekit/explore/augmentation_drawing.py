"""The pictures of the augmentation explorer: originals above, augmented below.

The originals are sent once. What is only moved, mirrored or covered is drawn from
copies of them, a hundred bytes an image; what is rotated has new pixels and is sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from coursekit.explore import svg
from coursekit.explore.augmentation_truth import Augment, Truth
from coursekit.explore.augmentation_words import captions

_LEFT, _GAP, _MOST, _TOP, _BETWEEN = 8, 10, 170, 30, 46


@dataclass(frozen=True, eq=False)
class Originals:
    """Hold what stays.

    Args:
        images: as given.
        names: their ids on the page, to copy them by.
        tile: longer side of an image on the page, in units.
        backdrop: the picture of them.

    Shape:
        images: (n, c, h, w).
    """

    images: Tensor
    names: tuple[str, ...]
    tile: float
    backdrop: str

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of an image in pixels."""
        return tuple(self.images.shape[2:])

    def top(self, row: int) -> float:
        """Return where a row of images begins; row 2 would be the next below."""
        h, w = self.size
        return _TOP + row * (self.tile * h / max(h, w) + _BETWEEN)

    def left(self, column: int) -> float:
        """Return where a column of images begins."""
        return _LEFT + column * (self.tile + _GAP)

    def frames(self, row: int) -> Iterator[str]:
        """Yield the `<svg ` tag of each image of a row; its unit is a pixel of it."""
        h, w = self.size
        scale = self.tile / max(h, w)
        for i in range(len(self.names)):
            yield (
                f'<svg x="{self.left(i):.4g}" y="{self.top(row):.4g}" '
                f'width="{w * scale:.4g}" height="{h * scale:.4g}" '
                f'viewBox="0 0 {w} {h}">'
            )

    @property
    def height(self) -> float:
        """Height of the whole picture, captions included."""
        return self.top(2) - 16


def originals(images: Tensor) -> Originals:
    """Draw what never changes and keep the images for the copies.

    Shape:
        images: (n, c, h, w) uint8.
    """
    images = images.cpu()
    h, w = images.shape[2:]
    key = svg.name_of(images.numpy())
    names = tuple(f"{key}-{i}" for i in range(len(images)))
    tile = min(_MOST, (svg.WIDTH - 2 * _LEFT + _GAP) / len(images) - _GAP)
    shown = Originals(images, names, tile, "")
    parts = [svg.paper(shown.height), svg.words(_LEFT, 20, "as given")]
    for frame, name, image in zip(shown.frames(0), names, images, strict=True):
        source = svg.uri(svg.png(_pixels(image)))
        parts.append(f"{frame}{svg.picture(source, 0, 0, w, h, name=name)}</svg>")
    ground = svg.document(shown.height, "".join(parts))
    return Originals(images, names, tile, ground)


def drawing(shown: Originals, augment: Augment, truth: Truth) -> str:
    """Draw the augmented images and below each what was drawn for it."""
    parts = [svg.words(_LEFT, shown.top(1) - 10, f"after {truth.way}")]
    bodies = (
        _rotated(shown, augment) if truth.way == "rotation" else _copies(shown, truth)
    )
    for frame, body in zip(shown.frames(1), bodies, strict=True):
        parts.append(f"{frame}{body}</svg>")
    for i, text in enumerate(captions(truth)):
        parts.append(svg.words(shown.left(i), shown.height - 10, text))
    return "".join(parts)


def _rotated(shown: Originals, augment: Augment) -> Iterator[str]:
    h, w = shown.size
    for image in augment(shown.images):
        yield svg.png_picture(_pixels(image), 0, 0, w, h)


def _copies(shown: Originals, truth: Truth) -> Iterator[str]:
    h, w = shown.size
    black = f'<rect width="{w}" height="{h}"/>'
    for name, drawn, hole in zip(shown.names, truth.drawn, truth.holes, strict=True):
        a, right, down = 1, 0, 0
        if truth.way == "flip" and drawn:
            a, right = -1, w
        if truth.way in ("crop", "shift"):
            down, right = drawn
        moved = f'transform="matrix({a} 0 0 1 {right} {down})"'
        copy = f'{black}<use href="#{name}" {moved}/>'
        yield copy + (_covered(hole.numpy()) if truth.way == "cutout" else "")


def _covered(hole: np.ndarray) -> str:
    """Return a mask as rectangles: equal rows together, each run of pixels one."""
    edges = np.flatnonzero((hole[1:] != hole[:-1]).any(axis=1)) + 1
    path = ""
    for top, end in zip([0, *edges], [*edges, len(hole)], strict=True):
        padded = np.concatenate([[0], hole[top], [0]])
        starts, stops = np.flatnonzero(np.diff(padded)).reshape(-1, 2).T
        for left, right in zip(starts, stops, strict=True):
            wide = right - left
            path += f"M{left} {top}h{wide}v{end - top}h-{wide}z"
    return f'<path d="{path}"/>' if path else ""


def _pixels(image: Tensor) -> np.ndarray:
    """Return (c, h, w) as PNG wants it: (h, w) grey or (h, w, 3) colour."""
    planes = image.permute(1, 2, 0).contiguous().numpy()  # h w c
    return planes[:, :, 0] if planes.shape[2] == 1 else planes
