"""Measure a handed-in network with onnxruntime: batched, timed, bounded."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coursekit.course.handin import worker
from coursekit.metrics import wilson

SECONDS = 300  # longest time for all images
MEMORY = 8 * 2**30  # bytes of address space, where the system can bound it
BATCH = 256


@dataclass(frozen=True)
class Evaluation:
    """How many images a network answered rightly.

    Args:
        right, n: counts.
        seconds: for all images, on one thread, without loading.
    """

    right: int
    n: int
    seconds: float

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0 to 1."""
        return self.right / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy: Wilson's."""
        found = wilson(self.right, self.n)
        return found.low, found.high

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"{self.accuracy:.2%} ({self.right:,} of {self.n:,}), 95 % interval "
            f"{low:.2%} to {high:.2%}"
        )


def evaluate(
    model: bytes,
    images: object,
    labels: object,
    *,
    input_shape: tuple[int, ...],
    normalisation: Mapping[str, object] | None,
    seconds: float = SECONDS,
) -> Evaluation:
    """Answer images with a checked network in a process of its own.

    Args:
        model: the bytes of a model that `read_graph` accepted.
        images: (n, channels, height, width); uint8 images are divided by 255 and
            normalised as the manifest says, float ones are taken as they are.
        labels: (n,) whole numbers.
        input_shape: (channels, height, width) the network takes.
        normalisation: {"mean": …, "std": …} per channel, or None.
        seconds: longest time.

    Raises:
        ValueError: images or labels that do not fit, or a network that fails, takes
            too long or wants too much memory; one sentence.
    """
    images, labels = _checked(images, labels, input_shape)
    channels = input_shape[0]
    norm = normalisation or {"mean": [0.0] * channels, "std": [1.0] * channels}
    job = {**norm, "batch": BATCH, "threads": 1, "memory": MEMORY}
    with tempfile.TemporaryDirectory(prefix="coursekit-") as folder:
        place = Path(folder)
        (place / "model.onnx").write_bytes(model)
        (place / "job.json").write_text(json.dumps(job), encoding="utf-8")
        np.save(place / "images.npy", images)
        _run(place, seconds)
        answers = np.load(place / "answers.npy", allow_pickle=False)
        took = json.loads((place / "result.json").read_text(encoding="utf-8"))
    return Evaluation(int((answers == labels).sum()), len(labels), took["seconds"])


def _run(place: Path, seconds: float) -> None:
    command = [sys.executable, "-P", worker.__file__, str(place)]
    try:
        done = subprocess.run(
            command, cwd=place, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(
            f"the network did not answer all images within {seconds:g} seconds"
        ) from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        reason = said[-1] if said else f"it ended with code {done.returncode}"
        raise ValueError(f"the network could not be run on the images: {reason[:250]}")


def _checked(
    images: object, labels: object, input_shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return both as arrays; an image set brings its labels along."""
    if labels is None:
        labels = getattr(images, "labels", None)
    images = np.asarray(getattr(images, "images", images))
    if images.ndim != 4 or images.shape[1:] != input_shape or not len(images):
        raise ValueError(
            f"`images` must be (n, {', '.join(map(str, input_shape))}) for this "
            f"network; got {images.shape}"
        )
    if images.dtype != np.uint8 and not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"`images` must be uint8 or float; got {images.dtype}")
    labels = np.asarray(labels)
    whole = np.issubdtype(labels.dtype, np.integer)
    if labels.shape != (len(images),) or not whole:
        raise ValueError(
            f"`labels` must be {len(images)} whole numbers; got shape {labels.shape}, "
            f"{labels.dtype}"
        )
    return images if images.dtype == np.uint8 else images.astype(np.float32), labels
