"""`submit` writes the network it was given, and nothing about the machine."""

import getpass
import importlib.util
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from copy import deepcopy
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from coursekit.course.handin import inspect_submission, submit
from coursekit.course.network_file import export, layout
from coursekit.data import digits
from coursekit.models import tiny_net
from coursekit.training import Epoch, History, evaluate, fit
from tests.handin_files import here  # noqa: F401

pytestmark = pytest.mark.usefixtures("here")
ROOT = Path(__file__).resolve().parent.parent
SHAPE = (1, 16, 16)


@pytest.fixture(scope="module")
def trained():
    """A network that learnt two epochs of digits, its history and the sets."""
    sets = digits(16).split()
    torch.manual_seed(0)
    model = tiny_net()
    history = fit(model, sets.train, sets.valid, epochs=2, progress=False)
    return model, history, sets


@pytest.fixture(scope="module")
def file(trained, tmp_path_factory):
    """That network, handed in."""
    model, history, _ = trained
    path = tmp_path_factory.mktemp("handin") / "ada.zip"
    submit(
        model, history, challenge="digits-4k", input_shape=SHAPE, name="Ada", path=path
    )
    return path


def member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def graph_of(path: Path):
    return onnx.load_from_string(member(path, "model.onnx")).graph


def answers(path: Path, images: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(member(path, "model.onnx"))
    return session.run(None, {"images": images.numpy()})[0]


def test_a_hand_in_file_holds_three_members(file):
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["model.onnx", "history.json", "manifest.json"]


def test_batch_norm_stays_a_layer_with_its_running_statistics(trained, file):
    graph = graph_of(file)
    stored = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    norms = [node for node in graph.node if node.op_type == "BatchNormalization"]
    names = {name for node in norms for name in node.input[1:]}
    state = trained[0].state_dict()
    assert len(norms) == 3
    assert sum("running" in name for name in names) == 6
    assert all(np.array_equal(stored[name], state[name].numpy()) for name in names)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_any_number_of_images_gets_the_models_logits(trained, file, n):
    images = torch.randn(n, *SHAPE, generator=torch.Generator().manual_seed(n))
    with torch.no_grad():
        expected = trained[0](images).numpy()
    assert np.abs(answers(file, images) - expected).max() < 1e-4


def test_equal_tensors_are_all_written(tmp_path):
    # Untrained batch norms start with equal numbers; exporters like to store them once.
    net = tiny_net()
    path = tmp_path / "a.zip"
    submit(net, input_shape=SHAPE, path=path)
    stored = {t.name: list(t.dims) for t in graph_of(path).initializer}
    wanted = {k: list(v.shape) for k, v in net.state_dict().items() if v.dim()}
    assert stored == wanted


SECRET = '''
"""A module whose every name would give its author away."""
from torch import nn

class QuaggaNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, zorilla):
        okapi = self.norm(self.conv(zorilla))
        return okapi.flatten(2).mean(2)
'''


def only(writer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one exporter write; where this torch has it not, the test is skipped."""
    wanted = getattr(export, writer)
    if wanted not in export._writers():
        pytest.skip(f"no {writer} with this torch")
    monkeypatch.setattr(export, "_writers", lambda: [wanted])


@pytest.mark.parametrize("writer", ["_by_tracing", "_by_export"])
def test_no_string_of_the_students_machine_remains(tmp_path, monkeypatch, writer):
    only(writer, monkeypatch)
    home = tmp_path / "home_of_the_axolotl"
    home.mkdir()
    source = home / "pangolin_homework.py"
    source.write_text(SECRET)
    spec = importlib.util.spec_from_file_location("pangolin_homework", source)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "pangolin_homework", module)
    spec.loader.exec_module(module)
    path = home / "a.zip"
    submit(module.QuaggaNet(), input_shape=(1, 8, 8), path=path)
    everything = path.read_bytes() + b"".join(
        member(path, n) for n in ("model.onnx", "history.json", "manifest.json")
    )
    secrets = ["axolotl", "pangolin", "Quagga", "zorilla", "okapi", ".py", "site-pack"]
    own = [str(Path.home()), os.getcwd(), str(tmp_path), getpass.getuser()]
    secrets += ["forward", "Conv2d(", *(one for one in own if len(one) > 4)]
    assert [secret for secret in secrets if secret.encode() in everything] == []


def test_the_newer_exporter_writes_the_same_network(trained, tmp_path, monkeypatch):
    only("_by_export", monkeypatch)
    path = tmp_path / "a.zip"
    submit(trained[0], input_shape=SHAPE, path=path)
    found = inspect_submission(path)
    assert (found.parameters, found.batch_norms, found.gap) == (6274, 3, True)
    assert found.count.statistics == 112
    assert found.field == (18, 18)


def test_the_model_is_left_as_it_was_found(tmp_path):
    model = tiny_net().train()
    model[0].eval()
    model(torch.randn(4, *SHAPE)).sum().backward()
    called = []
    model[1].register_forward_hook(lambda *_: called.append(1))
    model[2].requires_grad_(False)
    tensors = [
        *model.parameters(),
        *model.buffers(),
        *(p.grad for p in model.parameters()),
    ]
    before = [None if t is None else t.clone() for t in tensors]
    modes = [module.training for module in model.modules()]
    state = torch.get_rng_state()
    submit(model, input_shape=SHAPE, path=tmp_path / "a.zip")
    after = [
        *model.parameters(),
        *model.buffers(),
        *(p.grad for p in model.parameters()),
    ]
    assert all(
        a is b and (a is None or torch.equal(a, c))
        for a, b, c in zip(tensors, after, before, strict=True)
    )
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(p.requires_grad for p in model[2].parameters())


class ByLength(nn.Module):
    """A map's mean, with something in it that is as long as there are images."""

    def __init__(self, way):
        super().__init__()
        self.way, self.ones = way, nn.Parameter(torch.ones(3))

    def forward(self, x):
        return self.way(self, x)


def with_rows(net, x):
    rows = torch.linspace(-1, 1, 4).expand(len(x), 1, 4, 4)
    return torch.cat([x, rows], 1).mean((2, 3))[:, :3]


LENGTHS = {
    "view": lambda net, x: x.view(len(x), 3, -1).mean(2),
    "expand": lambda net, x: x.mean((2, 3)) * net.ones.expand(len(x), 3),
    "repeat": lambda net, x: x.mean((2, 3)) * net.ones.repeat(len(x), 1),
    "zeros": lambda net, x: x.mean((2, 3)) + torch.zeros(len(x), 3),
    "coordinates": with_rows,
}


@pytest.mark.parametrize("way", LENGTHS)
def test_len_of_the_images_is_no_fixed_number(way, tmp_path):
    path = tmp_path / "a.zip"
    submit(ByLength(LENGTHS[way]), input_shape=(3, 4, 4), path=path)
    images = torch.arange(5 * 48.0).view(5, 3, 4, 4)
    assert np.allclose(answers(path, images), images.mean((2, 3)).numpy())


class Noise(nn.Module):
    def forward(self, x):
        return x.mean((2, 3)) + torch.rand(len(x), 1)


class ByValue(nn.Module):
    def forward(self, x):
        return x.mean((2, 3)) * (2 if x.sum() > 0 else 3)


@pytest.mark.parametrize("net", [Noise(), ByValue()])
def test_a_network_that_cannot_be_written_faithfully_leaves_the_old_file(net, tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(b"the last one")
    with pytest.raises(ValueError, match="does not answer like `model`"):
        submit(net, input_shape=(3, 4, 4), path=path)
    assert path.read_bytes() == b"the last one"
    assert list(tmp_path.iterdir()) == [path]


def test_an_operator_without_onnx_form_is_named(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(export, "_writers", lambda: [export._by_tracing])

    class Spectrum(nn.Module):
        def forward(self, x):
            return torch.fft.fft(x).abs().mean((2, 3))

    with pytest.raises(ValueError, match="its operator aten::fft_fft has no form"):
        submit(Spectrum(), input_shape=(1, 4, 4), path=tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_the_history_is_plain_json(trained, file):
    written = json.loads(member(file, "history.json"))
    history = trained[1]
    assert [row["valid_accuracy"] for row in written["epochs"]] == history[
        "valid_accuracy"
    ]
    assert written["settings"]["seed"] == history.settings["seed"]


def test_of_what_json_does_not_know_only_the_type_is_written(tmp_path):
    rows = (Epoch(1, float("nan"), 0.1, None, None, 1.0, float("inf")),)
    history = History(rows, {"folder": tmp_path, "kernel": torch.float32})
    path = tmp_path / "a.zip"
    submit(tiny_net(), history, input_shape=SHAPE, path=path)
    written = json.loads(member(path, "history.json"))
    (row,) = written["epochs"]
    assert written["settings"] == {
        "folder": type(tmp_path).__name__,
        "kernel": "dtype",
    }
    assert (row["train_loss"], row["lr"], row["epoch"]) == (None, None, 1)


def test_the_manifest_says_who_when_what(trained, file):
    manifest = json.loads(member(file, "manifest.json"))
    assert (manifest["name"], manifest["challenge"]) == ("Ada", "digits-4k")
    assert manifest["parameters"] == sum(p.numel() for p in trained[0].parameters())
    assert manifest["input_shape"] == [1, 16, 16]
    assert manifest["normalisation"]["mean"] == list(trained[1].mean)
    assert torch.__version__.startswith(manifest["versions"]["torch"])
    assert manifest["written"].endswith("Z")


def test_a_challenge_object_brings_the_input_shape(tmp_path):
    class Challenge:
        name, input_shape = "mine", SHAPE

    done = submit(tiny_net(), challenge=Challenge(), path=tmp_path / "a.zip")
    assert done.manifest["challenge"] == "mine"
    assert done.size == (tmp_path / "a.zip").stat().st_size


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model": "net"}, "`model` must be a network; got str"),
        ({"history": [1]}, "`history` must be what `fit` returned"),
        ({"input_shape": None}, r"`input_shape` must be given as \(channels"),
        ({"input_shape": (1, 16)}, "three whole numbers"),
        ({"input_shape": (1, 16.0, 16)}, "three whole numbers"),
        ({"input_shape": (3, 16, 16)}, r"`model` refuses images of .*\(3, 16, 16\)"),
        ({"name": "x" * 300}, "`name` must be a text of at most 200"),
        ({"path": ""}, "`path` must name a file"),
        ({"challenge": 3}, "`challenge` must be a name or have one; got int"),
        ({"model": nn.Conv2d(1, 2, 3)}, "one row of class scores per image"),
    ],
)
def test_wrong_arguments_get_one_sentence(changes, sentence, tmp_path):
    given = {"model": tiny_net(), "input_shape": SHAPE, "path": tmp_path / "a.zip"}
    with pytest.raises(ValueError, match=sentence):
        submit(**given | changes)


def test_reading_needs_nothing_that_students_do_not_have():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    optional = project["project"]["optional-dependencies"]
    assert set(optional["handin"]) <= set(optional["extras"])


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        submit(tiny_net(), input_shape=SHAPE, path=tmp_path)


def test_missing_packages_are_named_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(layout, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install onnx onnxruntime"):
        submit(tiny_net(), input_shape=SHAPE, path=tmp_path / "a.zip")


NO_ONNX = """
import sys
sys.modules["onnx"] = sys.modules["onnxruntime"] = None
from coursekit.cli import main
sys.exit(main(["inspect", sys.argv[1]]))
"""


def test_the_command_without_the_packages_says_how_to_get_them(file):
    command = [sys.executable, "-c", NO_ONNX, str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("pip install onnx onnxruntime")
    assert len(done.stderr.splitlines()) == 1


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, coursekit.course.handin; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"torch", "onnx", "onnxruntime", "numpy"}
    assert not heavy & set(done.stdout.split())


def test_measured_accuracy_is_torchs(trained, file):
    model, _, sets = trained
    found = inspect_submission(file, images=sets.test).evaluation
    expected = evaluate(model, sets.test)
    assert found.right == int(expected.correct.sum())
    assert found.n == len(sets.test)


def test_float_images_are_taken_as_they_are(trained, file):
    images = torch.randn(50, *SHAPE, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        labels = trained[0](images).argmax(1)
    found = inspect_submission(file, images=images, labels=labels)
    assert found.evaluation.right == 50


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (
            np.zeros((2, 1, 8, 8)),
            np.zeros(2, int),
            r"`images` must be \(n, 1, 16, 16\)",
        ),
        (np.zeros((2, *SHAPE)), np.zeros(3, int), "`labels` must be 2 whole numbers"),
        (np.zeros((2, *SHAPE)), np.zeros(2), "`labels` must be 2 whole numbers"),
        (np.zeros((2, *SHAPE), int), np.zeros(2, int), "must be uint8 or float"),
        (np.zeros((2, *SHAPE)), None, "`labels` must be 2 whole numbers"),
    ],
)
def test_images_that_do_not_fit_get_one_sentence(file, images, labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        inspect_submission(file, images=images, labels=labels)


def test_text_html_and_json_tell_the_same(file):
    found = inspect_submission(file)
    for said in (repr(found), found._repr_html_()):
        assert "6,274 recounted, 6,274 claimed" in said
        assert "18 × 18 pixels" in said
    assert json.loads(json.dumps(found.to_dict()))["parameters"] == 6274
    with pytest.raises(AttributeError):
        found.size = 3


def test_the_command_says_what_is_in_a_file(file, capsys):
    from coursekit.cli import main

    assert main(["inspect", str(file)]) == 0
    assert "6,274 recounted" in capsys.readouterr().out
    assert main(["inspect", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["batch_norms"] == 3


@pytest.mark.parametrize("name", ["missing.zip", "text.zip"])
def test_the_command_fails_with_one_sentence(name, tmp_path, capsys):
    from coursekit.cli import main

    (tmp_path / "text.zip").write_text("hello")
    assert main(["inspect", str(tmp_path / name)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert name in said.err


def test_what_submit_returns_says_what_to_do(file, trained):
    done = submit(trained[0], trained[1], input_shape=SHAPE, path=file.parent / "b.zip")
    assert "parameters  6,274" in repr(done)
    assert "epochs      2" in repr(done)


def test_a_hand_in_file_is_read_from_any_folder(file, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    open(file, "rb").close()
    assert inspect_submission(file).file == "ada.zip"


def assert_nothing_is_written(error, words, model, history, folder):
    """Hand a network in that is refused; look that its folder stays empty."""
    settings = {"challenge": "digits-4k", "input_shape": SHAPE, "name": "A"}
    with pytest.raises(error, match=words):
        submit(model, history, path=folder / "a.zip", **settings)
    assert not list(folder.iterdir())


def test_a_net_that_answers_with_no_numbers_is_not_handed_in(trained, tmp_path):
    model = deepcopy(trained[0])
    with torch.no_grad():
        list(model.parameters())[-1].fill_(float("nan"))
    words = "logits that are no numbers"
    assert_nothing_is_written(ValueError, words, model, trained[1], tmp_path)


def test_a_full_disk_leaves_nothing_behind(trained, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert_nothing_is_written(OSError, "No space left", *trained[:2], tmp_path)
