"""Turn every control that a notebook shows through all its values, as a page does.

The text of this file is the last cell of a notebook's copy. A value arrives at the
kernel's end of a widget exactly as from a page (`set_state`); what a control raises
makes the cell fail. Uses only what ipywidgets 7.7 and 8 share.
"""

import gc
import json
from collections import Counter
from pathlib import Path

import ipywidgets as widgets

SHOWN = (  # no values of its own to go through
    widgets.FileUpload,
    widgets.HTML,
    widgets.HTMLMath,
    widgets.Label,
    widgets.Image,
    widgets.IntProgress,
    widgets.FloatProgress,
)


def alive() -> list[widgets.Widget]:
    """List the controls of this kernel in the order in which they were made."""
    kinds = (widgets.ValueWidget, widgets.Button)
    return [
        thing
        for thing in gc.get_objects()
        if issubclass(type(thing), kinds)
        and not issubclass(type(thing), SHOWN)
        and thing.comm is not None
        and "coursekit-said" not in thing._dom_classes
    ]


def states(control: widgets.Widget) -> list[dict]:
    """List everything a page can send for a control.

    Raises:
        TypeError: this kind of control is not known here.
    """
    if hasattr(control, "options"):
        return [{"index": place} for place in range(len(control.options))]
    if isinstance(control, widgets.Checkbox | widgets.ToggleButton):
        return [{"value": True}, {"value": False}]
    if isinstance(control, widgets.IntSlider | widgets.BoundedIntText | widgets.Play):
        steps = range(control.min, control.max + 1, control.step)
        return [{"value": value} for value in steps]
    if isinstance(control, widgets.FloatSlider | widgets.BoundedFloatText):
        count = round((control.max - control.min) / control.step)
        return [{"value": control.min + n * control.step} for n in range(count + 1)]
    raise TypeError(f"no list of values for a {type(control).__name__}")


def turn(control: widgets.Widget) -> int:
    """Set a control to each of its values and back; return how many were set."""
    if isinstance(control, widgets.Button):
        control.click()
        return 1
    trait = "index" if hasattr(control, "options") else "value"
    first, count = getattr(control, trait), 0
    for state in states(control):
        if fits(control, state):
            control.set_state(state)
            count += 1
    if fits(control, {trait: first}):
        control.set_state({trait: first})
    return count


def fits(control: widgets.Widget, state: dict) -> bool:
    """Tell whether a value is there: another control may have moved the end."""
    if "index" in state:
        return state["index"] is not None and state["index"] < len(control.options)
    top = getattr(control, "max", None)
    return top is None or isinstance(state["value"], bool) or state["value"] <= top


def drive_all(report: str | None = None) -> dict[str, int]:
    """Turn every control of this kernel; return what was turned.

    Args:
        report: a file to write the numbers to.
    """
    controls = alive()
    kinds = Counter(type(control).__name__ for control in controls)
    values = sum(turn(control) for control in controls)
    found = {"controls": sum(kinds.values()), "values": values}
    if report is not None:
        Path(report).write_text(json.dumps(found), encoding="utf-8")
    return found
