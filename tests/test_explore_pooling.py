"""The pooling explorer against torch."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from coursekit.explore import Explorer, View, explore_pooling, pooling_pyramid
from tests.explorers import FIELD_COLOUR, SVG, drawing, pixels, settings, turns


def photo_of(explorer: Explorer) -> torch.Tensor:
    """Return the photo an explorer shows, (1, 3, h, w) float64."""
    image = drawing(explorer.view.backdrop).find(f".//{SVG}image")
    return torch.tensor(pixels(image)).permute(2, 0, 1)[None].double()


def torch_pooled(photo: torch.Tensor, method: str, kernel: int) -> torch.Tensor:
    if method == "max":
        return F.max_pool2d(photo, kernel)
    if method == "average":
        return F.avg_pool2d(photo, kernel)
    rows, columns = (side // kernel for side in photo.shape[2:])
    return photo[..., ::kernel, ::kernel][..., :rows, :columns]


def compare_pyramid(view: View, photo: torch.Tensor, chosen: dict) -> None:
    marked, kernel = photo.clone(), chosen["kernel"]
    row, column, size = chosen["row"], chosen["column"], chosen["spot_size"]
    if chosen["spot"] != "none":
        grey = 255 if chosen["spot"] == "bright" else 0
        marked[..., row : row + size, column : column + size] = grey
    change = (marked - photo).abs().max()
    pictures = drawing(view.svg_or_html).findall(f"{SVG}image")
    for at, method in enumerate(("max", "average", "stride")):
        plain, small, factor = photo, marked, 1
        for level in range(len(view.numbers["sizes"])):
            plain, small = (torch_pooled(p, method, kernel) for p in (plain, small))
            factor *= kernel
            large = F.interpolate(small, scale_factor=factor, mode="nearest")
            cut = marked[..., : large.shape[2], : large.shape[3]]
            error = F.mse_loss(large, cut).sqrt().item()
            left = ((small - plain).abs().max() / change).item() if change else None
            found = view.numbers
            assert found["sizes"][level] == tuple(small.shape[2:])
            assert found["kept"][level] == small.numel() / photo.numel()
            assert found["error"][method][level] == pytest.approx(error)
            assert found["spot_left"][method][level] == pytest.approx(left)
        drawn = torch.tensor(pixels(pictures[at])).permute(2, 0, 1)[None]
        assert (drawn - small).abs().max() <= 4.7  # 32 levels a channel
    assert min(small.shape[2:]) < kernel or len(found["sizes"]) == chosen["levels"]
    assert f"{small.shape[2]}×{small.shape[3]} pixels" in view.text
    assert len(view.table) == len(found["sizes"]) + 1


def test_the_pooling_explorer_equals_torch_at_every_setting():
    explorer = explore_pooling()
    photo = photo_of(explorer)
    for _ in turns(explorer, count=30):
        compare_pyramid(explorer.view, photo, settings(explorer))


def test_pooling_of_odd_sizes_leaves_the_rest_out_as_torch_does():
    photo = torch.randint(
        0, 256, (3, 37, 50), generator=torch.Generator().manual_seed(0)
    )
    chosen = {"kernel": 3, "levels": 5, "spot": "dark", "spot_size": 5}
    chosen |= {"row": 32, "column": 0}
    view = pooling_pyramid(photo.to(torch.uint8), **chosen)
    compare_pyramid(view, photo[None].double(), chosen)
    assert "there is no further level" in view.text


def test_of_a_large_photo_the_middle_square_is_reduced_as_torch_does():
    generator = torch.Generator().manual_seed(0)
    photo = torch.randint(0, 256, (3, 250, 192), generator=generator).to(torch.uint8)
    square = photo[None, :, 29:221].double()
    reduced = F.interpolate(square, size=(96, 96), mode="area").round()
    assert pooling_pyramid(photo) == pooling_pyramid(reduced[0].to(torch.uint8))


def test_a_bright_spot_survives_max_pooling_and_a_dark_one_does_not():
    grey = torch.full((1, 64, 64), 100, dtype=torch.uint8)
    place = {"levels": 3, "spot_size": 1, "row": 17, "column": 33}
    bright = pooling_pyramid(grey, spot="bright", **place).numbers["spot_left"]
    dark = pooling_pyramid(grey, spot="dark", **place).numbers["spot_left"]
    assert bright["max"] == [1, 1, 1]
    assert dark["max"] == [0, 0, 0]
    assert bright["average"] == dark["average"] == [1 / 4, 1 / 16, 1 / 64]
    assert bright["stride"] == [0, 0, 0]


def test_a_spot_that_changes_nothing_has_no_share():
    white = torch.full((1, 16, 16), 255, dtype=torch.uint8)
    view = pooling_pyramid(white, levels=1)
    assert view.numbers["spot_left"]["max"] == [None]
    assert "spot" not in view.text


def test_the_ring_lies_round_the_spot_in_every_panel():
    explorer = explore_pooling()
    explorer.controls["row"].value, explorer.controls["column"].value = 40, 60
    rings = [
        rect
        for rect in drawing(explorer.view.svg_or_html).iter(f"{SVG}rect")
        if rect.get("stroke") == FIELD_COLOUR
    ]
    spot = drawing(explorer.view.svg_or_html).find(f"{SVG}rect")
    assert len(rings) == 4
    middle = [float(r.get("x")) + float(r.get("width")) / 2 for r in rings]
    assert middle[0] == pytest.approx(
        float(spot.get("x")) + float(spot.get("width")) / 2, abs=0.1
    )
    assert np.allclose(np.diff(middle), middle[1] - middle[0], atol=0.1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"image": torch.zeros(4, 32, 32)}, r"`image` must be a picture: .*4, 32"),
        ({"image": torch.zeros(3, 15, 32)}, "`image` must have 16 to 4096 rows"),
        (
            {"image": torch.full((3, 32, 32), 3.0)},
            "`image` must hold values from 0 to 1",
        ),
        ({"image": np.full((3, 32, 32), -1)}, "`image` must hold values from 0 to 255"),
        ({"kernel": 5}, "`kernel` must be 2 to 4; got 5"),
        ({"levels": 0}, "`levels` must be 1 to 5; got 0"),
        ({"spot": "red"}, "`spot` must be one of 'bright', 'dark', 'none'; got 'red'"),
        ({"spot_size": 13}, "`spot_size` must be 1 to 12; got 13"),
        ({"row": 31}, "`row` must be 0 to 30; got 31"),
        ({"column": -1}, "`column` must be 0 to 30; got -1"),
    ],
)
def test_pooling_pyramid_refuses_in_one_sentence(changes, sentence):
    chosen = {"image": torch.zeros(3, 32, 32), **changes}
    with pytest.raises(ValueError, match=sentence):
        pooling_pyramid(chosen.pop("image"), **chosen)
