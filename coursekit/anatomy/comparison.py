"""Networks side by side: parameters, multiply-adds, memory, receptive field, depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import nn
from torch.optim import Optimizer

from coursekit._base.card import Displayed, Table
from coursekit._base.validate import choice
from coursekit.anatomy import show
from coursekit.anatomy.costs import ParameterKinds, parameters_by_kind, weight_layers
from coursekit.anatomy.step_memory.training_memory import Memory, memory
from coursekit.anatomy.table import Anatomy, Layer, Number, anatomy

COLUMNS = (
    "parameters",
    "multiply_adds",
    "memory",
    "activations",
    "receptive_field",
    "depth",
)


@dataclass(frozen=True)
class ComparedModel:
    """One row of a comparison.

    Args:
        name: of the model.
        parameters: by kind.
        multiply_adds: of one image.
        memory: of a training step.
        receptive_field: pixels as (height, width) that one unit of the last map sees
            (of the output where there is no map), as if there were no border.
        depth: weight layers on the longest path, as papers count.
    """

    name: str
    parameters: ParameterKinds
    multiply_adds: int
    memory: Memory
    receptive_field: tuple[Number, ...]
    depth: int


@dataclass(frozen=True, repr=False)
class Comparison(Displayed, Sequence):
    """The rows of several models, in the order they were given.

    Indexing by number gives a row, by name the row of that model.
    """

    rows: tuple[ComparedModel, ...]
    input_shape: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[ComparedModel]:
        return iter(self.rows)

    def __getitem__(self, key: int | slice | str):
        if not isinstance(key, str):
            return self.rows[key]
        names = [row.name for row in self.rows]
        if key not in names:
            raise KeyError(f"no model `{key}`; there are {', '.join(names)}")
        return self.rows[names.index(key)]

    def values(self, column: str) -> dict[str, int]:
        """Return model → number, ready for `coursekit.figures.bars`.

        Args:
            column: "parameters", "multiply_adds", "memory" (bytes at the peak),
                "activations" (bytes), "receptive_field" (its larger side, in pixels)
                or "depth".

        Raises:
            ValueError: there is no such column.
        """
        choice("column", column, COLUMNS)
        return {row.name: _number(row, column) for row in self.rows}

    @property
    def _shown(self) -> Table:
        return _table(self)


def compare(
    models: Mapping[str, nn.Module] | Sequence[nn.Module],
    input_shape: Sequence[int],
    *,
    batch_size: int = 32,
    optimizer: str | Callable[..., Optimizer] = "sgd",
    precision: str = "float32",
    device: str = "cuda",
) -> Comparison:
    """Set the costs of several models side by side.

    Args:
        models: name → model; models without names are called by their class.
        input_shape: (channels, height, width) of one image, the same for all.
        batch_size, optimizer, precision, device: of the training step; see `memory`.

    Returns:
        A sequence of `ComparedModel`; `print` it or show it in a notebook.

    Raises:
        ValueError: no models, or one of them the images do not go through; the sentence
            names the model.
    """
    step = {"optimizer": optimizer, "precision": precision, "device": device}
    rows = []
    for name, model in _named(models).items():
        try:
            rows.append(_row(name, model, input_shape, batch_size, step))
        except ValueError as error:
            raise ValueError(f"`models` {name!r}: {error}") from error
    return Comparison(tuple(rows), tuple(input_shape))


def _row(name, model, input_shape, batch_size: int, step: dict) -> ComparedModel:
    table = anatomy(model, input_shape)
    return ComparedModel(
        name,
        parameters_by_kind(model),
        table.multiply_adds,
        memory(model, input_shape, batch_size, **step),
        last_map(table).receptive_field,
        weight_layers(model, input_shape),
    )


def last_map(table: Anatomy) -> Layer:
    """Return the row of the last block whose units lie beside each other on a map.

    Of blocks inside each other it is the outermost: where branches are joined, what
    counts is the join. The row of the whole model, if nothing in it has a map.
    """
    maps = {row.name: row for row in table.rows if _has_map(row)}
    if _has_map(table.output) or not maps:
        return table.output
    parts = list(maps)[-1].split(".")
    blocks = (".".join(parts[: depth + 1]) for depth in range(len(parts)))
    return next(maps[name] for name in blocks if name in maps)


def _has_map(row: Layer) -> bool:
    return bool(row.output_shape) and max(row.output_shape[1:], default=1) > 1


def _named(models: object) -> dict[str, nn.Module]:
    if isinstance(models, Mapping):
        named = {str(name): model for name, model in models.items()}
    elif isinstance(models, Sequence) and not isinstance(models, str):
        named = {}
        for model in models:
            name = label = type(model).__name__
            while label in named:
                label = f"{name} {int(label.removeprefix(name) or 1) + 1}"
            named[label] = model
    else:
        named = {}
    if not named:
        raise ValueError(
            "`models` must be a dict of name → model or a list of models, not empty; "
            f"got {models if isinstance(models, Sequence) else type(models).__name__!r}"
        )
    return named


def _number(row: ComparedModel, column: str) -> int:
    if column == "receptive_field":
        sides = [getattr(s, "largest", s) for s in row.receptive_field]
        return max((side for side in sides if side is not None), default=0)
    return {
        "parameters": row.parameters.total,
        "multiply_adds": row.multiply_adds,
        "memory": row.memory.peak,
        "activations": row.memory.activations,
        "depth": row.depth,
    }[column]


def _table(several: Comparison) -> Table:
    head = ("model", "parameters", "convolution", "dense", "norm", "multiply-adds",
            "memory", "activations", "field", "depth")  # fmt: skip
    lines = [
        (
            row.name,
            f"{row.parameters.total:,}",
            *(f"{getattr(row.parameters, k):,}" for k in head[2:5]),
            f"{row.multiply_adds:,}",
            show.size(row.memory.peak),
            show.size(row.memory.activations),
            show.pair(row.receptive_field),
            str(row.depth),
        )
        for row in several.rows
    ]
    step = several.rows[0].memory
    caption = (
        f"Input {' × '.join(map(str, several.input_shape))}; memory at the peak of a "
        f"training step of {step.batch_size:,} images ({step.precision}, "
        f"{step.optimizer_name}, {step.device}); field of a unit of the last map; "
        "depth in weight layers"
    )
    return Table(head, lines, caption)
