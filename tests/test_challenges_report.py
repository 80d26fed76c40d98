"""The report card, its interval, and advice that is carried out to be believed."""

import math
import re

import pytest
import torch
from torch import nn

from coursekit.course import challenge
from coursekit.course.challenges import ReportCard
from coursekit.data import Batches
from coursekit.metrics.proportion import images_to_tell, wilson
from coursekit.models import squeeze_expand, tiny_net
from coursekit.training import Epoch, Evaluation, History, evaluate, fit
from tests.small_runs import assert_same_weights, noise_set, weights_of

NO_DENSE = "no dense layer except after global average pooling"


# the interval


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion"
        # (Statistics in Medicine 17, 1998), Table I, method 3: the score interval
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_that_of_newcombes_table(right, n, low, high):
    found = wilson(right, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_the_ends_of_the_interval_lie_two_standard_errors_away():
    # The score interval is where |p̂ − p| = z·√(p(1 − p)/n): put its ends back in.
    found = wilson(9_938, 10_000)
    for end in (found.low, found.high):
        z = abs(found.value - end) / math.sqrt(end * (1 - end) / 10_000)
        assert z == pytest.approx(1.959964, abs=1e-5)


def test_an_interval_says_how_sure_it_is():
    assert "(95 % interval 99.23 % … 99.53 %, n" in repr(wilson(9_940, 10_000))
    wide = wilson(9_940, 10_000, 0.99)
    assert "(99 % interval 99.1" in repr(wide)
    assert wide.high - wide.low > 0.0035


def test_at_994_percent_of_ten_thousand_the_interval_is_015_points_wide():
    found = wilson(9_940, 10_000)
    assert 100 * (found.high - found.low) / 2 == pytest.approx(0.15, abs=0.005)


def test_the_interval_mirrors_and_stays_between_0_and_1():
    for right in range(21):
        found, other = wilson(right, 20), wilson(20 - right, 20)
        assert found.low == pytest.approx(1 - other.high)
        assert 0 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize(("right", "n"), [(5, 4), (-1, 4), (0, 0), (1.5, 4)])
def test_impossible_counts_are_refused(right, n):
    with pytest.raises(ValueError, match=r"`(right|n)` must be"):
        wilson(right, n)


def test_the_images_to_tell_two_accuracies_apart():
    n = images_to_tell(0.9938, 0.994)
    # half-width of the textbook interval at the bar = the difference
    assert 1.96 * math.sqrt(0.994 * 0.006 / n) == pytest.approx(0.0002, rel=1e-3)
    assert images_to_tell(0.994, 0.994) is None


def answered(right, n):
    """Return an evaluation with so many right answers of two classes."""
    labels = torch.zeros(n, dtype=torch.int64)
    logits = torch.zeros(n, 2)
    logits[:right, 0] = logits[right:, 1] = 3.0
    return Evaluation(0.1, right / n, n, logits, labels, ("a", "b"))


def accuracy_row(right, n=10_000):
    test = answered(right, n)
    return challenge("mnist-20k").report(tiny_net(), None, test).rules["test_accuracy"]


def test_an_accuracy_just_below_the_bar_is_not_called_a_failure_without_saying_so():
    row = accuracy_row(9_938)
    assert row.status == "not met"
    assert row.says.startswith(
        "below 99.4 %, but the interval 99.21 % … 99.52 % contains it: not "
        "distinguishable with 10,000 images"
    )
    assert "it would take about 572,7" in row.says


def test_an_accuracy_far_below_the_bar_is_only_below():
    row = accuracy_row(9_900)
    assert row.status == "not met"
    assert "distinguishable" not in row.says


def test_an_accuracy_at_the_bar_meets_it_and_says_what_else_is_possible():
    row = accuracy_row(9_940)
    assert row.status == "met"
    assert "a true accuracy below it is possible too" in row.says
    assert "possible" not in accuracy_row(9_980).says


# advice: each is carried out here by hand, and the rule is then met


def history(*valid, train=0.99):
    rows = [Epoch(k, 0.1, train, 0.1, v, 1.0, 0.1) for k, v in enumerate(valid, 1)]
    return History(tuple(rows))


def parts(width=32, *, head=None, norm=True):
    """Return the layers of a net for 28×28, with a dense head by default."""
    dense = [nn.Flatten(), nn.Linear(2 * width * 49, 100), nn.ReLU()]
    return [
        nn.Conv2d(1, width, 3, padding=1, bias=not norm),
        nn.BatchNorm2d(width) if norm else nn.Identity(),
        nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1, bias=not norm),
        nn.BatchNorm2d(2 * width) if norm else nn.Identity(),
        nn.MaxPool2d(2),
        *([*dense, nn.Linear(100, 10)] if head is None else head),
    ]


def counted(model):
    return sum(p.numel() for p in model.parameters())


def promised(row):
    """Return the parameters of the cheapest way as the sentence has them."""
    assert row.advice.startswith(f"Cheapest: {row.ways[0].says}: ")
    assert f"{row.ways[0].parameters:,} parameters" in row.advice
    return row.ways[0].parameters


def test_the_dense_head_is_named_and_average_pooling_leaves_what_is_said():
    layers = parts(8)
    task = challenge("mnist-20k")
    row = task.check(nn.Sequential(*layers))["parameters_below"]
    assert row.advice.startswith(
        "Cheapest: put global average pooling before one dense layer 16 → 10 (the 2 "
        "dense layers hold 79,510 of 80,782 parameters; 170 are left of them): "
    )
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)]
    table = task.check(nn.Sequential(*layers[:6], *head))
    assert table["parameters_below"].value == promised(row) == 1_442
    assert table["parameters_below"].status == table[NO_DENSE].status == "met"


def test_the_same_advice_mends_the_rule_about_dense_layers():
    row = challenge("mnist-20k").check(nn.Sequential(*parts(8)))[NO_DENSE]
    assert promised(row) == 1_442


def test_where_the_head_alone_is_not_enough_it_comes_with_a_second_change():
    layers = parts(32)
    row = challenge("mnist-8k").check(nn.Sequential(*layers))["parameters_below"]
    assert "before one dense layer 64 → 10 (" in row.advice
    assert ", and make `3`, 32 → 64 3×3, depthwise separable: " in row.advice
    assert "Or: …, and replace `3`, 32 → 64 3×3, by a 1×1 convolution: " in row.advice
    layers[3] = nn.Sequential(
        nn.Conv2d(32, 32, 3, padding=1, groups=32, bias=False),
        nn.Conv2d(32, 64, 1, bias=False),
    )
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]
    assert promised(row) == counted(nn.Sequential(*layers[:6], *head))


def test_a_1x1_in_the_place_of_an_unpadded_convolution_keeps_the_map_behind_it():
    layers = parts(32)
    layers[3] = nn.Conv2d(32, 64, 3, bias=False)  # 14 → 12
    layers[7] = nn.Linear(64 * 36, 100)
    row = challenge("mnist-8k").check(nn.Sequential(*layers))["parameters_below"]
    assert "Or: …, and replace `3`, 32 → 64 3×3, by a 1×1 convolution: " in row.advice
    layers[3] = nn.Sequential(nn.ZeroPad2d(-1), nn.Conv2d(32, 64, 1, bias=False))
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]
    assert row.ways[1].parameters == counted(nn.Sequential(*layers[:6], *head))


def test_a_convolution_made_1x1_leaves_what_is_said():
    task, net = challenge("mnist-8k"), squeeze_expand()
    row = task.check(net)["parameters_below"]
    assert row.advice.startswith("Cheapest: replace `2.0`, 16 → 16 3×3, by a 1×1")
    net[2][0] = nn.Conv2d(16, 16, 1, bias=False)
    table = task.check(net)
    assert table["parameters_below"].value == promised(row) == 10_010 - 8 * 256
    assert not table.with_status("not met")


def test_every_way_that_is_named_was_carried_out_and_keeps_the_other_rules():
    task, net = challenge("mnist-8k"), squeeze_expand()
    row = task.check(net)["parameters_below"]
    assert len(row.ways) == 3
    narrow = next(way for way in row.ways if "times as wide" in way.says)
    share = float(re.search(r"every layer ([\d.]+) times", narrow.says)[1])
    built = counted_like(share)
    assert narrow.parameters == built < 8_000
    assert narrow.field == 32


def counted_like(share):
    """Count a squeeze-and-expand net with every width times `share`, by hand."""
    wide, slim = int(16 * share), int(8 * share)
    blocks = [(1, wide), (wide, wide), (slim, wide), (wide, wide), (slim, wide)]
    blocks.append((wide, wide))
    threes = sum(9 * a * b + 2 * b for a, b in blocks)
    ones = 2 * (wide * slim + 2 * slim)
    return threes + ones + wide * 10 + 10


def test_where_one_change_is_not_enough_several_are_joined():
    def net(first, second):
        return nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.MaxPool2d(4), first, nn.ReLU(), second,
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10),
        )  # fmt: skip

    threes = [nn.Conv2d(32, 32, 3, padding=1) for _ in range(2)]
    row = challenge("mnist-8k").check(net(*threes))["parameters_below"]
    assert row.value == 19_146
    # leaving them out would make the field 6, and 20 is asked for
    assert row.advice.startswith("Cheapest: make `2`, 32 → 32 3×3, depthwise separable")
    assert "and make `4`, 32 → 32 3×3, depthwise separable: 3,3" in row.advice
    slim = [
        nn.Sequential(
            nn.Conv2d(32, 32, 3, padding=1, groups=32, bias=False),
            nn.Conv2d(32, 32, 1),
        )
        for _ in range(2)
    ]
    table = challenge("mnist-8k").check(net(*slim))
    assert table["parameters_below"].value == promised(row) == 650 + 2 * (288 + 1_056)
    assert table["receptive_field"].value == row.ways[0].field == 22


def test_a_net_without_a_convolution_is_told_to_begin_with_some():
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.Linear(100, 10))
    row = challenge("mnist-20k").check(net)[NO_DENSE]
    assert row.advice.startswith("Begin with convolutions")


def test_a_layer_that_cannot_be_copied_does_not_cost_the_table():
    class Odd(nn.Conv2d):
        def __deepcopy__(self, memo):
            raise TypeError("no copies")

    net = nn.Sequential(Odd(1, 600, 6), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    row = challenge("mnist-20k").check(net)["parameters_below"]
    assert row.advice.startswith("No small change is enough. Most weights are in `0`")


def test_biases_before_a_norm_and_unused_layers_go_first(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        '[own]\ntitle = "own"\ndata = "none"\ninput_shape = [1, 28, 28]\n'
        "parameters_below = 1000\n"
    )
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)]
    net = nn.Sequential(*parts(8, head=head))
    net[3] = nn.Conv2d(8, 16, 3, padding=1)  # with a bias
    task = challenge("own", path)
    before = counted(net)
    net.spare = None
    limit = path.read_text().replace("1000", str(before - 10))
    path.write_text(limit)
    row = challenge("own", path).check(net)[0]
    assert "drop the bias of each convolution before a batch norm" in row.advice
    assert promised(row) == before - 16
    assert task.name == "own"


def test_an_unused_layer_costs_nothing():
    class WithSpare(nn.Sequential):
        def forward(self, x):
            return self[0](x)

    net = WithSpare(tiny_net(), nn.Linear(300, 100))
    row = challenge("mnist-20k").check(net)["parameters_below"]
    assert (row.status, row.value) == ("met", counted(net[0]))


def test_batch_norm_is_put_where_it_costs_least():
    layers = parts(8, norm=False)
    row = challenge("mnist-20k").check(nn.Sequential(*layers))["batch norm"]
    assert "put `nn.BatchNorm2d` after `0`, in place of the bias" in row.advice
    layers[0], layers[1] = nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
    net = nn.Sequential(*layers)
    assert promised(row) == counted(net)
    assert challenge("mnist-20k").check(net)["batch norm"].status == "met"


def test_a_kernel_as_large_as_its_map_is_replaced_by_an_average():
    layers = parts(8, head=[nn.Conv2d(16, 10, 7), nn.Flatten()])
    key = "no dense layer in disguise"
    row = challenge("mnist-20k").check(nn.Sequential(*layers))[key]
    assert "average the map before `6` and make its kernel 1×1" in row.advice
    layers[6] = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 10, 1))
    table = challenge("mnist-20k").check(nn.Sequential(*layers))
    assert promised(row) == table["parameters_below"].value
    assert not table.with_status("not met")


def field_net(dilation=1, *, window=2):
    # 3, pool 4 (2), 3×3: 8, pool 10 (4), 3×3: 18
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.MaxPool2d(window, 2),
        nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, padding=dilation, dilation=dilation, groups=8),
    )  # fmt: skip


def test_a_wider_field_is_had_by_dilation():
    row = challenge("field-31").check(field_net())["receptive_field"]
    assert row.value == 18
    assert row.advice.startswith("Cheapest: give `4` dilation 3: ")
    after = challenge("field-31").check(field_net(3))
    assert after["receptive_field"].value == row.ways[0].field == 34
    assert after["parameters_below"].value == promised(row)
    assert after.met


def test_the_second_way_to_a_wider_field_is_one_more_convolution():
    row = challenge("field-31").check(field_net())["receptive_field"]
    assert "put a depthwise 3×3 convolution with dilation 2 after `4`" in row.advice
    more = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8, bias=False)
    after = challenge("field-31").check(field_net().append(more))
    assert after["receptive_field"].value == row.ways[1].field == 34
    assert after["parameters_below"].value == row.ways[1].parameters


def test_a_pooling_that_overlaps_gets_a_window_of_its_stride():
    key = "no overlapping pooling"
    row = challenge("field-31").check(field_net(3, window=3))[key]
    assert "make the window of `1` as large as its stride" in row.advice
    assert challenge("field-31").check(field_net(3))[key].status == "met"


def test_a_map_that_is_too_small_loses_a_pooling():
    net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(2), nn.MaxPool2d(4))
    row = challenge("field-31").check(net)["map_at_least"]
    assert row.value == 8
    assert "leave the pooling `2` out" in row.advice
    assert challenge("field-31").check(net[:2])["map_at_least"].value == 32


def test_advice_that_would_break_a_rule_that_is_met_is_not_given():
    # 18 pixels wide: a 1×1 in place of a 3×3 would leave fewer than 16
    net = tiny_net(width=7)
    table = challenge("digits-4k").check(net)
    assert table["receptive_field"].value == 18
    row = table["parameters_below"]
    assert row.status == "not met"
    assert row.ways
    assert all(way.field >= 16 and way.parameters < 4_000 for way in row.ways)


def test_a_layer_by_a_function_gets_advice_in_words():
    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3, padding=1)
            self.weight = nn.Parameter(torch.randn(10, 1_568))

        def forward(self, x):
            return self.conv(x).flatten(1) @ self.weight.T

    table = challenge("mnist-20k").check(Head())
    assert "Average the map over all its 784 places before" in table[NO_DENSE].advice


def test_too_many_epochs_are_told_what_a_shorter_run_reached():
    runs = history(*[0.5 + k / 100 for k in range(22)])
    row = challenge("mnist-20k").check(tiny_net(), runs)["epochs_below"]
    assert "`epochs=19`" in row.advice
    assert "best so far is 68.00 % (epoch 19)" in row.advice


@pytest.mark.parametrize(
    ("train", "said"),
    [(1.0, "learns its images by heart"), (0.985, "too weak"), (0.995, "agree")],
)
def test_advice_on_accuracy_tells_over_fitting_from_a_weak_network(train, said):
    valid = 0.99 if train == 0.995 else 0.97
    runs = history(*[valid] * 3, train=train)
    row = challenge("mnist-8k").check(tiny_net(), runs)["valid_accuracy"]
    assert said in row.advice


# the report


@pytest.fixture(scope="module")
def run():
    """Return a tiny net trained on the digits for two seconds, and its card."""
    task = challenge("digits-4k")
    sets = task.sets()
    torch.manual_seed(0)
    net = tiny_net(width=4)
    runs = fit(net, sets.train, sets.valid, epochs=2, batch_size=64, progress=False)
    return task, net, runs, task.report(net, runs)


@pytest.fixture(scope="module")
def page(run):
    """Return the card as HTML, drawn once."""
    return run[3]._repr_html_()


def test_the_accuracy_is_that_of_evaluate(run):
    task, net, _, card = run
    by_hand = evaluate(net, task.sets().test)
    assert card.accuracy.value == by_hand.accuracy
    assert card.accuracy.n == 359
    assert card.rules["test_accuracy"].value == pytest.approx(100 * by_hand.accuracy)


def test_the_confusion_matrix_counts_every_test_image(run):
    card = run[3]
    assert int(card.confusion.sum()) == 359
    right = int(card.confusion.diagonal().sum())
    assert right / 359 == pytest.approx(card.accuracy.value)


def test_the_gallery_holds_the_answers_with_the_highest_loss(run):
    task, net, _, card = run
    found = evaluate(net, task.sets().test)
    losses = nn.functional.cross_entropy(found.logits, found.labels, reduction="none")
    losses[found.correct] = -1
    worst = losses.argsort(descending=True)[:10]
    assert torch.equal(card.wrong.images, task.sets().test.images[worst])
    assert card.wrong.maps.shape == (10, 2, 16, 16)
    assert card.wrong.layer == "4.2"
    assert len(task.report(net, None, images=3).wrong) == 3


@pytest.mark.parametrize("name", ["curves", "confusion", "gallery"])
def test_each_figure_can_be_drawn_on_its_own(run, name):
    drawn = run[3].figure(name)
    assert drawn.png().startswith(b"\x89PNG")
    assert len(drawn.alt) > 40


def test_an_unknown_figure_is_refused(run):
    with pytest.raises(ValueError, match="`name` must be one of 'curves'"):
        run[3].figure("loss")


def test_the_text_says_what_the_page_says(run, page):
    card = run[3]
    text = repr(card)
    for finding in card.rules:
        assert finding.rule.text.split(":")[0] in text
        assert finding.rule.text in page
    for said in (f"{100 * card.accuracy.value:.2f} %", "n = 359", "ConvNormAct"):
        assert said in text
        assert said in page
    assert "accuracy by epoch: train" in text
    assert text.count("says") >= 10
    assert max(map(len, text.splitlines())) <= 110


def test_the_page_stands_on_its_own_and_is_small(page):
    assert len(page) < 300_000
    assert not re.search(r"(?:src|href)=[\"'](?!data:)", page)
    assert "<script" not in page
    assert all(len(alt) > 40 for alt in re.findall(r"<img alt=\"([^\"]*)\"", page))
    assert page.count("<img ") == 2


def test_a_report_leaves_everything_as_it_was_found(run):
    task, net, runs, _ = run
    net.train()
    net[0][1].eval()
    before, random = weights_of(net), torch.get_rng_state()
    gradients = {name: p.grad for name, p in net.named_parameters()}
    task.report(net, runs)
    assert [net.training, net[0].training, net[0][1].training] == [True, True, False]
    assert_same_weights(net, before)
    assert torch.equal(torch.get_rng_state(), random)
    assert {name: p.grad for name, p in net.named_parameters()} == gradients
    assert not any(module._forward_hooks for module in net.modules())
    net.eval()


def test_a_network_that_draws_gets_the_same_card_twice_and_leaves_no_trace(run):
    class Drawing(nn.Sequential):
        def forward(self, x):
            return super().forward(nn.functional.dropout(x, 0.5))

    task, net, _, _ = run
    random = torch.get_rng_state()
    drawn = Drawing(*net)
    first, second = (task.report(drawn, images=1) for _ in range(2))
    assert torch.equal(first.answers.logits, second.answers.logits)
    assert torch.equal(torch.get_rng_state(), random)


def test_several_runs_are_one_history(run):
    task, net, runs, _ = run
    card = task.report(net, [runs, runs], images=1)
    assert card.rules["epochs_at_most"].value == 4
    assert len(card.history) == 4


def test_a_history_of_a_model_with_other_parameters_is_not_judged(run):
    task, _, runs, _ = run
    row = task.report(tiny_net(width=5), runs).rules["epochs_at_most"]
    assert row.status == "not judged"
    assert "this history is of a model with" in row.says


def test_a_history_of_the_same_model_untrained_is_not_judged(run):
    task, _, runs, _ = run
    torch.manual_seed(5)
    bad = tiny_net(width=4)
    nn.init.zeros_(bad[-1].fc.weight)
    assert runs.final.valid_accuracy > 0.3
    row = task.report(bad, runs).rules["epochs_at_most"]
    assert row.status == "not judged"
    assert "of the validation images, but your model answers" in row.says


def test_batches_a_set_and_splits_give_the_same_accuracy(run):
    task, net, runs, card = run
    sets = task.sets()
    ready = Batches(sets.test, 100, shuffle=False, mean=runs.mean, std=runs.std)
    for test in (sets.test, sets, ready):
        again = task.report(net, runs, test)
        assert again.accuracy == card.accuracy
        assert torch.equal(again.wrong.images, card.wrong.images)
        assert torch.allclose(again.wrong.maps, card.wrong.maps, atol=1e-5)


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (noise_set(size=9), r"`test` must hold images of the shape \(1, 16, 16\)"),
        ([1, 2], "`test` must be an ImageSet, Batches, Splits or an Evaluation"),
    ],
)
def test_other_test_images_are_refused(run, test, said):
    with pytest.raises(ValueError, match=said):
        run[0].report(run[1], None, test)


def test_an_evaluation_is_enough_but_shows_no_gallery(run):
    task, net, runs, card = run
    again = task.report(net, runs, evaluate(net, task.sets().test))
    assert again.accuracy == card.accuracy
    assert again.wrong is None
    with pytest.raises(ValueError, match="an Evaluation holds no images"):
        again.figure("gallery")


def test_without_a_history_there_are_no_curves(run):
    task, net, _, _ = run
    card = task.report(net)
    assert isinstance(card, ReportCard)
    assert not card.met
    with pytest.raises(ValueError, match="no history of two epochs"):
        card.figure("curves")


def test_where_mnist_is_missing_the_twin_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    task = challenge("mnist-8k")
    with pytest.raises(ValueError, match="take the offline twin"):
        task.sets()
    row = task.report(tiny_net(), None).rules["test_accuracy"]
    assert row.status == "not judged"
    assert 'challenge("digits-4k")' in row.says


def test_a_challenge_without_images_is_reported_without_them():
    card = challenge("field-31").report(field_net(3))
    assert card.met
    assert card.accuracy is None
    with pytest.raises(ValueError, match="needs no images"):
        challenge("field-31").sets()


def test_a_head_is_compared_with_the_dense_one_it_replaces():
    task = challenge("gap-head")
    body = [nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.MaxPool2d(2)]
    dense = nn.Sequential(*body, nn.Flatten(), nn.Linear(512, 10))
    gap = nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
    row = task.check(gap, baseline=dense)["fewer_parameters"]
    # 96 + 5,130 = 5,226 against 96 + 90 = 186
    assert row.value == pytest.approx(100 * (1 - 186 / 5_226))
    assert row.status == "met"
    own = task.check(dense, baseline=dense)["fewer_parameters"]
    assert own.status == "not met"
    assert promised(own) == 186
    assert task.check(gap)["fewer_parameters"].status == "not judged"


def test_the_same_accuracy_is_judged_by_the_interval(run):
    _, net, runs, card = run
    task = challenge("gap-head")
    row = task.report(net, runs, baseline=net).rules["same_accuracy"]
    assert row.status == "met"
    torch.manual_seed(1)
    weak = tiny_net(width=4)
    row = task.report(weak, baseline=net).rules["same_accuracy"]
    assert row.status == "not met"
    assert f"the baseline has {100 * card.accuracy.value:.2f} %" in row.says
