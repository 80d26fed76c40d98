"""A layer of a network in words and numbers: costs, values, neighbours, field."""

from coursekit.explore import svg
from coursekit.explore.field_words import pair
from coursekit.explore.network.graph_layout import Layout
from coursekit.explore.network.network_run import Network, kernels
from coursekit.explore.view import pointed

_ROUND = 4  # rows of the table before and after the chosen one


def numbers(
    network: Network, layout: Layout, index: int, channel: int, unit: tuple[int, ...]
) -> dict:
    """Return every number of a view, by name."""
    row, maps = network.row(index), network.maps(index)
    rows, columns = network.sights.seen(index, unit)
    before, after = network.neighbours(network.call(index))
    weights, chosen = kernels(network.module(index)), maps[channel]
    return {
        "layer": row.name,
        "kind": row.kind,
        "channel": channel,
        "unit": unit,
        "value": float(chosen[unit] if unit else chosen.flatten()[0]),
        "minimum": float(chosen.min()),
        "maximum": float(chosen.max()),
        "zeros": float((chosen == 0).float().mean()),
        "kernels": None if weights is None else weights.shape,
        "output_shape": row.output_shape,
        "parameters": row.parameters,
        "multiply_adds": row.multiply_adds,
        "receptive_field": row.receptive_field,
        "stride": row.stride,
        "start": row.start,
        "rows": rows,
        "columns": columns,
        "before": before,
        "after": after,
        "drawn": tuple(layout.boxes),
        "highlighted": layout.holding(network.call(index)),
    }


def sentences(about: dict, network: Network, block: str) -> str:
    """Return a view in words, one sentence a line."""
    table = network.sights.table
    weights = table.multiply_adds or 1
    name = f"Layer {about['layer']}" if about["layer"] else "The whole model"
    reads, feeds = _listed(about["before"]), _listed(about["after"])
    size = svg.sides(about["output_shape"])
    lines = [
        f"{name} ({about['kind']}): reads {reads}, feeds {feeds}; output {size}.",
        f"{about['parameters']:,} parameters of {table.parameters:,}, "
        f"{about['multiply_adds']:,} multiply-adds "
        f"({100 * about['multiply_adds'] / weights:.3g} % of the network).",
        _values(about),
        _seen(about, network),
        _drawn(about, block),
    ]
    return "\n".join(lines)


def _listed(names: tuple[str, ...]) -> str:
    if not names:
        return "nothing more"
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more


def _values(about: dict) -> str:
    what = f"Channel {about['channel']}"
    value = svg.precise(about["value"])
    if not about["unit"]:
        return f"{what} has the value {value}."
    if about["minimum"] == about["maximum"]:
        return f"{what} is {value} everywhere."
    low, high = svg.precise(about["minimum"]), svg.precise(about["maximum"])
    at = f"unit ({', '.join(map(str, about['unit']))})"
    zeros = f", {about['zeros']:.0%} of it 0" if about["zeros"] else ""
    return f"{what} goes from {low} to {high}{zeros}; its {at} has the value {value}."


def _seen(about: dict, network: Network) -> str:
    (top, bottom), (left, right) = about["rows"], about["columns"]
    height, width = network.photo.shape
    unit = about["unit"]
    who = (
        f"Unit ({', '.join(map(str, unit))}) sees" if unit else "Its units together see"
    )
    if bottom <= top or right <= left:
        return f"{who} nothing of the photo: it lies in the padding."
    share = 100 * (bottom - top) * (right - left) / (height * width)
    return (
        f"{who} rows {top} to {bottom - 1} and columns {left} to {right - 1} of the "
        f"photo, {share:.3g} % of it; field {pair(about['receptive_field'])}, jump "
        f"{pair(about['stride'])}, start {pair(about['start'])}."
    )


def _drawn(about: dict, block: str) -> str:
    names = ", ".join(about["highlighted"])
    return (
        f"Drawn: {block or 'the whole network'} in {len(about['drawn'])} boxes, "
        f"{names or 'none of them'} marked."
    )


def table(network: Network, index: int) -> tuple[tuple[str, ...], ...]:
    """Return the costs of the rows round the chosen one, and of the whole model."""
    sights = network.sights
    lines = [("layer", "output", "parameters", "multiply-adds", "field", "jump")]
    first = max(0, min(index - _ROUND, len(sights.rows) - 2 * _ROUND - 1))
    for number in range(first, min(first + 2 * _ROUND + 1, len(sights.rows))):
        row, title = sights.rows[number], sights.titles[number]
        lines.append(
            (
                pointed(title, number == index),
                svg.sides(row.output_shape),
                f"{row.parameters:,}",
                f"{row.multiply_adds:,}",
                pair(row.receptive_field),
                pair(row.stride),
            )
        )
    whole = sights.table
    total = ("whole model", svg.sides(whole.output.output_shape or ()),
             f"{whole.parameters:,}", f"{whole.multiply_adds:,}", "", "")  # fmt: skip
    return (*lines, total)
