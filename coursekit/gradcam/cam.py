"""Grad-CAM as arrays: where in the image a network finds evidence for a class.

Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization" (arXiv 1610.02391), section 3: the weight of a channel is the mean of its
gradient over the map (equation 1), the map is the ReLU of the weighted sum of
channels (equation 2).

The map is right also where a later layer overwrites the chosen layer's output, as a
convolution before `ReLU(inplace=True)`: the values are kept from before that.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from coursekit._base.modes import copy_of, device_of, left_as_found
from coursekit._base.trial import checked_model, named_tensors, one_sentence


@dataclass(frozen=True, eq=False)
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
        model: images (n, c, h, w) → logits (n, classes), or a tuple or dict with them
            as the only such tensor.
        images: (n, c, h, w), normalised as the model expects them; a NumPy array will
            do, and bytes count as 0 to 1.
        layer: a module of the model or its name, with one map (n, channels, h', w') as
            its output or in it.
        targets: class for all images, one per image, k per image as (n, k), or None for
            the predicted ones.
        dtype: number type to compute in, such as torch.float64: on a copy of the model.
            Default: the model's own.

    Raises:
        ValueError: the model does not take the images; `layer` is not in it, does not
            run once, gives no map or has no influence; `targets` are not its classes.
    """
    model = checked_model(getattr(model, "_orig_mod", model))  # torch.compile's
    name = name_of(model, layer)
    model = _own_copy(model, dtype)
    images = _checked_images(images, model)
    layer = layer if isinstance(layer, str) else name
    with _recording(model), _kept_output(model.get_submodule(name)) as kept:
        logits = _checked_logits(_answer(model, images, kept))
        activation = _one_map(kept, layer)
        asked = _checked_targets(targets, logits)
        weights = _weights(_gradients(logits, activation, asked, layer))
    with torch.no_grad():
        activation = activation.detach()
        raw = F.relu((weights * activation[:, None]).sum(2))  # n k h' w'
        maps = F.interpolate(raw, images.shape[2:], mode="bilinear")  # n k h w
        maps = maps / _largest(maps)
    if asked.dim() == 1:
        maps, raw = maps[:, 0], raw[:, 0]
    return GradCAM(maps, raw, logits.detach(), asked)


def _own_copy(model: nn.Module, dtype: torch.dtype | None) -> nn.Module:
    """Return the model, or a copy where its own weights cannot be computed with."""
    with torch.inference_mode(False):
        if dtype is not None:
            return copy_of(model).to(_floating(dtype))
        if any(p.is_inference() for p in model.parameters()):
            return copy_of(model)
    return model


def _checked_images(images: object, model: nn.Module) -> Tensor:
    """Return the images where the model is, in its number type."""
    tensor = images if isinstance(images, Tensor) else None
    if hasattr(images, "__array__") and tensor is None:
        tensor = torch.as_tensor(images)
    if tensor is None or tensor.dim() != 4 or 0 in tensor.shape or tensor.is_complex():
        shape = tuple(getattr(images, "shape", ())) or type(images).__name__
        raise ValueError(f"`images` must be a batch (n, c, h, w); got {shape}")
    floats = (p.dtype for p in model.parameters() if p.is_floating_point())
    if not tensor.is_floating_point():
        tensor = tensor / 255 if tensor.dtype == torch.uint8 else tensor.float()
    with torch.inference_mode(False):
        return tensor.detach().to(device_of(model), next(floats, tensor.dtype)).clone()


def _answer(model: nn.Module, images: Tensor, kept: list) -> object:
    """Return what the model answers, computed channel by channel next to each other.

    On a CPU that order is faster up to the layer (`benchmarks/grad_cam.py`), and asking
    for it costs nothing: convolutions answer in the order of their input, the weights
    stay as they are. A model that takes the usual order for granted, as `view` may,
    runs again in it.
    """
    shape = tuple(images.shape[1:])
    if not images.is_cuda:
        try:
            with one_sentence(model, shape):
                return model(images.to(memory_format=torch.channels_last))
        except ValueError:
            kept.clear()
    with one_sentence(model, shape):
        return model(images)


@contextmanager
def _recording(model: nn.Module) -> Iterator[None]:
    """Let gradients be recorded from the layer on: no weight asks for any.

    A block that is computed again on the way back does so in the same mode.
    """
    asking = [p for p in model.parameters() if p.requires_grad]
    with ExitStack() as open_:
        open_.enter_context(torch.inference_mode(False))
        open_.enter_context(torch.enable_grad())
        open_.enter_context(left_as_found(model, training=False))
        for parameter in asking:
            open_.callback(parameter.requires_grad_, True)
            parameter.requires_grad_(False)
        yield


def _weights(gradients: Iterator[Tensor]) -> Tensor:
    """Return the weight of each channel for each class: (n, k, channels, 1, 1)."""
    means = [gradient.mean((2, 3), keepdim=True) for gradient in gradients]
    return torch.stack(means, dim=1)


def _gradients(
    logits: Tensor, activation: Tensor, asked: Tensor, layer: str
) -> Iterator[Tensor]:
    """Yield the gradient (n, channels, h', w') of each of the k classes asked about."""
    for classes in asked.reshape(len(asked), -1).T:
        score, activation.grad = logits.gather(1, classes[:, None]).sum(), None
        if score.requires_grad:
            score.backward(retain_graph=True)
        if activation.grad is None:
            raise ValueError(
                f"`layer` {layer!r} has no influence on the logits that can be traced "
                "back: what follows it leaves it out, detaches it or is under no_grad"
            )
        yield activation.grad


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
    names = [name for name, module in modules.items() if layer is module]
    if isinstance(layer, str) and layer not in modules:
        raise ValueError(f"`layer` {layer!r} is not in the model")
    if not isinstance(layer, str) and not names:
        got = (
            f"another {type(layer).__name__}" if isinstance(layer, nn.Module) else layer
        )
        raise ValueError(
            f"`layer` must be a module of this model or its name; got {got!s:.80}"
        )
    name = layer if isinstance(layer, str) else names[0]
    if name == "" and any(model.children()):
        raise ValueError("`layer` is the whole model; choose a layer inside it")
    return name


def _one_map(kept: list[list[Tensor]], layer: str) -> Tensor:
    if len(kept) != 1:
        raise ValueError(
            f"`layer` {layer!r} runs {len(kept)} times in one forward pass; choose one "
            "that runs once"
        )
    if len(kept[0]) != 1 or kept[0][0].dim() != 4:
        shapes = ", ".join(str(tuple(found.shape)) for found in kept[0]) or "no tensor"
        raise ValueError(f"`layer` {layer!r} gives {shapes}, not a map (n, c, h, w)")
    return kept[0][0]


def _checked_logits(out: object) -> Tensor:
    """Return the logits in what a model answers."""
    named = named_tensors(out)
    several = [t for _, t in named if t.dim() == 2 and t.is_floating_point()]
    if len(several) != 1:
        shapes = ", ".join(f"{key} {tuple(t.shape)}".strip() for key, t in named)
        raise ValueError(
            "`model` must answer with logits (n, classes), floats; got "
            f"{shapes or type(out).__name__}"
        )
    return several[0]


def _checked_targets(targets: object, logits: Tensor) -> Tensor:
    count, classes = logits.shape
    if targets is None:
        return logits.detach().argmax(1)
    try:
        asked = torch.as_tensor(targets, device=logits.device)
    except (TypeError, ValueError, RuntimeError):
        asked = torch.empty(0)  # no numbers at all
    whole = not (asked.is_floating_point() or asked.is_complex())
    whole = whole and asked.dtype != torch.bool
    several = asked.dim() == 2 and len(asked) == count and asked.numel() > 0
    one = asked.dim() <= 1 and asked.numel() in (1, count)
    if not whole or not (one or several):
        raise ValueError(
            f"`targets` must be one class or {count}, one for each image, or k for "
            f"each as ({count}, k); got {targets}"
        )
    if bool(((asked < 0) | (asked >= classes)).any()):
        raise ValueError(f"`targets` must be classes 0 to {classes - 1}; got {targets}")
    return asked.long() if several else asked.expand(count).long()


@contextmanager
def _kept_output(module: nn.Module) -> Iterator[list[list[Tensor]]]:
    """Keep the maps in the module's outputs; gradients are recorded from there on."""
    kept: list[list[Tensor]] = []

    def keep(module: nn.Module, args: tuple, out: object) -> object:
        tensors = [tensor for _, tensor in named_tensors(out)]
        maps = [tensor for tensor in tensors if tensor.dim() == 4]
        if len(maps) != 1:
            kept.append(tensors)
            return None
        torch.set_grad_enabled(True)  # a backbone may run under no_grad
        usual = maps[0].detach().clone(memory_format=torch.contiguous_format)
        kept.append([usual.requires_grad_()])
        # whatever comes next may overwrite this copy
        copied = kept[-1][0].clone()
        return tree_map_only(Tensor, lambda t: copied if t is maps[0] else t, out)

    with module.register_forward_hook(keep):
        yield kept
