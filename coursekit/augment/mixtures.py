"""Pictures mixed with their labels: mixup and CutMix.

Zhang et al. 2018, https://arxiv.org/abs/1710.09412, equation 1, and Yun et al. 2019,
https://arxiv.org/abs/1905.04899, equations 1 and 2. Deviation: the authors' code draws
one share for the whole batch, this draws one for each image.

The labels become shares of the classes. Cross-entropy is linear in them, so the loss
that `torch.nn.functional.cross_entropy` gives for shares λ and 1 - λ is the papers':
λ times the loss for one label and 1 - λ times that for the other.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from coursekit._base.validate import integer, number
from coursekit.augment.batch import check_batch, draw
from coursekit.augment.holes import between, kept_outside

LEAST_ALPHA = 1e-3  # of Beta; shares of a smaller one are 0 or 1


def mixup(
    images: Tensor,
    labels: Tensor,
    classes: int,
    *,
    alpha: float = 0.2,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Return each image laid over another one of the batch, and both labels in shares.

    Args:
        images: floats, normalised or not.
        labels: of the images.
        classes: how many there are.
        alpha: shares are drawn from Beta(alpha, alpha): small is mostly one image,
            1 is uniform; 0.001 to 1,000.
        generator: where shares and partners are drawn from; None is torch's default.

    Shape:
        images (n, c, h, w), labels (n,); result (n, c, h, w) and (n, classes).

    Raises:
        ValueError: images of whole numbers, or labels or numbers out of range.
    """
    _check(images, labels, classes, generator)
    share = _beta(alpha, len(images), images.device, generator)
    return _blended(images, labels, classes, share.view(-1, 1, 1, 1), generator)


def cutmix(
    images: Tensor,
    labels: Tensor,
    classes: int,
    *,
    alpha: float = 1.0,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Return each image with a rectangle out of another one, and both labels in shares.

    The rectangle has the image's proportions and is clipped at the border, around a
    centre that is uniform; the shares are those of the pixels.

    Arguments, shape and refusals as for `mixup`.
    """
    _check(images, labels, classes, generator)
    n, _, h, w = images.shape
    part = (1 - _beta(alpha, n, images.device, generator)).sqrt()
    sides = [(part * side).long() for side in (h, w)]
    rows, columns = (
        between(draw(side, (n,), images.device, generator) - length // 2, length, side)
        for side, length in zip((h, w), sides, strict=True)
    )
    keep = -kept_outside(rows, columns)[:, None].float()  # n 1 h w
    return _blended(images, labels, classes, keep, generator)


def _check(images, labels, classes, generator) -> None:
    check_batch(images, generator)
    if not images.is_floating_point():
        raise ValueError(
            f"`images` must be floats to be mixed; got {images.dtype}: mix after "
            "normalising, as `Recipe` does"
        )
    integer("classes", classes, low=1)
    whole = isinstance(labels, Tensor) and labels.dtype == torch.int64
    if not whole or labels.shape != (len(images),):
        shape = tuple(getattr(labels, "shape", ()))
        raise ValueError(
            f"`labels` must be {len(images)} whole numbers (int64), one for each "
            f"image; got {getattr(labels, 'dtype', type(labels).__name__)} of shape "
            f"{shape}"
        )
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(
            f"`labels` must be 0 to {classes - 1}; got {labels.min()} to {labels.max()}"
        )


def _beta(
    alpha: float,
    n: int,
    device: torch.device,
    generator: torch.Generator | None,
) -> Tensor:
    """Return n draws of Beta(alpha, alpha); torch's own take no generator."""
    number("alpha", alpha, low=LEAST_ALPHA, high=1e3)
    seed = int(draw(2**62, (1,), torch.device("cpu"), generator))
    shares = np.random.default_rng(seed).beta(alpha, alpha, n)
    return torch.from_numpy(shares).float().to(device)


def _blended(
    images: Tensor,
    labels: Tensor,
    classes: int,
    weight: Tensor,
    generator: torch.Generator | None,
) -> tuple[Tensor, Tensor]:
    """Return weight · own + (1 - weight) · partner's, of the pixels and the labels.

    The share of a label is the mean weight of its pixels.
    """
    where = images.device if generator is None else generator.device
    order = torch.randperm(len(images), generator=generator, device=where)
    partner = order.to(images.device)
    own, share = F.one_hot(labels, classes).float(), weight.mean((1, 2, 3))
    others = images.index_select(0, partner)
    return (
        torch.lerp(others, images, weight.to(images.dtype)),
        torch.lerp(own[partner], own, share[:, None]),
    )
