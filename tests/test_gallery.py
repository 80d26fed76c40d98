"""Looking at a trained network: the gallery, accuracy by class, runs compared."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.augment import Recipe
from coursekit.data import Batches
from coursekit.gradcam import grad_cam, overlay
from coursekit.metrics import interval, most_wrong, wilson, worst_pairs
from coursekit.training import (
    Epoch,
    Evaluation,
    History,
    compare_runs,
    evaluate,
    fit,
    gallery,
)
from tests.small_runs import assert_same_weights, noise_set, small_net, weights_of

QUIET = {"progress": False}


@pytest.fixture(scope="module")
def trained():
    model, data = small_net(channels=3), noise_set(60, channels=3, size=12)
    history = fit(model, data, epochs=1, batch_size=16, **QUIET)
    return model, data, history


def standardised(data):
    pixels = data.images.double() / 255
    mean = pixels.mean((0, 2, 3), keepdim=True)
    return ((pixels - mean) / pixels.std((0, 2, 3), correction=0, keepdim=True)).float()


@pytest.mark.parametrize("wrong", [True, False])
def test_one_call_gives_the_worst_answers_with_grad_cam_for_both_classes(
    trained, wrong
):
    model, data, _ = trained
    before = weights_of(model)
    found = gallery(model, data, wrong=wrong, cam="2", count=6)
    images = standardised(data)
    with torch.no_grad():
        logits = model(images)
    losses = F.cross_entropy(logits, data.labels, reduction="none")
    losses[(logits.argmax(1) == data.labels) == wrong] = -1
    worst = losses.argsort(descending=True)[:6]
    assert torch.equal(found.images, data.images[worst])
    asked = [logits.argmax(1)[worst], data.labels[worst]][: 2 if wrong else 1]
    assert found.maps.shape == (6, len(asked), 12, 12)
    for place, targets in enumerate(asked):
        maps = grad_cam(model, images[worst], "2", targets).maps
        torch.testing.assert_close(found.maps[:, place], maps, atol=1e-4, rtol=1e-4)
    first = worst[0]
    assert found.captions[0].startswith(f"is class {data.labels[first]}\nsays class")
    assert_same_weights(model, before)


def test_the_last_layer_with_a_map_is_found(trained):
    model, data, _ = trained
    assert gallery(model, data, count=2).layer == "4"


def test_without_grad_cam_there_are_pictures_alone(trained):
    model, data, _ = trained
    found = gallery(model, data, cam=None, count=3)
    assert found.maps is None
    assert "without Grad-CAM" in repr(found)
    shown = [len(axes.images) for axes in found.figure().axes]
    assert shown == [1, 1, 1, 0, 0]


def test_each_picture_stands_beside_what_spoke_for_both_classes(trained):
    model, data, _ = trained
    found = gallery(model, data, count=5)
    figure = found.figure(words="What the net takes for what.")
    assert [len(axes.images) for axes in figure.axes] == [1] * 15 + [0] * 3
    titles = [axes.get_title() for axes in figure.axes]
    for title, caption in zip(titles[0:15:3], found.captions, strict=True):
        assert title.split() == caption.split()
        assert max(map(len, title.splitlines())) <= 14
    assert titles[1] == "what spoke\nfor this"
    assert titles[2] == "and for what\nit is"
    drawn = figure.axes[4].images[0].get_array()
    heat = overlay(found.images[1:2], found.maps[1:2, 0])[0].permute(1, 2, 0)
    assert torch.allclose(torch.tensor(drawn), heat.double(), atol=1e-6)
    page = found._repr_mimebundle_()
    assert "<img" in page["text/html"]
    assert page["text/plain"] == repr(found)


def test_batches_and_a_layer_itself_are_taken_as_well(trained):
    model, data, history = trained
    ready = Batches(data, 16, shuffle=False, mean=history.mean, std=history.std)
    one, other = (gallery(model, d, cam=model[2], count=4) for d in (data, ready))
    assert torch.equal(one.images, other.images)
    torch.testing.assert_close(one.maps, other.maps)


class Always(nn.Module):
    """A net that knows the answer: it stands in the first pixel."""

    def __init__(self, right):
        super().__init__()
        self.right = right

    def forward(self, images):
        scores = F.one_hot(images[:, 0, 0, 0].round().long(), 3).float()
        return scores if self.right else 1 - scores


def marked():
    data = noise_set(20, channels=3)
    data.images[:, :, 0, 0] = data.labels[:, None].byte()
    return Batches(data, 20, shuffle=False, mean=0.0, std=1 / 255)


def test_where_no_answer_is_wrong_nothing_is_drawn_and_one_sentence_says_so():
    found = gallery(Always(True), marked(), cam=None)
    assert len(found) == 0
    assert set(found._repr_mimebundle_()) == {"text/plain"}
    with pytest.raises(ValueError, match="no answer is wrong: there is nothing"):
        found.figure()
    with pytest.raises(ValueError, match="no answer is right"):
        gallery(Always(False), marked(), cam=None, wrong=False).figure()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"cam": "layer9"}, "`layer` 'layer9' is not in the model"),
        ({"cam": "6"}, "not a map"),
        ({"count": 0}, "`count` must be 1 to 40"),
    ],
)
def test_a_gallery_refuses_what_cannot_be(trained, options, sentence):
    model, data, _ = trained
    with pytest.raises(ValueError, match=sentence):
        gallery(model, data, **options)


# ---- accuracy by class


def answers(counts):
    """Return an evaluation with this confusion matrix."""
    labels, said = [], []
    for is_, row in enumerate(counts):
        for says, n in enumerate(row):
            labels += [is_] * n
            said += [says] * n
    labels, said = torch.tensor(labels), torch.tensor(said)
    logits = 3 * F.one_hot(said, len(counts)).float()
    names = tuple("abcdefgh"[: len(counts)])
    right = (labels == said).float().mean().item()
    return Evaluation(0.5, right, len(labels), logits, labels, names)


COUNTS = [[8, 2, 0], [5, 1, 4], [0, 0, 20]]


def test_accuracy_by_class_comes_with_its_interval_lowest_first():
    found = answers(COUNTS).by_class
    assert list(found.accuracies) == ["b", "a", "c"]
    assert found["a"] == wilson(8, 10)
    assert found["b"] == wilson(1, 10)
    assert found["c"].value == 1.0
    assert found.pairs == (("b", "a", 5), ("b", "c", 4), ("a", "b", 2))
    text = repr(found)
    assert "b answered as a (5×); b answered as c (4×); a answered as b (2×)" in text
    assert text.splitlines()[2].split()[:5] == ["b", "10", "1", "10.0", "%"]
    assert "<table" in found._repr_html_()


def test_a_class_without_images_has_no_accuracy():
    found = answers([[3, 0], [0, 0]]).by_class
    assert list(found.accuracies) == ["a"]
    assert "no wrong answer" in repr(found)
    with pytest.raises(ValueError, match="`name` must be a class, such as 'a'; got"):
        found["b"]


def test_of_many_classes_the_lowest_are_shown():
    counts = torch.diag(torch.arange(1, 41)).tolist()
    counts = [[*row[:-1], row[-1] + 1] for row in counts]
    names = [f"class {i}" for i in range(40)]
    found = answers(counts)
    found = Evaluation(0.1, 0.5, found.n, found.logits, found.labels, tuple(names))
    text = repr(found.by_class)
    assert "16 classes above these are left out" in text
    assert len(text.splitlines()) < 32


def test_the_worst_pairs_are_counted_from_the_matrix():
    assert worst_pairs(torch.tensor(COUNTS), 2) == [(1, 0, 5), (1, 2, 4)]
    assert worst_pairs(torch.eye(3, dtype=torch.int64)) == []


def test_most_wrong_of_the_right_answers_are_the_least_sure():
    logits = torch.tensor([[3.0, 0], [1.0, 0], [2.0, 0], [0, 1.0]])
    labels = torch.zeros(4, dtype=torch.int64)
    assert most_wrong(logits, labels, wrong=False).tolist() == [1, 2, 0]
    assert most_wrong(logits, labels).tolist() == [3]


# ---- runs compared


def history(accuracies, valid=True):
    rows = [
        Epoch(i, 1 / i, a - 0.1, 2 / i if valid else None, a if valid else None, 2.0, i)
        for i, a in enumerate(accuracies, 1)
    ]
    return History(tuple(rows))


SEEDS = [history([0.5, 0.7]), history([0.4, 0.8]), history([0.6, 0.9])]
ALONE = history([0.3, 0.5, 0.6])


def test_the_table_has_a_row_a_run_with_mean_and_interval_over_the_seeds():
    text = repr(compare_runs({"cutout": SEEDS, "dropout": ALONE}))
    spread = interval([70, 80, 90])
    cutout, dropout = text.splitlines()[2:4]
    assert cutout.split()[:3] == ["cutout", "3", "2"]
    assert f"{spread.mean:.4g} ± {spread.half_width:.2g} %" in cutout
    assert cutout.split()[-1] == "4.0"
    assert dropout.split() == [
        *("dropout", "1", "3", "50", "%", "60", "%", "0.6667", "6.0")
    ]


def test_the_curves_are_means_and_the_bands_go_from_lowest_to_highest():
    (axes,) = compare_runs({"cutout": SEEDS, "dropout": ALONE}).figure().axes
    cutout, dropout = axes.lines
    assert cutout.get_ydata()[:2].tolist() == pytest.approx([50, 80])
    assert torch.isnan(torch.tensor(cutout.get_ydata()[2]))  # it ended before
    assert dropout.get_ydata().tolist() == pytest.approx([30, 50, 60])
    (band,) = axes.collections  # one seed has no band
    edges = band.get_paths()[0].vertices
    first = sorted({round(y) for x, y in edges.tolist() if x == 1})
    last = sorted({round(y) for x, y in edges.tolist() if x == 2})
    assert (first[0], first[-1], last[0], last[-1]) == (40, 60, 70, 90)


@pytest.mark.parametrize(
    ("column", "title"),
    [
        ("valid_loss", "Lowest after the last epoch: b, 0.6667"),
        ("train_accuracy", "Highest after the last epoch: a, 60 %"),
        ("lr", "Learning rate"),
    ],
)
def test_the_title_says_which_run_ended_best(column, title):
    found = compare_runs({"a": SEEDS[0], "b": ALONE}).figure(column)
    assert found.get_suptitle().startswith(title)


def test_runs_without_validation_are_compared_by_their_training():
    found = compare_runs({"a": history([0.5, 0.6], valid=False)})
    assert "–" in repr(found)
    assert "while training" in found._repr_html_()
    with pytest.raises(ValueError, match="`column` 'valid_accuracy' is missing in the"):
        found.figure()


def test_real_histories_are_compared():
    runs = {}
    for name, augment in (("plain", None), ("cut", Recipe(cutout=4))):
        runs[name] = [
            fit(small_net(), noise_set(), epochs=2, seed=s, augment=augment, **QUIET)
            for s in (0, 1)
        ]
    page = compare_runs(runs)._repr_html_()
    assert "<table" in page
    assert "<img" in page


@pytest.mark.parametrize("runs", [{}, None, [ALONE], {"a": 3}, {"a": []}, {"a": [3]}])
def test_what_is_no_history_is_refused(runs):
    with pytest.raises(ValueError, match=r"`runs.*` must (map|be a History)"):
        compare_runs(runs)


def test_an_evaluation_at_hand_is_not_made_again(trained):
    model, data, _ = trained
    ready = evaluate(model, data)
    found = gallery(model, data, answers=ready, count=4, cam="2")
    assert torch.equal(found.images, gallery(model, data, count=4, cam="2").images)
