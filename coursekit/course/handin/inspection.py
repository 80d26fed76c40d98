"""What was found in a hand-in file, as text, HTML and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from coursekit._base.card import Card, Displayed
from coursekit.course.handin import inspection_card as cards

if TYPE_CHECKING:  # these need packages that may be missing
    from coursekit.course.challenges.measured import Measured
    from coursekit.course.challenges.notes import Step
    from coursekit.course.handin.predict import Evaluation
    from coursekit.course.handin.stated import Claims
    from coursekit.course.network_file.count import Count

SIGNS = {True: "✓ met", False: "✗ not met"}


@dataclass(frozen=True)
class Ruled:
    """One rule and how the network stands to it.

    Args:
        key: as in a challenge's file, such as "parameters_below".
        wanted, found: in words.
        met: None where a person decides, or nothing is known.
        note: what to know about it, "" where nothing.
        status: "met", "not met", "for a person" or "not judged".
    """

    key: str
    wanted: str
    found: str
    met: bool | None
    note: str = ""
    status: str = "not judged"

    def __str__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        sign = SIGNS.get(self.met, f"? {self.status}")
        return f"{sign}: {self.wanted}; found {self.found}{note}"


@dataclass(frozen=True, repr=False)
class Inspection(Displayed):
    """What a hand-in file holds: claims beside what the graph itself shows.

    Args:
        file, size, sha256: of the zip; size in bytes.
        claims: what the file says about itself, unproven.
        network: what the judge saw.
        evaluation: measured with onnxruntime, None without images.
        rules: judged, in the order they were given.
    """

    file: str
    size: int
    sha256: str
    claims: Claims
    network: Measured
    evaluation: Evaluation | None = None
    rules: tuple[Ruled, ...] = ()

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(channels, height, width) the network takes."""
        return self.network.input_shape

    @property
    def count(self) -> Count:
        """Parameters and other numbers, recounted."""
        return self.network.count

    @property
    def parameters(self) -> int:
        """The recounted number of parameters."""
        return self.count.total

    @property
    def description(self) -> int:
        """Bytes of the graph without its weights, packed."""
        return self.network.description

    @property
    def doubts(self) -> tuple[str, ...]:
        """What the judge does not recognise; with any, the network is for a person."""
        census = self.network.census
        return (self.network.problem,) if census is None else census.doubts

    @property
    def epochs(self) -> int | None:
        """How many epochs the history claims; None without a history."""
        return self.claims.epochs

    @property
    def gap(self) -> bool:
        """Whether every way to the answer leads through global average pooling."""
        return bool(self.network.census and self.network.census.averaged)

    @property
    def last_map(self) -> tuple[int, ...] | None:
        """(channels, height, width) of the last map; None if there is none."""
        last = self.network.census and self.network.census.last_map
        return last.shape if last else None

    @property
    def field(self) -> tuple | None:
        """(height, width) in pixels that its units see; None if there is none."""
        last = self.network.census and self.network.census.last_map
        return last.field if last else None

    @property
    def multiply_adds(self) -> int | None:
        """Of one image; None where the network was not recognised."""
        return self.network.census and self.network.census.multiply_adds

    @property
    def dense(self) -> tuple[Step, ...]:
        """The dense layers before averaging, plain and in disguise."""
        from coursekit.course.challenges.layer_rules import is_dense

        steps = self.network.census.steps if self.network.census else ()
        return tuple(step for step in steps if is_dense(step))

    @property
    def batch_norms(self) -> int:
        """How many batch norms the images go through."""
        return len(self.network.census.of("norm")) if self.network.census else 0

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
        from coursekit.course.handin.facts import plain

        found = {
            **{key: getattr(self, key) for key in ("file", "size", "sha256")},
            "claims": _plain(asdict(self.claims)),
            "network": plain(self.network),
            "rules": [asdict(rule) for rule in self.rules],
            "evaluation": None,
        }
        if self.evaluation is not None:
            found["evaluation"] = _plain(asdict(self.evaluation))
            found["evaluation"]["accuracy"] = self.evaluation.accuracy
            found["evaluation"]["interval"] = list(self.evaluation.interval)
        for key in ("parameters", "batch_norms", "passed", "gap", "multiply_adds"):
            found[key] = getattr(self, key)
        return found | {"remarks": list(self.remarks), "doubts": list(self.doubts)}

    @property
    def _shown(self) -> Card:
        return cards.inspection_card(self)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
