"""How large the loss's gradient is at each layer: whether learning reaches it.

Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward
neural networks", section 4.2, look at gradients through depth in this way.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit._base.modes import copy_of


def gradient_norms(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    layers: Sequence[str],
    *,
    loss: Callable[[object, Tensor], Tensor] = F.cross_entropy,
) -> dict[str, float]:
    """Return layer → norm of the loss's gradient with respect to its output.

    A copy in train mode does the work, in float64, because a gradient that has become
    1e-30 is 0 when it is squared in float32. The model itself is left as it was.

    Args:
        images: (n, c, h, w), normalised. labels: (n,) int64.
        layers: names as in `model.named_modules()`, each called once by the model.
        loss: function (what the model returns, labels) → mean loss.

    Returns:
        The norms in the order of `layers`; 0 where nothing reaches the layer.

    Raises:
        ValueError: no such layer, or one that the model does not use.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 2))
        >>> _ = nn.init.zeros_(net[0].bias)
        >>> gradient_norms(net, torch.zeros(1, 2), torch.tensor([0]), ["0"])
        {'0': 0.7…}
    """
    copied = copy_of(model).double().train()
    outputs = _watched(copied, layers)
    value = loss(copied(images.double()), labels)
    if unused := [name for name in layers if name not in outputs]:
        raise ValueError(f"`layers` must be used by the model; {unused[0]!r} is not")
    kept = [outputs[name] for name in layers]
    gradients = torch.autograd.grad(value, kept, allow_unused=True)
    norms = [0.0 if grad is None else grad.norm().item() for grad in gradients]
    return dict(zip(layers, norms, strict=True))


def _watched(model: nn.Module, layers: Sequence[str]) -> dict[str, Tensor]:
    """Return a dict that a forward pass fills with the layers' outputs."""
    modules, outputs = dict(model.named_modules()), {}

    def keep(name: str):
        def hook(module: nn.Module, args: tuple, output: Tensor) -> Tensor:
            outputs[name] = output
            return output.clone()  # what follows may write into its input

        return hook

    for name in layers:
        if name not in modules:
            near = ", ".join(list(modules)[1:6])
            raise ValueError(f"`layers` must name layers such as {near}; got {name!r}")
        modules[name].register_forward_hook(keep(name))
    return outputs
