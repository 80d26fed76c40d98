"""State outside `state_dict`, code and constants: saved, or a difference seen."""

import collections
import functools
import itertools
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.training import fit
from coursekit.training.plain_data import is_plain, pack, text_of, unpack
from tests.small_runs import assert_same_weights, noise_set, weights_of
from tests.test_checkpoint import Interrupted, interrupted

GENERATOR = torch.Generator()
COUNTS = collections.Counter()
LOG: list = []
RATE = 0.5


class Memory:
    """An object of the student's own that keeps the latest means."""

    def __init__(self):
        self.means = collections.deque([torch.zeros(4)], maxlen=3)

    def seen(self, mean):
        self.means.append(mean)
        return torch.stack(list(self.means)).mean(0)


class Slotted:
    __slots__ = ("scale",)

    def __init__(self):
        self.scale = 1.0


class Net(nn.Module):
    """A net whose forward is called with its hidden features: `keep` changes state."""

    def __init__(self, keep):
        super().__init__()
        torch.manual_seed(1)
        self.first, self.last = nn.Linear(64, 4), nn.Linear(4, 3)
        self.keep, self.stop_after = keep, None
        self.seen = Memory()
        self.mean, self.steps, self.cache = torch.zeros(4), 0, {}
        self.array, self.random = np.zeros(4), random.Random(3)
        self.numpy, self.slots = np.random.default_rng(5), Slotted()
        self.legacy = np.random.RandomState(7)
        self.norms = [nn.BatchNorm1d(4)]
        self.register_buffer("passing", torch.zeros(4), persistent=False)

    def forward(self, images):
        x = self.first(images.flatten(1))
        return self.last(self.keep(self, x))


def plain_norm(net, x):
    """Batch norm as textbooks write it, with plain attributes."""
    if net.training:
        net.mean = 0.9 * net.mean + 0.1 * x.detach().mean(0)
    return x - net.mean


def counted(net, x):
    net.steps += net.training
    return x * (1 + 0.1 * (net.steps % 3))


def in_a_dict(net, x):
    if net.training:
        net.cache["mean"] = [x.detach().mean(0), *net.cache.get("mean", [])][:2]
    return x - sum(net.cache.get("mean", [0]))


def new_attribute(net, x):
    if net.training:
        net.largest = max(getattr(net, "largest", 0.0), float(x.detach().max()))
    return x / (1 + getattr(net, "largest", 0.0))


def in_an_array(net, x):
    if net.training:
        net.array += x.detach().mean(0).numpy()
    return x - torch.from_numpy(net.array).float()


def in_an_object(net, x):
    return x - net.seen.seen(x.detach().mean(0))


def in_slots(net, x):
    net.slots.scale *= 1.01
    return x * net.slots.scale


def in_a_list_of_modules(net, x):
    return net.norms[0].train(net.training)(x)


def passing_buffer(net, x):
    if net.training:
        net.passing += x.detach().mean(0)
    return x - net.passing


def own_generators(net, x):
    noise = torch.randn(4, generator=GENERATOR) + net.random.random()
    return x + noise * net.numpy.random() * net.legacy.rand()


def generators_of_all(net, x):
    return x + random.random() + np.random.rand()


def global_list(net, x):
    LOG.append(float(x.detach().mean()))
    COUNTS["steps"] += 1
    return x - sum(LOG[-3:]) + COUNTS["steps"] % 2


KEEPERS = [
    plain_norm,
    counted,
    in_a_dict,
    new_attribute,
    in_an_array,
    in_an_object,
    in_slots,
    in_a_list_of_modules,
    passing_buffer,
    own_generators,
    generators_of_all,
    global_list,
]


def begin_anew():
    """Set the globals as a new process has them."""
    GENERATOR.manual_seed(0)
    COUNTS.clear()
    LOG.clear()
    random.seed(1)
    np.random.seed(2)


def run(keep, path, steps=10**9, *, model=None, **settings):
    """Train 2 epochs of 3 steps; the augmentation ends the run after `steps`."""
    if model is None:
        begin_anew()
        model = Net(keep)
    history = fit(
        model,
        noise_set(48),
        noise_set(30, seed=2),
        epochs=2,
        batch_size=16,
        progress=False,
        checkpoint=path,
        checkpoint_seconds=0,
        **{"augment": interrupted(steps)} | settings,
    )
    return model, [[r.train_loss, r.valid_loss] for r in history]


def everything(net):
    """Return all that the net holds, and the globals, as text."""
    held = [text_of(v) for k, v in sorted(vars(net).items()) if is_plain(v)]
    held += [text_of(net.seen.means), str(net.slots.scale)]
    held += [text_of(dict(net.norms[0].state_dict())), text_of(net.passing)]
    return [*held, text_of(GENERATOR), text_of(COUNTS), text_of(LOG)]


@pytest.mark.parametrize("keep", KEEPERS, ids=lambda keep: keep.__name__)
@pytest.mark.parametrize("steps", [1, 4])
def test_what_forward_changes_is_as_if_the_run_had_never_stopped(tmp_path, keep, steps):
    whole, rows = run(keep, None)
    expected = everything(whole)
    path = tmp_path / "run"
    with pytest.raises(Interrupted):
        run(keep, path, steps + 1)
    resumed, again = run(keep, path)
    assert again == rows
    assert_same_weights(resumed, weights_of(whole))
    assert everything(resumed) == expected


@pytest.mark.parametrize("keep", KEEPERS, ids=lambda keep: keep.__name__)
def test_a_finished_run_gives_back_what_forward_had_changed(tmp_path, keep):
    path = tmp_path / "run"
    first, rows = run(keep, path)
    expected = everything(first)
    for model in (None, first):  # a new process; the same cell again
        again, found = run(keep, path, model=model)
        assert found == rows
        assert everything(again) == expected


def test_a_list_of_the_parameters_themselves_stays_one(tmp_path):
    def recurrent(net, x):
        return net.lstm(x[:, None])[0][:, 0]

    def made():
        begin_anew()
        net = Net(recurrent)
        net.lstm, net.mine = nn.LSTM(4, 4), [net.first.weight]
        return net

    _, rows = run(None, None, model=made())
    with pytest.raises(Interrupted):
        run(None, tmp_path / "run", 4, model=made())
    resumed, again = run(None, tmp_path / "run", model=made())
    assert again == rows
    assert resumed.mine[0] is resumed.first.weight
    assert resumed.lstm._flat_weights[0] is resumed.lstm.weight_ih_l0


def test_what_changes_and_cannot_be_saved_is_said_once_and_nothing_is_written(tmp_path):
    def doubled(net, x):
        net.parts = [*getattr(net, "parts", [object()]), object()]
        return x

    with pytest.warns(UserWarning, match="cannot be saved: model.parts change") as said:
        run(doubled, tmp_path / "run")
    assert len(said) == 1
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_said_once(tmp_path):
    rates = itertools.cycle([1.0, 0.5])
    with pytest.warns(
        UserWarning, match=r"whether schedule\.rates is the same"
    ) as said:
        run(counted, tmp_path / "run", schedule=lambda step, steps: next(rates))
    assert len(said) == 1


VALUES = [
    torch.arange(6.0).view(2, 3).T,
    torch.tensor([1 + 2j]),
    torch.zeros(0, 3),
    torch.ones(3, dtype=torch.bfloat16),
    np.arange(4, dtype=np.uint16).reshape(2, 2),
    np.float32(0.1),
    [1, (2.5, "a"), {"b": {3, 4}}],
    collections.deque([1, 2], maxlen=2),
    collections.OrderedDict(a=None, b=b"c"),
    frozenset({"x", "y"}),
    torch.float16,
    float("inf"),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_plain_data_comes_back_from_a_file_that_holds_no_code(value, tmp_path):
    assert is_plain(value)
    torch.save(pack(value), tmp_path / "file")
    back = unpack(torch.load(tmp_path / "file", weights_only=True))
    assert type(back) is type(value)
    assert text_of(back) == text_of(value)
    assert getattr(back, "maxlen", None) == getattr(value, "maxlen", None)


# Other code, same call


def smoothed(rate, power=2):
    return lambda step, steps: rate * (1 - step / steps) ** power


def helper(logits, labels):
    return F.cross_entropy(logits, labels)


def other_helper(logits, labels):
    return 2 * F.cross_entropy(logits, labels)


class Loss:
    """A loss that can be called."""

    def __init__(self, weight):
        self.weight = weight

    def __call__(self, logits, labels):
        return self.weight * F.cross_entropy(logits, labels)


def dimmed(images, generator, *, by=10):
    return images - by


def net_with(**attributes):
    net = Net(counted)
    for name, value in attributes.items():
        setattr(net, name, value)
    return net


def turned(net, x):
    return -x


CHANGES = {
    "a lambda": [
        {"schedule": lambda step, steps: 1.0},
        {"schedule": lambda step, steps: 0.5},
    ],
    "an operator": [
        {"loss": lambda a, b: helper(a, b) + 1},
        {"loss": lambda a, b: helper(a, b) - 1},
    ],
    "a closure": [{"schedule": smoothed(1.0)}, {"schedule": smoothed(0.5)}],
    "a default": [{"schedule": smoothed(1, 1)}, {"schedule": smoothed(1, 3)}],
    "a partial": [
        {"augment": functools.partial(dimmed, by=1)},
        {"augment": functools.partial(dimmed, by=2)},
    ],
    "an object": [{"loss": Loss(1.0)}, {"loss": Loss(2.0)}],
    "a bound method": [{"loss": Loss(1.0).__call__}, {"loss": Loss(3.0).__call__}],
    "a nested function": [
        {"loss": (lambda inner: lambda a, b: inner(a, b))(helper)},
        {"loss": (lambda inner: lambda a, b: inner(a, b))(other_helper)},
    ],
    "weights of classes": [
        {"loss": nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 3.0]))},
        {"loss": nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 4.0]))},
    ],
    "an attribute": [
        {"model": lambda: net_with(x=1)},
        {"model": lambda: net_with(x=2)},
    ],
    "a list": [{"model": lambda: net_with(x=[1])}, {"model": lambda: net_with(x=[2])}],
    "a forward": [
        {"model": lambda: net_with(keep=counted)},
        {"model": lambda: net_with(keep=turned)},
    ],
    "a function of another name": [{"loss": helper}, {"loss": other_helper}],
}


def start(path, steps, settings):
    begin_anew()
    settings = dict(settings)
    model = settings.pop("model", lambda: Net(counted))()
    augment = settings.pop("augment", None)
    generator_of_steps = interrupted(steps)

    def stopping(images, generator):
        generator_of_steps(images, generator)
        return augment(images, generator) if augment else images

    return run(None, path, model=model, **settings, augment=stopping)


@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES)
def test_other_code_or_another_constant_is_another_run(tmp_path, old, new):
    path = tmp_path / "run"
    with pytest.raises(Interrupted):
        start(path, 3, old)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"another run .* in the file, .*now"):
        start(path, 10**9, new)
    assert path.read_bytes() == before
    start(path, 10**9, old)  # the old call goes on


SCRIPT = """
import sys
import torch
from torch import nn
from coursekit.training import fit
from tests.small_runs import noise_set, small_net
RATE = {rate}
WORDS = {{"a", "b", "c"}}
def share(step, steps):
    "{doc}"
    # {doc}
    return RATE * (0.5 if "a" in {{"a", "z", "q"}} and "b" in WORDS else 1)
print(fit(small_net(), noise_set(40), epochs=1, schedule=share, device="cpu",
          progress=False, checkpoint=sys.argv[1]).settings.get("resumed"))
"""


def test_in_a_new_process_only_what_matters_makes_another_run(tmp_path):
    def said(seed, **words):
        code = SCRIPT.format(**{"rate": 1.0, "doc": "One."} | words)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "run.pt")],
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[1],
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
        return (done.stdout.split("\n") + done.stderr.strip().splitlines()[-1:])[-1]

    assert "Error" not in said("1")
    assert said("2", doc="Another comment.") == ""
    assert "schedule: schedule.RATE: 1.0 in the file" in said("3", rate=0.9)
