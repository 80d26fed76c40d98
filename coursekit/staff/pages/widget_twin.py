"""What a widget shows, as HTML without a front end: for pages that are only read.

Pictures, words and layout of a widget stand in its state; controls become their label
and value, and what can only be pressed is left out.
"""

from collections.abc import Mapping
from html import escape

PRESSED = {"ButtonModel", "PlayModel", "ToggleButtonModel", "FileUploadModel"}
ROWS = {"HBoxModel": "row", "VBoxModel": "column"}
READOUT = "margin:2px 14px 2px 0;color:#444;font-family:system-ui,sans-serif"

State = Mapping[str, Mapping]


def twin(model_id: str, state: State) -> str:
    """Return what a widget shows as HTML; empty where it shows nothing.

    Args:
        model_id: of the widget, with or without "IPY_MODEL_" before it.
        state: model id → the state of that widget, as a kernel sent it.
    """
    model = _model(model_id, state)
    name = model.get("_model_name", "")
    if "children" in model:
        body = _inside(model, state)
    elif name in ("HTMLModel", "HTMLMathModel"):
        body = model.get("value", "")
    elif name == "OutputModel":
        body = "".join(map(_output, model.get("outputs", ())))
    elif name in PRESSED:
        body = ""
    else:
        body = _readout(model)
    return f"<div style='{_css(model, state)}'>{body}</div>" if body else ""


def _model(model_id: object, state: State) -> Mapping:
    return state.get(str(model_id).removeprefix("IPY_MODEL_"), {})


def _inside(model: Mapping, state: State) -> str:
    """Show the children of a box; a label alone beside a button goes with it."""
    kinds = {_model(child, state).get("_model_name") for child in model["children"]}
    if kinds & PRESSED and kinds <= PRESSED | {"LabelModel"}:
        return ""
    return "".join(twin(child, state) for child in model["children"])


def _readout(model: Mapping) -> str:
    value = model.get("value")
    if "_options_labels" in model and isinstance(index := model.get("index"), int):
        value = model["_options_labels"][index]
    if isinstance(value, bool):
        value = "on" if value else "off"
    if value is None:
        return ""
    label = escape(str(model.get("description", "")))
    return f"<span style='{READOUT}'>{label} <b>{escape(str(value))}</b></span>"


def _output(output: Mapping) -> str:
    """Show one output that a widget has caught."""
    data = output.get("data", {})
    if "text/html" in data:
        return "".join(data["text/html"])
    if "image/png" in data:
        packed = "".join(data["image/png"].split())
        words = escape("".join(data.get("text/plain", "picture")))
        return f"<img alt='{words}' src='data:image/png;base64,{packed}'>"
    said = output.get("text") or data.get("text/plain") or output.get("evalue", "")
    return f"<pre>{escape(''.join(said))}</pre>" if said else ""


def _css(model: Mapping, state: State) -> str:
    """Write a widget's layout as CSS: its settings have the names of CSS properties."""
    layout = _model(model.get("layout", ""), state)
    chosen = {
        name.replace("_", "-"): value
        for name, value in layout.items()
        if value is not None and not name.startswith("_")
    }
    if direction := ROWS.get(model.get("_model_name", "")):
        chosen = {"display": "flex", "flex-direction": direction, **chosen}
    return escape(";".join(f"{name}:{value}" for name, value in chosen.items()))
