"""A network at work on one photo: its graph, its anatomy, and what every layer says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from coursekit._base.modes import left_as_found
from coursekit._base.trial import Frame, one_sentence
from coursekit._base.validate import number
from coursekit.anatomy import Layer
from coursekit.anatomy.data_flow import Flow, flow
from coursekit.explore.field_drawing import Photo, show_photo
from coursekit.explore.sights import Sights

Shape = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Network:
    """Hold all that can be looked at, computed by one run of the model.

    Args:
        flow: which layer feeds which.
        sights: the layers and containers one can choose.
        modules: name → module.
        outputs: row name → what it gave for the photo, without the batch.
        photo: what was put in, as drawn.
    """

    flow: Flow
    sights: Sights
    modules: dict[str, nn.Module]
    outputs: dict[str, Tensor]
    photo: Photo
    _latest: dict[str, tuple] = field(default_factory=dict, repr=False)

    def latest(self, what: str, key: tuple, make: Callable[[], object]) -> object:
        """Return what was made for the same key just before, or make it."""
        if self._latest.get(what, ())[:1] != (key,):
            self._latest[what] = (key, make())
        return self._latest[what][1]

    def row(self, index: int) -> Layer:
        """Return a row of the anatomy table."""
        return self.sights.rows[index]

    def call(self, index: int) -> str:
        """Return the name under which a row stands in the graph."""
        return self.row(index).name.split("[")[0]

    def module(self, index: int) -> nn.Module:
        """Return the module of a row."""
        return self.modules[self.call(index).split(":")[0]]

    def maps(self, index: int) -> Tensor:
        """Return what a row gave: (c, h, w), or (c, 1, 1) and the like."""
        output = self.outputs[self.row(index).name]
        return output.reshape(-1, 1, 1) if output.ndim < 2 else output

    def around(self, call: str) -> tuple[str, ...]:
        """Return "", the containers round a call from outside in, and itself."""
        for node in self.flow.nodes:
            if call in node.inside:
                return ("", *node.inside[: node.inside.index(call)], call)
            if call == node.name:
                return ("", *node.inside, call)
        return ("", call) if call else ("",)

    def is_in(self, index: int, block: str) -> bool:
        """Tell whether a row is a block or lies in it; "" is the whole network."""
        return not block or block in self.around(self.call(index))

    def last(self, index: int, axis: int) -> int:
        """Return the last place along an axis of a row's map, 0 where it has none."""
        sizes = self.sights.map_size(index)
        return sizes[axis] - 1 if len(sizes) == 2 else 0

    def members(self, call: str) -> set[str]:
        """Return the nodes that a layer or container consists of."""
        nodes = self.flow.nodes
        return {n.name for n in nodes if call in (n.name, *n.inside)}

    def neighbours(self, call: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the nodes that feed a layer or container, and those it feeds."""
        own, edges = self.members(call or "model"), self.flow.edges
        before = (e.source for e in edges if e.target in own and e.source not in own)
        after = (e.target for e in edges if e.source in own and e.target not in own)
        return tuple(dict.fromkeys(before)), tuple(dict.fromkeys(after))


def at_work(
    model: nn.Module, shape: Shape, pixels: np.ndarray, mean: object, std: object
) -> Network:
    """Describe a model and run it once on a photo, in eval mode, left as it was found.

    Shape:
        pixels: (h, w, 3) uint8.

    Raises:
        ValueError: the model is none, or does not take such an input.
    """
    if not isinstance(model, nn.Module):
        raise ValueError(f"`model` must be an nn.Module; got {type(model).__name__}")
    sights = Sights.of_model(model, shape)
    images = batch(pixels, shape[0], mean, std)
    return Network(
        flow(model, shape),
        sights,
        dict(model.named_modules()),
        outputs_of(model, images),
        show_photo(pixels),
    )


def batch(pixels: np.ndarray, channels: int, mean: object, std: object) -> Tensor:
    """Return a photo as a batch of one, normalised channel by channel.

    Args:
        pixels: the photo; a network of 1 or of more than 3 channels gets its grey
            levels in each of them.
        channels: of the network's input.
        mean, std: per channel, for values 0 to 1; None takes the photo's own.

    Shape:
        (h, w, 3) uint8 → (1, channels, h, w).
    """
    planes = torch.from_numpy(pixels).permute(2, 0, 1) / 255  # 3 h w
    if channels != 3:
        planes = planes.mean(0, keepdim=True).expand(channels, -1, -1)  # c h w
    middle = planes.mean((1, 2)) if mean is None else _each("mean", mean, channels)
    if std is None:
        spread = planes.std((1, 2)).clamp_min(1 / 255)
    else:
        spread = _each("std", std, channels, low=1e-6)
    return ((planes - middle[:, None, None]) / spread[:, None, None])[None]


def _each(name: str, value: object, channels: int, low: float = -1e6) -> Tensor:
    given = list(value) if isinstance(value, Sequence | Tensor) else [value]
    given = [v.item() if isinstance(v, Tensor) else v for v in given]
    if len(given) not in (1, channels):
        raise ValueError(f"`{name}` must be {channels} numbers; got {len(given)}")
    numbers = [number(name, v, low=low, high=1e6) for v in given]
    return torch.tensor(numbers).expand(channels)


def outputs_of(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """Run a model once; return what each call gave, under its name in the table.

    Raises:
        ValueError: the model does not run on it; the sentence names the layer.
    """
    frames: list[Frame] = []
    like = next((p for p in model.parameters() if p.is_floating_point()), images)
    with (
        left_as_found(model, training=False),
        torch.random.fork_rng(devices=[]),
        torch.no_grad(),
        one_sentence(model, tuple(images.shape[1:]), frames, note=_kept),
    ):
        model(images.to(like.device, like.dtype))
    return {
        frame.name + key: kept for frame in frames for key, _, kept in frame.outputs
    }


def _kept(tensor: Tensor) -> Tensor:
    """Copy an output before a layer works on it in place; once for each state."""
    version, kept = getattr(tensor, "_coursekit_kept", (None, None))
    if version != tensor._version:
        kept = tensor[0].float().cpu().clone()
        tensor._coursekit_kept = (tensor._version, kept)
    return kept


def kernels(module: nn.Module) -> np.ndarray | None:
    """Return the kernels of a convolution, a transposed one's turned the same way.

    Shape:
        (out_channels, in_channels / groups, height, width)
    """
    weight = getattr(module, "weight", None)
    if not isinstance(weight, Tensor) or weight.ndim != 4:
        return None
    if not hasattr(module, "kernel_size"):
        return None
    weight = weight.detach().float().cpu()
    if getattr(module, "transposed", False):
        weight = weight.unflatten(0, (module.groups, -1)).transpose(1, 2).flatten(0, 1)
    return weight.numpy()


def dense_weights(module: nn.Module) -> np.ndarray | None:
    """Return the matrix of a dense layer, (out_features, in_features)."""
    weight = getattr(module, "weight", None)
    is_dense = isinstance(module, nn.Linear) and isinstance(weight, Tensor)
    return weight.detach().float().cpu().numpy() if is_dense else None
