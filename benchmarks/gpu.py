"""Everything the course claims that needs a graphics card, in one run of 15 minutes.

- step: `fit` beside the bare step, tiny net and ResNet-20, waiting for the device
- memory: the prediction against `max_memory_allocated`, six nets, float32 and mixed
- half: the same training in float32 and in float16 with its GradScaler
- resume: stopped after an epoch and gone on with, beside never stopped, bit by bit; and
  once more with torch's deterministic algorithms, if the bits differ
- cifar: CIFAR-10 to 94 % with the README's cell (of the JPEG copy, if that is there),
  beside the plain loop with torchvision's transforms and a DataLoader
- notebooks: solved notebooks on the card, as many as the time that is left allows

`--rehearse` runs the same lines on small numbers, on the CPU where there is no card:
its figures mean nothing. A part that fails is reported and the others go on.

usage: [COURSEKIT_DATA=folder] python benchmarks/gpu.py [part …] [--rehearse]
           [--minutes 15] [--json FILE]
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parent))
from loop import bare, interleave, noise, ours
from loop_peers import PILImages

from coursekit.augment import Recipe
from coursekit.data import Batches, ImageSet, cifar10, digits
from coursekit.models import cifar_resnet, resnet9, tiny_net
from coursekit.training import OneCycle, evaluate, fit

HERE = Path(__file__).resolve().parent
NETS = ("tiny net", "CIFAR ResNet-20", "AlexNet", "GoogLeNet", "ResNet-18", "ResNet-50")
RECIPE = Recipe(crop=4, flip=True, cutout=8)
EPOCHS, NOTEBOOK_SECONDS = 24, 90


@dataclass(frozen=True)
class Asked:
    """On what, whether on small numbers only, and until when by the clock."""

    device: str
    rehearse: bool
    until: float

    @property
    def left(self) -> float:
        """Seconds."""
        return self.until - time.perf_counter()


def step(asked: Asked) -> dict:
    """Rates of `fit` over the bare step, on one instance of each net."""
    rounds, n = (2, 64) if asked.rehearse else (30, 12 * 128)
    sets = {"tiny net": (tiny_net(), noise(n, 1, 28), 32 if asked.rehearse else 128)}
    sets["ResNet-20"] = (cifar_resnet(20), noise(n, 3, 32), 32)
    found = {}
    for name, (model, data, size) in sets.items():
        model.to(asked.device)
        ready = list(Batches(data, size, device=asked.device))
        settings = {"format": "contiguous", "device": asked.device}
        runs = {"bare": bare(model, ready), "fit": ours(model, data, size, **settings)}
        waiting = {key: waited_for(run, asked.device) for key, run in runs.items()}
        times = interleave(waiting, len(ready), rounds)
        rate = times["bare"]["wall_p10_us"] / times["fit"]["wall_p10_us"]
        found[name] = {"rounds": rounds, "rate of fit, wall": round(rate, 3), **times}
    return found


def waited_for(run: Callable, device: str) -> Callable:
    """Return the run with the device's work counted in."""

    def waiting() -> None:
        run()
        if device == "cuda":
            torch.cuda.synchronize()

    return waiting


def memory(asked: Asked) -> dict:
    """Predicted and allocated bytes; each net in a process of its own."""
    nets, found = NETS[:2] if asked.rehearse else NETS, {}
    with tempfile.TemporaryDirectory() as folder:
        for precision in ("float32", "mixed"):
            path = Path(folder) / f"{precision}.json"
            options = ["--precision", precision, "--device", asked.device]
            options += ["--batch", "4"] if asked.rehearse else []
            command = [sys.executable, HERE / "memory.py", "--models", *nets, *options]
            subprocess.run([*command, "--json", path], capture_output=True, check=False)
            rows = json.loads(path.read_text(encoding="utf-8"))
            found[precision] = {
                row["model"]: round(row["ours"] / row["measured"], 3) for row in rows
            }
    return found


def half(asked: Asked) -> dict:
    """Final losses and accuracies of the same call in both precisions."""
    found, data = {}, digits()
    for precision in ("float32", "float16"):
        torch.manual_seed(0)
        model = tiny_net(in_channels=data.images.shape[1])
        epochs = 1 if asked.rehearse else 10
        settings = {"epochs": epochs, "precision": precision, "device": asked.device}
        row = fit(model, data, data, progress=False, **settings).final
        found[precision] = {"loss": row.valid_loss, "accuracy": row.valid_accuracy}
    return found


def resume(asked: Asked) -> dict:
    """Whether a run gone on with ends in the same bits, and if not, what does."""
    same = {"as it comes": gone_on_with(asked)}
    if not same["as it comes"]:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
        same["twice the same call"] = whole(asked) == whole(asked)
        same["deterministic algorithms"] = gone_on_with(asked)
        torch.use_deterministic_algorithms(False)
    return same


def gone_on_with(asked: Asked) -> bool:
    """Return whether two epochs in two calls end in the bits of two in one call."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "run.pt")
        with contextlib.suppress(KeyboardInterrupt):
            whole(asked, checkpoint=path, checkpoint_seconds=0.0, log=_interrupted)
        return whole(asked, checkpoint=path, checkpoint_seconds=0.0) == whole(asked)


def _interrupted(history: object) -> None:
    if len(history) == 1:
        raise KeyboardInterrupt


def whole(asked: Asked, **settings) -> bytes:
    """Return the bits of the weights after two epochs."""
    torch.manual_seed(0)
    model = tiny_net()
    data = noise(64, 1, 28) if asked.rehearse else noise(2560, 1, 28)
    call = {"epochs": 2, "device": asked.device, "progress": False, "batch_size": 32}
    fit(model, data, **(call | {"log": _nothing} | settings))
    return b"".join(p.detach().cpu().numpy().tobytes() for p in model.parameters())


def _nothing(history: object) -> None:
    """Log nothing: the same kind of call as `_interrupted`."""


def cifar(asked: Asked) -> dict:
    """Test accuracy and seconds of one call, and seconds an epoch of the plain loop."""
    train, test = _cifar(asked)
    torch.manual_seed(0)
    model = resnet9(10, width=8 if asked.rehearse else 64)
    fast = {} if asked.rehearse else {"format": "channels_last", "precision": "auto"}
    history = fit(
        model,
        train,
        epochs=1 if asked.rehearse else EPOCHS,
        batch_size=512,
        lr=0.4,
        schedule=OneCycle(),
        augment=RECIPE,
        device=asked.device,
        progress=False,
        **fast,
    )
    found = {
        "set": test.source,
        "epochs": len(history),
        "test accuracy": evaluate(model, test, like=history).accuracy,
        "seconds": round(history.seconds, 1),
        "seconds an epoch": round(statistics.median(history["seconds"]), 2),
    }
    found["plain loop, seconds an epoch"] = round(plain_epoch(model, train, asked), 2)
    return found


def _cifar(asked: Asked) -> tuple[ImageSet, ImageSet]:
    if asked.rehearse:
        return noise(256, 3, 32), noise(64, 3, 32)
    sets = cifar10()
    return sets.train, sets.test


def plain_epoch(model: nn.Module, train: ImageSet, asked: Asked) -> float:
    """Return seconds of an epoch as courses write it: PIL, workers, float32."""
    workers = 0 if asked.rehearse else min(8, os.cpu_count() or 1)
    images = PILImages(train, augmented=True)
    loader = torch.utils.data.DataLoader(images, 512, True, num_workers=workers)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, 0.9, nesterov=True)
    model.train()
    started = time.perf_counter()
    for images, labels in loader:
        images, labels = images.to(asked.device), labels.to(asked.device)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        loss.item()
    return time.perf_counter() - started


def notebooks(asked: Asked) -> dict:
    """Run solved notebooks as long as there is time: seconds, or the last error."""
    folder, found = HERE.parent / "notebooks" / "solutions", {}
    paths = sorted(folder.glob("*.ipynb"))
    for path in paths[:1] if asked.rehearse else paths:
        if asked.left < NOTEBOOK_SECONDS:
            found[path.stem] = "no time left"
            continue
        found[path.stem] = executed(path)
    return found


def executed(path: Path) -> float | str:
    """Execute a notebook in its folder; nothing is written there."""
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute"]
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*command, "--output-dir", folder, path], capture_output=True, text=True
        )
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    return round(time.perf_counter() - started, 1)


PARTS = {part.__name__: part for part in (step, memory, half, resume, cifar, notebooks)}


def reported(part: Callable, asked: Asked) -> dict:
    """Return what a part found, or how it failed, and how long it took."""
    started = time.perf_counter()
    try:
        found = part(asked)
    except Exception:  # noqa: BLE001 (the other parts go on; this one is reported)
        found = {"failed": traceback.format_exc()}
    return found | {"part's seconds": round(time.perf_counter() - started, 1)}


def machine(asked: Asked) -> dict:
    card = torch.cuda.get_device_name() if asked.device == "cuda" else "no card"
    return {
        "date": date.today().isoformat(),
        "card": card,
        "rehearsal": asked.rehearse,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "python": platform.python_version(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all: none")
    parser.add_argument("--rehearse", action="store_true")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and not options.rehearse:
        parser.error("there is no CUDA device here; --rehearse tries the script out")
    until = time.perf_counter() + 60 * options.minutes
    asked = Asked(device, options.rehearse, until)
    found = machine(asked)
    for name in options.parts or PARTS:
        found[name] = reported(PARTS[name], asked)
        print(name, json.dumps(found[name], indent=1, ensure_ascii=False), flush=True)
    if options.json:
        text = json.dumps(found, indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    return int(any("failed" in found[name] for name in options.parts or PARTS))


if __name__ == "__main__":
    sys.exit(main())
