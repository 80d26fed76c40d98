"""How an anatomy looks: an aligned table in a terminal, an HTML table in a notebook."""

from collections.abc import Sequence
from html import escape
from math import prod

from coursekit._base.card import Html, Table

_HEAD = (
    "layer",
    "kind",
    "output",
    "parameters",
    "multiply-adds",
    "field",
    "stride",
    "start",
)


def _cells(table) -> list[tuple[str, ...]]:
    return [
        _HEAD,
        *(
            (
                "  " * max(0, row.depth) + (row.name or "(model)"),
                row.kind,
                "not used" if row.output_shape is None else _by(row.output_shape),
                f"{row.parameters:,}" if row.parameters else "",
                f"{row.multiply_adds:,}" if row.multiply_adds else "",
                pair(row.receptive_field),
                pair(row.stride),
                pair(row.start),
            )
            for row in table.rows
        ),
    ]


def _by(sizes: Sequence[object]) -> str:
    return "×".join("–" if size is None else str(size) for size in sizes)


def pair(values: Sequence[object]) -> str:
    """Show (5, 5) as 5 and (1, 7) as 1×7; nothing where there is no number."""
    if not values or all(value is None for value in values):
        return ""
    return str(values[0]) if len(set(values)) == 1 else _by(values)


def _summary(table) -> str:
    height = " × ".join(map(str, table.input_shape))
    seen_by_output = pair(table.output.receptive_field) or "none"
    values = prod(table.output.output_shape or (0,))
    return (
        f"Input {height}: {table.parameters:,} parameters, "
        f"{table.multiply_adds:,} multiply-adds, {values:,} output values, "
        f"receptive field {seen_by_output}"
    )


def text(table) -> str:
    """Return the anatomy as lines of text, one per row."""
    head, *lines = _cells(table)
    return Table(head, lines, _summary(table), left=2).text()


def html(table) -> str:
    """Return the anatomy as an HTML table, blocks in bold and layers indented."""
    head, *lines = _cells(table)
    rows = [
        (_name(row), *rest) for row, (_, *rest) in zip(table.rows, lines, strict=True)
    ]
    return Table(head, rows, _summary(table), left=2).html()


def _name(row) -> Html:
    weight = "normal" if row.is_leaf else "bold"
    style = f"font-weight:{weight};padding-left:{max(0, row.depth) * 0.9:.1f}em"
    return Html(f"<span style='{style}'>{escape(row.name or '(model)')}</span>")


def size(count: int) -> str:
    """Show a number of bytes with three digits: 405 B, 46.8 MB, 1.66 GB."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= 0.9995 * factor:
            digits = max(0, 3 - len(str(int(count / factor * 1.0005))))
            return f"{count / factor:,.{digits}f} {unit}"
    return f"{count} B"
