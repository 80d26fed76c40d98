"""Run somebody else's network in a process of its own, with bounds on memory.

`predict` starts it with a folder: model.onnx, images.npy and job.json in, answers.npy
and result.json out. It imports onnxruntime and numpy, nothing else.
"""

import json
import sys
import time
from pathlib import Path


def bound(memory: int) -> None:
    """Let this process have no more than `memory` bytes, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: only time is bounded
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(folder: Path) -> None:
    """Answer all images, a batch at a time."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    bound(job["memory"])
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
    mean, std = (
        np.array(job[k], np.float32).reshape(-1, 1, 1) for k in ("mean", "std")
    )
    began = time.perf_counter()
    answers = []
    for first in range(0, len(images), job["batch"]):
        batch = images[first : first + job["batch"]]
        if batch.dtype == np.uint8:
            batch = (batch.astype(np.float32) / 255 - mean) / std
        logits = session.run(None, {given: np.ascontiguousarray(batch)})[0]
        answers.append(chosen(logits, len(batch)))
    seconds = time.perf_counter() - began
    np.save(folder / "answers.npy", np.concatenate(answers).astype(np.int64))
    result = json.dumps({"seconds": seconds})
    (folder / "result.json").write_text(result, encoding="utf-8")


def chosen(logits, n: int):
    """Return the class with the largest logit of each image; -1 where one is no number.

    Raises:
        ValueError: no row of logits for each of the n images.
    """
    import numpy as np

    if logits.ndim != 2 or len(logits) != n:
        shape = "×".join(map(str, logits.shape))
        raise ValueError(f"{n} images got answers of shape {shape}")
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
