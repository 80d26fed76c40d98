"""Everything the course claims that needs a graphics card, in one run of 15 minutes.

- step: `fit` beside the bare step, tiny net and ResNet-20, waiting for the device
- memory: the prediction against `max_memory_allocated`, six nets, float32 and mixed;
  what cuBLAS and cuDNN keep for themselves after a first step stands apart
- half: the same training in float32 and in float16 with its GradScaler; both are judged
  in float32, as `fit` does
- resume: stopped before the last step of an epoch and gone on with, beside never
  stopped, bit by bit; the same call twice; and, in a process of its own, once more with
  torch's deterministic algorithms
- cifar: CIFAR-10 (or its JPEG copy) with the README's recipe, channels last and the
  precision that the probe chooses, beside the plain loop with torchvision's transforms
  and a DataLoader; COURSEKIT_DATA names the folder, nothing is downloaded
- notebooks: solved notebooks on the card, as many as the time that is left allows

`--rehearse` runs the same lines on small numbers, on the CPU where there is no card:
its figures mean nothing. A part that fails is reported and the others go on; the JSON
file is written after each.

usage: [COURSEKIT_DATA=folder] python benchmarks/gpu.py [part …] [--rehearse]
           [--minutes 15] [--json FILE]
"""

import argparse
import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parent))
from loop import bare, interleave, noise, ours
from loop_peers import PILImages

from coursekit import __version__
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
    """Rates of `fit` over the bare step, on one instance of each net.

    Runs of hundreds of steps: setting up a run takes as long as dozens of them.
    """
    rounds, steps = (2, 2) if asked.rehearse else (30, 400)
    found = {}
    for name, model, size, shape, part in (
        ("tiny net", tiny_net(), 128, (1, 28), 1),
        ("ResNet-20", cifar_resnet(20), 32, (3, 32), 2 if asked.rehearse else 4),
    ):
        data = noise(steps // part * size, *shape)
        model.to(asked.device)
        ready = list(Batches(data, size, device=asked.device))
        settings = {"format": "contiguous", "device": asked.device}
        runs = {"bare": bare(model, ready), "fit": ours(model, data, size, **settings)}
        waiting = {key: waited_for(run, asked.device) for key, run in runs.items()}
        times = interleave(waiting, len(ready), rounds)
        rate = times["bare"]["wall_p10_us"] / times["fit"]["wall_p10_us"]
        counts = {"rounds": rounds, "steps": len(ready)}
        found[name] = {**counts, "rate of fit, wall": round(rate, 3), **times}
    return found


def waited_for(run: Callable, device: str) -> Callable:
    """Return the run with the device's work counted in."""

    def waiting() -> None:
        run()
        if device == "cuda":
            torch.cuda.synchronize()

    return waiting


def child(command: list, asked: Asked, **environment: str) -> tuple[str, str]:
    """Run a command in the time that is left; return its output, and why it failed."""
    try:
        done = subprocess.run(
            [sys.executable, *map(str, command)],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=max(1.0, asked.left),
        )
    except subprocess.TimeoutExpired:
        return "", "no time left"
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return done.stdout, lines[-1] if done.returncode else ""


def memory(asked: Asked) -> dict:
    """Predicted and allocated bytes; each net in a process of its own."""
    nets, found = NETS[:1] if asked.rehearse else NETS, {}
    for precision in ("float32", "mixed"):
        options = ["--precision", precision, "--device", asked.device]
        options += ["--batch", "4"] if asked.rehearse else []
        rows = found[precision] = {}
        for net in nets:
            command = [HERE / "memory.py", "--only", net, *options]
            printed, why = child(command, asked)
            rows[net] = {"failed": why} if why else _compared(printed)
    return found


def _compared(printed: str) -> dict:
    row = json.loads(printed.strip().splitlines()[-1])
    kept = ("ours", "measured", "kept by libraries")
    share = round(row["ours"] / row["measured"], 3)
    return {"ours / measured": share, **{key: row[key] for key in kept}}


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
    """Whether a run gone on with ends in the same bits, and if not, what does.

    cuBLAS reads its variable once, so determinism needs a process of its own.
    """
    same = {
        "as it comes": gone_on_with(asked),
        "twice the same call": whole(asked) == whole(asked),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found.json"
        options = ["--rehearse"] if asked.rehearse else []
        command = [__file__, "deterministic", "--json", path, *options]
        _, why = child(command, asked, CUBLAS_WORKSPACE_CONFIG=":4096:8")
        found = {} if why else json.loads(path.read_text(encoding="utf-8"))
    return same | (found.get("deterministic") or {"failed": why})


def deterministic(asked: Asked) -> dict:
    """Whether torch's deterministic algorithms end in the same bits."""
    torch.use_deterministic_algorithms(True)
    return {"deterministic algorithms": gone_on_with(asked)}


def gone_on_with(asked: Asked) -> bool:
    """Return whether two epochs in two calls end in the bits of two in one call.

    The first call ends when it logs its first epoch: what it saved last is the state
    before the last step of that epoch.
    """
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
    began = time.perf_counter()
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
    return {
        "set": test.source,
        "learnt from": len(train),
        "seconds of the call": round(time.perf_counter() - began, 1),
        "seconds of the epochs": round(history.seconds, 1),
        "seconds an epoch": round(statistics.median(history["seconds"]), 2),
        "epochs": len(history),
        "test accuracy": evaluate(model, test, like=history).accuracy,
        "plain loop, seconds of its second epoch": plain_epoch(model, train, asked),
        **history.settings,
    }


def _cifar(asked: Asked) -> tuple[ImageSet, ImageSet]:
    if asked.rehearse:
        return noise(256, 3, 32), noise(64, 3, 32)
    sets = cifar10(valid=0, download=False)
    return sets.train, sets.test


def plain_epoch(model: nn.Module, train: ImageSet, asked: Asked) -> float:
    """Return seconds of an epoch as courses write it: PIL, workers, float32.

    The second epoch counts: in the first the workers start.
    """
    workers = 0 if asked.rehearse else min(8, os.cpu_count() or 1)
    images = PILImages(train, augmented=True, cutout=RECIPE.cutout)
    loader = torch.utils.data.DataLoader(
        images, 512, True, num_workers=workers, persistent_workers=workers > 0
    )
    optimizer = torch.optim.SGD(model.parameters(), 0.1, 0.9, nesterov=True)
    model.train()
    for _ in range(2):
        started = time.perf_counter()
        for images, labels in loader:
            images, labels = images.to(asked.device), labels.to(asked.device)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            loss.item()
    return round(time.perf_counter() - started, 2)


def notebooks(asked: Asked) -> dict:
    """Run solved notebooks as long as there is time: seconds, or the last error."""
    missing = [name for name in ("nbconvert", "ipykernel") if find_spec(name) is None]
    if missing:
        return {"failed": f"not installed: {', '.join(missing)}"}
    folder, found = HERE.parent / "notebooks" / "solutions", {}
    paths = sorted(folder.glob("*.ipynb"))
    for path in paths[:1] if asked.rehearse else paths:
        enough = asked.left >= NOTEBOOK_SECONDS
        found[path.stem] = executed(path, asked) if enough else "not run: no time left"
    return found


def executed(path: Path, asked: Asked) -> dict:
    """Execute a notebook in its folder; nothing is written there."""
    command = ["-m", "nbconvert", "--to", "notebook", "--execute", path]
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        _, why = child([*command, "--output-dir", folder], asked)
    took = {"seconds": round(time.perf_counter() - started, 1)}
    return took | ({"failed": why} if why else {})


PARTS = {part.__name__: part for part in (step, memory, half, resume, cifar, notebooks)}
ALONE = {"deterministic": deterministic}  # of `resume`, in a process of its own


def failed(found: object) -> bool:
    """Say whether anything in a report failed."""
    inside = found.values() if isinstance(found, dict) else ()
    return (isinstance(found, dict) and "failed" in found) or any(map(failed, inside))


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
        "driver": driver(),
        "processors": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "rehearsal": asked.rehearse,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "TF32 in convolutions": torch.backends.cudnn.allow_tf32,
        "python": platform.python_version(),
        "coursekit": __version__,
    }


def driver() -> str | None:
    """Return the version of the card's driver, where a tool tells it."""
    if shutil.which("nvidia-smi") is None:
        return None
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all: none")
    parser.add_argument("--rehearse", action="store_true")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    parts = PARTS | ALONE
    if unknown := [name for name in options.parts if name not in parts]:
        parser.error(f"no part {unknown[0]!r}: there are {', '.join(PARTS)}")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and not options.rehearse:
        parser.error("there is no CUDA device here; --rehearse tries the script out")
    until = time.perf_counter() + 60 * options.minutes
    asked = Asked(device, options.rehearse, until)
    found = machine(asked)
    for name in options.parts or PARTS:
        found[name] = reported(parts[name], asked)
        text = json.dumps(found[name], indent=1, ensure_ascii=False)
        print(name, text, flush=True)
        if options.json:
            text = json.dumps(found, indent=1, ensure_ascii=False)
            options.json.write_text(text + "\n", encoding="utf-8")
    return int(failed(found))


if __name__ == "__main__":
    sys.exit(main())
