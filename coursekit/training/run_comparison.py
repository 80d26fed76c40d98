"""Several training runs side by side: a table, and curves with a band for the seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

from coursekit._base.card import Displayed, Table
from coursekit._base.validate import choice
from coursekit.metrics import interval
from coursekit.training.history import Epoch, History

Runs = Mapping[str, History | Sequence[History]]
FIGURES = {
    "valid_accuracy": ("accuracy on validation images in %", 100),
    "train_accuracy": ("accuracy while training in %", 100),
    "valid_loss": ("loss on validation images", 1),
    "train_loss": ("loss while training", 1),
    "lr": ("learning rate", 1),
}
_HEAD = ("run", "seeds", "epochs", "train", "validation", "valid. loss", "seconds")


@dataclass(frozen=True, eq=False, repr=False)
class RunComparison(Displayed):
    """Runs by name, each with one history a seed; the last line of a cell shows all.

    Args:
        runs: name → histories.
    """

    runs: dict[str, tuple[History, ...]]

    def __len__(self) -> int:
        return len(self.runs)

    def _repr_html_(self) -> str:
        return super()._repr_html_() + self.figure(self._first).html()

    @property
    def _first(self) -> str:
        rows = [row for histories in self.runs.values() for h in histories for row in h]
        judged = all(row.valid_accuracy is not None for row in rows)
        return "valid_accuracy" if judged else "train_accuracy"

    @property
    def _shown(self) -> Table:
        rows = [_row(name, histories) for name, histories in self.runs.items()]
        several = max(map(len, self.runs.values())) > 1
        how = "mean ± half width of its 95 % interval over the seeds" if several else ""
        note = f"the last epoch of each run{how and f'; {how}'}"
        return Table(_HEAD, rows, caption=note)

    def figure(self, column: str = "valid_accuracy", words: str | None = None):
        """Draw one column of the histories, epoch by epoch.

        The line is the mean over the seeds, the band goes from the lowest to the
        highest.

        Args:
            column: "valid_accuracy", "train_accuracy", "valid_loss", "train_loss" or
                "lr".
            words: the caption.

        Raises:
            ValueError: another column, or one that a run does not have.
        """
        from coursekit.figures import curves

        label, scale = FIGURES[choice("column", column, FIGURES)]
        epochs = max(len(h) for histories in self.runs.values() for h in histories)
        lines, bands = {}, {}
        for name, histories in self.runs.items():
            each = [_column(name, h, column, epochs, scale) for h in histories]
            lines[name] = [_mean(values) for values in zip(*each, strict=True)]
            if len(each) > 1:
                by_epoch = list(zip(*each, strict=True))
                bands[name] = [min(v) for v in by_epoch], [max(v) for v in by_epoch]
        return curves(
            range(1, epochs + 1),
            lines,
            bands=bands,
            xlabel="epoch",
            ylabel=label,
            title=self._finding(column),
            words=words,
        )

    def _finding(self, column: str) -> str:
        last = {
            name: _mean([h[column][-1] for h in histories])
            for name, histories in self.runs.items()
        }
        if column == "lr":
            return "Learning rate epoch by epoch"
        loss = column.endswith("loss")
        best = (min if loss else max)(last, key=last.__getitem__)
        says = f"{last[best]:.4g}" if loss else f"{100 * last[best]:.4g} %"
        word = "Lowest" if loss else "Highest"
        return f"{word} after the last epoch: {best}, {says}"


def compare_runs(runs: Runs) -> RunComparison:
    """Return training runs side by side.

    Args:
        runs: name → history, or histories of several seeds.

    Raises:
        ValueError: no runs, or something that is no history.

    Example:
        compare_runs({"cutout": h1, "dropout": [h2, h3, h4]})
    """
    if not isinstance(runs, Mapping) or not runs:
        raise ValueError(f"`runs` must map names to histories; got {runs!r:.80}")
    checked = {}
    for name, given in runs.items():
        several = (given,) if isinstance(given, History) else given
        right = isinstance(several, Sequence) and all(
            isinstance(one, History) and len(one) for one in several
        )
        if not right or not several:
            raise ValueError(
                f"`runs[{name!r}]` must be a History of one epoch or more, or several "
                f"of them; got {given!r:.80}"
            )
        checked[str(name)] = tuple(several)
    return RunComparison(checked)


def _row(name: str, histories: tuple[History, ...]) -> tuple[str, ...]:
    last = [h.final for h in histories]
    epochs = sorted({len(h) for h in histories})
    seconds = _mean([h.seconds for h in histories])
    return (
        name,
        str(len(histories)),
        " to ".join(map(str, dict.fromkeys((epochs[0], epochs[-1])))),
        _over_seeds(last, "train_accuracy", 100, " %"),
        _over_seeds(last, "valid_accuracy", 100, " %"),
        _over_seeds(last, "valid_loss", 1, ""),
        f"{seconds:,.1f}",
    )


def _over_seeds(rows: list[Epoch], column: str, scale: float, unit: str) -> str:
    values = [getattr(row, column) for row in rows]
    if None in values:
        return "–"
    seeds = interval([value * scale for value in values])
    spread = "" if seeds.n == 1 else f" ± {seeds.half_width:.2g}"
    return f"{seeds.mean:.4g}{spread}{unit}"


def _column(
    name: str, history: History, column: str, epochs: int, scale: float
) -> list[float]:
    """Return a column, filled with NaN where a run ended before."""
    values = history[column]
    if None in values:
        raise ValueError(
            f"`column` {column!r} is missing in the run {name!r}: it had no validation "
            "images"
        )
    return [scale * value for value in values] + [nan] * (epochs - len(values))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
