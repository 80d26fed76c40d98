"""How an anatomy looks: an aligned table in a terminal, an HTML table in a notebook."""

from collections.abc import Sequence
from html import escape
from math import prod

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
                _pair(row.receptive_field),
                _pair(row.stride),
                _pair(row.start),
            )
            for row in table.rows
        ),
    ]


def _by(sizes: Sequence[object]) -> str:
    return "×".join("–" if size is None else str(size) for size in sizes)


def _pair(values: Sequence[object]) -> str:
    """Show (5, 5) as 5 and (1, 7) as 1×7; nothing where there is no number."""
    if not values or all(value is None for value in values):
        return ""
    return str(values[0]) if len(set(values)) == 1 else _by(values)


def _summary(table) -> str:
    height = " × ".join(map(str, table.input_shape))
    seen_by_output = _pair(table.output.receptive_field) or "none"
    values = prod(table.output.output_shape or (0,))
    return (
        f"Input {height}: {table.parameters:,} parameters, "
        f"{table.multiply_adds:,} multiply-adds, {values:,} output values, "
        f"receptive field {seen_by_output}"
    )


def text(table) -> str:
    """Return the anatomy as lines of text, one per row."""
    head, *lines = _cells(table)
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join(padded).rstrip()

    rule = "─" * len(line(head))
    return "\n".join([line(head), rule, *map(line, lines), rule, _summary(table)])


def html(table) -> str:
    """Return the anatomy as an HTML table, blocks in bold and layers indented."""
    head, *lines = _cells(table)
    top = "".join(f"<th style='text-align:left'>{escape(cell)}</th>" for cell in head)
    body = "".join(map(_html_row, table.rows, lines))
    return (
        f"<table><caption style='text-align:left'>{escape(_summary(table))}</caption>"
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    )


def _html_row(row, cells: Sequence[str]) -> str:
    weight = "normal" if row.is_leaf else "bold"
    indent = f"text-align:left;padding-left:{0.6 + max(0, row.depth) * 0.9:.1f}em"
    name, kind, *rest = map(escape, (cells[0].strip(), *cells[1:]))
    return (
        f"<tr style='font-weight:{weight}'><td style='{indent}'>{name}</td>"
        f"<td style='text-align:left'>{kind}</td>"
        + "".join(f"<td style='text-align:right'>{cell}</td>" for cell in rest)
        + "</tr>"
    )
