"""The normalisations: a choice by name, and those of the time before batch norm.

Batch: Ioffe and Szegedy (arXiv 1502.03167). Ghost: Hoffer, Hubara, Soudry (arXiv
1705.08741, Algorithm 1). Layer: Ba, Kiros, Hinton (arXiv 1607.06450). Instance:
Ulyanov, Vedaldi, Lempitsky (arXiv 1607.08022). Group: Wu and He (arXiv 1803.08494).
Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural
Networks" (NIPS 2012, section 3.3): across channels. Jarrett et al., "What is the Best
Multi-Stage Architecture for Object Recognition?" (ICCV 2009, section 2): local.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from coursekit._base.validate import choice, integer, number

Norm = str | None | Callable[[int], nn.Module]
MOST_GROUPS = 8


class GhostBatchNorm(nn.BatchNorm2d):
    """Normalise a batch in parts, as if every few images were a batch of their own.

    The noise of small batches regularises; the rest of the network keeps the speed of
    large ones. The running statistics move once for each part, as in the paper. In eval
    mode it is batch norm.

    Args:
        num_features: channels.
        ghost_size: images a part, ≥ 1; the last part may be smaller.
        eps, momentum, affine: as in `nn.BatchNorm2d`.

    Shape:
        (n, num_features, h, w) → (n, num_features, h, w)
    """

    def __init__(self, num_features: int, ghost_size: int = 16, **options):
        super().__init__(integer("num_features", num_features, low=1), **options)
        self.ghost_size = integer("ghost_size", ghost_size, low=1)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        parts = [
            super(GhostBatchNorm, self).forward(p) for p in x.split(self.ghost_size)
        ]
        return torch.cat(parts)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, ghost_size={self.ghost_size}"


def group_norm(channels: int) -> nn.GroupNorm:
    """Return group norm with as many groups as divide the channels, at most 8.

    The paper has 32 groups for networks of 64 channels and more; the course's are
    narrower.
    """
    channels = integer("channels", channels, low=1)
    groups = max(g for g in range(1, MOST_GROUPS + 1) if channels % g == 0)
    return nn.GroupNorm(groups, channels)


def layer_norm(channels: int) -> nn.GroupNorm:
    """Return layer norm of a map: one mean for all channels and pixels of an image."""
    return nn.GroupNorm(1, integer("channels", channels, low=1))


def instance_norm(channels: int) -> nn.InstanceNorm2d:
    """Return instance norm: one mean for each channel of each image."""
    return nn.InstanceNorm2d(integer("channels", channels, low=1), affine=True)


NORMS: dict[str | None, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "ghost": GhostBatchNorm,
    "group": group_norm,
    "layer": layer_norm,
    "instance": instance_norm,
    None: nn.Identity,
}


def norm_for(norm: Norm) -> Callable[[int], nn.Module]:
    """Return the function channels → layer behind a norm's name, or the function.

    Raises:
        ValueError: an unknown name.
    """
    return norm if callable(norm) else NORMS[choice("norm", norm, NORMS)]


def local_response_norm(size: int = 5) -> nn.LocalResponseNorm:
    """Return AlexNet's normalisation: b = a / (2 + 1e-4 · Σ a²)^0.75 over `size` maps.

    torch divides its `alpha` by `size`, the paper does not; so 1e-4 is given times
    `size`. The famous re-implementations disagree here, with no effect on accuracy.

    Shape:
        (n, c, h, w) → (n, c, h, w)
    """
    integer("size", size, low=1)
    return nn.LocalResponseNorm(size, alpha=1e-4 * size, beta=0.75, k=2.0)


class LocalContrastNorm(nn.Module):
    """Subtract the local mean, divide by the local standard deviation.

    Both are averages over a Gaussian window and all channels; where the deviation is
    below its own mean over the image it is replaced by that, so that flat
    regions do not blow up their noise. A change of exposure, a·x + b, has no effect.

    Args:
        kernel_size: side of the window in pixels, odd.
        epsilon: least deviation, 1e-12 or more, in the units of the input.

    Shape:
        (n, c, h, w) → (n, c, h, w)
    """

    def __init__(self, kernel_size: int = 9, epsilon: float = 1e-6):
        super().__init__()
        if integer("kernel_size", kernel_size, low=1) % 2 == 0:
            raise ValueError(f"`kernel_size` must be odd; got {kernel_size}")
        self.epsilon = number("epsilon", epsilon, low=1e-12)
        places = torch.arange(kernel_size) - kernel_size // 2
        line = torch.exp(-(places**2) / (2 * (kernel_size / 4) ** 2))
        window = line[:, None] * line[None, :]
        self.register_buffer("window", (window / window.sum())[None, None])

    def forward(self, x: Tensor) -> Tensor:
        x = x - self._local_mean(x)

        deviation = self._local_mean(x**2).clamp(min=0).sqrt()  # n 1 h w
        typical = deviation.mean((2, 3), keepdim=True)  # n 1 1 1
        deviation = torch.maximum(deviation, typical).clamp(min=self.epsilon)

        return x / deviation

    def _local_mean(self, x: Tensor) -> Tensor:
        half = self.window.shape[-1] // 2
        x = x.mean(1, keepdim=True)  # n 1 h w
        x = F.pad(x, (half,) * 4, mode="replicate")
        x = F.conv2d(x, self.window.to(x.dtype))
        return x
