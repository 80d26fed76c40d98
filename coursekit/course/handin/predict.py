"""Measure a handed-in network with onnxruntime: one by one, timed, bounded."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coursekit.metrics import wilson

WORKER = "coursekit.course.handin.worker"
SECONDS = 300  # longest time for all images
MEMORY = 8 * 2**30  # bytes of address space, where the system can bound it
BATCH = 256  # where images are answered beside others
GENTLE = 1_000  # images that are answered again, gently changed
DROP = 0.2  # of them; so many more wrong answers are said
APART = 1e-3  # of the largest logit


@dataclass(frozen=True)
class Evaluation:
    """How many images a network answered rightly.

    Args:
        right, n: counts.
        seconds: for all images, on one thread, without loading.
        gentle: how many of the images were answered a second time, gently changed.
        alike, moved, noisy: of those, answered rightly as they are, moved by a pixel,
            with small noise.
        apart: how far logits change where images are answered beside others instead
            of alone, as a share of the largest.
    """

    right: int
    n: int
    seconds: float
    gentle: int = 0
    alike: int = 0
    moved: int = 0
    noisy: int = 0
    apart: float = 0.0

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0 to 1."""
        return self.right / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy: Wilson's."""
        found = wilson(self.right, self.n)
        return found.low, found.high

    def doubts(self) -> list[str]:
        """Say what speaks against the accuracy, a sentence each."""
        said = []
        if self.apart > APART:
            said.append(
                "an answer depends on the other images of its batch: beside others its "
                f"logits differ by {self.apart:.2g} of the largest"
            )
        if (
            self.gentle
            and self.alike - min(self.moved, self.noisy) > DROP * self.gentle
        ):
            plain, moved, noisy = (
                f"{n / self.gentle:.1%}" for n in (self.alike, self.moved, self.noisy)
            )
            said.append(
                f"{plain} on the images, {moved} when they move by a pixel, {noisy} "
                "with small noise: were these images learnt by heart?"
            )
        return said

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"{self.accuracy:.2%} ({self.right:,} of {self.n:,}), 95 % interval "
            f"{low:.2%} to {high:.2%}{self._changed()}"
        )

    def _changed(self) -> str:
        if not self.gentle:
            return ""
        moved, noisy = (f"{n / self.gentle:.1%}" for n in (self.moved, self.noisy))
        return (
            f"; of {self.gentle:,} gently changed, {moved} moved by a pixel, {noisy} "
            "with small noise"
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
    job = {**norm, "batch": BATCH, "threads": 1, "memory": MEMORY, "gentle": GENTLE}
    job |= {"seconds": int(seconds) + 1, "written": 16 * 2**20 + 64 * len(labels)}
    order = np.random.default_rng(0).permutation(len(labels))
    with tempfile.TemporaryDirectory(prefix="coursekit-") as folder:
        place = Path(folder)
        (place / "model.onnx").write_bytes(model)
        (place / "job.json").write_text(json.dumps(job), encoding="utf-8")
        np.save(place / "images.npy", images)
        np.save(place / "order.npy", order)
        _run(place, seconds)
        with np.load(place / "answers.npz", allow_pickle=False) as read:
            answers = {name: read[name] for name in read.files}
        took = json.loads((place / "result.json").read_text(encoding="utf-8"))
    return _compared(answers, labels, order, took)


def _compared(answers: dict, labels: np.ndarray, order: np.ndarray, took: dict):
    """Count the right answers, to the images as they are and gently changed."""
    some, plain = np.sort(order[:GENTLE]), answers["plain"] == labels
    return Evaluation(
        right=int(plain.sum()),
        n=len(labels),
        seconds=took["seconds"],
        gentle=len(some),
        alike=int(plain[some].sum()),
        moved=int((answers["moved"] == labels[some]).sum()),
        noisy=int((answers["noisy"] == labels[some]).sum()),
        apart=took["apart"],
    )


def _run(place: Path, seconds: float) -> None:
    command = [sys.executable, "-P", "-m", WORKER, str(place)]
    ways = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            command,
            cwd=place,
            env=ways,
            capture_output=True,
            text=True,
            timeout=seconds,
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
