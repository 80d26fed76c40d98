"""No run is lost: killed, interrupted, out of disk or changed."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from coursekit.augment import compose, random_shift
from coursekit.training import fit
from tests.small_runs import assert_same_weights, noise_set, small_net, weights_of

posix = pytest.mark.skipif(os.name != "posix", reason="needs fork and SIGKILL")


class Interrupted(Exception):  # noqa: N818
    """Stands for the student's Ctrl-C, a power cut, a lost kernel."""


def interrupted(steps):
    """Return an augmentation that stops the run when it is asked for batch `steps`."""
    left = [steps]

    def augment(images, generator):
        left[0] -= 1
        if left[0] < 0:
            raise Interrupted
        return images + torch.randn(images.shape, generator=generator)

    augment.__qualname__ = "augment"
    return augment


def run(path, steps=10**9, *, model=None, train=None, **settings):
    """Train a small net for 3 epochs of 7 steps; return it with its history."""
    model = model or small_net()
    settings = {
        "epochs": 3,
        "batch_size": 16,
        "augment": interrupted(steps),
        "checkpoint": path,
        "checkpoint_seconds": 0,
        "progress": False,
    } | settings
    train = noise_set(100) if train is None else train
    return model, fit(model, train, noise_set(30), **settings)


def timeless(history):
    """Return the rows without their seconds."""
    return [
        [r.epoch, r.train_loss, r.train_accuracy, r.valid_loss, r.lr] for r in history
    ]


def stop_after(path, steps, **settings):
    # +1: the first batch is also drawn once to try the model out
    with pytest.raises(Interrupted):
        run(path, steps + 1, **settings)


@posix
def test_thirty_sigkills_at_random_moments_change_no_bit(tmp_path):
    script = Path(__file__).with_name("checkpoint_killer.py")
    command = [sys.executable, str(script), str(tmp_path), "30", "0"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=280
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["kills"] == 30
    for number in range(1, report["runs"] + 1):
        alone, killed = (
            json.loads((tmp_path / f"{name}-{number}.json").read_text())
            for name in ("alone", "killed")
        )
        assert killed["rows"] == alone["rows"]
        assert [row[0] for row in killed["rows"]] == [1, 2, 3, 4, 5]
        assert killed["resumed"] is not None
        weights = torch.load(tmp_path / f"alone-{number}.pt", weights_only=True)
        found = torch.load(tmp_path / f"killed-{number}.pt", weights_only=True)
        assert all(torch.equal(found[name], weights[name]) for name in weights)


@pytest.mark.parametrize("steps", [0, 1, 6, 7, 8, 13, 14, 20])
def test_a_run_goes_on_from_any_step_with_the_same_bits(tmp_path, steps):
    whole, history = run(None)
    stop_after(tmp_path / "run", steps)
    resumed, again = run(tmp_path / "run")
    assert_same_weights(resumed, weights_of(whole))
    assert timeless(again) == timeless(history)
    expected = f"epoch {steps // 7 + 1}, step {steps % 7}" if steps else None
    assert again.settings.get("resumed") == expected


def test_a_run_goes_on_twice(tmp_path):
    whole, history = run(None)
    stop_after(tmp_path / "run", 5)
    stop_after(tmp_path / "run", 6)
    resumed, again = run(tmp_path / "run")
    assert_same_weights(resumed, weights_of(whole))
    assert timeless(again) == timeless(history)


def test_adam_resumes_as_well(tmp_path):
    adam = {"optimizer": torch.optim.AdamW, "lr": 0.01}
    whole, _ = run(None, **adam)
    stop_after(tmp_path / "run", 10, **adam)
    assert_same_weights(run(tmp_path / "run", **adam)[0], weights_of(whole))


def test_a_finished_run_is_not_trained_again(tmp_path):
    first, history = run(tmp_path / "run")
    again, found = run(tmp_path / "run", 1, model=small_net(seed=9))
    assert_same_weights(again, weights_of(first))
    assert found.epochs == history.epochs
    assert found.settings["resumed"] == "finished before"
    assert not again.training


def test_saving_only_after_every_second_epoch(tmp_path):
    settings = {"checkpoint_seconds": 10**6, "checkpoint_epochs": 2}
    stop_after(tmp_path / "run", 13, **settings)
    assert not (tmp_path / "run").exists()
    stop_after(tmp_path / "run", 20, **settings)
    _, history = run(tmp_path / "run", **settings)
    assert history.settings["resumed"] == "epoch 3, step 0"


def test_the_file_holds_no_code(tmp_path):
    run(tmp_path / "run")
    state = torch.load(tmp_path / "run", weights_only=True)
    assert len(state["rows"]) == 3


CHANGES = [
    ({"epochs": 4}, "epochs: 3 in the file, 4 now"),
    ({"batch_size": 8}, "train: batch_size 16 in the file, batch_size 8 now"),
    ({"lr": 0.05}, "lr: None in the file, 0.05 now"),
    ({"seed": 1}, "seed: 0 in the file, 1 now"),
    ({"label_smoothing": 0.1}, "label_smoothing: 0.0 in the file, 0.1 now"),
    ({"augment": None}, "augment: augment in the file, None now"),
    (
        {"augment": compose(partial(random_shift, most=2))},
        r"augment: augment in the file, .*random_shift\(most=2\)",
    ),
    ({"optimizer": torch.optim.AdamW}, "optimizer: SGD in the file, AdamW now"),
    ({"model": small_net(dropout=0.5)}, r"Dropout\(p=0.2.* in the file, .*p=0.5.* now"),
    (
        {"model": nn.Sequential(nn.Flatten(), nn.Linear(64, 3))},
        r"Conv2d.* in the file, \(0\): Flatten",
    ),
    ({"train": noise_set(100, seed=1)}, "train: .*checksum .* in the file"),
]


@pytest.mark.parametrize(("change", "difference"), CHANGES)
def test_a_changed_call_is_refused_with_the_difference(tmp_path, change, difference):
    stop_after(tmp_path / "run", 9)
    before = (tmp_path / "run").read_bytes()
    with pytest.raises(ValueError, match=f"belongs to another run.*{difference}"):
        run(tmp_path / "run", **change)
    assert (tmp_path / "run").read_bytes() == before


def test_a_file_cut_short_is_refused_and_kept(tmp_path):
    path = tmp_path / "run"
    stop_after(path, 9)
    cut = path.read_bytes()[:-100]
    path.write_bytes(cut)
    model = small_net()
    before = weights_of(model)
    with pytest.raises(ValueError, match="cannot be read: it is cut short or no check"):
        run(path, model=model)
    assert path.read_bytes() == cut
    assert_same_weights(model, before)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 zip?"])
def test_any_other_file_is_refused_and_kept(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"`checkpoint` .*notes\.txt cannot be read"):
        run(path)
    assert path.read_bytes() == content


def test_a_checkpoint_from_elsewhere_is_refused(tmp_path):
    torch.save(small_net().state_dict(), tmp_path / "weights.pt")
    with pytest.raises(ValueError, match="was not written by `fit`"):
        run(tmp_path / "weights.pt")


def test_a_pickle_that_would_run_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "hacked"),))

    torch.save({"kind": "coursekit checkpoint 1", "x": Evil()}, tmp_path / "evil")
    with pytest.raises(ValueError, match="cannot be read"):
        run(tmp_path / "evil")
    assert not (tmp_path / "hacked").exists()


def test_a_place_that_cannot_be_written_is_refused_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="`checkpoint` must be a file that can be wri"):
        run(tmp_path / "file" / "run", 1)
    with pytest.raises(ValueError, match="it is a folder"):
        run(tmp_path, 1)


def test_a_missing_folder_is_made(tmp_path):
    run(tmp_path / "new" / "deeper" / "run")
    assert (tmp_path / "new" / "deeper" / "run").exists()


@posix
def test_a_full_disk_keeps_the_last_good_checkpoint_and_the_run(tmp_path):
    import resource

    path = tmp_path / "run"
    stop_after(path, 9)
    size = path.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, hard))
    try:
        with pytest.warns(
            UserWarning, match="could not be written .*the last good one"
        ):
            model, _ = run(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.stat().st_size == size
    assert list(tmp_path.iterdir()) == [path]
    assert_same_weights(model, weights_of(run(None)[0]))
    assert_same_weights(run(path)[0], weights_of(model))


def test_a_nan_keeps_the_checkpoint_before_it(tmp_path):
    from coursekit.training import Diverged

    path = tmp_path / "run"
    stop_after(path, 9)
    before = torch.load(path, weights_only=True)["step"]
    net = small_net()
    net.register_forward_pre_hook(
        lambda module, args: (args[0] * (float("nan") if module.training else 1),)
    )
    with pytest.raises(Diverged, match=r"The checkpoint .*run is kept"):
        run(path, model=net)
    assert torch.load(path, weights_only=True)["step"] == before
