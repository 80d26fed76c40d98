"""The most wrong answers of a hand-in, each with the place that spoke for it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from coursekit._base.modes import device_of
from coursekit.anatomy import Anatomy
from coursekit.data import Batches, ImageSet
from coursekit.gradcam import grad_cam
from coursekit.metrics import most_wrong
from coursekit.training import Evaluation
from coursekit.training.sources import norm_of


@dataclass(frozen=True, eq=False, repr=False)
class Gallery:
    """Wrong answers, the highest loss first.

    Args:
        images: (n, c, h, w) uint8, as they are in the set.
        maps: (n, h, w) Grad-CAM of the class answered, 0 to 1; None without a layer.
        layer: where the maps come from, "" if nowhere.
        captions: what it is and what the network says, one each.
    """

    images: Tensor
    maps: Tensor | None
    layer: str
    captions: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        where = f"Grad-CAM at `{self.layer}`" if self.layer else "without Grad-CAM"
        head = f"{len(self)} most wrong answers, {where}"
        lines = [f"  {caption.replace(chr(10), ', ')}" for caption in self.captions]
        return "\n".join([head, *lines])


def gallery(
    model: nn.Module,
    test: ImageSet | Batches,
    answers: Evaluation,
    table: Anatomy | None,
    count: int,
    like: object = None,
) -> Gallery:
    """Return the `count` most wrong answers; fewer where there are fewer.

    Args:
        model, test, answers: the network, the images and its answers to them.
        table: the anatomy of the model, which tells where its last map is.
        count: ≥ 1.
        like: what normalises the images, as in `evaluate`.
    """
    worst = most_wrong(answers.logits, answers.labels, count)
    data = getattr(test, "data", test).subset(worst)
    captions = tuple(_caption(answers, index) for index in worst.tolist())
    layer, maps = "", None
    if len(worst) and table is not None:
        images = _normalised(model, test, worst, like)
        layer, maps = _maps(model, images, table)
    return Gallery(data.images.cpu(), maps, layer, captions)


def _caption(answers: Evaluation, index: int) -> str:
    row = answers.probabilities[index]
    said = int(row.argmax())
    is_, says = (answers.classes[k] for k in (int(answers.labels[index]), said))
    return f"is {is_}\nsays {says} ({row[said]:.2f})"


def _normalised(
    model: nn.Module, test: ImageSet | Batches, worst: Tensor, like: object
) -> Tensor:
    if isinstance(test, Batches):
        return test.batch(worst)[0]
    norm = norm_of(like, model) or norm_of(test)  # as `evaluate` chooses it
    chosen = Batches(
        test.subset(worst),
        len(worst),
        shuffle=False,
        mean=norm[0],
        std=norm[1],
        device=device_of(model),
    )
    return next(iter(chosen))[0]


def _maps(
    model: nn.Module, images: Tensor, table: Anatomy
) -> tuple[str, Tensor | None]:
    """Return maps at the last layer that gives a map and runs once."""
    rows = [row for row in table if row.output_shape and len(row.output_shape) == 3]
    names = [row.name for row in rows if max(row.output_shape[1:]) > 1]
    for name in reversed(names):
        try:
            return name, grad_cam(model, images, name).maps.cpu()
        except ValueError:  # it runs twice, or under a name such as relu:2
            continue
    return "", None
