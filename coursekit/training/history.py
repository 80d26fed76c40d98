"""What a training run leaves behind: one row an epoch, as a table and as curves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from coursekit._base.card import Displayed, Table
from coursekit.training.curves import curves_html

ROWS_SHOWN = 24
_HEAD = ("epoch", "loss", "accuracy", "valid", "accuracy", "seconds", "lr")


@dataclass(frozen=True)
class Epoch:
    """One row: losses are means over all images, accuracies shares from 0 to 1.

    The training columns are taken while the weights move, on augmented images; `lr` is
    the learning rate of the epoch's last step.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    valid_loss: float | None
    valid_accuracy: float | None
    seconds: float
    lr: float


@dataclass(frozen=True, repr=False)
class History(Displayed):
    """The rows of a run, oldest first, with the settings it was made with.

    Attributes:
        epochs: one `Epoch` each.
        settings: what was used, by name (format, precision, device, seed, …).
        mean, std: per-channel numbers that normalised the images (0..1 scale).
    """

    epochs: tuple[Epoch, ...]
    settings: Mapping[str, object] = field(default_factory=dict)
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.epochs)

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self.epochs)

    def __getitem__(self, column: str) -> list[float | None]:
        """Return one column, such as `history["valid_accuracy"]`."""
        if column not in Epoch.__dataclass_fields__:
            allowed = ", ".join(Epoch.__dataclass_fields__)
            raise ValueError(f"`column` must be one of {allowed}; got {column!r}")
        return [getattr(row, column) for row in self.epochs]

    @property
    def final(self) -> Epoch:
        """The last row."""
        return self.epochs[-1]

    @property
    def seconds(self) -> float:
        """Seconds spent training and validating."""
        return sum(row.seconds for row in self.epochs)

    def _repr_html_(self) -> str:
        return curves_html(self) + super()._repr_html_()

    @property
    def _shown(self) -> Table:
        rows = [_cells(row) for row in _thinned(self.epochs)]
        asked = " · ".join(f"{name} {value}" for name, value in self.settings.items())
        return Table(_HEAD, rows, caption=asked, left=0)


def _cells(row: Epoch) -> tuple[str, ...]:
    return (
        str(row.epoch),
        f"{row.train_loss:.4f}",
        f"{row.train_accuracy:.2%}",
        "–" if row.valid_loss is None else f"{row.valid_loss:.4f}",
        "–" if row.valid_accuracy is None else f"{row.valid_accuracy:.2%}",
        f"{row.seconds:.1f}",
        f"{row.lr:.2g}",
    )


def _thinned(rows: tuple[Epoch, ...]) -> list[Epoch]:
    """Return at most 24 rows, evenly spread, first and last among them."""
    if len(rows) <= ROWS_SHOWN:
        return list(rows)
    last = len(rows) - 1
    picked = [round(i * last / (ROWS_SHOWN - 1)) for i in range(ROWS_SHOWN)]
    return [rows[i] for i in picked]
