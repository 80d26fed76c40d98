"""A kernel stepping over a small image, with the arithmetic of the current position."""

from functools import lru_cache

from coursekit._base.validate import integer
from coursekit.explore import svg
from coursekit.explore.inputs import matrix, sample_digit
from coursekit.explore.kernel_drawing import RIGHT, TOP, backdrop, height, overlay, size
from coursekit.explore.shell import Explorer, limit, menu, player, settings, slider
from coursekit.explore.stepping import (
    KERNELS,
    MOST_DILATION,
    MOST_PADDING,
    MOST_STRIDE,
    PADDING_MODES,
    Scene,
    Step,
    convolve,
    step,
    weights,
    widest,
)
from coursekit.explore.view import View


def kernel_step(
    image: object,
    *,
    kernel: object = "edge x",
    stride: int = 1,
    padding: int = 0,
    padding_mode: str = "zeros",
    dilation: int = 1,
    position: int = 0,
    seed: int = 0,
) -> View:
    """Show one step of a convolution: the window, the products and their sum.

    Args:
        image: the numbers to step over.
        kernel: a name in `KERNELS`, "random", or a matrix of weights.
        stride, padding, dilation: in pixels, as in `torch.nn.Conv2d`.
        padding_mode: one of `PADDING_MODES`.
        position: how many steps have been taken, row by row, from 0.
        seed: of the "random" kernel (whole weights −2 to 2).

    Shape:
        image: (h, w), 2 to 12 each; kernel: (k, l), 1 to 5 each.

    Raises:
        ValueError: an argument of another type, shape or range.

    Example:
        >>> kernel_step([[1, 2], [3, 4]], kernel=[[1, 10]]).numbers["sum"]
        21.0
    """
    pixels = matrix("image", image, 2, 12)
    chosen = weights(kernel, seed)
    scene = convolve(pixels, chosen, stride, padding, padding_mode, dilation)
    return _view(scene, backdrop(scene), position)


def explore_kernel(image: object = None, kernel: object = None) -> Explorer:
    """Step a kernel over a small image by hand.

    Args:
        image: the numbers to step over; None takes a handwritten digit.
        kernel: your own weights, offered as "mine" beside the named kernels.

    Shape:
        image: (h, w), 2 to 12 each; kernel: (k, l), 1 to 5 each.

    Raises:
        ValueError: `image` or `kernel` of another type or shape.
    """
    pixels = sample_digit() if image is None else matrix("image", image, 2, 12)
    kernels = {name: weights(name) for name in (*KERNELS, "random")}
    if kernel is not None:
        kernels = {"mine": weights(kernel), **kernels}
    controls = _controls(list(kernels), "edge x" if kernel is None else "mine")

    animation, play = player("play the steps", controls["position"])

    @lru_cache(maxsize=16)
    def scenery(kernel: str, **others) -> tuple[Scene, str]:
        scene = convolve(pixels, kernels[kernel], **others)
        return scene, backdrop(scene)

    def current() -> tuple[Scene, str, int]:
        chosen = settings(controls)
        position = chosen.pop("position")
        return *scenery(**chosen), position

    def adjust(name: str) -> None:
        limit(controls["padding"], widest(pixels.shape, controls["padding_mode"].value))
        for control in (controls["position"], play):
            limit(control, current()[0].output.size - 1)

    title = "A kernel steps over an image: what is multiplied, what is added"
    return Explorer(
        title,
        controls,
        lambda: _view(*current()),
        adjust,
        {"": [*controls.values(), animation]},
    )


def _controls(kernels: list[str], first: str) -> dict:
    return {
        "position": slider("position", 0, 0, 0),
        "kernel": menu("kernel", kernels, first),
        "stride": slider("stride", 1, 1, MOST_STRIDE),
        "dilation": slider("dilation", 1, 1, MOST_DILATION),
        "padding": slider("padding", 1, 0, MOST_PADDING),
        "padding_mode": menu("padding mode", list(PADDING_MODES), "zeros"),
    }


def _view(scene: Scene, ground: str, position: int) -> View:
    numbers = {
        "padded_size": scene.padded.shape,
        "output_size": scene.output.shape,
        "output": scene.output.tolist(),
    }
    if not scene.output.size:
        integer("position", position, low=0, high=0)
        return _nowhere(scene, ground, numbers)
    at = step(scene, position)
    numbers |= {
        "row": at.row,
        "column": at.column,
        "window": at.window.tolist(),
        "products": at.products.tolist(),
        "sum": at.total,
    }
    label = (
        f"Kernel at row {at.row}, column {at.column} of the output: "
        f"its {at.products.size} product{'s' * (at.products.size > 1)} add up to "
        f"{svg.precise(at.total)}."
    )
    drawing = svg.document(height(scene), overlay(scene, at), label=label)
    text = f"{label}\n{_sum(scene, at)}\n" + "\n".join(formulas(scene))
    return View(drawing, numbers, text, backdrop=ground)


def _nowhere(scene: Scene, ground: str, numbers: dict) -> View:
    spans = f"{scene.span(0)}×{scene.span(1)}"
    label = (
        f"The kernel covers {spans} pixels, more than the padded image of "
        f"{size(scene.padded)}: there is no position and no output."
    )
    note = svg.words(RIGHT, TOP + 24, "The kernel does not fit anywhere.")
    drawing = svg.document(height(scene), note, label=label)
    text = label + "\n" + "\n".join(formulas(scene))
    return View(drawing, numbers, text, backdrop=ground)


def formulas(scene: Scene) -> list[str]:
    """Return the output-size formula with the numbers of a scene, one line a side."""
    lines = []
    for axis, side in enumerate(("rows", "columns")):
        size, taps = scene.image.shape[axis], scene.kernel.shape[axis]
        found = (scene.padded.shape[axis] - scene.span(axis)) // scene.stride + 1
        lines.append(
            f"Output {side} = ⌊({size} + 2·{scene.padding} − {scene.dilation}·"
            f"({taps} − 1) − 1) / {scene.stride}⌋ + 1 = {found}".replace("= -", "= −")
        )
    return lines


def _sum(scene: Scene, at: Step) -> str:
    pairs = zip(at.window.flat, scene.kernel.flat, strict=True)
    terms = (f"{svg.precise(a)}·{_bracketed(svg.fraction(b))}" for a, b in pairs)
    return f"{' + '.join(terms)} = {svg.precise(at.total)}"


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("−") or "/" in text else text
