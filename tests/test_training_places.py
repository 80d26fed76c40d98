"""Where `fit` keeps a checkpoint that is given by a name, and what it says about it."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from coursekit._base import lasting
from coursekit.training import checkpoint_folder, fit
from coursekit.training import checkpoint_places as places
from tests.small_runs import assert_same_weights, noise_set, small_net, weights_of

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """Pretend to be a computer that is no hosted runtime, with its own home."""
    for name in ("COURSEKIT_CHECKPOINTS", "COLAB_RELEASE_TAG", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(lasting, "DRIVE", tmp_path / "content" / "drive" / "MyDrive")
    monkeypatch.setattr(lasting, "COLAB", tmp_path / "content")
    monkeypatch.setattr(lasting, "KAGGLE", tmp_path / "kaggle" / "working")
    monkeypatch.setattr(lasting.Path, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(lasting.sys, "platform", "linux")
    return tmp_path


@pytest.fixture
def colab(machine, monkeypatch):
    """Pretend to be Colab without Drive."""
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    (machine / "content").mkdir()
    return machine / "content"


def train(checkpoint, **settings):
    """Train a small net for two epochs of two steps."""
    model = small_net()
    settings = {"epochs": 2, "batch_size": 64, "checkpoint": checkpoint} | settings
    return model, fit(model, noise_set(100), **settings)


def test_the_user_s_own_data_folder_is_the_place(machine):
    expected = machine / "home" / ".local" / "share" / "coursekit" / "checkpoints"
    assert checkpoint_folder() == expected


@pytest.mark.parametrize(
    ("system", "variables", "folder"),
    [
        ("linux", {}, "home/.local/share"),
        ("linux", {"XDG_DATA_HOME": "/big/disk"}, "/big/disk"),
        ("darwin", {"XDG_DATA_HOME": "/x"}, "home/Library/Application Support"),
        ("win32", {"LOCALAPPDATA": "D:/Profiles/ann/Local"}, "D:/Profiles/ann/Local"),
        ("win32", {}, "home/AppData/Local"),
    ],
)
def test_each_system_has_its_own_data_folder(system, variables, folder):
    assert lasting._user_folder(system, variables, Path("home")) == Path(folder)


def test_drive_is_used_where_the_student_mounted_it(colab):
    (colab / "drive" / "MyDrive").mkdir(parents=True)
    expected = colab / "drive" / "MyDrive" / "coursekit" / "checkpoints"
    assert checkpoint_folder() == expected


def test_drive_is_never_made(colab):
    train("lenet", progress=False)
    assert checkpoint_folder() == colab / "checkpoints"
    assert [path.name for path in colab.iterdir()] == ["checkpoints"]


def test_kaggle_s_working_folder_is_used(machine):
    (machine / "kaggle" / "working").mkdir(parents=True)
    assert checkpoint_folder() == machine / "kaggle" / "working" / "checkpoints"


def test_the_variable_comes_before_every_folder(colab, machine, monkeypatch):
    (colab / "drive" / "MyDrive").mkdir(parents=True)
    monkeypatch.setenv("COURSEKIT_CHECKPOINTS", str(machine / "mine"))
    assert checkpoint_folder() == machine / "mine"


def test_asking_for_the_place_makes_nothing(machine):
    checkpoint_folder()
    assert list(machine.iterdir()) == []


def test_a_variable_that_names_a_file_is_refused(machine, monkeypatch):
    (machine / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("COURSEKIT_CHECKPOINTS", str(machine / "file"))
    with pytest.raises(ValueError, match=r"COURSEKIT_CHECKPOINTS must be a folder; go"):
        train("lenet")


@pytest.mark.parametrize(
    "name", ["lenet", "resnet18", "04-cutout", "my net", "lr 0.01", "lr_0.1", "épreuve"]
)
def test_a_name_is_a_file_in_the_folder(name):
    assert places.checkpoint_path(name) == checkpoint_folder() / f"{name}.pt"


@pytest.mark.parametrize(
    "path",
    ["run.pt", "./run", "runs/lenet", "runs\\lenet", "../lenet", "lenet.", "~", "C:x"],
)
def test_what_has_a_folder_or_a_suffix_is_a_path(path):
    assert places.checkpoint_path(path) == Path(path)


def test_a_path_object_is_always_a_path():
    assert places.checkpoint_path(Path("lenet")) == Path("lenet")


def test_something_else_is_refused_before_training():
    model = small_net()
    before = weights_of(model)
    with pytest.raises(ValueError, match=r"`checkpoint` must be a name .*; got 3"):
        fit(model, noise_set(), checkpoint=3)
    assert_same_weights(model, before)


def test_one_line_says_where_it_is_and_whether_the_run_goes_on(capsys, machine):
    file = checkpoint_folder() / "lenet.pt"
    train("lenet")
    first = capsys.readouterr().out.splitlines()
    train("lenet")
    again = capsys.readouterr().out.splitlines()
    assert first[0] == f"checkpoint {file}: new"
    assert [line[:9] for line in first[1:]] == ["epoch 1/2", "epoch 2/2"]
    assert again == [f"checkpoint {file}: finished before"]


def test_a_run_that_was_cut_off_says_where_it_goes_on(capsys, machine):
    asked = [0]

    def stop(images, generator):
        asked[0] += 1
        if asked[0] == 5:  # the first batch is also drawn once to try the model out
            raise KeyboardInterrupt
        return images

    settings = {"augment": stop, "checkpoint_seconds": 0, "epochs": 3}
    with pytest.raises(KeyboardInterrupt):
        train("cut off", **settings)
    capsys.readouterr()
    train("cut off", **settings)
    line = capsys.readouterr().out.splitlines()[0]
    assert line.endswith("cut off.pt: going on at epoch 2, step 1")


def test_colab_without_drive_says_that_the_disk_passes(capsys, colab):
    train("lenet")
    train(colab / "drive" / "MyDrive" / "net.pt")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith(
        ": new; this disk ends with the session (mount Drive first to keep it)"
    )
    assert lines[3].endswith("net.pt: new")


def test_without_progress_nothing_is_said(capsys):
    train("lenet", progress=False)
    assert capsys.readouterr().out == ""


def test_without_a_checkpoint_nothing_is_said_about_one(capsys):
    train(None)
    assert "checkpoint" not in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="sets the home folder by HOME")
def test_a_notebook_that_is_run_again_resumes(machine):
    code = (
        "from coursekit.training import fit\n"
        "from tests.small_runs import noise_set, small_net\n"
        "done = fit(small_net(), noise_set(), epochs=2, checkpoint='again')"
    )
    outputs = [run_in_a_new_kernel(code, machine) for _ in range(2)]
    texts = [text for kinds, text in outputs if kinds[0] == "stream"]
    assert len(texts) == 2  # the line stands above the display of the run
    assert texts[0].endswith("again.pt: new\n")
    assert texts[1].endswith("again.pt: finished before\n")


def run_in_a_new_kernel(code: str, home: Path) -> tuple[list[str], str]:
    """Return the kinds of a cell's outputs and the text of the first."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    client = NotebookClient(notebook, resources={"metadata": {"path": str(ROOT)}})
    environment = dict(os.environ, HOME=str(home), XDG_DATA_HOME=str(home / "share"))
    client.execute(env=environment)
    outputs = notebook.cells[0].outputs
    return [one.output_type for one in outputs], outputs[0].text


def test_a_user_without_a_home_gets_a_place_all_the_same(machine, monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(lasting.Path, "home", homeless)
    monkeypatch.chdir(machine)
    assert checkpoint_folder().is_relative_to(machine)
