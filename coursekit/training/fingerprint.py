"""What makes a run this run and no other, as text that can be compared and shown."""

import platform
import re
import zlib
from collections.abc import Collection, Mapping

from torch import nn
from torch.optim import Optimizer

from coursekit.data import Batches
from coursekit.training.code_text import is_own
from coursekit.training.outside import Outside
from coursekit.training.plain_data import text_of
from coursekit.training.settings import Settings
from coursekit.training.variables import Variables, is_inside

ALWAYS = "epochs lr label_smoothing seed format precision"
OPTIONS = "decay_all l1 clip average keep"  # named where they are on


def fingerprint(
    settings: Settings,
    model: nn.Module,
    optimizer: Optimizer,
    train: Batches,
    valid: Batches | None,
    outside: Outside,
) -> dict[str, str]:
    """Return setting → text; two runs with equal texts are the same run.

    Code is compared by its checksum, which every version of Python counts anew.
    """
    fields = Settings.__dataclass_fields__
    on = [n for n in OPTIONS.split() if getattr(settings, n) != fields[n].default]
    shapes = {
        name: (tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
        for name, tensor in model.state_dict().items()
    }
    return {
        "Python": platform.python_version().rpartition(".")[0],
        "layers": re.sub(r" at 0x[0-9a-fA-F]+", "", repr(model)),
        "weights": "\n".join(f"{name} {shape}" for name, shape in shapes.items()),
        "train": _of_batches(train),
        "valid": "none" if valid is None else _of_batches(valid),
        "optimizer": _of_optimizer(optimizer),
        **{name: text_of(getattr(settings, name)) for name in [*ALWAYS.split(), *on]},
        **outside.texts,
    }


def roots_of(
    settings: Settings, model: nn.Module, train: Batches, valid: Batches | None
) -> dict[str, object]:
    """Return what a run uses that can hold code and variables of one's own."""
    roots = {
        "model": model,
        "loss": settings.loss,
        "schedule": settings.schedule,
        "augment": train.augment,
        "valid.augment": valid and valid.augment,
    }
    return roots if settings.stop is None else {**roots, "stop": settings.stop}


def differences(
    saved: Mapping[str, str], now: Mapping[str, str], moved: Collection[str]
) -> list[str]:
    """Return what differs between two runs, a text for each setting.

    Args:
        moved: variables that the saved run changed itself; they are no difference.
    """
    same_python = saved.get("Python") == now.get("Python")
    changes = []
    for name in (name for name in {**saved, **now} if name != "Python"):
        texts = [
            [
                line.replace(", bias=True", "")  # printed by newer torch only
                for line in texts.get(name, "none").splitlines()
                if (same_python or " code: " not in line)
                and not any(is_inside(line.partition(": ")[0], path) for path in moved)
            ]
            for texts in (saved, now)
        ]
        if texts[0] != texts[1]:
            changes.append(f"{name}: {_first_difference(*texts)}")
    return changes


def _first_difference(old: list[str], new: list[str]) -> str:
    """Return the first line that differs, as 'old in the file, new now'."""
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    shown = [
        lines[same].strip() if same < len(lines) else "nothing" for lines in (old, new)
    ]
    return "{} in the file, {} now".format(*shown)


def _of_optimizer(optimizer: Optimizer) -> str:
    plain = (bool, int, float, str, tuple, type(None))
    kind = type(optimizer)
    code = Variables({"optimizer": kind}).texts("optimizer") if is_own(kind) else ""
    groups = [
        {k: v for k, v in group.items() if k != "params" and isinstance(v, plain)}
        for group in optimizer.param_groups
    ]
    return "\n".join([kind.__name__, *map(str, groups), code]).strip()


def _of_batches(batches: Batches) -> str:
    images, labels = batches.data.images, batches.data.labels
    check = zlib.crc32(labels.cpu().numpy(), zlib.crc32(images.cpu().numpy()))
    lines = [f"{tuple(images.shape)} {images.dtype} checksum {check:08x}"]
    for name in ("batch_size", "shuffle", "drop_last", "mean", "std"):
        lines.append(f"{name} {text_of(getattr(batches, name, None))}")
    return "\n".join(lines)
