"""What makes a run this run and no other, as text that can be compared and shown."""

import re
import zlib

from torch import nn
from torch.optim import Optimizer

from coursekit.data import Batches
from coursekit.training.settings import Settings, name_of

# These are named where they are on: checkpoints from before they existed go on.
OPTIONS = ("decay_all", "l1", "clip", "average", "keep", "stop")


def fingerprint(
    settings: Settings,
    model: nn.Module,
    optimizer: Optimizer,
    train: Batches,
    valid: Batches | None,
) -> dict[str, str]:
    """Return setting → text; two runs with equal texts are the same run."""
    off = {name: Settings.__dataclass_fields__[name].default for name in OPTIONS}
    options = [name for name in OPTIONS if getattr(settings, name) != off[name]]
    names = "epochs lr schedule loss label_smoothing augment seed format precision"
    shapes = {
        name: (tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
        for name, tensor in model.state_dict().items()
    }
    return {
        "model": re.sub(r" at 0x[0-9a-fA-F]+", "", repr(model)),
        "weights": "\n".join(f"{name} {shape}" for name, shape in shapes.items()),
        "train": _of_batches(train),
        "valid": "none" if valid is None else _of_batches(valid),
        "optimizer": _of_optimizer(optimizer),
        **{n: name_of(getattr(settings, n)) for n in [*names.split(), *options]},
    }


def _of_optimizer(optimizer: Optimizer) -> str:
    plain = (bool, int, float, str, tuple, type(None))
    groups = [
        {k: v for k, v in group.items() if k != "params" and isinstance(v, plain)}
        for group in optimizer.param_groups
    ]
    return "\n".join([type(optimizer).__name__, *map(str, groups)])


def _of_batches(batches: Batches) -> str:
    images, labels = batches.data.images, batches.data.labels
    check = zlib.crc32(labels.cpu().numpy(), zlib.crc32(images.cpu().numpy()))
    lines = [f"{tuple(images.shape)} {images.dtype} checksum {check:08x}"]
    for name in ("batch_size", "shuffle", "augment", "drop_last", "mean", "std"):
        lines.append(f"{name} {name_of(getattr(batches, name, None))}")
    return "\n".join(lines)
