"""Grad-CAM against its definition, the grad-cam package, and known truth."""

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from coursekit.data import shapes
from coursekit.gradcam import (
    grad_cam,
    outlined,
    overlay,
    randomised_layers,
    rank_correlation,
    shuffled_labels,
)


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
        ("3", [[1, 2, 3]], r"k for each as \(2, k\)"),
        ("3", [[1, 2], [3, 5]], "classes 0 to 4"),
        ("3", "cat", "one class or 2.*got cat"),
        ("3", [None, 1], "one class or 2"),
        ("3", [[1], [1, 2]], "one class or 2"),
        ("3", True, "one class or 2"),
        ("3", 1j, "one class or 2"),
        ("", None, "`layer` is the whole model"),
        (nn.Sequential(nn.ReLU()), None, "got another Sequential$"),
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


def test_several_classes_an_image_are_the_single_ones_in_one_forward_pass():
    model, x = network().eval(), picture(3, 3, 16, 14)
    asked = torch.tensor([[0, 3, 1, 4], [2, 2, 0, 1], [4, 0, 3, 2]])
    passes = []
    handle = model[0].register_forward_hook(lambda *_: passes.append(1))
    found = grad_cam(model, x, "3", asked)
    handle.remove()
    assert len(passes) == 1
    assert (found.maps.shape, found.raw.shape) == ((3, 4, 16, 14), (3, 4, 8, 7))
    assert torch.equal(found.targets, asked)
    for k in range(4):
        alone = grad_cam(model, x, "3", asked[:, k])
        torch.testing.assert_close(found.maps[:, k], alone.maps)
        torch.testing.assert_close(found.raw[:, k], alone.raw)


def test_one_class_each_as_a_column_keeps_its_axis():
    model, x = network().eval(), picture(2, 3, 12, 12)
    assert grad_cam(model, x, "3", [[1], [2]]).maps.shape == (2, 1, 12, 12)


def test_double_precision_follows_the_definition_and_leaves_the_model_in_single():
    model, x = network(inplace=True).eval(), picture(3, 3, 16, 14)
    found = grad_cam(model, x, model[3], 2, dtype=torch.float64)
    twin, double = network().double(), x.double()
    activation = twin[:4](double).detach().requires_grad_()
    twin[4:](activation * 1)[:, 2].sum().backward()
    alpha = activation.grad.mean((2, 3), keepdim=True)
    expected = (alpha * activation.detach()).sum(1).clamp(min=0)
    torch.testing.assert_close(found.raw, expected, rtol=1e-12, atol=1e-14)
    assert all(p.dtype == torch.float32 for p in model.parameters())


def test_a_number_type_that_is_not_floating_is_refused():
    with pytest.raises(ValueError, match="`dtype` must be a floating-point"):
        grad_cam(network(), picture(1, 3, 12, 12), "3", dtype=torch.int64)


def test_a_layer_without_influence_is_refused():
    class Deaf(nn.Module):
        def __init__(self):
            super().__init__()
            self.unheard, self.heard = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 1)

        def forward(self, x):
            self.unheard(x)
            return self.heard(x).mean((2, 3))

    with pytest.raises(ValueError, match="'unheard' has no influence"):
        grad_cam(Deaf(), picture(1, 3, 4, 4), "unheard")


class Model(nn.Module):
    """The network cut in two, with steps of one's own between and behind."""

    def __init__(self, between=lambda self, x: self.first(x), behind=lambda x: x):
        super().__init__()
        whole = network()
        self.first, self.rest = whole[:4], whole[4:]
        self.between, self.behind = between, behind

    def forward(self, x):
        return self.behind(self.rest(self.between(self, x)))


class Wrapped(nn.Module):
    """Gives what another module gives, in a tuple or dict."""

    def __init__(self, module, wrap):
        super().__init__()
        self.module, self.wrap = module, wrap

    def forward(self, x):
        return self.wrap(self.module(x))


def in_a_dict(model):
    model.first = Wrapped(model.first, lambda x: {"map": x, "size": x.shape})
    model.between = lambda self, x: self.first(x)["map"]
    return model


def in_a_tuple(model):
    model.first = Wrapped(model.first, lambda x: (x, x.mean((2, 3))))
    model.between = lambda self, x: self.first(x)[0]
    return model


def without_gradients(self, x):
    with torch.no_grad():
        return self.first(x)


def again(reentrant):
    def between(self, x):
        from torch.utils.checkpoint import checkpoint

        return checkpoint(
            lambda y: self.drop(y), self.first(x), use_reentrant=reentrant
        )

    model = Model(between)
    model.drop = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm2d(6))
    model.drop[1].requires_grad_(False)
    return model


THE_SAME = {
    "logits in a dict": Model(behind=lambda x: {"logits": x, "loss": x.sum()}),
    "logits in a tuple": Model(behind=lambda x: (x, None)),
    "the layer gives a dict": in_a_dict(Model()),
    "the layer gives a tuple": in_a_tuple(Model()),
    "a backbone under no_grad": Model(without_gradients),
    "checkpointed": again(False),
    "checkpointed as it used to be": again(True),
}


@pytest.mark.parametrize("model", THE_SAME.values(), ids=THE_SAME)
def test_what_surrounds_the_layer_does_not_change_its_map(model):
    x = picture(2, 3, 12, 12)
    before = {k: v.clone() for k, v in model.train().state_dict().items()}
    found = grad_cam(model, x, "first", 2).raw
    expected = grad_cam(network(), x, "3", 2).raw
    torch.testing.assert_close(found, expected, rtol=2e-4, atol=1e-6)  # batch norm's ε
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(module.training for module in model.modules())
    assert all(p.grad is None for p in model.parameters())


def test_a_checkpointed_densenet_is_left_as_it_was():
    torch.manual_seed(0)
    sizes = {"growth_rate": 4, "block_config": (2, 2), "num_init_features": 8}
    lazy = torchvision.models.DenseNet(**sizes, memory_efficient=True, num_classes=5)
    eager = torchvision.models.DenseNet(**sizes, num_classes=5)
    eager.load_state_dict(lazy.state_dict())
    x, before = (
        picture(2, 3, 64, 64),
        {k: v.clone() for k, v in lazy.state_dict().items()},
    )
    found, expected = (
        grad_cam(m, x, "features.denseblock1", 1).raw for m in (lazy, eager)
    )
    torch.testing.assert_close(found, expected)
    assert expected.any()
    assert all(torch.equal(v, before[k]) for k, v in lazy.state_dict().items())


BYTES = (picture(2, 3, 12, 12).sigmoid() * 255).byte()
IMAGES = {
    "bytes": (BYTES, BYTES / 255),
    "a byte array": (BYTES.numpy(), BYTES / 255),
    "an array": (picture(2, 3, 12, 12).numpy(), picture(2, 3, 12, 12)),
    "doubles": (picture(2, 3, 12, 12).double(), picture(2, 3, 12, 12)),
    "channels last in memory": (
        picture(2, 3, 12, 12).to(memory_format=torch.channels_last),
        picture(2, 3, 12, 12),
    ),
}


@pytest.mark.parametrize(("given", "meant"), IMAGES.values(), ids=IMAGES)
def test_images_come_in_several_forms(given, meant):
    found = grad_cam(network(), given, "3", 1)
    torch.testing.assert_close(found.raw, grad_cam(network(), meant, "3", 1).raw)


@pytest.mark.parametrize("made_inside", [False, True])
def test_inference_mode_does_not_matter(made_inside):
    expected = grad_cam(network(), picture(2, 3, 12, 12), "3", 1).raw
    model, x = network(), picture(2, 3, 12, 12)
    with torch.inference_mode():
        if made_inside:
            model, x = network(), picture(2, 3, 12, 12)
        found = grad_cam(model, x, "3", 1).raw
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    "images", [[[1.0]], None, torch.zeros(0, 3, 8, 8), torch.zeros(1, 3, 8, 8) * 1j]
)
def test_what_is_no_batch_of_images_is_refused(images):
    with pytest.raises(ValueError, match=r"`images` must be a batch \(n, c, h, w\)"):
        grad_cam(network(), images, "3")


ANSWERS = {
    "maps": (lambda x: x[..., None, None], r"got \(2, 5, 1, 1\)"),
    "one number": (lambda x: x[:, 0], r"got \(2,\)"),
    "classes": (lambda x: x.argmax(1), r"got \(2,\)"),
    "whole numbers": (lambda x: x.long(), r"got \(2, 5\)"),
    "two tables": (lambda x: {"a": x, "b": x}, r"\['a'\] \(2, 5\), \['b'\] \(2, 5\)"),
    "nothing": (lambda x: None, "got NoneType"),
}


@pytest.mark.parametrize(("behind", "got"), ANSWERS.values(), ids=ANSWERS)
def test_a_model_that_does_not_answer_with_logits_is_refused(behind, got):
    with pytest.raises(ValueError, match=r"must answer with logits.*" + got):
        grad_cam(Model(behind=behind), picture(2, 3, 12, 12), "first")


@pytest.mark.parametrize(
    "between",
    [
        lambda self, x: self.first(x).detach(),
        lambda self, x: (self.first(x), torch.ones(len(x), 6, 6, 6))[1],
    ],
)
def test_a_layer_that_nothing_can_be_traced_back_to_is_refused(between):
    with pytest.raises(ValueError, match="'first' has no influence on the logits"):
        grad_cam(Model(between), picture(2, 3, 12, 12), "first")


def test_attention_gives_no_map():
    class Attends(nn.Module):
        def __init__(self):
            super().__init__()
            self.attend = nn.MultiheadAttention(3, 1, batch_first=True)

        def forward(self, x):
            tokens = x.flatten(2).mT
            return self.attend(tokens, tokens, tokens)[0].mean(1)

    with pytest.raises(ValueError, match=r"'attend' gives \(2, 144, 3\).*not a map"):
        grad_cam(Attends(), picture(2, 3, 12, 12), "attend")


def test_low_resolution_maps_equal_those_of_the_package_before_it_enlarges_them():
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    model, x = network().eval(), picture(4, 3, 18, 14)
    with GradCAM(model, [model[3]]) as cam:
        cam(x, [ClassifierOutputTarget(3)] * 4)
        kept = cam.activations_and_grads
        theirs = cam.get_cam_image(
            x, model[3], None, kept.activations[0].numpy(), kept.gradients[0].numpy()
        )
    ours = grad_cam(model, x, "3", 3).raw
    torch.testing.assert_close(ours, torch.from_numpy(theirs).clamp(min=0))


def test_an_overlay_shows_the_grey_picture_where_the_map_is_zero():
    x = torch.tensor([[[[0.2, 0.8]], [[0.5, 0.8]], [[0.8, 0.8]]]])
    laid = overlay(x, torch.tensor([[[0.0, 1.0]]]), strength=1.0)
    torch.testing.assert_close(laid[0, :, 0, 0], torch.full((3,), 0.5))
    assert laid[0, :, 0, 1].tolist() == pytest.approx([0.941, 0.894, 0.259])


def test_an_overlay_of_bytes_is_that_of_their_share_of_255():
    bytes_ = torch.randint(256, (2, 1, 4, 5), dtype=torch.uint8)
    maps = torch.rand(2, 4, 5)
    torch.testing.assert_close(overlay(bytes_, maps), overlay(bytes_ / 255, maps))


def test_a_frame_lies_on_the_border_pixels_of_its_half_open_box():
    drawn = outlined(torch.zeros(1, 1, 5, 6), torch.tensor([[1, 1, 5, 4]]), (1, 1, 1))
    expected = torch.tensor(
        [
            [0, 0, 0, 0, 0, 0],
            [0, 1, 1, 1, 1, 0],
            [0, 1, 0, 0, 1, 0],
            [0, 1, 1, 1, 1, 0],
            [0, 0, 0, 0, 0, 0],
        ]
    )
    assert torch.equal(drawn[0], expected.expand(3, -1, -1).float())


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda x: overlay(x - 1, torch.zeros(1, 4, 4)), "not normalised ones"),
        (lambda x: overlay(x, torch.zeros(1, 4, 5)), "`maps` must be"),
        (lambda x: overlay(x, 2 + torch.zeros(1, 4, 4)), "`maps` must lie in 0 to 1"),
        (lambda x: overlay(x, torch.zeros(1, 4, 4), 2.0), "`strength` must be 0 to 1"),
        (lambda x: overlay(x[:, :2], torch.zeros(1, 4, 4)), "1 or 3 channels"),
        (lambda x: outlined(x, torch.zeros(2, 4)), r"`boxes` must be \(1, 4\)"),
    ],
)
def test_pictures_that_cannot_be_drawn_on_are_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw(torch.zeros(1, 3, 4, 4))


@pytest.mark.parametrize("levels", [2, 3, 1000])
def test_rank_correlation_is_scipys_also_with_ties(levels):
    from scipy.stats import spearmanr

    draw = torch.Generator().manual_seed(levels)
    a, b = torch.randint(levels, (2, 5, 6, 7), generator=draw).float()
    expected = [spearmanr(x.flatten(), y.flatten()).statistic for x, y in zip(a, b)]  # noqa: B905
    assert rank_correlation(a, b).tolist() == pytest.approx(expected)


def test_a_flat_map_correlates_with_nothing():
    assert rank_correlation(torch.zeros(1, 2, 2), torch.rand(1, 2, 2)).item() == 0


def test_maps_of_different_shapes_have_no_rank_correlation():
    with pytest.raises(ValueError, match="the same shape"):
        rank_correlation(torch.zeros(1, 2, 2), torch.zeros(1, 2, 3))


def test_layers_are_forgotten_from_the_output_on_and_stay_forgotten():
    model, x = network().eval(), picture(3, 3, 16, 14)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    rows = randomised_layers(model, x, "3", seed=4)
    assert [row.layer for row in rows] == ["", "7", "3", "0"]
    assert torch.equal(rows[0].maps, grad_cam(model, x, "3").maps)
    assert rows[0].similarity.tolist() == pytest.approx([1] * 3)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    worse = network().eval()  # forget the last layer by hand, the same draw
    torch.manual_seed(4)
    worse[7].reset_parameters()
    targets = model(x).argmax(1)
    torch.testing.assert_close(rows[1].maps, grad_cam(worse, x, "3", targets).maps)


def test_forgetting_layers_leaves_torchs_random_numbers_alone():
    model = network().eval()
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    randomised_layers(model, picture(1, 3, 12, 12), "3")
    assert torch.equal(torch.rand(3), expected)


def test_a_parameter_without_a_start_of_its_own_gets_normal_numbers_of_its_spread():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.see, self.out = nn.Conv2d(3, 400, 1), nn.Parameter(torch.empty(400, 2))
            nn.init.normal_(self.out, 0, 5)

        def forward(self, x):
            return self.see(x).mean((2, 3)) @ self.out

    rows = randomised_layers(Scaled().eval(), picture(2, 3, 4, 4), "see")
    assert [row.layer for row in rows] == ["", "see", ""]


def test_shuffled_labels_keep_images_and_counts():
    data = shapes(40, seed=1)
    other = shuffled_labels(data, seed=2)
    assert torch.equal(other.images, data.images)
    assert torch.equal(other.labels.bincount(), data.labels.bincount())
    assert not torch.equal(other.labels, data.labels)
    assert torch.equal(shuffled_labels(data, seed=2).labels, other.labels)


class SeesOrder(nn.Module):
    """Changes nothing, but `view` refuses a map whose channels lie last in memory."""

    def forward(self, x):
        return x.view(len(x), -1).view(x.shape)


@pytest.mark.parametrize("layer", [0, 2])
def test_maps_of_a_network_that_sees_the_order_in_memory(layer):
    model, x = network().eval(), picture(2, 3, 8, 8)
    model.insert(1, SeesOrder())
    found = grad_cam(model, x, str(layer), 3)
    expected = by_definition(model[: layer + 1], model[layer + 1 :], x, 3)
    torch.testing.assert_close(found.raw, expected)
    assert all(weight.is_contiguous() for weight in model.parameters())
