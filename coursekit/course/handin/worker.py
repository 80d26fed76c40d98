"""Run somebody else's network in a process of its own, with bounds on memory.

`predict` starts it with a folder: model.onnx, images.npy, order.npy and job.json in,
answers.npz and result.json out. It imports onnxruntime and numpy, nothing else heavy.
What counts is the answer to each image alone. Beside it the images are answered in
batches and another order, where no answer may change, and some of them gently changed,
where memorised ones no longer help.
"""

import json
import sys
import time
from pathlib import Path

from coursekit.course.handin.bounds import bound

NOISE = 0.02


def main(folder: Path) -> None:
    """Answer all images, one by one and in batches."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    bound(memory=job["memory"], seconds=job["seconds"], written=job["written"])
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = job["threads"]
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    given = session.get_inputs()[0].name
    images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
    numbers = np.load(folder / "order.npy", allow_pickle=False)
    some = images[np.sort(numbers[: job["gentle"]])]

    def answered(asked, batch=1):
        return _answered(asked, session, given, job | {"batch": batch})

    began = time.perf_counter()
    logits = answered(images)
    seconds = time.perf_counter() - began
    apart = _apart(logits[numbers], answered(images[numbers], job["batch"]))
    answers = {"moved": chosen(answered(moved(some)))}
    answers |= {"noisy": chosen(answered(noisy(some))), "plain": chosen(logits)}
    np.savez(folder / "answers.npz", **answers)
    result = json.dumps({"seconds": seconds, "apart": apart})
    (folder / "result.json").write_text(result, encoding="utf-8")


def _answered(images, session, given: str, job: dict):
    """Return the logits of all images, a batch at a time."""
    import numpy as np

    norm = (np.array(job[k], np.float32).reshape(-1, 1, 1) for k in ("mean", "std"))
    mean, std = norm
    parts = []
    for first in range(0, len(images), job["batch"]):
        batch = images[first : first + job["batch"]]
        if batch.dtype == np.uint8:
            batch = (batch.astype(np.float32) / 255 - mean) / std
        logits = session.run(None, {given: np.ascontiguousarray(batch)})[0]
        parts.append(checked(logits, len(batch)))
    return np.concatenate(parts)


def _apart(logits, others) -> float:
    """Return how far two answers to the same images differ, of the largest logit."""
    import numpy as np

    largest = max(1.0, float(np.abs(np.nan_to_num(logits)).max()))
    return float(np.abs(np.nan_to_num(logits - others)).max()) / largest


def moved(images):
    """Move images one pixel to the right; the first column stands twice."""
    import numpy as np

    return np.concatenate([images[..., :1], images[..., :-1]], -1)


def noisy(images, seed: int = 0):
    """Add small noise: 2 % of the range of uint8, of the deviation of floats."""
    import numpy as np

    noise = np.random.default_rng(seed).normal(size=images.shape)
    if images.dtype == np.uint8:
        return np.clip(images + NOISE * 255 * noise, 0, 255).round().astype(np.uint8)
    return (images + NOISE * float(images.std()) * noise).astype(np.float32)


def checked(logits, n: int):
    """Return the logits of n images.

    Raises:
        ValueError: no row of logits for each of the n images.
    """
    if logits.ndim != 2 or len(logits) != n:
        shape = "×".join(map(str, logits.shape))
        raise ValueError(f"{n} images got answers of shape {shape}")
    return logits


def chosen(logits):
    """Return the class with the largest logit; -1 where one is no number."""
    import numpy as np

    found = logits.argmax(1)
    found[~np.isfinite(logits).all(1)] = -1
    return found


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except Exception as error:  # noqa: BLE001 (the sentence is for the other process)
        first = (str(error).splitlines() or [""])[0]
        sys.stderr.write(f"{type(error).__name__}: {first[:200]}")
        sys.exit(1)
