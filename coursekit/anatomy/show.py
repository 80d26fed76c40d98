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
    return aligned(_summary(table), head, lines, left=2)


def aligned(
    caption: str, head: Sequence[str], lines: Sequence[Sequence[str]], *, left: int = 1
) -> str:
    """Return a table as lines of text, the caption last.

    Args:
        caption, head, lines: what the table says, cell by cell.
        left: so many columns are words and stand at the left, the others at the right.
    """
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join(padded).rstrip()

    rule = "─" * len(line(head))
    return "\n".join([line(head), rule, *map(line, lines), rule, caption])


def html(table) -> str:
    """Return the anatomy as an HTML table, blocks in bold and layers indented."""
    head, *lines = _cells(table)
    return _page(_summary(table), head, "".join(map(_html_row, table.rows, lines)))


def plain_html(
    caption: str, head: Sequence[str], lines: Sequence[Sequence[str]]
) -> str:
    """Return a table as HTML, the first column at the left."""
    rows = []
    for first, *rest in lines:
        cells = "".join(
            f"<td style='text-align:right'>{escape(cell)}</td>" for cell in rest
        )
        name = f"<th scope='row' style='text-align:left'>{escape(first)}</th>"
        rows.append(f"<tr>{name}{cells}</tr>")
    return _page(caption, head, "".join(rows))


def _page(caption: str, head: Sequence[str], body: str) -> str:
    top = "".join(f"<th style='text-align:left'>{escape(cell)}</th>" for cell in head)
    return (
        f"<table><caption style='text-align:left'>{escape(caption)}</caption>"
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    )


def size(count: int) -> str:
    """Show a number of bytes with three digits: 405 B, 46.8 MB, 1.66 GB."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= 0.9995 * factor:
            digits = max(0, 3 - len(str(int(count / factor * 1.0005))))
            return f"{count / factor:,.{digits}f} {unit}"
    return f"{count} B"


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
