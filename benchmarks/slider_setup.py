"""What `slider.py` runs inside the kernel: every variant, then one line of JSON."""

import json

import ipywidgets as widgets
import matplotlib

matplotlib.use("module://matplotlib_inline.backend_inline")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import configure_inline_support

from coursekit.explore import (
    explore_dense_matrix,
    explore_desk,
    explore_heads,
    explore_kernel,
    explore_padding,
    explore_pooling,
    explore_receptive_field,
    explore_reliability,
    explore_softmax,
    explore_width,
)

configure_inline_support(get_ipython(), plt.get_backend())  # noqa: F821
images = np.random.default_rng(0).random((2, 28, 28))
kept = []  # explorers must live as long as their controls are used


def draw(brightness: int) -> None:
    """Draw two images into a new figure, as most course notebooks do."""
    _, axes = plt.subplots(1, 2)
    for ax, image in zip(axes, images, strict=True):
        ax.imshow(image * brightness, cmap="gray")
    plt.show()


def of_label() -> widgets.IntSlider:
    """Return a slider that sets the text of a label."""
    slider, label = widgets.IntSlider(), widgets.Label()

    def answer(change: dict) -> None:
        label.value = f"the value is {change['new']}"

    slider.observe(answer, "value")
    return slider


def of_figure() -> widgets.IntSlider:
    """Return the slider of an `interact` that draws a new figure."""
    slider = widgets.IntSlider(value=1, min=1, max=100)
    kept.append(widgets.interactive(draw, brightness=slider))
    return slider


def control(explorer, name: str):
    """Return one control of an explorer and keep the explorer."""
    kept.append(explorer)
    return explorer.controls[name]


CONTROLS = {
    "floor": (widgets.IntSlider(), "value", range(1, 60)),
    "label": (of_label(), "value", range(1, 60)),
    "interact + new figure": (of_figure(), "value", range(2, 60)),
    "kernel: position": (control(explore_kernel(), "position"), "value", range(1, 64)),
    "kernel: stride": (control(explore_kernel(), "stride"), "value", (2, 3, 4, 1)),
    "kernel: kernel": (control(explore_kernel(), "kernel"), "index", (0, 1, 2, 6)),
    "receptive field: unit row": (
        control(explore_receptive_field(), "row"), "value", range(27),
    ),
    "receptive field: layer": (
        control(explore_receptive_field(), "layer"), "index", range(10),
    ),
    "receptive field: kernel size": (
        control(explore_receptive_field(), "kernel_size"), "value", range(4, 12),
    ),
    "receptive field: chain": (
        control(explore_receptive_field(), "chain"), "index", (5, 6, 0, 3),
    ),
    "pooling: spot row": (control(explore_pooling(), "row"), "value", range(60)),
    "pooling: levels": (control(explore_pooling(), "levels"), "value", (3, 4, 5, 1, 2)),
    "padding: width": (control(explore_padding(), "width"), "value", range(16)),
    "padding: layers": (control(explore_padding(), "layers"), "value", range(2, 9)),
    "dense matrix: row": (control(explore_dense_matrix(), "row"), "value", range(80)),
    "dense matrix: side": (
        control(explore_dense_matrix(), "side"), "value", (5, 6, 7, 8),
    ),
    "heads: moved right": (control(explore_heads(), "right"), "value", range(1, 6)),
    "softmax: logit": (control(explore_softmax(), "first"), "value", range(-9, 9)),
    "reliability: temperature": (
        control(explore_reliability(), "temperature"), "value", (1.5, 2, 2.5, 3),
    ),
    "desk: tracks": (control(explore_desk(), "tracks"), "value", range(1, 12)),
    "width: layers": (control(explore_width(), "layers"), "value", (1, 3, 4, 2)),
}  # fmt: skip
print(
    json.dumps(
        {
            name: (widget.model_id, trait, list(values))
            for name, (widget, trait, values) in CONTROLS.items()
        }
    )
)
