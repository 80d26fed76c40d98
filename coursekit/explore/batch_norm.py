"""Batch norm in training and in evaluation: one image judged in changing company.

In train mode a batch is normalised by its own mean and deviation, so the answer for an
image depends on the others (Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167,
section 3.1).
"""

from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import torch
from torch import Tensor, nn

from coursekit._base.words import many
from coursekit.data import ImageSet
from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.judged import (
    as_taught,
    check_model,
    check_set,
    picture_of,
    probabilities,
)
from coursekit.explore.setting import Choice, Whole
from coursekit.explore.view import View
from coursekit.figures.style import PALETTE, ROLES

SIZES = (2, 4, 8, 16, 32, 64)
COMPANIES, POOL = 20, 400  # draws of companions; images they are drawn from
_ROW, _BAR, _LEFT = 24, 300, 400


@dataclass(frozen=True, eq=False)
class Judged:
    """Hold the model and the images; the first is the one that is judged."""

    model: nn.Module
    data: ImageSet
    images: Tensor
    asked: dict[tuple, np.ndarray] = field(default_factory=dict)

    def company(self, size: int, number: int) -> Tensor:
        """Return the positions of a batch: the first image, then drawn companions."""
        draw = torch.Generator().manual_seed(1000 * size + number)
        others = 1 + torch.randperm(len(self.data) - 1, generator=draw)
        return torch.cat([torch.zeros(1, dtype=torch.long), others[: size - 1]])

    def answers(self, mode: str, size: int) -> np.ndarray:
        """Return what the first image gets in each company, (companies, classes)."""
        weights = tuple(p._version for p in self.model.parameters())
        key = (mode, size, weights)
        if key not in self.asked:
            batches = [self.images[self.company(size, n)] for n in range(COMPANIES)]
            ask = {"training": mode == "train"}
            rows = [probabilities(self.model, batch, **ask)[0] for batch in batches]
            self.asked.clear()
            self.asked[key] = np.stack(rows)
        return self.asked[key]


def _prepare(model: nn.Module, data: ImageSet) -> Judged:
    """Judge the first image of a set in batches of changing size and company.

    Args:
        model: a trained network with batch norm.
        data: images it knows how to read; 65 or more.

    Raises:
        ValueError: no model, or too few images.
    """
    check_model("model", model)
    check_set("data", data)
    if len(data) <= max(SIZES):
        raise ValueError(
            f"`data` must hold more than {max(SIZES)} images; got {len(data)}"
        )
    data = data.subset(range(min(POOL, len(data))))
    return Judged(model, data, as_taught(model, data))


@explorer("Batch norm: does the company of an image change its answer?", _prepare)
def batch_norm_view(
    judged: Judged,
    *,
    mode: Annotated[str, Choice("mode", ("train", "eval"))] = "train",
    size: Annotated[int, Choice("images a batch", SIZES)] = 4,
    company: Annotated[int, Whole("company", 0, COMPANIES - 1)] = 0,
) -> View:
    """Show what one image gets among others, beside what it gets in eval mode."""
    rows = judged.answers(mode, size)
    alone = judged.answers("eval", min(SIZES))[0] if mode == "train" else rows[0]
    label = int(judged.data.labels[0])
    of_label, name = rows[:, label], judged.data.classes[label]
    numbers = {
        "probability": rows[company].tolist(),
        "in eval mode": alone.tolist(),
        "of the right class": of_label.tolist(),
    }
    text = _text(mode, size, name, of_label, company, alone[label])
    body = _company(judged, size, company) + _bars(judged, rows[company], alone)
    height = 40 + _ROW * max(9, len(judged.data.classes))
    return View.drawn(height, body, text, numbers=numbers)


explore_batch_norm = batch_norm_view.explore


def _text(
    mode: str, size: int, name: str, shares: np.ndarray, company: int, alone: float
) -> str:
    if mode == "eval":
        return (
            f"In eval mode the right class {name} gets {alone:.1%}, whoever else is in "
            "the batch."
        )
    return (
        f"In train mode, among {many(size - 1, 'other')}, the right class {name} gets "
        f"{shares[company]:.1%}; in eval mode it gets {alone:.1%}.\n"
        f"In {COMPANIES} companies of this size it gets {shares.min():.1%} to "
        f"{shares.max():.1%}."
    )


def _company(judged: Judged, size: int, company: int) -> str:
    """Draw the image large and up to 21 of its companions small."""
    first, *others = judged.company(size, company).tolist()
    parts = [picture_of(judged.data.images[first], 8, 30, 130)]
    parts.append(svg.words(8, 20, f"this one, and {many(size - 1, 'other')}"))
    for i, other in enumerate(others[:21]):
        row, column = divmod(i, 7)
        image = judged.data.images[other]
        parts.append(picture_of(image, 150 + 32 * column, 30 + 32 * row, 29))
    if len(others) > 21:
        parts.append(svg.words(150, 144, f"… and {len(others) - 21} more"))
    return "".join(parts)


def _bars(judged: Judged, now: np.ndarray, alone: np.ndarray) -> str:
    """Draw a bar for each class, and a mark where it ends in eval mode."""
    parts = [svg.words(_LEFT, 20, "probability; the line marks eval mode")]
    for row, name in enumerate(judged.data.classes):
        y = 30 + _ROW * row
        right = row == int(judged.data.labels[0])
        colour = ROLES["output"] if right else PALETTE["sky"]
        parts.append(svg.words(_LEFT, y + 15, name, size=13))
        parts.append(svg.filled(_LEFT + 50, y, 1 + _BAR * now[row], 18, colour))
        parts.append(svg.filled(_LEFT + 50 + _BAR * alone[row], y - 2, 3, 22, svg.INK))
    return "".join(parts)
