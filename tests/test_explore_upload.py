"""Another photo in an explorer: uploaded, or given from Python."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from coursekit import explore
from coursekit.explore.live import LiveExplorer
from coursekit.models import tiny_net
from tests.explorers import shown


def seeded() -> nn.Module:
    torch.manual_seed(0)
    return tiny_net()


TALL = np.random.default_rng(0).integers(0, 256, (300, 200, 3), dtype=np.uint8)
MADE = {
    "desk": explore.explore_desk,
    "padding": explore.explore_padding,
    "pooling": explore.explore_pooling,
    "receptive_field": explore.explore_receptive_field,
    "augmentation": explore.explore_augmentation,
    "hiding": explore.explore_hiding,
    "network": lambda: explore.explore_network(seeded(), (1, 28, 28)),
}


def uploaded(content: bytes, version: int) -> object:
    """Return what ipywidgets 7 or 8 tells of an uploaded file."""
    if version == 7:
        return {"a.png": {"metadata": {"name": "a.png"}, "content": content}}
    return ({"name": "a.png", "type": "image/png", "content": memoryview(content)},)


def png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(TALL).save(buffer, "PNG")
    return buffer.getvalue()


def settings(explorer: LiveExplorer) -> dict:
    return {
        name: c.value for name, c in explorer.controls.items() if hasattr(c, "value")
    }


@pytest.mark.parametrize("version", [7, 8])
@pytest.mark.parametrize("name", MADE)
def test_an_uploaded_photo_takes_the_place_of_the_first(name: str, version: int):
    explorer, like = MADE[name](), MADE[name]()
    before = explorer.view._repr_html_()
    explorer._take(uploaded(png(), version))
    like.show(TALL)
    assert explorer.view._repr_html_() != before
    assert explorer.view == like.view
    assert explorer.view.svg_or_html in shown(explorer)
    for name, value in settings(explorer).items():
        about = explorer.declared.controls[name]
        allowed = about.values(
            {explorer.declared.subject: explorer.subject, **explorer.state}
        )
        assert value in allowed


@pytest.mark.parametrize("name", MADE)
def test_a_bad_file_is_one_sentence_and_the_picture_stays(name: str):
    explorer = MADE[name]()
    before = explorer.view
    explorer._take(uploaded(b"no picture", 8))
    assert explorer.view is before
    assert shown(explorer).count("role='alert'>`") == 1
    assert "must be a picture; this one: no PNG, JPEG" in shown(explorer)
    explorer._take(uploaded(png(), 8))
    assert "role='alert'" not in shown(explorer)


def test_an_explorer_without_a_photo_says_so():
    with pytest.raises(ValueError, match="no photo that could be another one"):
        explore.explore_kernel().show(TALL)


def test_nothing_of_a_photo_is_stretched_to_fit_a_network():
    stripes = np.zeros((300, 200, 3), np.uint8)
    stripes[:, ::2] = 255
    stripes[:50] = stripes[-50:] = 7
    explorer = explore.explore_receptive_field(stripes, input_shape=(3, 200, 200))
    again = explore.explore_receptive_field(stripes[50:250])
    assert explorer.view.backdrop == again.view.backdrop
