"""Grad-CAM against its definition, the grad-cam package, and known truth."""

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from coursekit.gradcam import grad_cam


def picture(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def network(inplace: bool = False) -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace), nn.MaxPool2d(2),
        nn.Conv2d(8, 6, 3, padding=1), nn.ReLU(inplace),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, 5),
    )  # fmt: skip


def by_definition(first: nn.Module, rest: nn.Module, x, target: int) -> torch.Tensor:
    """Equations 1 and 2, the network cut in two by hand; no hook involved."""
    activation = first(x).detach().requires_grad_()
    rest(activation * 1)[:, target].sum().backward()
    alpha = activation.grad.mean((2, 3))
    total = torch.zeros(x.shape[0], *activation.shape[2:])
    for channel in range(activation.shape[1]):
        total += alpha[:, channel, None, None] * activation.detach()[:, channel]
    return total.clamp(min=0)


@pytest.mark.parametrize("inplace", [False, True])
def test_maps_follow_the_definition_even_if_the_next_layer_overwrites(inplace):
    model, x = network(inplace).eval(), picture(3, 3, 16, 14)
    found = grad_cam(model, x, model[3], 2)
    expected = by_definition(network()[:4], network()[4:], x, 2)
    torch.testing.assert_close(found.raw, expected, rtol=1e-5, atol=1e-6)


def stretched(maps: torch.Tensor) -> torch.Tensor:
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return (maps - low) / (high - low)


def test_maps_equal_those_of_the_grad_cam_package():
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    torch.manual_seed(0)
    model = torchvision.models.resnet18(weights=None).eval()
    x = picture(2, 3, 96, 96)
    with GradCAM(model, [model.layer4[-1]]) as cam:
        theirs = cam(x, [ClassifierOutputTarget(7), ClassifierOutputTarget(9)])
    ours = grad_cam(model, x, "layer4.1", [7, 9]).raw
    # the package stretches each map to 0..1 before and after it enlarges it
    grown = F.interpolate(stretched(ours)[:, None], (96, 96), mode="bilinear")[:, 0]
    scaled = stretched(grown)
    assert (scaled - torch.from_numpy(theirs)).abs().max() < 1e-5


def test_a_map_shows_the_one_place_the_score_comes_from():
    """A network that answers with the brightness of the upper left quarter."""

    class Corner(nn.Module):
        def __init__(self):
            super().__init__()
            self.see = nn.Identity()

        def forward(self, x):
            x = self.see(x)
            corner = x[:, :, :4, :4].mean((1, 2, 3))
            return torch.stack([corner, -corner], 1)

    x = torch.zeros(1, 1, 8, 8)
    x[0, 0, 1, 2] = 1
    found = grad_cam(Corner(), x, "see", 0)
    assert found.maps[0].argmax().item() == 1 * 8 + 2
    assert not grad_cam(Corner(), x, "see", 1).maps.any()  # nothing speaks for it


def test_without_targets_the_predicted_classes_are_asked_about():
    model, x = network().eval(), picture(4, 3, 12, 12)
    assert torch.equal(grad_cam(model, x, "3").targets, model(x).argmax(1))


def test_the_model_is_left_as_it_was():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(),
                          nn.Linear(4 * 36, 2))  # fmt: skip
    before = {k: v.clone() for k, v in model.state_dict().items()}
    grad_cam(model, picture(2, 3, 8, 8), "1")
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert all(m.training and not m._forward_hooks for m in model.modules())
    assert torch.is_grad_enabled()


def test_a_frozen_backbone_and_no_grad_do_not_matter():
    model, x = network().eval(), picture(2, 3, 12, 12)
    expected = grad_cam(model, x, "3").raw
    model.requires_grad_(False)
    with torch.no_grad():
        assert torch.equal(grad_cam(model, x, "3").raw, expected)


@pytest.mark.parametrize(
    ("layer", "targets", "message"),
    [
        ("conv9", None, "'conv9' is not in the model"),
        (nn.ReLU(), None, "must be a module of this model"),
        ("6", None, r"gives \(2, 24\), not a map"),
        ("3", 5, "classes 0 to 4; got 5"),
        ("3", [1, 2, 3], "one class or 2, one for each image"),
        ("3", 0.5, "one class or 2"),
    ],
)
def test_wrong_layers_and_targets_are_refused(layer, targets, message):
    with pytest.raises(ValueError, match=message):
        grad_cam(network(), picture(2, 3, 12, 12), layer, targets)


def test_a_layer_that_runs_twice_is_refused():
    relu = nn.ReLU()
    model = nn.Sequential(nn.Conv2d(3, 4, 3), relu, nn.Conv2d(4, 2, 3), relu,
                          nn.AdaptiveAvgPool2d(1), nn.Flatten())  # fmt: skip
    with pytest.raises(ValueError, match="runs 2 times"):
        grad_cam(model, picture(2, 3, 12, 12), relu)


def test_one_image_without_a_batch_is_refused():
    with pytest.raises(ValueError, match=r"`images` must be a batch.*got \(3, 8, 8\)"):
        grad_cam(network(), picture(3, 8, 8), "3")
