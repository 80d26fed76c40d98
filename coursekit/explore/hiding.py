"""Dropout and cutout live on a picture: what each hides, in training and evaluation.

Dropout: Srivastava et al. 2014, JMLR 15. Cutout: DeVries and Taylor 2017,
https://arxiv.org/abs/1708.04552.
"""

from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit.augment import cutout, mean_covered_fraction
from coursekit.data import ImageSet, digits
from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.judged import check_set, picture_of, squared
from coursekit.explore.setting import Choice, Real, Whole
from coursekit.explore.view import View

WAYS, DRAWS, PICTURES = ("cutout", "dropout"), 20, 30
_SIDE, _TOP, _HEIGHT = 250, 30, 300


def _prepare(data: ImageSet | object | None = None) -> ImageSet:
    """Hide parts of pictures by cutout or by dropout of single pixels.

    Args:
        data: a set of pictures, or one picture of your own (a path, a Pillow image, an
            array, a tensor), cut square and reduced to 96×96; None takes handwritten
            digits of 28×28.

    Raises:
        ValueError: `data` is neither, or has pictures of other than 1 or 3 channels.
    """
    data = digits(28) if data is None else data
    if not isinstance(data, ImageSet):
        own, label = squared("data", data, 96), torch.zeros(1, dtype=torch.int64)
        data = ImageSet(own, label, ("your own picture",), "own", "yours")
    check_set("data", data)
    if data.images.shape[1] not in (1, 3):
        raise ValueError(
            f"`data` must have pictures of 1 or 3 channels; got {data.images.shape[1]}"
        )
    return data.subset(range(min(PICTURES, len(data))))


def _last(data: ImageSet) -> int:
    return len(data) - 1


def _largest(data: ImageSet) -> int:
    return min(data.images.shape[2:])


@explorer("Cutout and dropout: which of them hides a part?", _prepare, photo="data")
def hiding_view(
    data: ImageSet,
    *,
    way: Annotated[str, Choice("way", WAYS)] = "cutout",
    length: Annotated[
        int, Whole("length (pixels)", 0, _largest, active=lambda way: way == "cutout")
    ] = 8,
    rate: Annotated[
        float, Real("rate", 0.0, 0.9, 0.05, active=lambda way: way == "dropout")
    ] = 0.2,
    mode: Annotated[str, Choice("mode", ("train", "eval"))] = "train",
    picture: Annotated[int, Whole("picture", 0, _last)] = 0,
    draw: Annotated[int, Whole("draw", 0, DRAWS - 1)] = 0,
) -> View:
    """Show a picture and what is left of it."""
    image = data.images[picture : picture + 1].double() / 255
    ones = torch.ones_like(image[:, :1])
    scale = _hidden(ones, way, length, rate, draw) if mode == "train" else ones
    left = _left(image, scale, way)
    h, w = image.shape[2:]
    expected = float(mean_covered_fraction(length, h, w)) if way == "cutout" else rate
    numbers = {
        "hidden": (scale == 0).double().mean().item(),
        "hidden on average": expected if mode == "train" else 0.0,
        "mean before": image.mean().item(),
        "mean after": left.mean().item(),
    }
    before = _titled(f"{data.classes[data.labels[picture]]}, as it is", image[0], 8)
    after = _titled(f"{way}, {mode} mode", left[0].clamp(max=1), 300)
    text = _text(way, mode, numbers)
    return View.drawn(_HEIGHT, before + after, text, numbers=numbers)


def _left(image: Tensor, scale: Tensor, way: str) -> Tensor:
    left = image * scale
    if way == "cutout":  # 0 in normalised pixels is the mean colour
        left += image.mean((2, 3), keepdim=True) * (1 - scale)
    return left


def _titled(title: str, image: Tensor, x: int) -> str:
    return svg.words(x, 20, title) + picture_of(image, x, _TOP, _SIDE)


explore_hiding = hiding_view.explore


def _hidden(ones: Tensor, way: str, length: int, rate: float, draw: int) -> Tensor:
    """Return what each pixel is multiplied by, (1, 1, h, w)."""
    if way == "cutout":
        generator = torch.Generator().manual_seed(draw)
        return cutout(ones, length, generator=generator)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(draw)
        return F.dropout(ones, rate)


def _text(way: str, mode: str, numbers: dict) -> str:
    if mode == "eval":
        return f"In eval mode {way} does nothing: 0 % of the pixels are hidden."
    means = f"{numbers['mean before']:.3f} to {numbers['mean after']:.3f}"
    holed = "the hole has the mean colour, nothing is scaled up"
    scaled = "those left are scaled up" if way == "dropout" else holed
    return (
        f"{numbers['hidden']:.1%} of the pixels are hidden; on average over many draws "
        f"it is {numbers['hidden on average']:.1%}.\n"
        f"The mean goes from {means}: {scaled}."
    )
