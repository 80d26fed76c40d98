"""Every rule of a challenge on nets counted by hand, and on nets that cheat."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.course import all_challenges, challenge
from coursekit.models import cifar_resnet, squeeze_expand, tiny_net
from coursekit.training import Epoch, History

NO_DENSE = "no dense layer except after global average pooling"
NO_DISGUISE = "no dense layer in disguise"
MNIST = challenge("mnist-20k")


def found(model, key, name="mnist-20k", **more):
    return challenge(name).check(model, **more)[key]


def gap_net(*, norm=True, kernel=3):
    """Return 28×28 → 7×7×8 → GAP → 10; counted by hand in the first test."""
    return nn.Sequential(
        nn.Conv2d(1, 8, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(8) if norm else nn.Identity(),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 10),
    )


class Net(nn.Module):
    """A 28×28 image → an 8×7×7 map → whatever `head` makes of it."""

    def __init__(self, head, **extra):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.head = head
        for name, value in extra.items():
            setattr(self, name, value)

    def forward(self, x):
        x = F.max_pool2d(self.norm(self.conv(x)).relu(), 4)  # n 8 7 7
        return self.head(self, x)


def history(*valid, parameters=None, seconds=1.0, train=0.99):
    """Return a history with these validation accuracies."""
    rows = [
        Epoch(k, 0.1, train, None if v is None else 0.1, v, seconds, 0.1)
        for k, v in enumerate(valid, start=1)
    ]
    settings = {} if parameters is None else {"parameters": f"{parameters:,}"}
    return History(tuple(rows), settings)


# parameters


def test_a_net_counted_by_hand_has_that_many_parameters():
    # 9·8 + (8 + 8) + 8·10 + 10 = 178
    assert found(gap_net(), "parameters_below").value == 178


@pytest.mark.parametrize(("width", "status"), [(2, "not met"), (1, "met")])
def test_the_budget_itself_is_too_much(tmp_path, width, status):
    path = tmp_path / "mine.toml"
    path.write_text(
        '[x]\ntitle = "x"\ndata = "none"\ninput_shape = [1, 4, 4]\n'
        "parameters_below = 18\n"
    )
    net = nn.Conv2d(1, width, 3, bias=False)  # 9 numbers a channel
    assert challenge("x", path).check(net)[0].status == status


def test_frozen_parameters_count_and_are_told():
    net = gap_net()
    net[0].weight.requires_grad_(False)
    row = found(net, "parameters_below")
    assert row.value == 178
    assert "72 of them are frozen" in row.says


def test_parameters_of_a_layer_used_twice_count_once():
    conv = nn.Conv2d(8, 8, 3, padding=1, bias=False)
    net = Net(lambda m, x: m.fc(m.again(m.again(x)).mean((2, 3))))
    net.again, net.fc = conv, nn.Linear(8, 10)
    # conv 80 + norm 16 + again 576 + fc 90
    assert found(net, "parameters_below").value == 762


def test_parameters_that_nothing_uses_do_not_count_and_are_named():
    net = Net(lambda m, x: m.fc(x.mean((2, 3))), fc=nn.Linear(8, 10))
    net.spare = nn.Linear(100, 200)
    row = found(net, "parameters_below", "mnist-8k")
    assert row.value == 80 + 16 + 90
    assert "20,200 more are built and never used (`spare.weight`, " in row.says


def test_a_layer_whose_weight_is_used_by_a_function_is_not_called_unused():
    net = Net(lambda m, x: F.linear(x.mean((2, 3)), m.fc.weight), fc=nn.Linear(8, 10))
    row = found(net, "parameters_below")
    assert "10 more are built and never used (`fc.bias`)" in row.says


def test_weights_hidden_in_a_buffer_count():
    net = Net(lambda m, x: x.mean((2, 3)) @ m.hidden)
    net.register_buffer("hidden", torch.randn(8, 10))
    row = found(net, "parameters_below")
    assert row.value == 80 + 16 + 80
    assert "`hidden` is a buffer, but 80 numbers in it count as learnt" in row.says


def test_weights_in_a_plain_attribute_count():
    net = Net(lambda m, x: x.mean((2, 3)) @ m.hidden, hidden=torch.randn(8, 10))
    row = found(net, "parameters_below")
    assert row.value == 80 + 16 + 80
    assert "80 numbers read in the forward pass are neither" in row.says


def test_weights_hidden_as_whole_numbers_count():
    net = Net(lambda m, x: x.mean((2, 3)) @ m.hidden.float() / 100)
    net.register_buffer("hidden", torch.ones(8, 10, dtype=torch.int8))
    assert found(net, "parameters_below").value == 80 + 16 + 80


def test_statistics_of_batch_norm_do_not_count():
    assert found(gap_net(), "parameters_below").says == ""


class NormByHand(nn.Module):
    def __init__(self, channels, size):
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(size))
        self.register_buffer("running_var", torch.ones(size))
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x):
        mean, var = (b[: x.shape[1], None, None] for b in self.buffers())
        return self.weight[:, None, None] * (x - mean) / (var + 1e-5).sqrt()


def test_statistics_of_a_norm_written_by_hand_do_not_count_and_it_is_a_norm():
    net = gap_net()
    net[1] = NormByHand(8, 8)
    table = MNIST.check(net)
    assert table["parameters_below"].value == 72 + 8 + 90
    assert table["batch norm"].status == "met"


def test_statistics_that_nothing_reads_are_no_norm():
    net = gap_net(norm=False)
    net[1].register_buffer("running_mean", torch.zeros(8))
    net[1].register_buffer("running_var", torch.ones(8))
    assert found(net, "batch norm").status == "not met"


def test_of_longer_statistics_only_those_in_use_rest():
    # a ghost batch norm keeps several; what no image meets does not count either
    net = gap_net()
    net[1] = NormByHand(8, 3_136)
    assert found(net, "parameters_below").value == 72 + 8 + 90


def test_weights_under_the_name_of_statistics_count():
    net = Net(lambda m, x: x.mean((2, 3)) @ m.running_mean)
    net.register_buffer("running_mean", torch.randn(8, 10))
    assert found(net, "parameters_below").value == 80 + 16 + 80


# dense layers


GAP = {
    "adaptive": lambda m, x: m.fc(F.adaptive_avg_pool2d(x, 1).flatten(1)),
    "window": lambda m, x: m.fc(F.avg_pool2d(x, 7).flatten(1)),
    "mean": lambda m, x: m.fc(x.mean((2, 3))),
    "one after the other": lambda m, x: m.fc(x.mean(3).mean(2)),
    "sum": lambda m, x: m.fc(x.flatten(2).sum(2) / 49),
    "channels last": lambda m, x: m.fc(x.permute(0, 2, 3, 1).mean((1, 2))),
    "1×1 before it": lambda m, x: m.one(x).mean((2, 3)),
    "1×1 as a product": lambda m, x: m.fc(x.movedim(1, 3)).mean((1, 2)),
    "1×1 after it": lambda m, x: m.one(F.adaptive_avg_pool2d(x, 1)).flatten(1),
    "smaller windows first": lambda m, x: m.fc(F.avg_pool2d(x, 2).mean((2, 3))),
    "squeeze and excite": lambda m, x: m.fc(
        (x * m.gate(x.mean((2, 3)))[..., None, None]).mean((2, 3))
    ),
    "two maps side by side": lambda m, x: m.wide(
        torch.cat([x.mean((2, 3)), x.relu().mean((2, 3))], 1)
    ),
}


@pytest.mark.parametrize("head", GAP.values(), ids=GAP)
def test_dense_layers_after_global_average_pooling_are_allowed(head):
    net = Net(head, fc=nn.Linear(8, 10), one=nn.Conv2d(8, 10, 1))
    net.gate, net.wide = nn.Linear(8, 8), nn.Linear(16, 10)
    table = MNIST.check(net)
    assert [table[NO_DENSE].status, table[NO_DISGUISE].status] == ["met", "met"]


DENSE = {
    "a layer": lambda m, x: m.dense(x.flatten(1)),
    "a function": lambda m, x: F.linear(x.flatten(1), m.weight),
    "a product": lambda m, x: x.flatten(1) @ m.weight.T,
    "einsum": lambda m, x: torch.einsum("ncd,kcd->nk", x.flatten(2), m.weight3),
    "a buffer": lambda m, x: F.linear(x.flatten(1), m.hidden),
    "after max pooling": lambda m, x: m.fc(F.max_pool2d(x, 7).flatten(1)),
    "after averaging quarters": lambda m, x: m.four(
        F.adaptive_avg_pool2d(x, 2).flatten(1)
    ),
    "an average of one number": lambda m, x: m.fc(
        F.avg_pool2d(F.max_pool2d(x, 7), 1).flatten(1)
    ),
    "beside an average": lambda m, x: m.both(
        torch.cat([x.mean((2, 3)), x.flatten(1)], 1)
    ),
    "a weight of its own at every place": lambda m, x: torch.einsum(
        "ncd,dck->nk", x.flatten(2), m.local
    ),
    "places mixed, channels alike": lambda m, x: m.fc(m.mix(x.flatten(2)).mean(2)),
}


@pytest.mark.parametrize("head", DENSE.values(), ids=DENSE)
def test_dense_layers_before_averaging_are_found_however_they_are_written(head):
    net = Net(head, dense=nn.Linear(392, 10), fc=nn.Linear(8, 10))
    net.four, net.mix = nn.Linear(32, 10), nn.Linear(49, 3)
    net.both, net.local = nn.Linear(400, 10), nn.Parameter(torch.randn(49, 8, 10))
    net.weight = nn.Parameter(torch.randn(10, 392))
    net.weight3 = nn.Parameter(torch.randn(10, 8, 49))
    net.register_buffer("hidden", torch.randn(10, 392))
    assert found(net, NO_DENSE).status == "not met"


def test_the_first_dense_layer_is_named_with_its_weights():
    net = Net(lambda m, x: m.dense(x.flatten(1)), dense=nn.Linear(392, 10))
    row = found(net, NO_DENSE)
    assert row.says == (
        "`dense` weighs 392 numbers that were not averaged over the map: 3,920 weights"
    )


def test_a_single_place_is_told_from_a_map_that_was_averaged():
    net = Net(lambda m, x: m.fc(F.max_pool2d(x, 7).flatten(1)), fc=nn.Linear(8, 10))
    says = found(net, NO_DENSE).says
    assert "a map with a single place, which was not made by averaging" in says


DISGUISED = {
    "7×7 on 7×7": nn.Conv2d(8, 10, 7),
    "each channel alone": nn.Conv2d(8, 8, 7, groups=8),
    "dilated 3×3": nn.Conv2d(8, 10, 3, dilation=3),
    "a little padding": nn.Conv2d(8, 10, 7, padding=1),
    "in two steps": nn.Sequential(nn.Conv2d(8, 8, 6), nn.Conv2d(8, 10, 2)),
    "rows, then columns": nn.Sequential(
        nn.Conv2d(8, 8, (7, 1)), nn.Conv2d(8, 10, (1, 7))
    ),
}


@pytest.mark.parametrize("layers", DISGUISED.values(), ids=DISGUISED)
def test_a_kernel_as_large_as_its_map_is_a_dense_layer(layers):
    net = Net(lambda m, x: m.layers(x).mean((2, 3)), layers=layers)
    assert found(net, NO_DISGUISE).status == "not met"


def test_a_number_for_every_place_is_a_dense_layer():
    net = Net(lambda m, x: m.fc((x * m.scale).sum((2, 3))), fc=nn.Linear(8, 10))
    net.scale = nn.Parameter(torch.randn(8, 7, 7))
    row = found(net, NO_DISGUISE)
    assert row.status == "not met"
    assert "a number of its own for every place of its 7×7 map" in row.says


def test_a_norm_with_a_number_for_every_place_is_a_dense_layer():
    net = Net(lambda m, x: m.fc(m.place(x).mean((2, 3))), fc=nn.Linear(8, 10))
    net.place = nn.LayerNorm((8, 7, 7))
    assert found(net, NO_DISGUISE).status == "not met"


HONEST = {
    "3×3 that keeps a 7×7 map": nn.Conv2d(8, 10, 3, padding=1),
    "5×5 on 7×7": nn.Conv2d(8, 10, 5),
    "3×3 that keeps a 3×3 map": nn.Sequential(
        nn.MaxPool2d(2), nn.Conv2d(8, 10, 3, padding=1)
    ),
    "stride on a small map": nn.Sequential(
        nn.MaxPool2d(2), nn.Conv2d(8, 10, 3, stride=2, padding=1)
    ),
    "a number for every channel": nn.Sequential(nn.BatchNorm2d(8), nn.Conv2d(8, 10, 1)),
}


@pytest.mark.parametrize("layers", HONEST.values(), ids=HONEST)
def test_a_kernel_smaller_than_its_map_is_none(layers):
    net = Net(lambda m, x: m.layers(x).mean((2, 3)), layers=layers)
    assert found(net, NO_DISGUISE).status == "met"


# batch norm and pooling


def test_a_norm_that_the_image_does_not_go_through_is_none():
    net = Net(lambda m, x: m.fc(x.mean((2, 3))), fc=nn.Linear(8, 10))
    net.norm = nn.Identity()
    net.spare = nn.BatchNorm2d(8)
    row = found(net, "batch norm")
    assert row.status == "not met"


def test_a_norm_by_a_function_is_one():
    net = Net(lambda m, x: m.fc(F.batch_norm(x, m.mean, m.var).mean((2, 3))))
    net.norm, net.fc = nn.Identity(), nn.Linear(8, 10)
    net.mean, net.var = torch.zeros(8), torch.ones(8)
    assert found(net, "batch norm").status == "met"


def own(tmp_path, rules):
    """Return a challenge with these rules on 1×28×28."""
    path = tmp_path / "own.toml"
    path.write_text(
        '[own]\ntitle = "own"\ndata = "none"\ninput_shape = [1, 28, 28]\n' + rules
    )
    return challenge("own", path)


def test_batch_norm_after_every_convolution_but_the_last_of_all(tmp_path):
    task = own(tmp_path, 'layers = ["batch norm after every convolution"]')
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 6, 3),
        nn.ReLU(), nn.Conv2d(6, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    row = task.check(net)[0]
    assert (row.status, row.found, row.says) == (
        "not met",
        "2 of 3 convolutions",
        "not after `3`",
    )
    net[4] = nn.BatchNorm2d(6)
    assert task.check(net).met


@pytest.mark.parametrize(
    ("pool", "status"),
    [
        (nn.MaxPool2d(2), "met"),
        (nn.MaxPool2d(3, stride=2), "not met"),
        (nn.AvgPool2d(2, stride=1), "not met"),
        (nn.MaxPool2d(2, stride=3), "met"),
    ],
)
def test_pooling_overlaps_where_its_window_is_larger_than_its_stride(
    tmp_path, pool, status
):
    task = own(tmp_path, 'layers = ["no overlapping pooling"]')
    assert task.check(nn.Sequential(nn.Conv2d(1, 2, 3), pool))[0].status == status


# receptive field, map, channels


def test_the_field_is_that_of_the_last_map_before_the_head():
    # 3, pool 4 (step 2), 3×3: 8, pool 10 (step 4), 3×3: 18; then GAP sees everything
    assert found(tiny_net(), "receptive_field", "mnist-8k").value == 18


def test_a_field_that_does_not_reach_the_answer_does_not_count():
    def head(net, x):
        net.large(x)
        return net.fc(x.mean((2, 3)))

    net = Net(
        head, fc=nn.Linear(8, 10), large=nn.Conv2d(8, 8, 7, padding=9, dilation=3)
    )
    # 3×3 then a window of 4: 6 pixels
    assert found(net, "receptive_field", "mnist-8k").value == 6


def test_the_shorter_side_of_the_field_counts():
    net = nn.Sequential(
        nn.Conv2d(1, 4, (3, 9), padding=(1, 4)), nn.AdaptiveAvgPool2d(1)
    )
    row = found(net, "receptive_field", "mnist-8k")
    assert (row.value, row.found) == (3, "3×9")


def test_the_last_map_and_the_channels_are_measured(tmp_path):
    task = own(tmp_path, "map_at_least = 14\nchannels_at_least = 8")
    net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.MaxPool2d(2))
    assert [row.value for row in task.check(net)] == [14, 8]
    assert task.check(net).met
    net.append(nn.Conv2d(8, 7, 3))
    assert [row.status for row in task.check(net)] == ["not met", "not met"]


def test_a_net_with_an_unknown_operator_is_for_a_person():
    net = Net(
        lambda m, x: m.fc(torch.fft.fft(x).abs().mean((2, 3))), fc=nn.Linear(8, 10)
    )
    table = MNIST.check(net)
    assert table[NO_DENSE].status == "for a person"
    said = table[NO_DENSE].says  # anatomy's sentence with a torch that cannot export it
    assert "is not on the list" in said or "no rule for the operator `aten._fft" in said
    assert table["parameters_below"].status == "for a person"


# history


@pytest.mark.parametrize(("epochs", "status"), [(19, "met"), (20, "not met")])
def test_fewer_than_twenty_epochs(epochs, status):
    row = found(gap_net(), "epochs_below", history=history(*[0.9] * epochs))
    assert (row.status, row.value) == (status, epochs)


@pytest.mark.parametrize(("epochs", "status"), [(15, "met"), (16, "not met")])
def test_at_most_fifteen_epochs(epochs, status):
    runs = [history(*[0.9] * (epochs - 5)), history(*[0.9] * 5)]
    row = found(gap_net(), "epochs_at_most", "mnist-10k", history=runs)
    assert (row.status, row.value) == (status, epochs)


@pytest.mark.parametrize(
    ("valid", "status"),
    [
        ((0.9, 0.994, 0.995, 0.994), "met"),
        ((0.9, 0.999, 0.9939, 0.999), "not met"),
        ((0.999, 0.999), "not met"),
        ((0.999, None, 0.999), "not judged"),
    ],
)
def test_the_bar_must_hold_in_each_of_the_last_three_epochs(valid, status):
    row = found(gap_net(), "valid_accuracy", "mnist-8k", history=history(*valid))
    assert row.status == status


def test_seconds_of_all_epochs_are_added():
    rows = history(0.5, 0.6, seconds=451)
    net = tiny_net(in_channels=3)
    row = found(net, "seconds_at_most", "cifar10", history=rows)
    assert (row.status, row.value) == ("not met", 902)
    assert "An epoch takes 451.0 s: train 1 epoch " in row.advice


def test_without_a_history_its_rules_are_not_judged():
    table = challenge("mnist-8k").check(gap_net())
    assert {f.rule.key for f in table.with_status("not judged")} == {
        "epochs_at_most", "test_accuracy", "valid_accuracy",
    }  # fmt: skip
    assert not table.met


def test_what_only_a_reader_can_judge_is_not_judged():
    assert found(tiny_net(in_channels=3), "by_eye", "cifar10").status == "not judged"


# what a check leaves alone


def test_a_check_leaves_modes_gradients_and_random_numbers_alone():
    net = gap_net().train()
    net[1].eval()
    net[0].weight.grad = torch.ones_like(net[0].weight)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    random = torch.get_rng_state()
    challenge("mnist-8k").check(net)
    assert [net.training, net[1].training, net[0].training] == [True, False, True]
    assert torch.equal(net[0].weight.grad, torch.ones_like(net[0].weight))
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (nn.Linear, "`model` must be an nn.Module instance; got the class Linear"),
        ("net", "`model` must be an nn.Module instance; got str"),
        (nn.Conv2d(3, 4, 3), "it takes 3 channels, not 1"),
        (nn.LazyLinear(3), "lazy layer"),
    ],
)
def test_what_is_no_network_for_these_images_is_refused(model, said):
    with pytest.raises(ValueError, match=said):
        MNIST.check(model)


def test_a_history_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="`history` must be what `fit` returned"):
        MNIST.check(gap_net(), [0.9, 0.99])


# text and HTML


def test_the_table_says_the_same_in_text_and_html():
    table = challenge("mnist-8k").check(squeeze_expand())
    page = table._repr_html_()
    for finding in table:
        assert finding.rule.text in repr(table).replace("\n  ", " ")
        assert finding.rule.text in page
        assert finding.status in page
    assert "10,010" in repr(table)
    assert "10,010" in page
    assert max(map(len, repr(table).splitlines())) <= 88


def test_a_rule_that_is_not_there_names_those_that_are():
    with pytest.raises(KeyError, match="no rule `field`; there are 'parameters_below'"):
        MNIST.check(gap_net())["field"]


def test_resnet_20_keeps_every_rule_about_the_network_of_the_cifar_challenge():
    # He et al., arXiv 1512.03385, Table 6: 0.27 M parameters
    table = challenge("cifar10").check(cifar_resnet(20))
    assert 265_000 < table["parameters_below"].value < 280_000
    assert not table.with_status("not met")


# the file


def test_the_course_has_its_challenges():
    names = {one.name for one in all_challenges()}
    assert names >= {
        "mnist-20k", "mnist-10k", "mnist-8k", "digits-20k", "digits-10k", "digits-4k",
        "shapes-20k", "shapes-8k", "cifar10", "field-31", "gap-head",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "budget", "epochs"),
    [("mnist-20k", 20_000, 20), ("mnist-10k", 10_000, 15), ("mnist-8k", 8_000, 15)],
)
def test_the_mnist_challenges_are_those_of_the_syllabus(name, budget, epochs):
    rules = {rule.key: rule.limit for rule in challenge(name).rules}
    assert rules["parameters_below"] == budget
    assert epochs in (rules.get("epochs_below"), rules.get("epochs_at_most"))
    assert rules["test_accuracy"] == 99.4


def test_every_twin_is_a_challenge_whose_images_are_at_hand():
    twins = [challenge(one.twin) for one in all_challenges() if one.twin]
    assert twins
    assert {twin.data for twin in twins} <= {"digits", "shapes"}


def test_a_challenge_shows_every_rule_in_text_and_html():
    for one in all_challenges():
        assert all(str(rule) in repr(one) for rule in one.rules)
        assert one.title in one._repr_html_()


def test_an_unknown_challenge_is_corrected():
    with pytest.raises(ValueError, match="did you mean 'mnist-8k'"):
        challenge("mnist-8")


GOOD = '[x]\ntitle = "t"\ndata = "digits"\ninput_shape = [1, 8, 8]\nepochs_below = 5\n'


def test_tables_of_an_own_file_are_added_and_replace(tmp_path, monkeypatch):
    path = tmp_path / "cohort.toml"
    path.write_text(GOOD + GOOD.replace("[x]", "[mnist-8k]"))
    assert str(challenge("mnist-8k", path).rules[0]) == "fewer than 5 epochs"
    assert len(all_challenges(path)) == len(all_challenges()) + 1
    monkeypatch.setenv("COURSEKIT_CHALLENGES", str(path))
    assert challenge("x").rules == challenge("x", path).rules


BAD = {
    "parameter_below = 5": "`parameter_below`: unknown key; did you mean "
    "'parameters_below'",
    "parameters_below = 0": "`parameters_below`: must be a whole number ≥ 1; got 0",
    "parameters_below = 8e3": "must be a whole number ≥ 1; got 8000.0",
    "parameters_below = true": "must be a whole number ≥ 1; got True",
    'parameters_below = "8k"': "must be a whole number ≥ 1; got '8k'",
    "test_accuracy = 0.994": r"must be a percentage above 1, up to 100 \(99.4, not",
    "test_accuracy = nan": "must be a percentage",
    "last_epochs = 3": "`last_epochs`: needs `valid_accuracy` beside it",
    "valid_accuracy = 99\nlast_epochs = 0": "`last_epochs`: must be a whole number ≥ 1",
    "epochs_at_most = 3": "`epochs_below`: give this or `epochs_at_most`, not both",
    'layers = ["batchnorm"]': "`layers`: there is no rule 'batchnorm'; did you mean "
    "'batch norm'",
    'layers = "batch norm"': "`layers`: must be a list of texts",
    "same_accuracy = false": "`same_accuracy`: must be true; got False",
    "images = 1000": '`images`: only "shapes" are generated',
    "by_eye = [1]": "`by_eye`: must be a list of texts",
}


@pytest.mark.parametrize(("line", "said"), BAD.items(), ids=BAD)
def test_a_bad_key_is_named_with_its_file_and_table(tmp_path, line, said):
    path = tmp_path / "cohort.toml"
    path.write_text(GOOD + line)
    with pytest.raises(ValueError, match=r"cohort\.toml \[x\] .*" + said):
        all_challenges(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[x\n", "cohort.toml is not valid TOML: .*line 1"),
        ("x = 3\n", r"`x` must be a table, written as \[x\]"),
        ('[x]\ntitle = "t"\n', "`data`: is missing"),
        (GOOD.replace("digits", "digit"), "did you mean 'digits'"),
        (GOOD.replace("8, 8", "9, 9"), "`input_shape`: must be .1, n, n. with n 8, 16"),
        (GOOD.replace("epochs_below = 5\n", ""), "a challenge needs a rule"),
        (GOOD.replace('title = "t"\n', ""), "`title`: is missing"),
        (GOOD + 'twin = "digits"\n', r"\[x\] `twin`: no challenge 'digits'; did you"),
    ],
)
def test_a_bad_file_gets_one_sentence(tmp_path, text, said):
    path = tmp_path / "cohort.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        all_challenges(path)


@pytest.mark.parametrize("path", ["/nowhere/x.toml", 3])
def test_a_path_without_a_file_is_refused(path):
    with pytest.raises(ValueError, match="`path` "):
        all_challenges(path)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not text in UTF-8"):
        all_challenges(path)
