"""Grad-CAM as arrays: where in the image a network finds evidence for a class.

Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization" (arXiv 1610.02391), section 3: the weight of a channel is the mean of its
gradient over the map (equation 1), the map is the ReLU of the weighted sum of
channels (equation 2).

The map is right also where a later layer overwrites the chosen layer's output, as a
convolution before `ReLU(inplace=True)`: the values are kept from before that.
"""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from coursekit._base.modes import in_mode


@dataclass(frozen=True)
class GradCAM:
    """What Grad-CAM found on a batch.

    Args:
        maps: of the images' size, each scaled so that its largest value is 1; all zero
            where nothing speaks for the class.
        raw: of the layer's size, unscaled.
        logits: of the same forward pass.
        targets: the classes that were asked about.

    Shape:
        maps (n, h, w), raw (n, h', w'), logits (n, classes), targets (n,); with k
        classes an image maps (n, k, h, w), raw (n, k, h', w'), targets (n, k).
    """

    maps: Tensor
    raw: Tensor
    logits: Tensor
    targets: Tensor


def grad_cam(
    model: nn.Module,
    images: Tensor,
    layer: nn.Module | str,
    targets: int | Sequence[int] | Tensor | None = None,
    *,
    dtype: torch.dtype | None = None,
) -> GradCAM:
    """Return Grad-CAM maps of a batch of images from one forward pass.

    The model runs in eval mode and is left as it was: modes, gradients and hooks.

    Args:
        model: images (n, c, h, w) → logits (n, classes).
        images: (n, c, h, w), normalised as the model expects them.
        layer: a module of the model or its name, with an output (n, channels, h', w').
        targets: class for all images, one per image, k per image as (n, k), or None for
            the predicted ones.
        dtype: number type to compute in, such as torch.float64: on a copy of the model.
            Default: the model's own.

    Raises:
        ValueError: `layer` is not in the model, does not run once, gives no map or has
            no influence; `targets` are not classes of the model.
    """
    if images.dim() != 4:
        raise ValueError(
            f"`images` must be a batch (n, c, h, w); got {tuple(images.shape)}"
        )
    name = name_of(model, layer)
    if dtype is not None:
        model, images = copy.deepcopy(model).to(_floating(dtype)), images.to(dtype)
    with (
        in_mode(model, training=False),
        _kept_output(model.get_submodule(name)) as kept,
    ):
        logits = model(images)
    activation = _one_map(kept, layer)
    asked = _checked_targets(targets, logits)
    weights = _weights(_gradients(logits, activation, asked, layer))
    with torch.no_grad():
        raw = F.relu((weights * activation[:, None]).sum(2))  # n k h' w'
        maps = F.interpolate(raw, images.shape[2:], mode="bilinear")  # n k h w
        maps = maps / _largest(maps)
    if asked.dim() == 1:
        maps, raw = maps[:, 0], raw[:, 0]
    return GradCAM(maps, raw, logits.detach(), asked)


def _weights(gradients: Iterator[Tensor]) -> Tensor:
    """Return the weight of each channel for each class: (n, k, channels, 1, 1)."""
    means = [gradient.mean((2, 3), keepdim=True) for gradient in gradients]
    return torch.stack(means, dim=1)


def _gradients(
    logits: Tensor, activation: Tensor, asked: Tensor, layer: nn.Module | str
) -> Iterator[Tensor]:
    """Yield the gradient (n, channels, h', w') of each of the k classes asked about."""
    for classes in asked.reshape(len(asked), -1).T:
        with torch.enable_grad():
            score = logits.gather(1, classes[:, None]).sum()
        found = torch.autograd.grad(
            score, activation, retain_graph=True, allow_unused=True
        )[0]
        if found is None:
            raise ValueError(f"`layer` {layer!r} has no influence on the logits")
        yield found


def _largest(maps: Tensor) -> Tensor:
    largest = maps.amax((-2, -1), keepdim=True)
    return torch.where(largest > 0, largest, 1)


def _floating(dtype: object) -> torch.dtype:
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise ValueError(f"`dtype` must be a floating-point torch.dtype; got {dtype}")
    return dtype


def name_of(model: nn.Module, layer: nn.Module | str) -> str:
    """Return the layer's name in the model, or refuse it."""
    modules = dict(model.named_modules())
    if isinstance(layer, str):
        if layer not in modules:
            raise ValueError(f"`layer` {layer!r} is not in the model")
        return layer
    for name, module in modules.items():
        if layer is module:
            return name
    raise ValueError(
        f"`layer` must be a module of this model or its name; got {layer!r}"
    )


def _one_map(kept: list[Tensor], layer: nn.Module | str) -> Tensor:
    if len(kept) != 1:
        raise ValueError(
            f"`layer` {layer!r} runs {len(kept)} times in one forward pass; choose one "
            "that runs once"
        )
    if kept[0].dim() != 4:
        raise ValueError(
            f"`layer` {layer!r} gives {tuple(kept[0].shape)}, not a map (n, c, h, w)"
        )
    return kept[0]


def _checked_targets(targets: object, logits: Tensor) -> Tensor:
    if logits.dim() != 2:
        raise ValueError(
            f"`model` must answer with logits (n, classes); got {tuple(logits.shape)}"
        )
    count, classes = logits.shape
    if targets is None:
        return logits.detach().argmax(1)
    asked = torch.as_tensor(targets, device=logits.device)
    several = asked.dim() == 2 and len(asked) == count and asked.numel() > 0
    one = asked.dim() <= 1 and asked.numel() in (1, count)
    if asked.is_floating_point() or not (one or several):
        raise ValueError(
            f"`targets` must be one class or {count}, one for each image, or k for "
            f"each as ({count}, k); got {targets}"
        )
    if bool(((asked < 0) | (asked >= classes)).any()):
        raise ValueError(f"`targets` must be classes 0 to {classes - 1}; got {targets}")
    return asked.long() if several else asked.expand(count).long()


@contextmanager
def _kept_output(module: nn.Module) -> Iterator[list[Tensor]]:
    """Keep the module's outputs; the gradient is recorded from there on only."""
    kept: list[Tensor] = []

    def keep(module: nn.Module, args: tuple, out: Tensor) -> Tensor:
        kept.append(out.detach().clone().requires_grad_())
        torch.set_grad_enabled(True)
        return kept[-1].clone()  # whatever comes next may overwrite this copy

    handle, before = module.register_forward_hook(keep), torch.is_grad_enabled()
    try:
        torch.set_grad_enabled(False)
        yield kept
    finally:
        torch.set_grad_enabled(before)
        handle.remove()
