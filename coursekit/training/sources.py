"""Turn what the caller gives as images into checked `Batches`."""

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from coursekit._base.modes import copy_of, device_of, evaluating, seeded
from coursekit._base.trial import one_sentence
from coursekit.data import Batches, ImageSet
from coursekit.training.history import History

Source = ImageSet | Batches
Norm = tuple[Sequence[float], Sequence[float]]  # mean and deviation per channel


def as_batches(
    name: str,
    data: Source,
    *,
    batch_size: int,
    device: torch.device,
    norm: Norm | None = None,
    generator: torch.Generator | None = None,
    augment: Callable | None = None,
) -> Batches:
    """Return `data` as batches on `device`; given a generator, shuffled by it.

    Raises:
        ValueError: neither a set nor batches, or nothing in it.
    """
    if not isinstance(data, Batches | ImageSet):
        kind = type(data).__name__
        raise ValueError(f"`{name}` must be an ImageSet or Batches; got {kind}")
    if len(data) == 0:
        raise ValueError(f"`{name}` is empty: at least one image is needed")
    if isinstance(data, Batches):
        same_device(name, data, device)
        return data
    mean, std = norm or (None, None)
    return Batches(
        data,
        batch_size,
        shuffle=generator is not None,
        generator=generator,
        device=device,
        augment=augment,
        mean=mean,
        std=std,
    )


def norm_of(
    like: Source | History | None, model: nn.Module | None = None
) -> Norm | None:
    """Return the mean and deviation `like` stands for; None where nothing is known."""
    if like is None:
        return getattr(model, "_coursekit_norm", None)
    if isinstance(like, ImageSet):
        like = Batches(like)
    if isinstance(like, Batches | History):
        return floats(like.mean), floats(like.std)
    kind = type(like).__name__
    raise ValueError(f"`like` must be an ImageSet, Batches or History; got {kind}")


def note_norm(model: nn.Module, batches: Batches) -> None:
    """Note on the model what its images were normalised with.

    Breaks "nothing leaves results on an object for somebody else": without it every
    `evaluate(model, test)` would have to be told, and a wrong answer would be silent.
    """
    model._coursekit_norm = floats(batches.mean), floats(batches.std)


def floats(values: Sequence[float] | torch.Tensor) -> tuple[float, ...]:
    """Return per-channel numbers as plain floats."""
    return tuple(torch.as_tensor(values).flatten().tolist())


def same_device(
    name: str, batches: Batches, device: torch.device | str | None
) -> torch.device:
    """Return the device of ready batches; refuse another one."""
    wanted = torch.device(device or batches.device)
    if wanted.type != batches.device.type:
        raise ValueError(
            f"`{name}` holds batches on {batches.device}, but the training is on "
            f"{wanted}: build them with Batches(…, device={str(wanted)!r})"
        )
    return batches.device


def first_batch(batches: Batches) -> tuple[Tensor, Tensor]:
    """Return the first batch; the generators are left as they were."""
    state = None if batches.generator is None else batches.generator.get_state()
    with seeded(0, batches.device):
        batch = batches.batch(batches.order()[: batches.batch_size])
    if state is not None:
        batches.generator.set_state(state)
    return batch


def cost_of_a_picture(batches: Batches) -> str:
    """Return how long a picture takes to become part of a batch: "57 µs"."""
    started = time.perf_counter()
    images, _ = first_batch(batches)
    return f"{(time.perf_counter() - started) / len(images) * 1e6:,.0f} µs"


def check_outputs(
    name: str, model: nn.Module, batches: Batches, batch: tuple[Tensor, Tensor]
) -> int:
    """Try `model` on two images, changing nothing; return its number of outputs.

    Raises:
        ValueError: images the model refuses, or outputs that do not fit the labels.
    """
    images = batch[0][:2].to(device_of(model))
    logits = _try(name, model, images)
    shape = tuple(getattr(logits, "shape", ()))
    if len(shape) != 2 or shape[0] != len(images):
        raise ValueError(
            f"`model` must give one row of class scores per image, (n, classes); for "
            f"{len(images)} images it gave {shape or type(logits).__name__}"
        )
    low, high = batches.data.labels.min().item(), batches.data.labels.max().item()
    if low < 0 or high >= shape[1]:
        raise ValueError(
            f"`model` has {shape[1]} outputs, but the labels of `{name}` go from {low} "
            f"to {high}: give its last layer at least {high + 1} outputs"
        )
    _check_mixed(name, shape[1], batch[1])
    return shape[1]


def _check_mixed(name: str, outputs: int, labels: Tensor) -> None:
    """Refuse shares of classes where an image must have one label, or do not fit."""
    if labels.ndim == 1:
        return
    if name != "train":
        raise ValueError(
            f"`{name}` mixes its images (mixup or cutmix), so none has one right "
            "answer: leave the mixing out where answers are judged"
        )
    if labels.shape[1] != outputs:
        raise ValueError(
            f"`model` has {outputs} outputs, but mixed labels are shares of the "
            f"{labels.shape[1]} classes of `train`: give its last layer as many"
        )


def check_last_batch(
    model: nn.Module, batches: Batches, batch: tuple[Tensor, Tensor]
) -> None:
    """Refuse a last batch of one image if the model's batch norm cannot work on it."""
    size, n = batches.batch_size, len(batches.data)
    if n % size != 1 or size == 1 or batches.drop_last:
        return
    copied = copy_of(model).train()
    try:
        with torch.no_grad(), seeded(0, batches.device):
            copied.to(batches.device)(batch[0][:1])
    except ValueError as error:
        raise ValueError(
            f"`batch_size` {size} leaves a last batch of 1 image of {n}, and batch "
            f"norm needs two: take another `batch_size` ({error})"
        ) from error


def _try(name: str, model: nn.Module, images: Tensor) -> Tensor:
    shape = tuple(images.shape[1:])
    said = (
        f"`model` refuses the images of `{name}`, (channels, height, width) = {shape}"
    )
    with (
        evaluating(model),
        seeded(0, images.device),
        one_sentence(model, shape, said=said),
    ):
        return model(images)
