"""What was found in a hand-in file, as text, HTML and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from coursekit.course.handin import inspection_card as cards

if TYPE_CHECKING:  # these need packages that may be missing
    from coursekit.course.handin.count import Count
    from coursekit.course.handin.graph_field import Field
    from coursekit.course.handin.layers import Layer
    from coursekit.course.handin.predict import Evaluation
    from coursekit.course.handin.stated import Claims
    from coursekit.course.handin.submission_rules import Rule

DENSE = ("dense", "dense in disguise")


@dataclass(frozen=True, repr=False)
class Inspection:
    """What a hand-in file holds: claims beside what the graph itself shows.

    Args:
        file, size, sha256: of the zip; size in bytes.
        claims: what the file says about itself, unproven.
        input_shape: (channels, height, width) the network takes.
        count: parameters and other numbers, recounted.
        layers: every operator the images go through, in order.
        gap: whether the answer is made by way of global average pooling.
        last_map: (channels, height, width) of the map before it; None if there is none.
        field: of that map's units, (height, width), in pixels.
        multiply_adds: of one image; None where a size is not known.
        unknown: operators the inspection does not know.
        evaluation: measured with onnxruntime, None without images.
        rules: judged, in the order they were given.
    """

    file: str
    size: int
    sha256: str
    claims: Claims
    input_shape: tuple[int, ...]
    count: Count
    layers: tuple[Layer, ...]
    gap: bool
    last_map: tuple[int, ...] | None
    field: tuple[Field, Field]
    multiply_adds: int | None
    unknown: tuple[str, ...]
    evaluation: Evaluation | None = None
    rules: tuple[Rule, ...] = ()

    @property
    def parameters(self) -> int:
        """The recounted number of parameters."""
        return self.count.parameters

    @property
    def epochs(self) -> int | None:
        """How many epochs the history claims; None without a history."""
        return self.claims.epochs

    @property
    def dense(self) -> tuple[Layer, ...]:
        """The dense layers, plain and in disguise."""
        return tuple(layer for layer in self.layers if layer.kind in DENSE)

    @property
    def batch_norms(self) -> int:
        """How many batch norms the images go through."""
        return sum(layer.kind == "batch norm" for layer in self.layers)

    @property
    def passed(self) -> bool | None:
        """Whether all rules are met; None if some are open and none is broken."""
        found = [rule.met for rule in self.rules]
        return False if False in found else None if None in found else True

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a judge should look at, one sentence each."""
        return tuple(cards.remarks(self))

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain JSON."""
        found = _plain(asdict(self))
        if self.evaluation is not None:
            found["evaluation"]["accuracy"] = self.evaluation.accuracy
            found["evaluation"]["interval"] = list(self.evaluation.interval)
        found["parameters"] = self.parameters
        found["batch_norms"] = self.batch_norms
        found["passed"] = self.passed
        found["remarks"] = list(self.remarks)
        return found

    def __repr__(self) -> str:
        return cards.inspection_card(self).text()

    def _repr_html_(self) -> str:
        return cards.inspection_card(self).html()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
