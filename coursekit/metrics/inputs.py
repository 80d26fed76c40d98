"""Refuse scores and labels that do not fit, in one sentence."""

from torch import Tensor


def check_scores(name: str, scores: Tensor, labels: Tensor) -> None:
    """Refuse anything but (n, classes) scores with n labels of these classes."""
    if scores.ndim != 2 or 0 in scores.shape:
        shape = tuple(scores.shape)
        raise ValueError(f"`{name}` must have the shape (n, classes); got {shape}")
    check_classes("labels", labels, scores.shape[1])
    if len(labels) != len(scores):
        raise ValueError(
            f"`labels` must be as many as the {len(scores)} rows; got {len(labels)}"
        )


def check_classes(name: str, values: Tensor, classes: int) -> None:
    """Refuse anything but whole numbers from 0 to classes − 1."""
    if values.ndim != 1 or values.is_floating_point():
        kind = f"{tuple(values.shape)} {values.dtype}"
        raise ValueError(
            f"`{name}` must be whole numbers of the shape (n,); got {kind}"
        )
    if len(values) and not 0 <= values.min() <= values.max() < classes:
        raise ValueError(
            f"`{name}` must be 0 to {classes - 1}; got {values.min()} to {values.max()}"
        )
