"""What is said of a receptive field: sentences, and the table of the layers."""

from collections.abc import Sequence
from functools import lru_cache

from coursekit.anatomy import Varies
from coursekit.explore import svg
from coursekit.explore.sights import Sights
from coursekit.explore.view import pointed

_MOST_ROWS = 20  # of the table on the page


def sentences(numbers: dict, sights: Sights, number: int, has_dots: bool) -> str:
    """Return what a unit sees, and how large its fields are."""
    (top, bottom), (left, right) = numbers["rows"], numbers["columns"]
    where = f"Layer {sights.titles[number]}, {who(numbers['unit'])}"
    if not numbers["share"]:
        return f"{where} nothing of the photo: it lies in the padding."
    field, jump, start = (
        pair(numbers[name]) for name in ("receptive_field", "stride", "start")
    )
    cut = any(
        isinstance(whole, int) and part < whole
        for whole, part in zip(
            numbers["receptive_field"], (bottom - top, right - left), strict=True
        )
    )
    lines = [
        f"{where} rows {top} to {bottom - 1} and columns {left} to {right - 1} of the "
        f"photo: {100 * numbers['share']:.3g} % of it.",
        f"Global field: {field} pixels on each side, jump {jump}, start {start}."
        + (" The photo's border cuts it." if cut else ""),
    ]
    if sights.chain:
        size = sights.chain[number].kernel_size
        below = f"units of layer {number}" if number else "pixels"
        dots = "; dots mark their middles" if has_dots else ""
        lines.append(f"Local field: {size}×{size} {below}, dashed{dots}.")
    return "\n".join(lines)


def who(unit: tuple[int, ...]) -> str:
    """Begin a sentence about a unit, or about all units of a layer without a map."""
    return f"unit ({unit[0]}, {unit[1]}) sees" if unit else "its units together see"


def pair(values: Sequence[int | Varies | None]) -> str:
    """Return (5, 5) as "5" and (1, 7) as "1×7", "–" where there is no number."""
    texts = ["–" if v is None else str(v).replace("-", "−") for v in values] or ["–"]
    return texts[0] if len(set(texts)) == 1 else "×".join(texts)


@lru_cache(maxsize=32)
def table(sights: Sights, number: int) -> tuple[tuple[str, ...], ...]:
    """Return the rows round the chosen layer, all of them where there are few."""
    head = ("layer", "output", "local field", "global field", "jump", "start")
    first = max(0, min(number - _MOST_ROWS // 2, len(sights.rows) - _MOST_ROWS))
    rows = [head]
    for index in range(first, min(first + _MOST_ROWS, len(sights.rows))):
        row, title = sights.rows[index], pointed(sights.titles[index], index == number)
        numbers = (sights.local[index], row.receptive_field, row.stride, row.start)
        rows.append(
            (title, svg.sides(sights.map_size(index)) or "–", *map(pair, numbers))
        )
    return tuple(rows)
