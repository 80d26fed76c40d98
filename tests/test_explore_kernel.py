"""The kernel explorer against torch and against hand arithmetic."""

import re

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from coursekit.explore import (
    View,
    explore_kernel,
    kernel_step,
)
from tests.explorers import (
    FIELD_COLOUR,
    SVG,
    TORCH_MODE,
    drawing,
    grids,
    number,
    paths,
    pixels,
    settings,
    squares,
    turns,
)

HAND = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "blur": [[1 / 9] * 3] * 3,
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "edge x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "edge y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "corner": [[1, 0, -1], [0, 0, 0], [-1, 0, 1]],
}


def torch_steps(image, kernel, *, stride, padding, padding_mode, dilation):
    """Return padded image, output and windows (k·l, positions) as torch has them."""
    planes = torch.as_tensor(image, dtype=torch.float64)[None, None]
    padded = F.pad(planes, (padding,) * 4, mode=TORCH_MODE[padding_mode])
    weight = torch.as_tensor(kernel, dtype=torch.float64)[None, None]
    size = weight.shape[2:]
    sides = zip(size, padded.shape[2:], strict=True)
    if any(dilation * (k - 1) + 1 > n for k, n in sides):
        return padded[0, 0], None, None
    output = F.conv2d(padded, weight, stride=stride, dilation=dilation)
    windows = F.unfold(padded, size, dilation=dilation, stride=stride)
    return padded[0, 0], output[0, 0], windows[0]


def compare_step(view: View, image, kernel, position, **chosen) -> None:
    """Assert that numbers, picture and words are those of torch."""
    padded, output, windows = torch_steps(image, kernel, **chosen)
    ground = grids(drawing(view.backdrop))
    assert np.array_equal(ground[0], padded.numpy())
    assert view.numbers["padded_size"] == tuple(padded.shape)
    if output is None:
        assert view.numbers["output_size"] == (0, 0)
        assert "no position" in view.text
        return
    assert view.numbers["output_size"] == tuple(output.shape)
    assert f"Output rows = {'⌊'}" in view.text
    assert re.findall(r"\+ 1 = (\d+)", view.text) == [str(n) for n in output.shape]
    torch.testing.assert_close(torch.tensor(view.numbers["output"]).double(), output)
    window = windows[:, position].numpy()
    products = window * np.asarray(kernel, dtype=float).ravel()
    assert np.allclose(np.ravel(view.numbers["window"]), window)
    assert np.allclose(np.ravel(view.numbers["products"]), products)
    assert view.numbers["sum"] == pytest.approx(products.sum(), abs=1e-12)
    assert np.allclose(ground[1], output, atol=0.051, rtol=0.02)
    assert np.allclose(ground[2], kernel, atol=1e-9)
    over = grids(drawing(view.svg_or_html))
    assert np.allclose(over[0].ravel(), window, atol=0.051, rtol=0.02)
    assert np.allclose(over[1].ravel(), products, atol=0.051, rtol=0.02)
    assert number(view.text.splitlines()[1].split(" = ")[-1]) == pytest.approx(
        products.sum(), rel=1e-3, abs=1e-3
    )


def compare_marks(view: View, position: int, kernel, **chosen) -> None:
    """Assert which cells are framed and which outputs are still covered."""
    root, ground = drawing(view.svg_or_html), drawing(view.backdrop)
    whole, output = ground.findall(f"{SVG}image")[:2]
    rows, columns = pixels(whole).shape[:2]
    places = torch.arange(rows * columns).reshape(rows, columns)
    _, _, read = torch_steps(
        places, kernel, **{**chosen, "padding": 0, "padding_mode": "zeros"}
    )
    cell = float(whole.get("width")) / columns
    framed = {
        round((y - float(whole.get("y"))) / cell) * columns
        + round((x - float(whole.get("x"))) / cell)
        for x, y, *_ in squares(paths(root, stroke=FIELD_COLOUR)[0])
    }
    assert framed == set(read[:, position].int().tolist())
    veiled = sum(
        float(rect.get("width")) * float(rect.get("height"))
        for rect in root.iter(f"{SVG}rect")
        if rect.get("fill") == "#eee"
    )
    cell = float(output.get("width")) / view.numbers["output_size"][1]
    assert veiled / cell**2 == pytest.approx(read.shape[1] - position - 1)


def test_the_kernel_explorer_equals_torch_at_every_setting():
    rng = np.random.default_rng(3)
    image, mine = rng.integers(0, 10, (7, 9)), rng.integers(-3, 4, (2, 4))
    explorer = explore_kernel(image, mine)
    for _ in turns(explorer, count=60):
        chosen = settings(explorer)
        position, name = chosen.pop("position"), chosen.pop("kernel")
        if name == "random":
            continue
        kernel = mine if name == "mine" else HAND[name]
        compare_step(explorer.view, image, kernel, position, **chosen)
        if "sum" in explorer.view.numbers:
            compare_marks(explorer.view, position, kernel, **chosen)


def test_every_position_is_reached_and_its_end_follows_the_output():
    explorer = explore_kernel(np.arange(16).reshape(4, 4))
    slider = explorer.controls["position"]
    explorer.controls["padding"].value = 0
    assert slider.max == 3
    sums = []
    for position in range(4):
        slider.value = position
        sums.append(explorer.view.numbers["sum"])
    assert sums == [8.0] * 4
    explorer.controls["dilation"].value = 2
    assert explorer.view.numbers["output_size"] == (0, 0)
    assert slider.max == slider.value == 0


def test_reflection_ends_one_pixel_before_the_image_does():
    explorer = explore_kernel([[1, 2], [3, 4]])
    explorer.controls["padding"].value = 3
    explorer.controls["padding_mode"].value = "reflect"
    assert explorer.controls["padding"].value == 1
    assert explorer.view.numbers["padded_size"] == (4, 4)


def test_one_step_by_hand():
    view = kernel_step([[1, 2, 0], [0, 1, 3], [2, 0, 1]], kernel=[[1, 0], [0, -1]])
    assert view.numbers["output"] == [[0.0, -1.0], [0.0, 0.0]]
    view = kernel_step([[1, 2], [3, 4]], kernel=[[1, 10]], position=1)
    assert view.numbers["sum"] == 43
    assert "3·1 + 4·10 = 43" in view.text


def test_weights_are_spelled_as_a_student_would():
    kernel = [[1 / 9, 0.25, -2 / 3], [-0.5, 3, -1.35]]
    view = kernel_step(np.ones((4, 4)), kernel=kernel)
    shown = "1·(1/9) + 1·0.25 + 1·(−2/3) + 1·(−0.5) + 1·3 + 1·(−1.35) = 0.8444"
    assert shown in view.text


def test_the_random_kernel_depends_on_its_seed_alone():
    image = np.ones((5, 5))
    grid = [
        grids(drawing(kernel_step(image, kernel="random", seed=seed).backdrop))[2]
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(grid[0], grid[1])
    assert not np.array_equal(grid[0], grid[2])
    assert set(np.unique(grid)) <= {-2, -1, 0, 1, 2}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"image": np.zeros((13, 4))}, r"`image` must be \(h, w\) with 2 to 12 .*13"),
        ({"image": [[1, 2]]}, r"`image` must be .* got shape \(1, 2\)"),
        ({"image": np.zeros((3, 4, 4))}, r"`image` must be .* got shape \(3, 4, 4\)"),
        ({"image": "digit"}, r"`image` must be an array of real numbers; got 'digit'"),
        ({"image": [[1, 2], [3]]}, "`image` must be a regular array"),
        ({"image": [[1, 2], [3, float("nan")]]}, "`image` must hold finite numbers"),
        ({"kernel": "edges"}, "`kernel` must be one of 'edge x', .* got 'edges'"),
        ({"kernel": np.ones((6, 6))}, r"`kernel` must be .* 1 to 5 .* \(6, 6\)"),
        ({"stride": 0}, "`stride` must be 1 to 4; got 0"),
        ({"padding": 4}, "`padding` must be 0 to 3; got 4"),
        ({"padding": 2, "padding_mode": "reflect", "image": [[1, 2], [3, 4]]},
         "`padding` must be 0 to 1; got 2"),
        ({"padding_mode": "same"}, "`padding_mode` must be one of .* got 'same'"),
        ({"dilation": 1.5}, "`dilation` must be 1 to 3; got 1.5"),
        ({"position": 16}, "`position` must be 0 to 15; got 16"),
        ({"kernel": "random", "seed": -1}, "`seed` must be .* got -1"),
    ],
)  # fmt: skip
def test_kernel_step_refuses_in_one_sentence(changes, sentence):
    chosen = {"image": np.zeros((6, 6)), **changes}
    with pytest.raises(ValueError, match=sentence):
        kernel_step(chosen.pop("image"), **chosen)


def test_explore_kernel_takes_a_digit_of_the_course():
    from coursekit.data import digits

    explorer = explore_kernel(digits().images[3])
    assert explorer.view.numbers["padded_size"] == (10, 10)
