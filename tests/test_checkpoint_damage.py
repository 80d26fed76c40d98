"""A checkpoint that is damaged, held by another run, or about to be spoilt."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from coursekit.training import Diverged, fit
from coursekit.training import checkpoint as checkpoint_module
from tests.small_runs import assert_same_weights, noise_set, small_net, weights_of
from tests.test_checkpoint import run, stop_after

ROOT = Path(__file__).parents[1]
NAN = float("nan")


def changed(path, **parts):
    """Return a change: the part at `path` becomes the value."""
    *front, last = path.split("/")

    def change(state):
        for key in front:
            state = state[int(key) if key.isdigit() else key]
        state[int(last) if last.isdigit() else last] = parts["to"]

    return change


def without(path):
    *front, last = path.split("/")

    def change(state):
        for key in front:
            state = state[int(key) if key.isdigit() else key]
        del state[int(last) if last.isdigit() else last]

    return change


def renamed(state):
    state["model"]["0.wight"] = state["model"].pop("0.weight")


def ten_rows_too_many(state):
    state["rows"] *= 11


def other_shape(state):
    state["model"]["6.weight"] = torch.zeros(5, 16)


def other_kind(state):
    state["model"]["0.weight"] = state["model"]["0.weight"].double()


def nan_momentum(state):
    state["optimizer"]["state"][0]["momentum_buffer"][0] = NAN


def nan_weights(state):
    state["model"]["6.weight"][0, 0] = NAN


def infinite_statistics(state):
    state["model"]["1.running_var"][0] = float("inf")


DAMAGES = {
    "no weights": without("model"),
    "a weight is missing": without("model/0.weight"),
    "a weight too many": changed("model/7.weight", to=torch.zeros(3)),
    "a weight of another name": renamed,
    "a weight of another shape": other_shape,
    "a weight of another type": other_kind,
    "a weight that is a list": changed("model/0.weight", to=[1.0]),
    "weights that are a list": changed("model", to=[]),
    "NaN weights": nan_weights,
    "infinite statistics": infinite_statistics,
    "no optimizer": without("optimizer"),
    "an empty optimizer": changed("optimizer", to={}),
    "no groups": changed("optimizer/param_groups", to=[]),
    "a rate that is text": changed("optimizer/param_groups/0/lr", to="high"),
    "NaN momentum": nan_momentum,
    "momentum of no weight": changed("optimizer/state/99", to={}),
    "no rows": without("rows"),
    "rows that are None": changed("rows", to=None),
    "a row that is short": changed("rows/0", to=(1, 0.5)),
    "a row of text": changed("rows/0", to=("a",) * 7),
    "ten rows too many": ten_rows_too_many,
    "a step below 0": changed("step", to=-1),
    "a step too far": changed("step", to=7),
    "a step that is text": changed("step", to="9"),
    "no random state": changed("random", to=[]),
    "a short random state": changed("random/0/now/torch", to=torch.zeros(3).byte()),
    "a meter of text": changed("meter", to=("a", "b", "c")),
    "a choice of nothing": changed("choice", to={}),
    "another format": changed("choice/format", to=3),
    "seconds that are NaN": changed("seconds", to=NAN),
    "no choice": without("choice"),
    "no variables": without("outside"),
    "variables that are a list": changed("outside", to=[]),
    "no fingerprint": without("fingerprint"),
    "values without a place": changed("outside/values/model.x.y.z", to=1),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A checkpoint after 9 of 21 steps, and its content."""
    path = tmp_path_factory.mktemp("sound") / "run"
    stop_after(path, 9)
    return path, torch.load(path, weights_only=True)


@pytest.mark.parametrize("sealed", [False, True], ids=["edited", "written so"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_checkpoint_is_refused_in_a_sentence_and_nothing_changes(
    sound, damage, sealed, tmp_path
):
    state, path = copy.deepcopy(sound[1]), tmp_path / "run"
    damage(state)
    if sealed:
        checkpoint_module.write(path, state)
    else:
        torch.save(state, path)
    before, model = path.read_bytes(), small_net(seed=5)
    weights, attributes = weights_of(model), dict(vars(model))
    with pytest.raises(ValueError, match=r"^`checkpoint` .*run is damaged: ") as error:
        run(path, model=model)
    assert "\n" not in str(error.value)
    assert "Nothing was changed; give another path" in str(error.value)
    assert path.read_bytes() == before
    assert_same_weights(model, weights)
    assert vars(model).keys() == attributes.keys()
    assert model.training


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9, 0.98])
def test_a_flipped_byte_never_becomes_another_run(sound, place, tmp_path):
    packed, path = bytearray(sound[0].read_bytes()), tmp_path / "run"
    packed[int(place * len(packed))] ^= 0x10
    path.write_bytes(packed)
    expected = weights_of(run(None)[0])
    try:
        found, _ = run(path)
    except ValueError as error:
        assert "Nothing was changed" in str(error)  # noqa: PT017 (either may be)
    else:
        assert_same_weights(found, expected)  # a byte that nothing reads


HOLDER = """
import sys, time
from coursekit.training import fit
from tests.small_runs import noise_set, small_net
def slow(images, generator):
    print("on", flush=True)
    sys.stdin.readline()
    return images
fit(small_net(), noise_set(100), epochs=3, batch_size=16, augment=slow,
    progress=False, checkpoint=sys.argv[1], checkpoint_seconds=0)
"""


@pytest.fixture
def holder(tmp_path):
    """A process in the middle of a run with the checkpoint `run`."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "run")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        for _ in range(3):  # once to try it out
            assert process.stdout.readline() == "on\n"
            process.stdin.write("\n")
            process.stdin.flush()
        yield process
        process.kill()


def test_a_second_run_is_told_who_holds_the_name(holder, tmp_path):
    model = small_net()
    weights = weights_of(model)
    with pytest.raises(
        ValueError, match=rf"is in use by process {holder.pid} on .*since"
    ):
        run(tmp_path / "run", model=model)
    assert_same_weights(model, weights)
    run(tmp_path / "other")


def test_the_name_is_free_when_its_holder_is_killed(holder, tmp_path):
    holder.kill()
    holder.wait()
    (tmp_path / "run").unlink(missing_ok=True)
    run(tmp_path / "run")
    assert {p.name for p in tmp_path.iterdir()} == {"run"}


def test_the_name_is_free_after_an_error(tmp_path):
    stop_after(tmp_path / "run", 3)
    with pytest.raises(ValueError, match="belongs to another run"):
        run(tmp_path / "run", epochs=4)
    run(tmp_path / "run")
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def spoiling(step):
    """Return a net whose loss is finite and whose gradients are NaN in one step."""

    class Spoilt(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            return x.clone()

        @staticmethod
        def backward(context, gradient):
            calls.append(1)
            return gradient * (NAN if len(calls) == step else 1)

    calls, net = [], small_net()
    net[0].register_forward_hook(lambda module, args, output: Spoilt.apply(output))
    return net


@pytest.mark.parametrize("step", [3, 7, 12, 21])
def test_gradients_that_are_nan_never_reach_the_checkpoint(tmp_path, step):
    path = tmp_path / "run"
    data = noise_set(100)
    with pytest.raises(Diverged, match=r"became NaN.* in step .*run is kept") as error:
        fit(
            spoiling(step),
            data,
            epochs=3,
            batch_size=16,
            progress=False,
            checkpoint=path,
            checkpoint_seconds=0,
        )
    assert len(error.value.history) == (step - 1) // 7
    state = torch.load(path, weights_only=True)
    assert all(value.isfinite().all() for value in state["model"].values())
    assert len(state["rows"]) * 7 + state["step"] == step - 1
    # the same call with a net whose gradients are right goes on to the end
    history = fit(
        spoiling(0),
        data,
        epochs=3,
        batch_size=16,
        progress=False,
        checkpoint=path,
        checkpoint_seconds=0,
    )
    assert len(history) == 3


def test_without_a_checkpoint_a_spoilt_last_step_is_noticed_too():
    with pytest.raises(Diverged, match="a weight became NaN or infinite in step 7 of"):
        fit(spoiling(7), noise_set(100), epochs=1, batch_size=16, progress=False)
