"""New layers in the place of old ones: like them, but smaller, wider or dilated."""

from __future__ import annotations

from torch import Tensor, nn


def convolution_like(conv: nn.Conv2d, **changed) -> nn.Conv2d:
    """Return a convolution like another, with some arguments changed."""
    names = "in_channels out_channels kernel_size stride padding dilation groups"
    given = {name: getattr(conv, name) for name in names.split()}
    given |= {"padding_mode": conv.padding_mode, "bias": conv.bias is not None}
    given |= changed
    return nn.Conv2d(**{**given, "bias": bool(given["bias"])})


def pointwise(conv: nn.Conv2d) -> nn.Module:
    """Return a 1×1 in the place of a convolution; a map that shrank is cropped."""
    lost = tuple(
        (k - 1) * d - 2 * p
        for k, d, p in zip(conv.kernel_size, conv.dilation, padding(conv), strict=True)
    )
    one = convolution_like(
        conv, kernel_size=1, padding=0, dilation=1, padding_mode="zeros"
    )
    if not any(lost):
        return one
    crop = [-(n // 2) if i else -(n - n // 2) for n in reversed(lost) for i in (1, 0)]
    return nn.Sequential(nn.ZeroPad2d(crop), one)


def padding(conv: nn.Conv2d) -> tuple[int, int]:
    """Return the padding of a convolution in pixels, also where it is a word."""
    if conv.padding == "same":
        return tuple((k - 1) * d // 2 for k, d in
                     zip(conv.kernel_size, conv.dilation, strict=True))  # fmt: skip
    return (0, 0) if conv.padding == "valid" else conv.padding


def separable(conv: nn.Conv2d) -> nn.Sequential:
    """Return a depthwise and a 1×1 convolution in the place of a full one."""
    each = {"out_channels": conv.in_channels, "groups": conv.in_channels}
    depthwise = convolution_like(conv, **each, bias=None)
    bias = conv.bias is not None
    return nn.Sequential(
        depthwise, nn.Conv2d(conv.in_channels, conv.out_channels, 1, bias=bias)
    )


def dilated(conv: nn.Conv2d, more: int) -> nn.Conv2d:
    """Return a convolution with its taps `more` pixels further apart."""
    dilation = tuple(d + more for d in conv.dilation)
    padding = tuple(
        p + more * (k - 1) // 2
        for p, k in zip(conv.padding, conv.kernel_size, strict=True)
    )
    return convolution_like(conv, dilation=dilation, padding=padding)


def scaled(module: nn.Module, share: float, weighing: list) -> nn.Module:
    """Return a layer with its channels scaled; those of image and classes stay."""

    def scale(channels: int) -> int:
        return max(1, int(channels * share))

    first, last = module is weighing[0], module is weighing[-1]
    if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
        return type(module)(scale(module.num_features), affine=module.affine)
    if isinstance(module, nn.Linear):
        inputs = module.in_features if first else scale(module.in_features)
        outputs = module.out_features if last else scale(module.out_features)
        return nn.Linear(inputs, outputs, bias=module.bias is not None)
    inputs = module.in_channels if first else scale(module.in_channels)
    outputs = module.out_channels if last else scale(module.out_channels)
    groups = inputs if 1 < module.groups == module.in_channels else module.groups
    if groups > 1 and outputs % groups:
        outputs = groups * max(1, outputs // groups)
    return convolution_like(
        module, in_channels=inputs, out_channels=outputs, groups=groups
    )


class Mean(nn.Module):
    """Average (n, c, places) over the places."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, c)."""
        return x.mean(2)  # n c
