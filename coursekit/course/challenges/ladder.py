"""The capstone's ladder: a measured row for each step from a plain to a small net.

    rows = [rung("plain", model, history, valid), …]
    Ladder(rows)              # the table
    on_mnist()                # the rows measured on MNIST, with machine and seeds

Accuracies carry Wilson's 95 % interval (`coursekit.metrics.proportion`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from statistics import mean

from torch import nn

from coursekit._base.card import Displayed, Table
from coursekit.anatomy import anatomy
from coursekit.data import ImageSet
from coursekit.metrics.proportion import Proportion, percent, wilson
from coursekit.training import History, evaluate

RESULTS = "capstone_mnist.json"
COLUMNS = ("step", "parameters", "field", "epochs", "seconds", "accuracy", "interval")


@dataclass(frozen=True)
class Rung:
    """One step, as it was measured.

    Args:
        name: the step in a few words.
        parameters: numbers the net learns.
        field: pixels that a unit of the last map sees in a row.
        epochs: passes over the training images.
        seconds: of training, mean over the runs.
        accuracy: on the validation images, mean over the runs, with the interval that
            one run has.
        runs: the accuracy of each run, 0 to 1; the runs differ in their seed.
        test: the same on the test images; None where they were not looked at.
    """

    name: str
    parameters: int
    field: int
    epochs: int
    seconds: float
    accuracy: Proportion
    runs: tuple[float, ...]
    test: Proportion | None = None


@dataclass(frozen=True, repr=False)
class Ladder(Displayed, Sequence):
    """The rows in their order, and how they were measured.

    Indexing by number gives a row, by name the row of that step.
    """

    rungs: tuple[Rung, ...]
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rungs", tuple(self.rungs))

    def __len__(self) -> int:
        return len(self.rungs)

    def __iter__(self) -> Iterator[Rung]:
        return iter(self.rungs)

    def __getitem__(self, key: int | slice | str):
        if not isinstance(key, str):
            return self.rungs[key]
        names = [row.name for row in self.rungs]
        if key not in names:
            raise KeyError(f"no step `{key}`; there are {', '.join(names)}")
        return self.rungs[names.index(key)]

    @property
    def _shown(self) -> Table:
        rows = [self._cells(row) for row in self.rungs]
        return Table(self._columns, rows, caption=self.note)

    @property
    def _columns(self) -> tuple[str, ...]:
        tested = any(row.test for row in self.rungs)
        return (*COLUMNS, "test") if tested else COLUMNS

    def _cells(self, row: Rung) -> tuple[str, ...]:
        cells = (
            row.name,
            f"{row.parameters:,}",
            f"{row.field}",
            f"{row.epochs}",
            f"{row.seconds:,.0f}" if row.seconds >= 10 else f"{row.seconds:.1f}",
            percent(row.accuracy.value),
            _ends(row.accuracy),
        )
        if len(self._columns) == len(cells):
            return cells
        shown = f"{percent(row.test.value)} ({_ends(row.test)})" if row.test else ""
        return (*cells, shown)


def rung(name: str, model: nn.Module, history: History, images: ImageSet) -> Rung:
    """Measure a trained net on images it does not learn from and return its row.

    Args:
        name: the step in a few words.
        model: trained.
        history: what `fit` returned.
        images: the validation set; normalised as in training.
    """
    found = evaluate(model, images, like=history)
    return Rung(
        name=name,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        field=last_field(model, tuple(images.images.shape[1:])),
        epochs=len(history),
        seconds=history.seconds,
        accuracy=wilson(int(found.correct.sum()), found.n),
        runs=(found.accuracy,),
    )


def last_field(model: nn.Module, input_shape: tuple[int, int, int]) -> int:
    """Return how many pixels in a row a unit of the last map sees.

    Raises:
        ValueError: the net has no map.
    """
    maps = [
        row
        for row in anatomy(model, input_shape)
        if row.output_shape is not None
        and len(row.output_shape) == 3
        and row.output_shape[1:] != (1, 1)
    ]
    if not maps:
        raise ValueError("`model` has no map: nothing to give a receptive field of")
    return min(getattr(side, "smallest", side) for side in maps[-1].receptive_field)


def on_mnist() -> Ladder | None:
    """Return the rows that `benchmarks/capstone.py` measured on MNIST.

    None where the course was published without them.
    """
    path = files("coursekit.course.results") / RESULTS
    if not path.is_file():
        return None
    return as_ladder(json.loads(path.read_text(encoding="utf-8")))


def as_ladder(results: Mapping) -> Ladder:
    """Turn what the benchmark wrote into a ladder.

    Raises:
        ValueError: a key is missing; the sentence names it.
    """
    try:
        rungs = [_rung_of(row) for row in results["rungs"]]
        seeds = sorted({run["seed"] for row in results["rungs"] for run in row["runs"]})
        note = (
            f"{results['train']:,} training images; accuracy on the validation images, "
            f"mean over the runs; {results['machine']}, torch {results['torch']}, "
            f"seeds {', '.join(map(str, seeds))}, {results['date']}"
        )
    except KeyError as error:
        raise ValueError(f"`results` must have the key {error}") from None
    return Ladder(tuple(rungs), note)


def _rung_of(row: Mapping) -> Rung:
    runs = row["runs"]
    tested = [run for run in runs if run["test"] is not None]
    return Rung(
        name=row["step"],
        parameters=row["parameters"],
        field=row["field"],
        epochs=row["epochs"],
        seconds=mean(run["seconds"] for run in runs),
        accuracy=_mean([run["valid"] for run in runs]),
        runs=tuple(right / n for right, n in (run["valid"] for run in runs)),
        test=_mean([run["test"] for run in tested]) if tested else None,
    )


def _mean(counts: Sequence[Sequence[int]]) -> Proportion:
    """Return the mean accuracy of runs [right, n] with the interval of one run."""
    n = counts[0][1]
    return wilson(round(mean(right for right, _ in counts)), n)


def _ends(accuracy: Proportion) -> str:
    return f"{100 * accuracy.low:.2f} … {percent(accuracy.high)}"
