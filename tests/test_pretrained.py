"""Weights of ImageNet: found where they lie, refused where damaged, done without."""

import hashlib

import pytest
import torch
from torchvision import models

from coursekit.models import pretrained


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder and a cache of torch's, both empty."""
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    (tmp_path / "data").mkdir()
    (tmp_path / "torch" / "hub" / "checkpoints").mkdir(parents=True)
    return tmp_path


def weights_file(folder, net, name="resnet18"):
    """Save a network's weights under a name that ends in its sum; return the path."""
    torch.save(net.state_dict(), folder / "new")
    digits = hashlib.sha256((folder / "new").read_bytes()).hexdigest()[:8]
    return (folder / "new").rename(folder / f"{name}-{digits}.pth")


@pytest.fixture(scope="module")
def taught():
    """A ResNet-18 of torchvision with weights of its own."""
    torch.manual_seed(7)
    return models.resnet18(weights=None).eval()


@pytest.mark.parametrize("place", ["data", "torch/hub/checkpoints"])
def test_weights_that_lie_on_disk_are_used(folder, taught, place):
    path = weights_file(folder / place, taught)
    net = pretrained("resnet18")
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(net.model(images), taught(images))
    assert net.trained
    assert str(path) in repr(net)


def test_googlenet_is_filled_and_gives_one_output(folder):
    how = {"weights": None, "transform_input": True, "init_weights": False}
    torch.manual_seed(3)
    taught = models.googlenet(aux_logits=True, **how)
    weights_file(folder / "data", taught, "googlenet")
    net, images = pretrained("googlenet"), torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        answers, expected = net.model(images), taught.eval()(images)
    assert net.trained
    assert torch.equal(answers, expected)


def test_without_weights_the_network_is_new_and_says_what_to_do(folder):
    before = torch.get_rng_state()
    net = pretrained("resnet18")
    assert not net.trained
    assert not net.model.training
    assert len(net.classes) == 1000
    assert repr(net).startswith("untrained: resnet18-")
    assert str(folder / "data") in repr(net)
    assert torch.equal(torch.get_rng_state(), before)


def test_an_untrained_network_has_the_weights_of_its_seed(folder):
    one, same, other = (pretrained("resnet18", seed=s).model.fc for s in (0, 0, 1))
    assert torch.equal(one.weight, same.weight)
    assert not torch.equal(one.weight, other.weight)


def test_half_a_file_counts_as_none(folder, taught):
    path = weights_file(folder / "data", taught)
    path.write_bytes(path.read_bytes()[:-1000])
    assert not pretrained("resnet18").trained


def test_a_download_that_fails_leaves_an_untrained_network(folder, monkeypatch):
    def refuse(url, target, prefix, progress):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    net = pretrained("resnet18", download=True)
    assert not net.trained
    assert "could not be downloaded (no network)" in repr(net)


def test_a_download_is_used_at_once(folder, taught, monkeypatch):
    def give(url, target, prefix, progress):
        assert target.name == url.rpartition("/")[2]
        torch.save(taught.state_dict(), target)

    monkeypatch.setattr(torch.hub, "download_url_to_file", give)
    net = pretrained("resnet18", download=True)
    assert torch.equal(net.model.fc.weight, taught.fc.weight)


def test_weights_of_another_network_are_refused_by_name(folder):
    path = weights_file(folder / "data", torch.nn.Linear(3, 2))
    with pytest.raises(ValueError, match=f"{path.name}.*does not hold the weights of"):
        pretrained("resnet18")


def test_a_name_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="`name` must be"):
        pretrained("resnet19")


def test_pictures_are_cut_to_the_middle_and_standardised(folder):
    net = pretrained("resnet18")
    picture = torch.zeros(1, 3, 20, 40, dtype=torch.uint8)
    picture[..., 10:30] = 255  # the middle square is white
    ready = net.prepare(picture, 16)
    white = (1 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor(
        [0.229, 0.224, 0.225]
    )
    assert ready.shape == (1, 3, 16, 16)
    assert torch.allclose(ready, white[None, :, None, None].expand_as(ready), atol=1e-5)
