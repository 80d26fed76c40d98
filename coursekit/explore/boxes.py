"""Boxes of networks and chains: a plate with words on it, a line round it."""

from functools import lru_cache

from coursekit.explore import svg

LINE = "#6b6b6b"  # round boxes and between them


def centred(x: float, y: float, text: str, size: int, fill: str) -> str:
    """Return one line of text whose baseline has its middle at (x, y)."""
    return svg.words(x, y, text, size=size, fill=fill, more=' text-anchor="middle"')


def plate(
    x: float, y: float, width: float, height: float, fill: str, *, more: str = ""
) -> str:
    """Return a filled box with round corners: a layer of a network."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="4" '
        f'fill="{fill}" stroke="{LINE}"{more}/>'
    )


@lru_cache(maxsize=16)
def tinted(colour: str) -> str:
    """Return a light tint of a colour, on which black text reads well."""
    mixed = 255 + (svg.rgb(colour) - 255) * 0.3
    return "#" + "".join(f"{int(part):02x}" for part in mixed)
