"""The normalisations of the networks before batch norm.

Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural
Networks" (NIPS 2012, section 3.3): across channels. Jarrett et al., "What is the Best
Multi-Stage Architecture for Object Recognition?" (ICCV 2009, section 2): local.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from coursekit._base.validate import integer, number


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
        epsilon: least deviation, > 0, in the units of the input.

    Shape:
        (n, c, h, w) → (n, c, h, w)
    """

    def __init__(self, kernel_size: int = 9, epsilon: float = 1e-6):
        super().__init__()
        if integer("kernel_size", kernel_size, low=1) % 2 == 0:
            raise ValueError(f"`kernel_size` must be odd; got {kernel_size}")
        self.epsilon = number("epsilon", epsilon, low=0)
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
