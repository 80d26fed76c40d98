"""Grad-CAM as arrays: where in the image a network finds evidence for a class.

Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization" (arXiv 1610.02391), section 3: the weight of a channel is the mean of its
gradient over the map (equation 1), the map is the ReLU of the weighted sum of
channels (equation 2).

The map is right also where a later layer overwrites the chosen layer's output, as a
convolution before `ReLU(inplace=True)`: the values are kept from before that.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class GradCAM:
    """What Grad-CAM found on a batch.

    Args:
        maps: (n, h, w) of the images' size, each scaled so that its largest value is 1;
            all zero where nothing speaks for the class.
        raw: (n, h', w') of the layer's size, unscaled.
        logits: (n, classes) of the same forward pass.
        targets: (n,) the classes that were asked about.
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
) -> GradCAM:
    """Return Grad-CAM maps of a batch of images.

    The model runs in eval mode and is left as it was: modes, gradients and hooks.

    Args:
        model: images (n, c, h, w) → logits (n, classes).
        images: (n, c, h, w), normalised as the model expects them.
        layer: a module of the model or its name, with an output (n, channels, h', w').
        targets: class for all images, one per image, or None for the predicted ones.

    Raises:
        ValueError: `layer` is not in the model, does not run once, or gives no
            map; `targets` are not classes of the model.
    """
    if images.dim() != 4:
        raise ValueError(
            f"`images` must be a batch (n, c, h, w); got {tuple(images.shape)}"
        )
    module = _find(model, layer)
    with _eval_mode(model), _kept_output(module) as kept:
        logits = model(images)
    activation = _one_map(kept, layer)
    asked = _checked_targets(targets, logits)
    with torch.enable_grad():
        score = logits.gather(1, asked[:, None]).sum()
    gradient = torch.autograd.grad(score, activation)[0]  # n channels h' w'
    with torch.no_grad():
        weights = gradient.mean((2, 3), keepdim=True)  # n channels 1 1
        raw = F.relu((weights * activation).sum(1))  # n h' w'
        maps = F.interpolate(raw[:, None], images.shape[2:], mode="bilinear")[:, 0]
        maps = maps / _largest(maps)
    return GradCAM(maps, raw, logits.detach(), asked)


def _largest(maps: Tensor) -> Tensor:
    largest = maps.amax((1, 2), keepdim=True)
    return torch.where(largest > 0, largest, 1)


def _find(model: nn.Module, layer: nn.Module | str) -> nn.Module:
    modules = dict(model.named_modules())
    if isinstance(layer, str):
        if layer not in modules:
            raise ValueError(f"`layer` {layer!r} is not in the model")
        return modules[layer]
    if not any(layer is module for module in modules.values()):
        raise ValueError(
            f"`layer` must be a module of this model or its name; got {layer!r}"
        )
    return layer


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
    count, classes = logits.shape
    if targets is None:
        return logits.detach().argmax(1)
    asked = torch.as_tensor(targets, device=logits.device)
    if asked.is_floating_point() or asked.dim() > 1 or asked.numel() not in (1, count):
        raise ValueError(
            f"`targets` must be one class or {count}, one for each image; got {targets}"
        )
    if bool(((asked < 0) | (asked >= classes)).any()):
        raise ValueError(f"`targets` must be classes 0 to {classes - 1}; got {targets}")
    return asked.expand(count).long()


@contextmanager
def _eval_mode(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


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
