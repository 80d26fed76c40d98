"""A 1×1 convolution as a mixing desk: channels are tracks, weights are faders.

What the tracks still hold is what the best way back returns: the pseudo-inverse at each
pixel (Penrose 1955, https://doi.org/10.1017/S0305004100030401).
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.photo_input import photo_or_sample
from coursekit.explore.setting import Choice, Real, Whole
from coursekit.explore.view import View, pointed

WAYS = ("3 → tracks → 3", "12 → tracks → 12")
SIDE, TRACKS = 64, 12
# The tracks before the last: what they are called, weights of red, green and blue.
_RGB = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}
_GREYS = {"grey": (0.3, 0.6, 0.1), "negative": (-0.3, -0.6, -0.1)}
_PAIRS = {"yellow": (0.5, 0.5, 0), "cyan": (0, 0.5, 0.5), "magenta": (0.5, 0, 0.5)}
_GAPS = {
    "red − blue": (1, 0, -1),
    "green − red": (-1, 1, 0),
    "blue − green": (0, -1, 1),
}
MIXES = _RGB | _GREYS | _PAIRS | _GAPS
INPUTS = [c + change for change in ("", " soft", " →", " ↓") for c in "RGB"]
_PHOTO, _THUMB, _LEFT, _STEP, _TOP, _HEIGHT = 170, 78, 196, 84, 30, 320
_BACK = _LEFT + 4 * _STEP + 8


@dataclass(frozen=True, eq=False)
class Desk:
    """Hold the pixels: as RGB (n, 3), as twelve channels (n, 12), and the shape."""

    colours: np.ndarray
    channels: np.ndarray
    shape: tuple[int, int]
    backdrop: str


def _prepare(image: object = None) -> Desk:
    """Mix the colours of a photo into tracks, and see whether it comes back.

    Args:
        image: a photo; of one larger than 64×64 the middle square, reduced. None takes
            the temple of `coursekit.data.photos`.

    Shape:
        image: (3, h, w), (h, w, 3), (1, h, w) or (h, w), 16 to 4096 each.

    Raises:
        ValueError: `image` of another type, shape or range.
    """
    pixels = photo_or_sample("image", image, SIDE)
    colours = pixels / 255
    right, below = (np.roll(colours, -1, axis) - colours for axis in (1, 0))
    soft = sum(np.roll(colours, k, (0, 1)) for k in (-2, -1, 0, 1, 2)) / 5
    twelve = np.concatenate([colours, soft, right, below], 2)
    parts = [
        svg.paper(_HEIGHT),
        svg.words(8, 20, "the photo"),
        _drawn(pixels, 8, _TOP, _PHOTO, _PHOTO),
        svg.words(_LEFT, 20, "the tracks"),
        svg.words(_BACK, 20, "what comes back"),
    ]
    flat = colours.reshape(-1, 3), twelve.reshape(-1, TRACKS)
    return Desk(*flat, pixels.shape[:2], svg.document(_HEIGHT, "".join(parts)))


def _of_colours(way: str) -> bool:
    return way == WAYS[0]


def _fader(colour: str) -> Real:
    return Real(colour, -1, 1, group="last track", active=_of_colours)


@explorer("Mixing desk: how few tracks bring the photo back?", _prepare, photo="image")
def desk_view(
    desk: Desk,
    *,
    way: Annotated[str, Choice("way", WAYS)] = WAYS[0],
    tracks: Annotated[int, Whole("tracks", 1, TRACKS)] = TRACKS,
    red: Annotated[float, _fader("red")] = 0.5,
    green: Annotated[float, _fader("green")] = 0.5,
    blue: Annotated[float, _fader("blue")] = 0.5,
) -> View:
    """Show a photo, its tracks and what the best way back makes of them.

    The twelve channels are the colours, blurred, and their changes to two sides; the
    tracks are the best few mixtures of them.
    """
    channels = desk.colours if _of_colours(way) else desk.channels
    names, weights = _weights(channels, way, tracks, (red, green, blue))
    mixed = channels @ weights.T
    returned = mixed @ np.linalg.pinv(weights, rcond=1e-9).T
    missed = np.linalg.norm(returned - channels) / (np.linalg.norm(channels) or 1)
    rank = int(np.linalg.matrix_rank(weights, tol=1e-9))
    numbers = {"rank": rank, "missed": float(missed), "weights": weights.tolist()}
    lost = "nothing" if missed < 1e-9 else f"{missed:.1%}"
    text = (
        f"{way.replace('tracks', str(tracks))}: the best way back misses {lost}.\n"
        f"Independent mixtures in the tracks: {rank} of {channels.shape[1]}."
    )
    again = np.rint(255 * returned[:, :3].reshape(*desk.shape, 3).clip(0, 1))
    body = _thumbs(desk, names, mixed) + _drawn(again, _BACK, _TOP, _PHOTO, _PHOTO)
    table = (("track", *INPUTS[: channels.shape[1]]), *_rows(names, weights))
    more = {"numbers": numbers, "backdrop": desk.backdrop, "table": table}
    return View.drawn(_HEIGHT, body, text, **more)


explore_desk = desk_view.explore


def _weights(channels: np.ndarray, way: str, tracks: int, faders: tuple):
    """Return the names of the tracks and their weights, (tracks, channels)."""
    if _of_colours(way):
        named = [*list(MIXES.items())[: tracks - 1], ("your own", faders)]
        return [name for name, _ in named], np.array([row for _, row in named], float)
    best = np.linalg.svd(channels.T @ channels)[2]  # eigenvectors, largest first
    return [f"best {n + 1}" for n in range(tracks)], best[:tracks]


def _rows(names: list[str], weights: np.ndarray) -> list[tuple[str, ...]]:
    last = len(names) - 1
    return [
        (pointed(name, i == last), *map(svg.short, row))
        for i, (name, row) in enumerate(zip(names, weights, strict=True))
    ]


def _thumbs(desk: Desk, names: list[str], mixed: np.ndarray) -> str:
    parts = []  # each track in grey, from its least to its largest value
    for i, name in enumerate(names):
        row, column = divmod(i, 4)
        track = mixed[:, i].reshape(desk.shape)
        span = np.ptp(track) or 1
        pixels = np.rint(255 * (track - track.min()) / span)
        x, y = _LEFT + _STEP * column, _TOP + (_STEP + 14) * row
        parts.append(_drawn(pixels, x, y, _THUMB, _THUMB))
        parts.append(svg.words(x, y + _THUMB + 13, name, size=11))
    return "".join(parts)


def _drawn(pixels: np.ndarray, *place: float) -> str:
    return svg.picture(svg.uri(svg.png(pixels.astype(np.uint8))), *place)
