"""Read the pictures of explorers and drive their controls: helpers of the tests."""

import base64
import io
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from unittest.mock import patch

import ipywidgets as widgets
import numpy as np
from PIL import Image
from torch import nn

from coursekit.explore import Explorer

SVG = "{http://www.w3.org/2000/svg}"
MODES = ("zeros", "reflect", "replicate", "circular")
TORCH_MODE = {
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "replicate",
    "circular": "circular",
}
FIELD_COLOUR = "#D55E00"


def small_model() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, (3, 5), padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 4, 3, dilation=2),
        nn.Flatten(),
        nn.Linear(4 * 10 * 9, 10),
    )


def drawing(svg: str) -> ET.Element:
    """Parse a picture; it must be one well-formed SVG element."""
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    return root


def pixels(element: ET.Element) -> np.ndarray:
    """Decode the file inside an <image>."""
    data = base64.b64decode(element.get("href").split(",")[1])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def number(text: str) -> float:
    """Read "−3", "0.67" or "1/9"."""
    top, _, bottom = text.replace("−", "-").partition("/")
    return float(top) / float(bottom or 1)


def grids(root: ET.Element) -> list[np.ndarray]:
    """Read the matrices of numbers in a picture: an image, lines, then the figures."""
    found, children = [], list(root)
    for image, group in zip(children, children[2:], strict=False):
        if image.tag != f"{SVG}image" or group.tag != f"{SVG}g":
            continue
        rows, columns = pixels(image).shape[:2]
        left, cell = float(image.get("x")), float(image.get("width")) / columns
        cells = [[""] * columns for _ in range(rows)]
        for row, text in zip(cells, group, strict=True):
            places = [float(x) for x in text.get("x").split()]
            for x, character in zip(places, text.text, strict=True):
                row[int((x - left) // cell)] += character
        found.append(np.array([[number(cell) for cell in row] for row in cells]))
    return found


def squares(path: str) -> list[tuple[float, ...]]:
    """Read "M x y h w v h h -w z" pieces as (x, y, width, height)."""
    piece = r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+z"
    return [tuple(map(float, found)) for found in re.findall(piece, path)]


def paths(root: ET.Element, **wanted: str) -> list[str]:
    return [
        element.get("d")
        for element in root.iter(f"{SVG}path")
        if all(element.get(name.replace("_", "-")) == v for name, v in wanted.items())
    ]


def shown(explorer: Explorer) -> str:
    """Return all HTML the widgets of an explorer hold."""
    found, boxes = [], [explorer.widget]
    while boxes:
        widget = boxes.pop()
        boxes += getattr(widget, "children", ())
        found += [widget.value] if isinstance(widget, widgets.HTML) else []
    return "\n".join(found)


def still(html: str) -> str:
    """Return the SVG file inside a still picture's HTML."""
    (packed,) = re.findall("src='data:image/svg[+]xml;base64,([^']+)'", html)
    return base64.b64decode(packed).decode()


def displayed(explorer: Explorer) -> list[dict]:
    """Return the data of every output by which an explorer displays itself."""
    outputs = []
    with patch("IPython.display.publish_display_data", outputs.append):
        explorer._ipython_display_()
    return outputs


def values(control: widgets.Widget) -> list:
    """Return the ends and the middle of a slider, or every option of a menu."""
    if isinstance(control, widgets.FloatSlider):
        return [control.min, control.max]
    if isinstance(control, widgets.Checkbox):
        return [True, False]
    if isinstance(control, widgets.IntSlider):
        steps = range(control.min, control.max + 1, control.step)
        return sorted({steps[0], steps[len(steps) // 2], steps[-1]})
    return [o[1] if isinstance(o, tuple) else o for o in control.options]


def turns(explorer: Explorer, seed: int = 0, count: int = 40) -> Iterator[None]:
    """Set every control to every value, then random combinations; yield each time."""
    for control in explorer.controls.values():
        if isinstance(control, widgets.Button):
            control.click()
            yield
            continue
        for value in values(control):
            control.value = value
            yield
    choose = random.Random(seed)
    for _ in range(count):
        control = choose.choice(list(explorer.controls.values()))
        if isinstance(control, widgets.Button):
            control.click()
        else:
            control.value = choose.choice(values(control))
        yield


def settings(explorer: Explorer) -> dict:
    controls = explorer.controls.items()
    return {name: c.value for name, c in controls if hasattr(c, "value")}
