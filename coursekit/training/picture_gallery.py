"""The most wrong answers of a network, each over the places that spoke for it."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

import torch
from torch import Tensor, nn

from coursekit._base.modes import device_of
from coursekit._base.validate import integer
from coursekit._base.words import many
from coursekit.anatomy import anatomy
from coursekit.data import Batches, ImageSet
from coursekit.gradcam import grad_cam, overlay
from coursekit.metrics import most_wrong
from coursekit.training.evaluation import Evaluation, evaluate
from coursekit.training.history import History
from coursekit.training.sources import norm_of

CHARACTERS = 14  # of a caption's line
LAST = "last"  # the last layer that gives a map


@dataclass(frozen=True, eq=False, repr=False)
class Gallery:
    """Answers of a network, the highest loss first; the last line of a cell draws it.

    Args:
        images: (n, c, h, w) uint8, as they are in the set.
        maps: (n, 2, h, w) Grad-CAM of the class answered and of the right one, 0 to 1;
            (n, 1, h, w) where these are the same; None without a layer.
        layer: where the maps come from, "" if nowhere.
        captions: what it is and what the network says, one each.
        wrong: whether these are the wrong answers or the right ones.
    """

    images: Tensor
    maps: Tensor | None
    layer: str
    captions: tuple[str, ...]
    wrong: bool = True

    def __len__(self) -> int:
        return len(self.images)

    @property
    def _kind(self) -> str:
        return "most wrong" if self.wrong else "least sure right"

    def __repr__(self) -> str:
        where = f"Grad-CAM at `{self.layer}`" if self.layer else "without Grad-CAM"
        head = f"{many(len(self), f'{self._kind} answer')}, {where}"
        lines = [f"  {caption.replace(chr(10), ', ')}" for caption in self.captions]
        return "\n".join([head, *lines])

    def figure(self, words: str | None = None):
        """Draw the pictures, each beside what spoke for the two classes.

        Args:
            words: the caption.

        Raises:
            ValueError: there is no answer to show.
        """
        from coursekit.figures import images

        if not len(self):
            kind = "wrong" if self.wrong else "right"
            raise ValueError(f"no answer is {kind}: there is nothing to draw")
        where = f", and what spoke for them (at {self.layer})" if self.layer else ""
        title = f"The {many(len(self), f'{self._kind} answer')}{where}"
        if self.maps is None:
            return images(
                self.images, self.captions, columns=5, title=title, words=words
            )
        heat = [overlay(self.images, one) for one in self.maps.unbind(1)]
        shown, said = [], []
        captions = [_narrow(caption) for caption in self.captions]
        for answer in zip(self.images, captions, *heat, strict=True):
            shown += [answer[0], *answer[2:]]
            said += [
                answer[1],
                *("what spoke\nfor this", "and for what\nit is")[: len(heat)],
            ]
        return images(shown, said, columns=6, title=title, words=words)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        shown = {"text/plain": repr(self)}
        return {**shown, "text/html": self.figure().html()} if len(self) else shown


def gallery(
    model: nn.Module,
    data: ImageSet | Batches,
    *,
    wrong: bool = True,
    cam: nn.Module | str | None = LAST,
    count: int = 10,
    like: ImageSet | Batches | History | None = None,
    answers: Evaluation | None = None,
) -> Gallery:
    """Return the answers of `model` with the highest loss, with Grad-CAM beside them.

    Args:
        model: images (n, c, h, w) → logits (n, classes); left as it was.
        data: images to answer, normalised as in `evaluate`.
        wrong: the wrong answers; False: the right ones that were least sure.
        cam: the layer whose map is explained, such as "layer4"; "last" takes the last
            one that gives a map, None leaves Grad-CAM out.
        count: at most so many, 1 to 40.
        like: what normalises the images, as in `evaluate`.
        answers: what `evaluate` gave for the same images, if it is at hand.

    Raises:
        ValueError: an argument that cannot work.
    """
    integer("count", count, low=1, high=40)
    answers = evaluate(model, data, like=like) if answers is None else answers
    worst = most_wrong(answers.logits, answers.labels, count, wrong=wrong)
    images = getattr(data, "data", data).subset(worst).images.cpu()
    captions = tuple(_caption(answers, index) for index in worst.tolist())
    layer, maps = "", None
    if len(worst) and cam is not None:
        targets = torch.stack([answers.predictions, answers.labels], 1)[worst]
        ready = _normalised(model, data, worst, like)
        layer, maps = _maps(model, ready, cam, targets if wrong else targets[:, :1])
    return Gallery(images, maps, layer, captions, wrong)


def _narrow(caption: str) -> str:
    """Wrap a caption to the width of one picture of six."""
    lines = caption.replace(" (", "\n(").splitlines()
    return "\n".join(part for line in lines for part in wrap(line, CHARACTERS))


def _caption(answers: Evaluation, index: int) -> str:
    row = answers.probabilities[index]
    said, right = int(row.argmax()), int(answers.labels[index])
    is_, says = answers.classes[right], answers.classes[said]
    return f"is {is_}\nsays {says} ({row[said]:.2f})"


def _normalised(
    model: nn.Module, data: ImageSet | Batches, worst: Tensor, like: object
) -> Tensor:
    if isinstance(data, Batches):
        return data.batch(worst.to(data.device))[0]
    norm = norm_of(like, model) or norm_of(data)  # as `evaluate` chooses it
    chosen = Batches(
        data.subset(worst),
        len(worst),
        shuffle=False,
        mean=norm[0],
        std=norm[1],
        device=device_of(model),
    )
    return next(iter(chosen))[0]


def _maps(
    model: nn.Module, images: Tensor, cam: nn.Module | str, targets: Tensor
) -> tuple[str, Tensor | None]:
    """Return the layer and its maps; of "last", the last one that can be explained."""
    targets = targets.to(images.device)
    if cam != LAST:
        maps = grad_cam(model, images, cam, targets).maps.cpu()
        return cam if isinstance(cam, str) else type(cam).__name__, maps
    rows = [row for row in anatomy(model, tuple(images.shape[1:])) if row.output_shape]
    shapes = {row.name: row.output_shape for row in rows}
    for name, shape in reversed(shapes.items()):
        if len(shape) != 3 or max(shape[1:]) == 1:
            continue
        try:
            return name, grad_cam(model, images, name, targets).maps.cpu()
        except ValueError:  # it runs twice, or under a name such as relu:2
            continue
    return "", None
