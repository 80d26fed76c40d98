"""One reader for pictures of any kind: what it takes, and what it says of the rest."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from coursekit import figures
from coursekit._base.pixels import planes
from coursekit.explore import pooling_pyramid, receptive_field_view
from coursekit.explore.chain import CHAINS
from coursekit.explore.photo_input import photo

COLOUR = np.arange(20 * 24 * 3, dtype=np.uint8).reshape(20, 24, 3)


def kinds(folder) -> dict[str, object]:
    """Return the same picture in every form one can have it in."""
    Image.fromarray(COLOUR).save(folder / "a.png")
    file = io.BytesIO()
    Image.fromarray(COLOUR).save(file, "PNG")
    return {
        "path": folder / "a.png",
        "text": str(folder / "a.png"),
        "bytes": file.getvalue(),
        "Pillow": Image.fromarray(COLOUR),
        "array": COLOUR,
        "tensor": torch.from_numpy(COLOUR).permute(2, 0, 1),
        "list": COLOUR.transpose(2, 0, 1).tolist(),
        "transparent": np.dstack([COLOUR, np.full((20, 24), 9, np.uint8)]),
    }


@pytest.mark.parametrize("kind", ["path", "text", "bytes"])
def test_a_file_is_read_as_it_was_written(kind: str, tmp_path):
    assert (planes("image", kinds(tmp_path)[kind]) == COLOUR.transpose(2, 0, 1)).all()


@pytest.mark.parametrize("kind", ["Pillow", "array", "tensor", "list", "transparent"])
def test_a_picture_in_memory_is_the_same_as_its_file(kind: str, tmp_path):
    read = planes("image", kinds(tmp_path)[kind])
    assert read.shape == (3, 20, 24)
    assert (read == COLOUR.transpose(2, 0, 1)).all()


@pytest.mark.parametrize("kind", ["path", "Pillow", "array", "tensor"])
def test_explorers_and_figures_take_all_of_them(kind: str, tmp_path):
    given = kinds(tmp_path)[kind]
    assert (photo("image", given) == COLOUR).all()
    assert pooling_pyramid(given).numbers["sizes"][0] == (10, 12)
    seen = receptive_field_view(given, CHAINS["one 7×7"])
    assert seen.numbers["rows"] == (7, 14)
    for figure in (figures.images(given), figures.images([given, given])):
        assert figure.axes[0].get_images()[0].get_array().shape == (20, 24, 3)
    figures.fields(given, [((0, 3), (1, 4))])


def test_a_photo_lies_as_the_camera_was_held_and_is_reduced_when_asked(tmp_path):
    tall = Image.fromarray(COLOUR)
    tag = Image.Exif()
    tag[0x0112] = 6  # turned by 90°
    tall.save(tmp_path / "turned.jpg", exif=tag)
    assert planes("image", tmp_path / "turned.jpg").shape == (3, 24, 20)
    assert planes("image", tmp_path / "turned.jpg", most=12).shape == (3, 12, 10)
    assert planes("image", tall.convert("L")).shape == (1, 20, 24)
    assert planes("image", tall.convert("RGBA")).shape == (3, 20, 24)


def test_the_picture_that_was_given_stays_as_it_is():
    given = Image.fromarray(COLOUR)
    planes("image", given, most=5)
    assert given.size == (24, 20)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("nowhere.png", "nowhere.png: No such file or directory"),
        (".", ".: Is a directory"),
        (b"no picture", "this one: no PNG, JPEG, WEBP, BMP, GIF, TIFF picture"),
        (np.zeros((5, 6, 7)), r"a picture: \(c, h, w\) or .* got shape \(5, 6, 7\)"),
        (np.zeros((2, 3, 8, 8)), r"got shape \(2, 3, 8, 8\)"),
        (np.full((3, 9, 9), np.nan), "finite numbers; got NaN or infinity"),
        ({"a": 1}, "an array of real numbers; got {'a': 1}"),
    ],
)
def test_what_is_wrong_with_a_picture_is_one_sentence(value: object, sentence: str):
    with pytest.raises(ValueError, match=f"^`photo` must .*{sentence}$") as caught:
        planes("photo", value)
    assert re.search("\n", str(caught.value)) is None


def test_a_damaged_file_is_named(tmp_path):
    Image.fromarray(COLOUR).save(tmp_path / "cut.png")
    whole = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:60])
    with pytest.raises(ValueError, match=r"^`photo` must be a picture; .*cut.png: \w+"):
        planes("photo", tmp_path / "cut.png")
