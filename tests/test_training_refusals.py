"""What `fit` and `evaluate` refuse, each in one sentence, with nothing changed."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.data import Batches
from coursekit.training import evaluate, fit
from tests.small_runs import assert_same_weights, noise_set, small_net, weights_of

QUIET = {"progress": False}


def broken(model=None, train=None, valid=None, **settings):
    train = noise_set() if train is None else train
    return fit(model or small_net(), train, valid, **QUIET | settings)


BAD = [
    (
        lambda: broken(train=noise_set().images),
        "`train` must be an ImageSet or Batches",
    ),
    (lambda: broken(train=noise_set().subset([])), "`train` is empty"),
    (lambda: broken(valid=noise_set().subset([])), "`valid` is empty"),
    (
        lambda: broken(train=noise_set(channels=3)),
        r"`model` refuses the images of `train`.*\(3, 8, 8\)",
    ),
    (
        lambda: broken(valid=noise_set(channels=3)),
        r"`model` refuses the images of `valid`.*\(3, 8, 8\)",
    ),
    (
        lambda: broken(train=noise_set(classes=5)),
        "`model` has 3 outputs, but the labels of `train` go from 0 to 4",
    ),
    (lambda: broken(nn.Conv2d(1, 3, 8)), "must give one row of class scores per image"),
    (lambda: broken(nn.Flatten()), "`model` has no parameter with requires_grad"),
    (lambda: broken(epochs=0), "`epochs` must be a whole number ≥ 1; got 0"),
    (lambda: broken(batch_size=2.5), "`batch_size` must be a whole number"),
    (lambda: broken(lr=-1), "`lr` must be between 0"),
    (lambda: broken(schedule="linear"), "`schedule` must be one of 'one_cycle'"),
    (lambda: broken(label_smoothing=2), "`label_smoothing` must be between 0 and 1"),
    (
        lambda: broken(loss=F.cross_entropy, label_smoothing=0.1),
        "`label_smoothing` belongs to the default loss",
    ),
    (lambda: broken(format="nhwc"), "`format` must be one of 'auto'"),
    (lambda: broken(precision="int8"), "`precision` must be one of"),
    (lambda: broken(device="cuda:77"), "`device` cuda:77 cannot be used here"),
    (lambda: broken(seed=-1), "`seed` must be"),
    (
        lambda: broken(optimizer=torch.optim.SGD(small_net().parameters())),
        "`optimizer` must be a function",
    ),
    (
        lambda: broken(train=Batches(noise_set()), augment=lambda x, g: x),
        "`augment` is for a set",
    ),
    (lambda: evaluate(small_net(), noise_set().subset([])), "`data` is empty"),
    (lambda: evaluate(small_net(), noise_set(), like=3), "`like` must be an ImageSet"),
]


@pytest.mark.parametrize(("wrong", "sentence"), BAD)
def test_wrong_arguments_are_refused_in_one_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        wrong()


def test_a_refused_call_leaves_the_model_as_it_was():
    model = small_net()
    before = weights_of(model)
    with pytest.raises(ValueError, match="outputs"):
        fit(model, noise_set(classes=7), **QUIET)
    assert_same_weights(model, before)
    assert model.training


def test_a_last_batch_of_one_image_is_explained():
    model = nn.Sequential(
        nn.Conv2d(1, 4, 8), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 3)
    )
    with pytest.raises(
        ValueError, match="`batch_size` 16 leaves a last batch of 1 image"
    ):
        fit(model, noise_set(33), epochs=1, batch_size=16, **QUIET)
