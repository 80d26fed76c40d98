"""Files of earlier versions are read, or refused by the name of their form.

They lie in `tests/old_files` for good; a new form of a file adds one and removes none.
Each was written by the version that its test names, 0.1.0 being that before 1.0.
"""

import json
import shutil
from importlib.resources import files
from pathlib import Path

import nbformat
import pytest
import torch

import coursekit
from coursekit import fit
from coursekit.course.handin import inspect_submission
from coursekit.course.records import note, recorded
from coursekit.setup.update import update
from coursekit.training.checkpoint import write
from coursekit.training.fingerprint import differences
from tests.small_runs import noise_set, small_net

OLD = Path(__file__).with_name("old_files")
NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
RUN = {"epochs": 3, "batch_size": 20, "lr": 0.1, "progress": False}


@pytest.fixture
def copied(tmp_path: Path):
    return lambda name: Path(shutil.copy(OLD / name, tmp_path / name))


def test_a_checkpoint_of_0_1_0_is_gone_on_with(copied):
    """It was stopped after 8 of 15 steps; the other 7 lead where 15 in one go lead."""
    path = copied("checkpoint_2.pt")
    assert torch.load(path, weights_only=True)["kind"] == "coursekit checkpoint 2"
    resumed, whole = small_net(dropout=0.0), small_net(dropout=0.0)
    fit(resumed, noise_set(), **RUN, checkpoint=path)
    fit(whole, noise_set(), **RUN)
    for found, expected in zip(resumed.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("printed", "same"), [("True", True), ("False", False)])
def test_a_bias_that_an_older_torch_does_not_print_is_no_other_run(printed, same):
    newer = {"layers": f"BatchNorm2d(4, affine=True, bias={printed}, momentum=0.1)"}
    older = {"layers": "BatchNorm2d(4, affine=True, momentum=0.1)"}
    assert (differences(newer, older, ()) == []) is same
    assert (differences(older, newer, ()) == []) is same


def test_a_checkpoint_of_the_first_form_is_refused_by_its_name(copied):
    path = copied("checkpoint_1.pt")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="has form 1 of an earlier version; coursekit"):
        fit(small_net(), noise_set(), **RUN, checkpoint=path)
    assert path.read_bytes() == before


def test_a_checkpoint_of_a_later_version_names_that_version(tmp_path):
    path = tmp_path / "run.pt"
    write(path, {"kind": "coursekit checkpoint 3", "coursekit": "7.1.0"})
    with pytest.raises(
        ValueError, match=r"form 3 of a later version \(coursekit 7.1.0"
    ):
        fit(small_net(), noise_set(), **RUN, checkpoint=path)


def test_a_checkpoint_of_today_names_its_version(tmp_path):
    fit(small_net(), noise_set(), **RUN, checkpoint=tmp_path / "run.pt")
    saved = torch.load(tmp_path / "run.pt", weights_only=True)
    assert saved["coursekit"] == coursekit.__version__


def test_a_hand_in_of_0_1_0_is_inspected_and_says_so():
    found = inspect_submission(OLD / "handin_1.zip")
    assert found.count.total == 98
    assert "coursekit 0.1.0" in repr(found)


def test_what_a_student_did_with_0_1_0_is_kept_and_gets_the_version(copied):
    folder = copied("progress_1.json").parent
    (folder / "progress_1.json").replace(folder / "progress.json")
    before = json.loads((OLD / "progress_1.json").read_text(encoding="utf-8"))
    assert recorded(folder) == before
    note("checks", "01.4", "right", folder=folder)
    after = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
    assert after.pop("coursekit") == coursekit.__version__
    before["checks"]["01.4"] = "right"
    assert after == before


def test_answers_in_a_notebook_of_0_1_0_are_carried_over(copied, tmp_path):
    path = copied("notebook_03c.json").replace(tmp_path / "03c_how_sure.ipynb")
    update(path, NOTEBOOKS / path.name)
    found = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    (answer,) = [
        n for n, text in enumerate(found) if "return 0.25  # my answer" in text
    ]
    assert 'check("03.6", calibration_error)' in found[answer + 1]
    (guessed,) = [text for text in found if "# my guess" in text]
    assert 'predict("03-noise"' in guessed


RESULTS = files("coursekit") / "course" / "results"


@pytest.mark.parametrize("name", sorted(path.name for path in RESULTS.iterdir()))
def test_every_stored_result_names_the_version_that_measured_it(name: str):
    content = json.loads((RESULTS / name).read_text(encoding="utf-8"))
    assert {"date", "machine", "python", "torch", "coursekit"} <= content.keys()
