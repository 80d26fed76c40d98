"""One worker of a data-parallel run; started by tests/test_distributed.py.

python distributed_worker.py FOLDER NAME CHECKPOINT|- DIE_AT_STEP|-1
"""

import json
import os
import sys
from pathlib import Path

import torch
from torch import nn

from coursekit.training import checkpoint, fit, sgd
from tests.small_runs import noise_set

EPOCHS, STEPS = 2, 7  # 100 images in batches of 16: the last has 4


def network() -> nn.Module:
    """Return a net without batch norm, other weights in every worker."""
    torch.manual_seed(int(os.environ.get("RANK", "0")))
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))


def recording(gradients: list, die_at: int):
    """Return an optimizer factory that keeps each step's gradients, or dies."""

    def build(parameters, lr=0.1):
        parameters = list(parameters)
        optimizer = sgd(parameters, lr)

        def before_step(*_):
            if len(gradients) == die_at:
                os._exit(3)
            gradients.append(torch.cat([p.grad.flatten() for p in parameters]))

        optimizer.register_step_pre_hook(before_step)
        return optimizer

    return build


def main(folder: Path, name: str, path: str, die_at: int) -> None:
    rank = int(os.environ.get("RANK", "0"))
    model, gradients, writes = network(), [], []
    original = checkpoint.write
    checkpoint.write = lambda *args: (writes.append(1), original(*args))
    history = fit(
        model,
        noise_set(100),
        noise_set(70, seed=1),
        epochs=EPOCHS,
        batch_size=16,
        optimizer=recording(gradients, die_at if rank == 1 else -1),
        device="cpu",
        checkpoint=None if path == "-" else path,
        checkpoint_seconds=0,
    )
    rows = [
        [r.train_loss, r.train_accuracy, r.valid_loss, r.valid_accuracy]
        for r in history
    ]
    found = {"rows": rows, "writes": len(writes), "settings": dict(history.settings)}
    (folder / f"{name}-{rank}.json").write_text(json.dumps(found))
    tensors = {"gradients": torch.stack(gradients) if gradients else torch.empty(0)}
    tensors |= model.state_dict()
    torch.save(tensors, folder / f"{name}-{rank}.pt")


if __name__ == "__main__":
    # Nothing takes the GIL away from the main thread: what another thread has not done
    # when Python ends, it does not do. The way a worker ends is tested, too.
    sys.setswitchinterval(100)
    torch.set_num_threads(1)
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
