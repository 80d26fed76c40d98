"""Parameters by kind, depth and training memory against hand counts and real steps."""

import copy

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.checkpoint import checkpoint

from coursekit import models
from coursekit.anatomy import (
    largest_batch,
    memory,
    parameters_by_kind,
    weight_layers,
)

zoo = torchvision.models


def small_net() -> nn.Sequential:
    """conv 8 maps – norm – ReLU in place – pool – conv – GAP – dense, on 1×12×12."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True),
        nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(16, 5),
    )  # fmt: skip


# --- parameters and depth ----------------------------------------------------------


def test_parameters_are_sorted_by_the_layer_they_belong_to():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.up = nn.Conv2d(3, 8, 3), nn.ConvTranspose2d(8, 2, 2)
            self.norm, self.fc = nn.BatchNorm2d(2), nn.Linear(2, 5)
            self.scale = nn.Parameter(torch.ones(7))

    found = parameters_by_kind(Net())
    assert found.convolution == 3 * 8 * 9 + 8 + 8 * 2 * 4 + 2
    assert (found.dense, found.norm, found.other) == (15, 4, 7)
    assert found.total == 224 + 66 + 15 + 4 + 7


def test_a_shared_parameter_is_counted_once():
    first, second = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
    second.weight = first.weight
    assert parameters_by_kind(nn.Sequential(first, second)).dense == 16


def test_a_parametrised_weight_counts_for_its_layer():
    layer = nn.utils.parametrizations.weight_norm(nn.Conv2d(2, 4, 3, bias=False))
    assert parameters_by_kind(layer).convolution == 4 * 2 * 9 + 4


@pytest.mark.parametrize(
    ("factory", "shape", "depth"),
    [  # the number in the name, or the paper's own count
        (models.vgg11, (3, 224, 224), 11),
        (models.vgg19, (3, 224, 224), 19),
        (models.alexnet, (3, 227, 227), 8),
        (models.zfnet, (3, 224, 224), 8),
        (models.googlenet, (3, 224, 224), 22),
        (models.plain34, (3, 224, 224), 34),
        (models.resnet18, (3, 224, 224), 18),
        (models.resnet50, (3, 224, 224), 50),
        (models.resnet152, (3, 224, 224), 152),
        (lambda: models.cifar_resnet(56), (3, 32, 32), 56),
        (lambda: models.lenet5(original=True), (1, 32, 32), 5),
        (zoo.densenet121, (3, 224, 224), 121),
        (zoo.squeezenet1_1, (3, 224, 224), 18),
    ],
)
def test_depth_is_that_in_the_name_of_the_network(factory, shape, depth):
    with torch.device("meta"):
        model = factory()
    assert weight_layers(model, shape) == depth


def test_a_masked_weight_still_makes_a_weight_layer():
    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(4, 1, 3, 3))
            self.register_buffer("mask", torch.ones(4, 1, 3, 3))

        def forward(self, x):
            return F.conv2d(x, self.weight * self.mask)

    assert weight_layers(Masked(), (1, 5, 5)) == 1


def test_a_product_of_two_maps_is_no_weight_layer():
    class Gram(nn.Module):
        def forward(self, x):
            return x @ x.transpose(-1, -2)

    assert weight_layers(Gram(), (1, 5, 5)) == 0


# --- what is held for backward ------------------------------------------------------


def saved_by_a_real_forward(model: nn.Module, images: Tensor, **autocast) -> int:
    """Bytes of all storages autograd saves of a real forward pass, no weights."""
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    own |= {b.untyped_storage().data_ptr() for b in model.buffers()}
    found: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            found[storage.data_ptr()] = storage
        return tensor

    hooks = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
    labels = torch.zeros(len(images), dtype=torch.long)
    with torch.autocast("cpu", torch.bfloat16, **autocast), hooks:
        out = F.cross_entropy(model(images), labels)
    assert out.requires_grad
    return sum(storage.nbytes() for storage in found.values())


@pytest.mark.parametrize(
    ("factory", "shape"),
    [
        (small_net, (1, 12, 12)),
        (models.tiny_net, (1, 28, 28)),
        (models.squeeze_expand, (1, 28, 28)),
        (models.separable_net, (3, 32, 32)),
        (models.lenet5, (1, 32, 32)),
        (lambda: models.lenet5(original=True), (1, 32, 32)),
        (lambda: models.cifar_resnet(20), (3, 32, 32)),
    ],
)
def test_held_bytes_are_those_a_real_forward_pass_saves(factory, shape):
    torch.manual_seed(0)
    model, images = factory().train(), torch.rand(4, *shape)
    found = memory(model, shape, 4, device="cpu")
    real = saved_by_a_real_forward(model, images, enabled=False)
    assert found.images + found.activations == real


@pytest.mark.parametrize("factory", [models.tiny_net, models.squeeze_expand])
def test_mixed_precision_holds_what_a_real_autocast_pass_saves(factory):
    torch.manual_seed(0)
    model, images = factory().train(), torch.rand(4, 1, 28, 28)
    found = memory(model, (1, 28, 28), 4, precision="mixed", device="cpu")
    real = saved_by_a_real_forward(model, images, enabled=True)
    # Autocast turns the float32 batch into a copy: the batch itself is not saved.
    # torch's fakes have the statistics of a norm in bfloat16, the CPU has float32.
    assert found.activations + found.half_copies == pytest.approx(real, rel=1e-3)


def test_every_layer_holds_what_one_counts_by_hand():
    found = memory(small_net(), (1, 12, 12), 2, device="cpu")
    map_, pooled = 2 * 8 * 12 * 12 * 4, 2 * 8 * 6 * 6 * 4
    assert found.images == 2 * 144 * 4
    assert found.layers == {
        "1": map_ + 2 * 8 * 4,  # its input, mean and deviation of each channel
        "2": map_,  # its output, written over that of the norm
        "3": pooled * 2,  # an index of eight bytes for every value it lets through
        "4": pooled,
        "5": 2 * 16 * 4 * 4 * 4,
        "8": 2 * 16 * 4,
        "loss": 2 * 5 * 4 + 2 * 8 + 4,  # log softmax, labels, the sum of their weights
    }
    assert found.activations == sum(found.layers.values())


def test_a_frozen_backbone_holds_and_learns_less():
    model = small_net()
    for layer in model[:8]:
        layer.requires_grad_(False)
    found = memory(model, (1, 12, 12), 2, optimizer="momentum", device="cpu")
    assert found.gradients == found.optimizer == (16 * 5 + 5) * 4
    assert set(found.layers) == {"8", "loss"}


def test_a_network_without_weights_takes_a_forward_pass():
    found = memory(nn.Sequential(nn.ReLU(), nn.Flatten()), (1, 4, 4), 2, device="cpu")
    assert (found.gradients, found.optimizer, found.activations) == (0, 0, 0)
    assert found.phase == "forward"


@pytest.mark.parametrize(("optimizer", "copies"), [("sgd", 0), ("momentum", 1)])
def test_sgd_keeps_a_copy_of_the_weights_for_momentum_only(optimizer, copies):
    found = memory(nn.Linear(100, 10), (100,), 4, optimizer=optimizer, device="cpu")
    assert found.weights == found.gradients == 4040
    assert found.optimizer == copies * 4040


def test_adam_keeps_two_copies_and_a_counter_per_weight():
    found = memory(nn.Linear(100, 10), (100,), 4, optimizer="adam", device="cpu")
    assert found.optimizer == 2 * 4040 + 2 * 4


def test_an_optimizer_of_your_own_is_taken():
    def own(parameters, lr):
        return torch.optim.RMSprop(parameters, lr, momentum=0.9)

    found = memory(nn.Linear(100, 10), (100,), 4, optimizer=own, device="cpu")
    assert found.optimizer == 2 * 4040 + 2 * 4


def test_on_a_gpu_dropout_keeps_one_byte_a_value_and_sizes_are_rounded():
    model = nn.Sequential(nn.Linear(8, 1024), nn.Dropout(0.5))
    assert memory(model, (8,), 4, device="cuda").layers["1"] == 4 * 1024
    assert memory(model, (8,), 4, device="cpu").layers["1"] == 4 * 1024 * 4
    assert memory(model, (8,), 4, device="cuda").images == 512


def test_on_a_gpu_autocast_keeps_norms_of_layers_in_float32():
    model = nn.Sequential(nn.Linear(8, 64), nn.LayerNorm(64), nn.Linear(64, 4))
    asked = {"batch_size": 16, "precision": "mixed"}
    on_gpu = memory(model, (8,), device="cuda", **asked).layers["1"]
    on_cpu = memory(model, (8,), device="cpu", **asked).layers["1"]
    assert on_gpu - on_cpu >= 16 * 64 * 2


# --- the peak -----------------------------------------------------------------------


def peak_of_a_real_step(model: nn.Module, images: Tensor) -> int:
    """The highest running sum of what the CPU allocator hands out and takes back."""
    before = sum(t.nbytes for t in [*model.parameters(), *model.buffers(), images])
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    labels = torch.zeros(len(images), dtype=torch.long)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
    events = found.profiler.kineto_results.events()
    changes = [(e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]"]
    total = highest = 0
    for _, change in sorted(changes, key=lambda event: event[0]):
        total += change
        highest = max(highest, total)
    return before + highest


def dense_net() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(64, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(inplace=True),
        nn.Dropout(0.3), nn.Linear(512, 256), nn.Sigmoid(), nn.Linear(256, 10),
    )  # fmt: skip


@pytest.mark.parametrize("batch", [1, 32, 500])
def test_the_peak_of_a_dense_net_is_that_of_the_allocator(batch):
    torch.manual_seed(0)
    found = memory(dense_net(), (64,), batch, device="cpu").peak
    real = peak_of_a_real_step(dense_net().train(), torch.rand(batch, 64))
    assert found == pytest.approx(real, rel=0.005)  # matrix products need no workspace


@pytest.mark.parametrize(
    ("factory", "shape", "batch"),
    [
        (models.squeeze_expand, (1, 28, 28), 64),
        (models.separable_net, (3, 32, 32), 16),
        (lambda: models.cifar_resnet(20), (3, 32, 32), 16),
    ],
)
def test_the_peak_of_a_small_network_is_within_a_tenth(factory, shape, batch):
    torch.manual_seed(0)
    model = factory().train()
    found = memory(model, shape, batch, device="cpu").peak
    assert found == pytest.approx(
        peak_of_a_real_step(model, torch.rand(batch, *shape)), rel=0.1
    )


def test_parts_at_the_peak_add_up_to_it():
    found = memory(small_net(), (1, 12, 12), 16, optimizer="adam")
    assert sum(found.at_peak.values()) == found.peak
    assert sum(found.parts.values()) == found.total
    assert found.phase in ("forward", "backward", "update")


def test_checkpointing_lowers_the_peak():
    class Checkpointed(nn.Sequential):
        def forward(self, x):
            for layer in self:
                x = checkpoint(layer, x, use_reentrant=False)
            return x

    def blocks():
        return [
            nn.Sequential(*(nn.Sequential(nn.Linear(64, 64), nn.Sigmoid()),) * 6)
            for _ in range(4)
        ]

    plain = memory(nn.Sequential(*blocks()), (64,), 2000)
    assert memory(Checkpointed(*blocks()), (64,), 2000).peak < 0.6 * plain.peak


def test_several_outputs_each_have_a_loss():
    with torch.device("meta"):
        plain, auxiliary = models.googlenet(10), models.googlenet(10, auxiliary=True)
    more, less = (memory(net, (3, 224, 224), 2) for net in (auxiliary, plain))
    assert more.layers["loss"] == 3 * less.layers["loss"]
    assert "aux4d" in str(more.layers)
    assert more.activations > less.activations


# --- the largest batch --------------------------------------------------------------


@pytest.mark.parametrize("budget", ["900 kB", "20 MiB", "15 GB", 3_000_000])
@pytest.mark.parametrize("precision", ["float32", "mixed"])
def test_the_largest_batch_fits_and_one_image_more_does_not(budget, precision):
    units = {"900 kB": 900_000, "20 MiB": 20 * 2**20, "15 GB": 15 * 10**9}
    limit, model = units.get(budget, budget), small_net()
    found = largest_batch(model, (1, 12, 12), budget, precision=precision)
    assert memory(model, (1, 12, 12), found, precision=precision).peak <= limit
    assert memory(model, (1, 12, 12), found + 1, precision=precision).peak > limit


def test_no_batch_fits_where_the_weights_do_not():
    assert largest_batch(nn.Linear(1000, 1000), (1000,), "1 MB") == 0


def test_a_single_image_may_be_all_that_fits():
    model = nn.Sequential(nn.Flatten(), nn.Linear(100_000, 1))
    one = memory(model, (1, 100, 1000), 1).peak
    assert largest_batch(model, (1, 100, 1000), one) == 1


def test_where_batch_norm_refuses_one_image_none_fits():
    model = nn.Sequential(nn.Linear(100, 50), nn.BatchNorm1d(50))
    assert largest_batch(model, (100,), memory(model, (100,), 2).peak) == 2
    assert largest_batch(model, (100,), memory(model, (100,), 2).peak - 512) == 0


# --- the model and the caller are left alone ----------------------------------------


class Keeps(nn.Module):
    """Keeps its last map, as models that are to be looked into do."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.last = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), None

    def forward(self, x):
        self.last = self.norm(self.conv(x))
        return F.dropout(self.last, 0.5, self.training)


class ComparesImages(nn.Module):
    """Keeps a table of every image against every other: it grows with the square."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(9, 2)

    def forward(self, x):
        x = x.flatten(1)
        return self.dense(torch.softmax(x @ x.T, 1) @ x)


class Pairs(ComparesImages):
    """Splits the batch in two, which goes in another order for odd numbers."""

    def forward(self, x):
        parts = [self.dense(part.flatten(1)) for part in x.split(2)]
        return torch.cat(parts)


@pytest.mark.parametrize(
    ("model", "budget"),
    [(ComparesImages(), 20_000), (ComparesImages(), 90_000), (Pairs(), 3_000)],
    ids=["square", "a larger square", "pairs"],
)
def test_a_step_that_does_not_grow_evenly_is_measured_at_its_own_size(model, budget):
    found = largest_batch(model, (1, 3, 3), budget, device="cpu")
    assert memory(model, (1, 3, 3), found, device="cpu").peak <= budget
    assert memory(model, (1, 3, 3), found + 1, device="cpu").peak > budget


@pytest.mark.parametrize("call", [memory, largest_batch, weight_layers])
def test_everything_stays_as_it_was(call):
    torch.manual_seed(0)
    model = Keeps()
    model.norm.eval()
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    with torch.no_grad():
        call(model, (1, 9, 9))
        assert not torch.is_grad_enabled()
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert (model.training, model.norm.training, model.last) == (True, False, None)
    assert all(type(p) is nn.Parameter and p.grad is None for p in model.parameters())
    assert not torch.is_autocast_enabled("cpu")


def test_a_model_larger_than_any_memory_needs_none():
    with torch.device("meta"):
        model = nn.Sequential(nn.Linear(1_000_000, 1_000_000), nn.ReLU())
    assert memory(model, (1_000_000,), 1).weights > 4 * 10**12


def test_a_failed_step_leaves_no_hook_and_logs_nothing(caplog):
    with pytest.raises(ValueError, match=r"layer `5` .* takes 8 channels, not 9"):
        memory(nn.Sequential(*small_net()[:4], nn.ZeroPad3d((0, 0, 0, 0, 0, 1)),
                             *small_net()[4:]), (1, 12, 12))  # fmt: skip
    assert not torch.nn.modules.module._global_forward_hooks
    assert not caplog.records


# --- what is shown, what is refused --------------------------------------------------


def test_text_and_html_say_the_peak_and_every_part():
    found = memory(models.tiny_net(), (1, 28, 28), 32, optimizer="momentum")
    for shown in (repr(found), found._repr_html_()):
        assert "Training step of 32 images (float32, momentum, cuda)" in shown
        assert "activations" in shown
        assert "3.72 MB" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, r"`batch_size` must be 1 to 16777216; got 0"),
        ({"optimizer": "lion"}, "`optimizer` must be one of 'sgd', 'momentum', 'adam'"),
        ({"precision": "half"}, "`precision` must be one of 'float32', 'mixed'"),
        ({"device": "tpu"}, "`device` must be one of 'cuda', 'cpu'; got 'tpu'"),
    ],
)
def test_arguments_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        memory(nn.Linear(4, 2), (4,), **arguments)


@pytest.mark.parametrize("budget", ["15", "GB", "15 XB", "-1 GB", 0, 1.5, None, True])
def test_a_budget_that_is_no_amount_of_memory_is_refused(budget):
    with pytest.raises(ValueError, match="`budget` must be a number of bytes"):
        largest_batch(nn.Linear(4, 2), (4,), budget)


def test_a_batch_norm_on_single_values_names_its_layer():
    model = nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(2))
    with pytest.raises(ValueError, match=r"layer `1` .* more than 1 value per channel"):
        memory(model, (4,), 1)


def test_a_forward_pass_that_asks_for_numbers_is_refused():
    class Asks(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(ValueError, match="asks for a number in a tensor"):
        memory(Asks(), (1, 4, 4))


def test_a_model_that_returns_no_numbers_is_refused():
    class Words(nn.Module):
        def forward(self, x):
            return "cat"

    with pytest.raises(ValueError, match="returns no float tensor but str"):
        memory(Words(), (1, 4, 4))


@pytest.mark.parametrize("call", [parameters_by_kind, memory, weight_layers])
def test_a_class_in_the_place_of_a_model_is_refused(call):
    shape = () if call is parameters_by_kind else ((1, 4, 4),)
    with pytest.raises(ValueError, match=r"`model` must be an nn\.Module instance"):
        call(nn.Linear, *shape)
