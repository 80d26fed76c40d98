"""The padding explorer against torch, its pictures pixel by pixel."""

import itertools
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from coursekit.explore import explore_padding, padding_modes
from tests.explorers import (
    FIELD_COLOUR,
    MODES,
    SVG,
    TORCH_MODE,
    drawing,
    pixels,
    settings,
    turns,
)


def sample(element: ET.Element, named: dict, x: float, y: float):
    """Return the colour of a drawn copy at a point, None where it draws nothing."""
    if element.tag == f"{SVG}g":
        hits = [sample(child, named, x, y) for child in element]
        return next((hit for hit in reversed(hits) if hit is not None), None)
    if element.tag == f"{SVG}use":
        if turn := element.get("transform"):
            a, _, _, d, e, f = map(float, turn[7:-1].split())
            x, y = (x - e) / a, (y - f) / d
        return sample(named[element.get("href")[1:]], named, x, y)
    left, top, wide, high = (
        float(element.get(name)) for name in ("x", "y", "width", "height")
    )
    if not (left <= x < left + wide and top <= y < top + high):
        return None
    photo = pixels(element)
    row, column = (y - top) / high * len(photo), (x - left) / wide * photo.shape[1]
    return photo[int(row), int(column)]


def rendered(panel: ET.Element, named: dict) -> np.ndarray:
    """Draw a panel pixel by pixel, later elements over earlier ones."""
    left, top, wide, high = map(int, panel.get("viewBox").split())
    assert [panel.get("width"), panel.get("height")] == [str(wide), str(high)]
    (copy,) = panel
    places = itertools.product(range(high), range(wide))
    colours = [sample(copy, named, left + j + 0.5, top + i + 0.5) for i, j in places]
    return np.array(colours).reshape(high, wide, 3)


@pytest.mark.parametrize("width", [0, 1, 7, 32])
def test_the_padded_photos_equal_torch_pixel_by_pixel(width):
    generator = torch.Generator().manual_seed(width)
    photo = torch.randint(0, 256, (3, 33, 40), generator=generator)
    view = padding_modes(photo.to(torch.uint8), width=width)
    named = {e.get("id"): e for e in drawing(view.backdrop).iter() if e.get("id")}
    panels = drawing(view.svg_or_html).findall(f"{SVG}svg")
    for panel, mode in zip(panels, MODES, strict=True):
        padded = F.pad(photo[None].double(), (width,) * 4, mode=TORCH_MODE[mode])
        drawn = rendered(panel, named)
        assert np.array_equal(drawn, padded[0].permute(1, 2, 0).numpy())
        assert view.numbers["padded_size"] == tuple(padded.shape[2:])


def torch_ones(mode: str, kernel: int, layers: int) -> torch.Tensor:
    """Return 33×33 ones after mean filters, in two dimensions."""
    image = torch.ones(1, 1, 33, 33, dtype=torch.float64)
    weight = torch.full((1, 1, kernel, kernel), 1 / kernel**2, dtype=torch.float64)
    for _ in range(layers):
        padded = F.pad(image, ((kernel - 1) // 2,) * 4, mode=TORCH_MODE[mode])
        image = F.conv2d(padded, weight)
    return image[0, 0]


def test_the_padding_explorer_equals_torch_at_every_setting():
    explorer = explore_padding()
    for _ in turns(explorer, count=30):
        view, chosen = explorer.view, settings(explorer)
        mode = chosen["mode"]
        for name in MODES:
            expected = torch_ones(name, chosen["kernel"], chosen["layers"])[16]
            found = torch.tensor(view.numbers["border_response"][name]).double()
            torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
        assert view.numbers["padded_size"] == (112 + 2 * chosen["width"],) * 2
        assert ("border shows" in view.text) == (mode == "zeros")
        assert [row[0] for row in view.table if row[0].startswith("▸")] == [f"▸ {mode}"]
        framed = [
            rect
            for rect in drawing(view.svg_or_html).iter(f"{SVG}rect")
            if rect.get("stroke") == FIELD_COLOUR
        ]
        assert len(framed) == 1
        panel = drawing(view.svg_or_html).findall(f"{SVG}svg")[MODES.index(mode)]
        assert float(framed[0].get("x")) == float(panel.get("x")) - 3


@pytest.mark.parametrize(("kernel", "layers"), [(3, 1), (5, 2), (11, 8)])
def test_the_pictures_of_the_ones_are_those_of_torch(kernel, layers):
    view = padding_modes(torch.zeros(3, 40, 40), kernel=kernel, layers=layers)
    pictures = drawing(view.svg_or_html).findall(f"{SVG}image")
    texts = [text.text for text in drawing(view.svg_or_html).findall(f"{SVG}text")]
    for picture, text, mode in zip(pictures, texts, MODES, strict=True):
        ones = torch_ones(mode, kernel, layers).numpy()
        # from white at 0 to a light green at 1, in equal steps
        green = np.array([0x00, 0x9E, 0x73]) - 255
        expected = 255 + 0.62 * ones[..., None] * green
        assert np.abs(pixels(picture) - expected).max() <= 0.51
        edge, corner = (part.split()[1] for part in text.split(", "))
        assert float(edge) == pytest.approx(ones[0, 16], abs=0.006)
        assert float(corner) == pytest.approx(ones[0, 0], abs=0.006)


def test_of_a_large_photo_the_middle_square_is_reduced_as_torch_does():
    generator = torch.Generator().manual_seed(0)
    photo = torch.randint(0, 256, (3, 224, 300), generator=generator).to(torch.uint8)
    square = photo[None, :, :, 38:262].double()
    reduced = F.interpolate(square, size=(112, 112), mode="area").round()
    view = padding_modes(photo)
    assert view == padding_modes(reduced[0].to(torch.uint8))
    assert view == explore_padding(photo).view


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"image": torch.zeros(3, 32, 64)}, r"`image` must have 33 to 4096 rows"),
        ({"width": 33}, "`width` must be 0 to 32; got 33"),
        ({"mode": "same"}, "`mode` must be one of 'zeros', .* got 'same'"),
        ({"kernel": 4}, "`kernel` must be one of 3, 5, 7, 9, 11; got 4"),
        ({"layers": 9}, "`layers` must be 1 to 8; got 9"),
    ],
)
def test_padding_modes_refuses_in_one_sentence(changes, sentence):
    chosen = {"image": torch.zeros(3, 64, 64), **changes}
    with pytest.raises(ValueError, match=sentence):
        padding_modes(chosen.pop("image"), **chosen)
