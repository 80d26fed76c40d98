"""Scores and labels as tensors that fit together, or a refusal in one sentence."""

import numpy as np
import torch
from torch import Tensor


def scores_and_labels(
    name: str, scores: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """Return (n, classes) scores as floats and n labels of these classes as int64.

    Args:
        name: of the scores, for messages.
        scores: a tensor, an array or lists; −inf masks a class.
        labels: whole numbers of any type.

    Raises:
        ValueError: shapes or labels that do not fit, NaN, +inf, or a row all masked.
    """
    scores = _as_tensor(name, scores, "rows of numbers")
    if scores.ndim != 2 or 0 in scores.shape or scores.is_complex():
        shape = tuple(scores.shape)
        raise ValueError(f"`{name}` must have the shape (n, classes); got {shape}")
    scores = scores if scores.is_floating_point() else scores.double()
    labels = class_numbers("labels", labels, scores.shape[1]).to(scores.device)
    if len(labels) != len(scores):
        raise ValueError(
            f"`labels` must be as many as the {len(scores)} rows; got {len(labels)}"
        )
    if not (fine := scores.amax(1).isfinite()).all():  # NaN is the largest of its row
        row = int(fine.int().argmin())
        raise ValueError(
            f"`{name}` must be numbers (−inf masks a class, never all of a row); row "
            f"{row} has the largest value {scores[row].amax():g}"
        )
    return scores, labels


def class_numbers(name: str, values: Tensor, classes: int) -> Tensor:
    """Return whole numbers of any type, from 0 to classes − 1, as int64.

    Raises:
        ValueError: not whole numbers of the shape (n,), or out of range.
    """
    values = _as_tensor(name, values, "whole numbers of the shape (n,)")
    whole = not (values.is_floating_point() or values.is_complex())
    if values.ndim != 1 or not (whole or values.numel() == 0):
        kind = f"{tuple(values.shape)} {values.dtype}"
        raise ValueError(
            f"`{name}` must be whole numbers of the shape (n,); got {kind}"
        )
    values = values.long()
    if len(values) and not 0 <= values.min() <= values.max() < classes:
        raise ValueError(
            f"`{name}` must be 0 to {classes - 1}; got {values.min()} to {values.max()}"
        )
    return values


def _as_tensor(name: str, values: object, wanted: str) -> Tensor:
    """Take lists and arrays too; numpy has whole numbers that torch cannot compute."""
    if isinstance(values, Tensor):
        return values.detach()
    try:
        array = np.asarray(values)
        return torch.as_tensor(array.astype(int) if array.dtype.kind == "u" else array)
    except (TypeError, ValueError, RuntimeError):
        kind = type(values).__name__
        raise ValueError(f"`{name}` must be {wanted}; got {kind}") from None
