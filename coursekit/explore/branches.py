"""What an inception module costs, branch by branch, while its widths are chosen.

Szegedy et al., "Going Deeper with Convolutions" (arXiv 1409.4842), Figure 2: four
branches on one map, naive (a) or with 1×1 bottlenecks (b). The map is the lecture's.
"""

from dataclasses import dataclass
from typing import Annotated

from coursekit.explore import svg
from coursekit.explore.declare import explorer
from coursekit.explore.setting import Switch, Whole
from coursekit.explore.view import View
from coursekit.figures.style import SERIES

SIDE, CHANNELS = 28, 256  # of the map that all branches see
_REDUCES = {"group": "bottlenecks", "active": lambda bottlenecks: bottlenecks}
_LEFT, _TOP, _WIDE, _HIGH, _STEP, _HEIGHT = 104, 44, 500, 40, 58, 284
_HEAD = ("branch", "layers", "channels out", "parameters", "multiply-adds", "field")


@dataclass(frozen=True)
class Branch:
    """Hold one branch: (channels in, channels out, kernel) of its convolutions."""

    name: str
    convolutions: tuple[tuple[int, int, int], ...]
    pools: bool = False

    @property
    def channels(self) -> int:
        """Channels that the branch adds to the result."""
        return self.convolutions[-1][1] if self.convolutions else CHANNELS

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(a * b * k * k + b for a, b, k in self.convolutions)

    @property
    def multiply_adds(self) -> int:
        """Products of one image."""
        return SIDE * SIDE * sum(a * b * k * k for a, b, k in self.convolutions)

    @property
    def field(self) -> int:
        """Side of what a unit sees of the map, in its pixels."""
        return 1 + 2 * self.pools + sum(k - 1 for *_, k in self.convolutions)

    @property
    def layers(self) -> str:
        """The layers in words."""
        steps = [f"{k}×{k} to {b}" for _, b, k in self.convolutions]
        return ", ".join(["3×3 max pooling"] * self.pools + steps)


@explorer("An inception module: how wide may each branch be?")
def branches_view(
    *,
    one: Annotated[int, Whole("1×1", 8, 256, 8, group="branches")] = 128,
    three: Annotated[int, Whole("3×3", 8, 256, 8, group="branches")] = 192,
    five: Annotated[int, Whole("5×5", 8, 256, 8, group="branches")] = 96,
    bottlenecks: Annotated[bool, Switch("1×1 bottlenecks")] = False,
    before_three: Annotated[int, Whole("before 3×3", 8, 256, 8, **_REDUCES)] = 64,
    before_five: Annotated[int, Whole("before 5×5", 8, 256, 8, **_REDUCES)] = 64,
    after_pooling: Annotated[int, Whole("after pooling", 8, 256, 8, **_REDUCES)] = 64,
) -> View:
    """Show shape, parameters, multiply-adds and fields of a module on 28×28×256.

    Example:
        >>> branches_view().numbers["multiply_adds"]
        854196224
    """
    reduced = (before_three, before_five, after_pooling) if bottlenecks else None
    branches = _branches(one, three, five, reduced)
    numbers = {
        "channels": sum(branch.channels for branch in branches),
        "parameters": sum(branch.parameters for branch in branches),
        "multiply_adds": sum(branch.multiply_adds for branch in branches),
        "fields": {branch.name: branch.field for branch in branches},
    }
    text, body = _text(branches, numbers, bottlenecks), _drawing(branches)
    table = _table(branches)
    return View.drawn(_HEIGHT, body, text, numbers=numbers, table=table)


explore_branches = branches_view.explore


def _branches(
    one: int, three: int, five: int, reduced: tuple[int, int, int] | None
) -> list[Branch]:
    """Return the four branches; `reduced` are the widths of the bottlenecks."""
    if reduced is None:
        kernels = {"3×3": ((CHANNELS, three, 3),), "5×5": ((CHANNELS, five, 5),)}
        behind = ()
    else:
        first, second, last = reduced
        kernels = {
            "3×3": ((CHANNELS, first, 1), (first, three, 3)),
            "5×5": ((CHANNELS, second, 1), (second, five, 5)),
        }
        behind = ((CHANNELS, last, 1),)
    return [
        Branch("1×1", ((CHANNELS, one, 1),)),
        *(Branch(name, convolutions) for name, convolutions in kernels.items()),
        Branch("pooling", behind, pools=True),
    ]


def _drawing(branches: list[Branch]) -> str:
    """Draw a bar for each branch: its share of the multiply-adds."""
    total = sum(branch.multiply_adds for branch in branches)
    parts = [svg.words(8, 22, "share of the multiply-adds, and what each branch adds")]
    for i, branch in enumerate(branches):
        y, share = _TOP + i * _STEP, branch.multiply_adds / total
        parts.append(svg.words(8, y + 26, branch.name))
        wide = max(2, _WIDE * share)
        parts.append(svg.filled(_LEFT, y, wide, _HIGH, SERIES[i]))
        label = f"{share:.0%}, {branch.channels} channels"
        parts.append(svg.words(_LEFT + wide + 8, y + 26, label))
    return "".join(parts)


def _text(branches: list[Branch], numbers: dict, has_bottlenecks: bool) -> str:
    most = max(branch.multiply_adds for branch in branches)
    dearest = " and ".join(b.name for b in branches if b.multiply_adds == most)
    sides = ", ".join(f"{one.field}×{one.field}" for one in branches)
    before, after = (f"{SIDE}×{SIDE}×{n}" for n in (CHANNELS, numbers["channels"]))
    return (
        f"{'With' if has_bottlenecks else 'Without'} bottlenecks {before} becomes "
        f"{after}: {numbers['parameters']:,} parameters, "
        f"{numbers['multiply_adds']:,} multiply-adds, most in {dearest}.\n"
        f"Its units see {sides} pixels of the map, branch by branch."
    )


def _table(branches: list[Branch]) -> tuple[tuple[str, ...], ...]:
    rows = [
        (
            branch.name,
            branch.layers,
            f"{branch.channels}",
            f"{branch.parameters:,}",
            f"{branch.multiply_adds:,}",
            f"{branch.field}×{branch.field}",
        )
        for branch in branches
    ]
    return (_HEAD, *rows)
