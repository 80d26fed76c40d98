"""Put a run together: check everything first, then change the model."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from coursekit._base.modes import seeded
from coursekit.data import Batches
from coursekit.training.batch_stream import BatchStream
from coursekit.training.checkpoint import Keeper
from coursekit.training.clock import Clock
from coursekit.training.fingerprint import fingerprint, roots_of
from coursekit.training.heap import keep_freed_memory
from coursekit.training.history import History
from coursekit.training.learner import Learner
from coursekit.training.meter import steps_between_folds
from coursekit.training.optimizers import build_optimizer, set_momentum
from coursekit.training.outside import Outside
from coursekit.training.probe import Choice, choices, fastest, is_choice
from coursekit.training.progress import open_progress
from coursekit.training.schedule import check_schedule, find_schedule
from coursekit.training.settings import Settings
from coursekit.training.sources import (
    Source,
    as_batches,
    check_last_batch,
    check_outputs,
    cost_of_a_picture,
    first_batch,
    norm_of,
    note_norm,
    same_device,
)
from coursekit.training.state import Run, finish, restore, summary
from coursekit.training.workers import Workers, copy_from_first, join_workers

Sources = tuple[Batches, Batches | None]  # to learn from, to be judged on


@contextmanager
def start(
    model: nn.Module,
    train: Source,
    valid: Source | None,
    settings: Settings,
    device: torch.device | str | None,
    progress: bool,
) -> Iterator[Run]:
    """Yield a run that is ready for its next step; leave the model in eval mode.

    Raises:
        ValueError: an argument that cannot work; the model is as it was.
    """
    if isinstance(train, Batches):
        device = same_device("train", train, device)
    if valid is None and settings.looks_at_valid:
        raise ValueError(
            f"`{settings.looks_at_valid}` looks at the validation images after each "
            "epoch: give a `valid` set; got None"
        )
    workers = join_workers(device)
    sources = _sources(train, valid, settings, workers.device)
    keeper, seed = Keeper(settings), settings.seed + 1 + workers.rank
    with keeper.alone(workers), seeded(seed, workers.device):
        run = _prepare(model, sources, settings, keeper, workers)
        note_norm(model, sources[0])
        if progress and not workers.rank:
            run.progress = open_progress(True, settings.epochs, run.where)
        try:
            yield run
            finish(run)
            run.progress.close(summary(run), lambda: run.history)
        finally:
            model.to(memory_format=torch.contiguous_format)
            model.eval()


def _sources(
    train: Source, valid: Source | None, settings: Settings, device: torch.device
) -> Sources:
    """Return what to learn from and, normalised alike, what to be judged on."""
    if isinstance(train, Batches) and settings.augment is not None:
        raise ValueError(
            "`augment` is for a set; give it to `Batches` where it is built"
        )
    size = settings.batch_size
    generator = torch.Generator().manual_seed(settings.seed)
    batches = as_batches(
        "train",
        train,
        batch_size=size,
        device=device,
        generator=generator,
        augment=settings.augment,
    )
    if valid is not None:
        norm = norm_of(batches)
        size = max(size, 512)
        valid = as_batches("valid", valid, batch_size=size, device=device, norm=norm)
    check_schedule(settings.schedule, settings.epochs * len(batches))
    return batches, valid


def _prepare(
    model: nn.Module,
    sources: Sources,
    settings: Settings,
    keeper: Keeper,
    workers: Workers,
) -> Run:
    """Move the model to its device, find the checkpoint, choose the format."""
    batches = sources[0]
    keep_freed_memory()
    fold_every, batch = _try_out(model, *sources)
    model.to(workers.device)
    optimizer = _optimizer(model, settings)
    state, put_outside = _saved(keeper, workers, settings, model, optimizer, sources)
    copy_from_first(workers, [*model.parameters(), *model.buffers()])
    choice = _choose(state, model, batch, len(batches), settings, workers)
    model.to(memory_format=choice.memory_format)
    shown = _shown(model, batches, settings, choice, workers)
    run = Run(
        settings=settings,
        learner=Learner(model, optimizer, settings, choice, workers),
        stream=BatchStream(batches, choice.memory_format, workers),
        valid=sources[1],
        workers=workers,
        clock=Clock(1 if keeper.always else fold_every, alone=workers.world == 1),
        keeper=keeper,
        history=History((), shown, *norm_of(batches)),
    )
    if state is not None:
        restore(run, state, put_outside)
    return run


def _saved(
    keeper: Keeper,
    workers: Workers,
    settings: Settings,
    model: nn.Module,
    optimizer: Optimizer,
    sources: Sources,
) -> tuple[dict | None, Callable[[], None] | None]:
    """Return what a checkpoint holds, and a function that puts back a part of it."""
    if settings.checkpoint is None:
        return None, None
    outside = Outside(roots_of(settings, model, *sources))
    texts = fingerprint(settings, model, optimizer, *sources, outside)
    state = keeper.read(workers, outside, texts)
    if state is None:
        return None, None
    if not is_choice(state["choice"]):
        raise keeper.damaged("its choice of a format is none")
    return state, keeper.putting(state["outside"])


def _optimizer(model: nn.Module, settings: Settings) -> Optimizer:
    """Build what changes the weights, with the momentum of the first step."""
    decay = (settings.weight_decay, settings.decay_all)
    optimizer = build_optimizer(model, settings.optimizer, settings.lr, *decay)
    momentum_at = getattr(find_schedule(settings.schedule), "momentum_at", None)
    if momentum_at is not None:
        set_momentum(optimizer, momentum_at(0, 1))
    return optimizer


def _try_out(
    model: nn.Module, batches: Batches, valid: Batches | None
) -> tuple[int, tuple[Tensor, Tensor]]:
    """Refuse what cannot train; return how often to fold, and a batch for the probe."""
    batch = first_batch(batches)
    if valid is not None:
        check_outputs("valid", model, valid, first_batch(valid))
    outputs = check_outputs("train", model, batches, batch)
    check_last_batch(model, batches, batch)
    return steps_between_folds(len(batch[1]), outputs), batch


def _choose(
    state: dict | None,
    model: nn.Module,
    batch: tuple[Tensor, Tensor],
    steps: int,
    settings: Settings,
    workers: Workers,
) -> Choice:
    """Return the format of the checkpoint, or else the fastest one of a short probe."""
    if state is not None:
        return Choice(**state["choice"])
    allowed = choices(settings, workers.device, settings.epochs * steps)
    if workers.rank == 0:
        batch = workers.share(*batch)
        choice = fastest(allowed, model, batch, settings.criterion())
    return workers.tell(choice if workers.rank == 0 else None)


def _shown(
    model: nn.Module,
    batches: Batches,
    settings: Settings,
    choice: Choice,
    workers: Workers,
) -> dict[str, object]:
    """Return what the history says about the run."""
    shown = {
        "parameters": f"{sum(p.numel() for p in model.parameters()):,}",
        "device": str(workers.device),
        "threads": torch.get_num_threads(),
        "format": choice.format,
        "precision": choice.precision,
        "seed": settings.seed,
    }
    if getattr(batches.augment, "per_picture", False):
        shown["augment"] = f"picture by picture, {cost_of_a_picture(batches)} each"
    return shown if workers.world == 1 else {**shown, "workers": workers.world}
