"""Kill a run with SIGKILL again and again, resume it, compare with one left alone.

Run by tests/test_checkpoint.py in a process of its own. The networks train only in
forked children, so a new attempt costs milliseconds and not an import of torch.

    python checkpoint_killer.py FOLDER KILLS SEED
"""

import json
import os
import random
import select
import signal
import sys
from pathlib import Path

import torch
from torch import nn

from coursekit.data import ImageSet
from coursekit.training import fit, sgd

EPOCHS = 5


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Flatten(),
        nn.Linear(4 * 6 * 6, 3),
    )


def images(n: int) -> ImageSet:
    draw = torch.Generator().manual_seed(n)
    pixels = torch.randint(0, 256, (n, 1, 8, 8), generator=draw, dtype=torch.uint8)
    labels = torch.randint(0, 3, (n,), generator=draw)
    return ImageSet(pixels, labels, ("a", "b", "c"), "noise", "generated")


def noise(batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return batch + 20 * torch.randn(batch.shape, generator=generator)


def train(folder: Path, name: str, seed: int, checkpoint: Path | None) -> None:
    """Train, then leave weights and history in `folder`."""
    model = network()
    history = fit(
        model,
        images(1003),
        images(40),
        epochs=EPOCHS,
        batch_size=8,
        seed=seed,
        augment=noise,
        progress=False,
        checkpoint=checkpoint,
        checkpoint_seconds=0,
    )
    rows = [
        [row.epoch, row.train_loss, row.train_accuracy, row.valid_loss, row.lr]
        for row in history
    ]
    torch.save(model.state_dict(), folder / f"{name}.pt")
    found = {"rows": rows, "resumed": history.settings.get("resumed")}
    (folder / f"{name}.json").write_text(json.dumps(found))


def child(*args: object) -> tuple[int, int]:
    """Fork a child that trains; return its id and a pipe that closes when it ends."""
    end, start = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(end)
        try:
            train(*args)
        except BaseException as error:  # noqa: BLE001 (a child must never return)
            sys.stderr.write(repr(error))
            os._exit(1)
        os._exit(0)
    os.close(start)
    return pid, end


def ended_within(pid: int, end: int, seconds: float | None) -> bool:
    """Wait for a child, then kill it; return whether it had ended by itself."""
    ready = select.select([end], [], [], seconds)[0]
    if not ready:
        os.kill(pid, signal.SIGKILL)
    os.close(end)
    status = os.waitpid(pid, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit("a child ended with an error")
    return os.WIFEXITED(status)


def saved_at(path: Path) -> int:
    """Return when a checkpoint was written, 0 for never."""
    return path.stat().st_mtime_ns if path.exists() else 0


def main(folder: Path, kills: int, seed: int) -> None:
    draw = random.Random(seed)
    torch.set_num_threads(1)
    sgd(
        network().parameters()
    )  # the first optimizer imports much: once, before forking
    run, done, latest = 0, 0, 0.15
    while done < kills:
        run += 1
        ended_within(*child(folder, f"alone-{run}", run, None), None)
        finished = False
        while done < kills and not finished:
            path = folder / f"run-{run}.ckpt"
            before = saved_at(path)
            pid, end = child(folder, f"killed-{run}", run, path)
            finished = ended_within(pid, end, draw.uniform(0.0, latest))
            if saved_at(path) == before:
                latest *= 1.1  # a busy machine needs longer to its first checkpoint
            done += not finished and path.exists()
        ended_within(*child(folder, f"killed-{run}", run, path), None)
    sys.stdout.write(json.dumps({"runs": run, "kills": done}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
