"""Accuracy class by class, each with its interval, and what is taken for what."""

from dataclasses import dataclass

from torch import Tensor

from coursekit._base.card import Displayed, Table, wrapped
from coursekit.metrics import Proportion, wilson, worst_pairs

MOST_ROWS = 24  # classes shown
_HEAD = ("class", "images", "right", "accuracy", "95 % from", "to")


@dataclass(frozen=True, eq=False, repr=False)
class ByClass(Displayed):
    """The accuracy of every class, lowest first, and the pairs most often confused.

    Args:
        accuracies: class → share of its images that were answered rightly.
        pairs: (what it is, what was said, how often), most frequent first.
    """

    accuracies: dict[str, Proportion]
    pairs: tuple[tuple[str, str, int], ...]

    def __getitem__(self, name: str) -> Proportion:
        """Return the accuracy of one class."""
        if name not in self.accuracies:
            known = ", ".join(map(repr, list(self.accuracies)[:8]))
            raise ValueError(f"`name` must be a class, such as {known}; got {name!r}")
        return self.accuracies[name]

    def __len__(self) -> int:
        return len(self.accuracies)

    @property
    def _shown(self) -> Table:
        shown = list(self.accuracies.items())[:MOST_ROWS]
        rows = [(name, *_cells(accuracy)) for name, accuracy in shown]
        left_out = len(self) - len(rows)
        more = f"{left_out} classes above these are left out. " if left_out else ""
        if left_out == 1:
            more = "1 class above these is left out. "
        return Table(_HEAD, rows, caption=wrapped(f"{more}{pairs_text(self.pairs)}"))


def by_class(confusion: Tensor, classes: tuple[str, ...], most: int = 5) -> ByClass:
    """Return what a confusion matrix says about every class that has images.

    Args:
        confusion: counts, what it is by row, what was said by column.
        classes: their names.
        most: pairs at most.
    """
    accuracies = {
        name: wilson(int(row[number]), int(row.sum()))
        for number, (name, row) in enumerate(zip(classes, confusion, strict=True))
        if row.sum()
    }
    lowest_first = dict(sorted(accuracies.items(), key=lambda item: item[1].value))
    pairs = [(classes[a], classes[b], n) for a, b, n in worst_pairs(confusion, most)]
    return ByClass(lowest_first, tuple(pairs))


def pairs_text(pairs: tuple[tuple[str, str, int], ...]) -> str:
    """Write pairs of classes: "cat answered as dog (41×); …"."""
    said = [f"{is_} answered as {says} ({n}×)" for is_, says, n in pairs]
    return "; ".join(said) or "no wrong answer"


def _cells(accuracy: Proportion) -> tuple[str, ...]:
    right = round(accuracy.value * accuracy.n)
    shares = (accuracy.value, accuracy.low, accuracy.high)
    return f"{accuracy.n:,}", f"{right:,}", *(f"{100 * s:.1f} %" for s in shares)
