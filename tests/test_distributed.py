"""The same `fit` in two processes: equal gradients, exact metrics, one writer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from coursekit.training.meter import Meter
from coursekit.training.workers import Workers

ROOT = Path(__file__).parents[1]
EPOCHS, STEPS = 2, 7


def start(folder, name, *, workers=2, checkpoint="-", die_at=-1):
    """Run tests/distributed_worker.py, under torchrun if there are several workers."""
    script = ["-m", "tests.distributed_worker", str(folder), name, str(checkpoint)]
    command = [sys.executable]
    if workers > 1:
        command += ["-m", "torch.distributed.run", f"--nproc-per-node={workers}"]
        command += ["--standalone", "--local-addr=127.0.0.1"]  # on a port it finds
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    if sys.platform == "linux":
        environment["GLOO_SOCKET_IFNAME"] = "lo"
    return subprocess.run(
        [*command, *script, str(die_at)],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=ROOT,
        env=environment,
    )


def results(folder, name, rank=0):
    report = json.loads((folder / f"{name}-{rank}.json").read_text())
    return report, torch.load(folder / f"{name}-{rank}.pt", weights_only=True)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One process alone, and two workers that save after every step."""
    folder = tmp_path_factory.mktemp("runs")
    outputs = {}
    for name, workers, checkpoint in (("one", 1, "-"), ("two", 2, folder / "ckpt")):
        done = start(folder, name, workers=workers, checkpoint=checkpoint)
        assert done.returncode == 0, done.stderr
        outputs[name] = done.stdout
    return folder, outputs


def test_gradients_of_two_workers_equal_those_of_one(runs):
    alone, shared = (results(runs[0], name)[1]["gradients"] for name in ("one", "two"))
    assert alone.shape[0] == EPOCHS * STEPS
    torch.testing.assert_close(shared[0], alone[0], rtol=0, atol=1e-6)
    torch.testing.assert_close(shared, alone, rtol=0, atol=1e-5)  # after 14 steps


def test_every_worker_ends_with_the_same_weights(runs):
    first, second = (results(runs[0], "two", rank)[1] for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_metrics_are_sums_over_all_images(runs):
    alone, shared = (results(runs[0], name)[0]["rows"] for name in ("one", "two"))
    assert results(runs[0], "two", 1)[0]["rows"] == shared
    for row, expected in zip(shared, alone, strict=True):
        assert row == pytest.approx(expected, abs=1e-5)
        assert row[1] == expected[1]  # right answers over images, exact
        assert row[3] == expected[3]


def test_only_worker_0_writes_and_shows(runs):
    assert results(runs[0], "two", 0)[0]["writes"] == EPOCHS * STEPS
    assert results(runs[0], "two", 1)[0]["writes"] == 0
    assert runs[1]["two"].count("epoch 1/2") == 1
    assert results(runs[0], "two")[0]["settings"]["workers"] == 2


@pytest.mark.skipif(sys.platform != "linux", reason="threads are listed in /proc")
def test_no_thread_of_a_group_outlives_it():
    program = (
        "import os, torch\n"
        "from torch import distributed, nn\n"
        "from coursekit.training import fit\n"
        "from tests.small_runs import noise_set, small_net\n"
        "def threads():\n"
        "    folder = '/proc/self/task'\n"
        "    names = [open(f'{folder}/{t}/comm').read() for t in os.listdir(folder)]\n"
        "    return sum('gloo' in name for name in names)\n"
        "store = distributed.HashStore()\n"
        "distributed.init_process_group('gloo', store=store, rank=0, world_size=1)\n"
        "distributed.all_reduce(torch.ones(3))\n"
        "fit(small_net(), noise_set(20), epochs=1, device='cpu', progress=False)\n"
        "before = threads()\n"
        "distributed.destroy_process_group()\n"
        "print(before > 0, threads())\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    if done.stdout == "False 0\n":
        pytest.skip("the threads of this torch have other names")
    assert done.stdout == "True 0\n", done.stderr


@pytest.fixture(scope="module")
def dead_run(tmp_path_factory):
    """Two workers of which one ends without a word in step 10."""
    folder = tmp_path_factory.mktemp("dead")
    return folder / "ckpt", start(folder, "dead", checkpoint=folder / "ckpt", die_at=9)


def test_a_dying_worker_ends_the_run(dead_run):
    assert dead_run[1].returncode != 0


def test_a_broken_connection_is_explained(monkeypatch):
    def broken(*_):
        raise RuntimeError("Connection closed by peer [127.0.0.1]:4711")

    monkeypatch.setattr("torch.distributed.all_reduce", broken)
    with pytest.raises(RuntimeError, match=r"another worker .* resumes .*4711"):
        Workers(torch.device("cpu"), 0, 2).total(Meter())


@pytest.mark.parametrize("workers", [1, 2])
def test_another_number_of_workers_goes_on_from_the_checkpoint(
    runs, dead_run, tmp_path, workers
):
    path = tmp_path / "ckpt"
    path.write_bytes(dead_run[0].read_bytes())
    done = start(tmp_path, "resumed", workers=workers, checkpoint=path)
    assert done.returncode == 0, done.stderr
    report, weights = results(tmp_path, "resumed")
    assert report["settings"]["resumed"] == "epoch 2, step 2"
    whole_report, whole = results(runs[0], "two")
    tolerance = 0 if workers == 2 else 1e-5
    for name in weights.keys() - {"gradients"}:
        torch.testing.assert_close(weights[name], whole[name], rtol=0, atol=tolerance)
    for row, expected in zip(report["rows"], whole_report["rows"], strict=True):
        assert row == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("n", [4, 5, 7, 16])
def test_shares_of_a_batch_are_disjoint_and_complete(n):
    images, labels = torch.arange(n).view(n, 1, 1, 1), torch.arange(n)
    workers = [Workers(torch.device("cpu"), rank, 2) for rank in range(2)]
    shares = [worker.share(images, labels)[1].tolist() for worker in workers]
    assert [*shares[0], *shares[1]] == list(range(n))
    assert sum(worker.weight for worker in workers) == pytest.approx(1)
    assert not any(worker.idle for worker in workers)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_batch_too_small_to_share_counts_once(n):
    images, labels = torch.zeros(n, 1, 1, 1), torch.arange(n)
    workers = [Workers(torch.device("cpu"), rank, 2) for rank in range(2)]
    assert all(len(worker.share(images, labels)[1]) == n for worker in workers)
    assert [worker.weight for worker in workers] == [1.0, 0.0]
    assert [worker.idle for worker in workers] == [False, True]


def test_alone_nothing_is_shared():
    worker, meter = Workers(torch.device("cpu")), Meter(2.0, 1, 3)
    assert worker.total(meter) is meter
    assert worker.agree(True)
    assert worker.gather({"a": {}}) == [{"a": {}}]
    assert worker.tell("x") == "x"
