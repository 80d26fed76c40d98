"""Is the written network the model? Both answer the same random images."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnxruntime
import torch
from torch import nn

from coursekit._base.modes import evaluating
from coursekit.course.network_file.layout import INPUT

BATCHES = (1, 3, 5)  # other sizes than the one the graph was written with
TOLERANCE = 1e-3  # of the largest logit


@dataclass(frozen=True)
class Agreement:
    """How far the logits of the two lie apart.

    Args:
        images: how many random images were compared.
        largest_difference: between two logits, as a share of the largest logit.
    """

    images: int
    largest_difference: float


def agreement(
    model: nn.Module, written: bytes, input_shape: tuple[int, ...]
) -> Agreement:
    """Compare `model` with its ONNX form on random images.

    Args:
        model: on the CPU.
        written: the ONNX form.
        input_shape: (channels, height, width).

    Raises:
        ValueError: they do not agree within a thousandth of the largest logit, or the
            written network does not run.
    """
    run = _session(written)
    generator = torch.Generator().manual_seed(0)
    apart = 0.0
    for size in BATCHES:
        images = torch.randn(size, *input_shape, generator=generator)
        with evaluating(model):
            expected = model(images).numpy()
        if not np.isfinite(expected).all():
            raise ValueError(
                "`model` answers random images with logits that are no numbers (NaN or "
                "infinite): did its training diverge?"
            )
        apart = max(apart, _apart(expected, run(images.numpy())))
    if not apart <= TOLERANCE:
        raise _differs(
            f"logits differ by {apart:.2g} of the largest, {TOLERANCE:g} is allowed"
        )
    return Agreement(sum(BATCHES), apart)


def _apart(expected: np.ndarray, found: np.ndarray) -> float:
    if expected.shape != found.shape:
        return float("inf")
    largest = max(1.0, float(np.abs(expected).max()))
    return float(np.abs(expected - found).max()) / largest


def _differs(how: str) -> ValueError:
    return ValueError(
        f"the written network does not answer like `model` ({how}): does its forward "
        "draw random numbers, choose its way by the values of the images, or fix their "
        "number by `len(x)`?"
    )


def _session(written: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from images to logits that onnxruntime carries out."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # what is wrong comes as an exception
    try:
        session = onnxruntime.InferenceSession(
            written, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise _differs(f"it cannot be run: {_first(error)}") from error
    return partial(_run, session)


def _run(session: onnxruntime.InferenceSession, images: np.ndarray) -> np.ndarray:
    try:
        return session.run(None, {INPUT: images})[0]
    except Exception as error:
        raise _differs(f"it fails on {len(images)} images: {_first(error)}") from error


def _first(error: Exception) -> str:
    return str(error).splitlines()[0][:120]
