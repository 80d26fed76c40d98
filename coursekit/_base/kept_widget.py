"""A widget that leaves something to look at in a saved notebook."""

import zlib

_HIDDEN = {"display": "none"}


def show_kept(widget: object, still: str, text: str) -> None:
    """Show a live widget, and store still HTML for when it is dead.

    Two outputs, of which one is seen at a time, by CSS alone. The live widget holds the
    rule that hides the still one. The still one holds the rule that hides the message
    "model not found" after it, unless the widget in it is alive.

    Args:
        widget: of ipywidgets 7.7 or 8.
        still: HTML that needs neither trust nor scripts.
        text: the same in words, for where there is no HTML.
    """
    import ipywidgets as widgets
    from IPython.display import publish_display_data

    name = f"coursekit-still-{zlib.crc32(still.encode()):08x}"  # nbval: same again
    rules = "".join(
        f"{area}:has(.{name})+{area}:not(:has(.{name}-live)){{display:none}}"
        for area in (".jp-OutputArea-child", ".output_area")
    )
    still = f"<style>{rules}</style><div class='{name}'>{still}</div>"
    publish_display_data({"text/plain": text, "text/html": still})
    rule = f"<style>.{name}{{display:none}}</style>"
    hider = widgets.HTML(rule, layout=_HIDDEN)
    alive = widgets.VBox([hider, widget])
    alive.add_class(f"{name}-live")
    publish_display_data(
        {
            "text/plain": "",
            "text/html": "",  # all that is shown of it where nobody trusts it
            "application/vnd.jupyter.widget-view+json": {
                "model_id": alive.model_id,
                "version_major": 2,
                "version_minor": 0,
            },
        }
    )
