"""Light and dark: the few neutral colours of a drawing, and what they are at night.

Drawings name their colours, and know no theme. A rule for each neutral colour changes
it where the page is dark: in JupyterLab, Colab and VS Code. A saved picture carries
these rules in it and follows the `color-scheme` that the page gives it.
"""

from coursekit.figures.style import DARK

PAPER, INK, QUIET = "#ffffff", "#1a1a1a", "#5a5a5a"
_NIGHT = {
    PAPER: "#181818",
    INK: "#ececec",
    QUIET: "#b4b4b4",
    "#000000": "#ececec",  # black as the colour of a series
    "#f6f6f6": "#262626",
    "#eee": "#333",
    "#ddd": "#444",
    "#6b6b6b": "#9a9a9a",
    "#0072B2": "#4aa8e0",  # blue, too dark for small words on black
}


def rules(within: str) -> str:
    """Return the rules that turn the neutral colours inside some elements dark.

    Args:
        within: a selector and a blank, "" for everything.
    """
    return "".join(
        f"{within}[{what}='{day}']{{{what}:{night}}}"
        for day, night in _NIGHT.items()
        for what in ("fill", "stroke")
    )


IN_A_FILE = f"<style>@media (prefers-color-scheme:dark){{{rules('')}}}</style>"
ON_A_PAGE = (
    f"<style>{rules(f'{DARK} .coursekit-view ')}"
    ".coursekit-touch{pointer-events:none}"
    ".coursekit-view img{color-scheme:light}"
    f"{DARK} .coursekit-view img{{color-scheme:dark}}"
    # the classic Notebook takes away what `cellpadding` says
    ".coursekit-view th,.coursekit-view td{padding:6px!important}</style>"
)
