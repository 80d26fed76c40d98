"""`coursekit update`: a new version of a notebook, and nothing of a student's lost."""

import copy
import json
import os
import random
import re
from collections.abc import Iterable
from pathlib import Path

import nbformat
import pytest

from coursekit.cli import main as coursekit
from coursekit.setup import update as command
from coursekit.setup import working_copy
from coursekit.setup.update import update
from coursekit.staff.build.cell_marks import marks

EDITS = int(os.environ.get("COURSEKIT_UPDATES", "100"))
FIRST = "# 02 Trial\n\nHow wide?"
PREDICT = 'guess = ...  # your answer\npredict("02-{name}", guess, options=(1, 2))'
STUB = "def {name}(x):\n    '''Give {name}.'''\n    ...  # your code here"
CHECK = 'check("02.{number}", {name})'


def course(names: list[str], prose: str = "Look.") -> list[tuple[str, str]]:
    """Write a session: a prediction, an exercise and its check for every name."""
    cells = [("markdown", FIRST)]
    for number, name in enumerate(names, 1):
        cells += [("markdown", f"{prose} {name}"), ("code", f"{name}_data = {number}")]
        cells += [("code", PREDICT.replace("{name}", name))]
        cells += [("code", STUB.replace("{name}", name))]
        check = CHECK.replace("{name}", name).replace("{number}", str(ord(name[0])))
        cells += [("code", check)]
    return cells


def notebook(
    cells: list[tuple[str, str]], digest: str, source: str = "02_trial"
) -> dict:
    """Return a notebook as `coursekit build` hands it out."""
    made = [
        {"cell_type": kind, "id": f"02-{n:03}", "metadata": {}, "source": text}
        | ({"outputs": [], "execution_count": None} if kind == "code" else {})
        for n, (kind, text) in enumerate(cells)
    ]
    stated = {"source": f"notebooks/src/{source}.py", "digest": digest}
    stated["cells"] = marks(text for _, text in cells)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"coursekit": stated, "kernelspec": kernel}
    metadata["language_info"] = {"name": "python"}
    return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def written(path: Path, content: dict) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def texts(path: Path) -> list[str]:
    found = nbformat.read(path, as_version=4)
    nbformat.validate(found)
    return [cell.source for cell in found.cells]


def cell_with(content: dict, text: str) -> dict:
    return next(cell for cell in content["cells"] if text in cell["source"])


@pytest.fixture
def old() -> dict:
    return notebook(course(["alpha", "beta"]), "old")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Order, prose, options and one exercise are new; the rest is as it was."""
    cells = course(["gamma", "beta", "alpha"], prose="Look again:")
    cells = [(kind, text.replace("(1, 2)", "(1, 2, 4)")) for kind, text in cells]
    return written(tmp_path / "new" / "02_trial.ipynb", notebook(cells, "new"))


def updated(old: dict, new: Path, tmp_path: Path) -> list[str]:
    mine = written(tmp_path / "02_trial.ipynb", old)
    update(mine, new)
    return texts(mine)


def test_a_prediction_keeps_its_answer_and_gets_the_new_question(old, new, tmp_path):
    cell = cell_with(old, '"02-beta"')
    cell["source"] = cell["source"].replace("...  # your answer", "2  # I think")
    found = updated(old, new, tmp_path)
    asked = 'guess = 2  # I think\npredict("02-beta", guess, options=(1, 2, 4))'
    assert found.count(asked) == 1
    assert sum('"02-beta"' in text for text in found) == 1


def test_an_exercise_stands_before_its_check_wherever_that_is_now(old, new, tmp_path):
    answer = "def alpha(x):\n    return x + 1"
    cell_with(old, "def alpha")["source"] = answer
    found = updated(old, new, tmp_path)
    assert found[found.index(answer) + 1] == 'check("02.97", alpha)'
    assert sum("def alpha" in text for text in found) == 1


def test_a_cell_of_ones_own_follows_the_cell_that_it_followed(old, new, tmp_path):
    place = old["cells"].index(cell_with(old, "beta_data")) + 3
    mine = {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": "My note."}
    old["cells"].insert(place, mine)
    found = updated(old, new, tmp_path)
    assert "def beta" in found[found.index("My note.") - 1]


def test_what_nobody_answered_is_as_in_the_new_version(old, new, tmp_path):
    cell_with(old, "alpha_data")["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "1"}
    ]
    assert updated(old, new, tmp_path) == texts(new)


def test_a_helper_before_an_answer_below_the_stub_stays_before_it(old, new, tmp_path):
    place = old["cells"].index(cell_with(old, "def alpha")) + 1
    mine = ["class Base: pass", "class alpha(Base): pass"]
    for number, text in enumerate(mine):
        cell = copy.deepcopy(cell_with(old, "alpha_data"))
        cell |= {"id": f"own{number}", "source": text}
        old["cells"].insert(place + number, cell)
    found = updated(old, new, tmp_path)
    stub = found.index(cell_with(old, "Give alpha")["source"])
    assert found[stub + 1 : stub + 3] == mine


def test_a_prediction_written_into_the_call_follows_the_new_one(old, new, tmp_path):
    own = 'predict("02-beta", 2, options=(1, 2))'
    cell_with(old, '"02-beta"')["source"] = own
    found = updated(old, new, tmp_path)
    assert "options=(1, 2, 4)" in found[found.index(own) - 1]


def test_two_answers_in_one_cell_leave_no_stub_behind_them(old, new, tmp_path):
    both = "def alpha(x): return 1\ndef beta(x): return 2"
    cell_with(old, "def alpha")["source"] = both
    old["cells"].remove(cell_with(old, "def beta(x):\n    '''"))
    found = updated(old, new, tmp_path)
    assert both in found
    assert not any("Give alpha" in text or "Give beta" in text for text in found)


def test_an_exercise_that_is_gone_or_renamed_is_named_and_kept(old, tmp_path):
    answer = "def alpha(x):\n    return x + 1"
    cell_with(old, "def alpha")["source"] = answer
    cells = [(k, t.replace("alpha", "omega")) for k, t in course(["alpha", "beta"])]
    new = written(tmp_path / "new.ipynb", notebook(cells, "new"))
    mine = written(tmp_path / "02_trial.ipynb", old)
    said = update(mine, new)
    assert "not asked any more, kept all the same: 02.97 alpha" in said
    assert answer in texts(mine)


def test_the_old_notebook_stays_beside_the_new_one(old, new, tmp_path):
    mine = written(tmp_path / "02_trial.ipynb", old)
    before = mine.read_bytes()
    (tmp_path / "02_trial.before.ipynb").write_text("of last term")
    assert "The old one is 02_trial.before2.ipynb" in update(mine, new)
    assert (tmp_path / "02_trial.before2.ipynb").read_bytes() == before
    assert (tmp_path / "02_trial.before.ipynb").read_text() == "of last term"


def test_what_changed_is_said(old, new, tmp_path):
    said = update(written(tmp_path / "02_trial.ipynb", old), new)
    told = "10 of 16 cells are new or changed, under “02 Trial”; new: 02-gamma, 02"
    assert told in said


def test_the_headings_of_what_changed_are_said_three_of_them_by_name(old, tmp_path):
    parts = [("markdown", f"## Part {n}\n\nText.") for n in range(5)]
    new = written(tmp_path / "n.ipynb", notebook(course(["alpha"]) + parts, "new"))
    said = update(written(tmp_path / "02_trial.ipynb", old), new)
    assert "5 of 11 cells are new or changed, under “Part 0”, “Part 1”" in said
    assert "“Part 2” and 2 more; gone: " in said


def test_a_second_update_has_nothing_to_do(old, new, tmp_path):
    mine = written(tmp_path / "02_trial.ipynb", old)
    update(mine, new)
    before = mine.read_bytes()
    assert "of this version already" in update(mine, new)
    assert mine.read_bytes() == before


def test_a_notebook_without_marks_loses_nothing(old, new, tmp_path):
    """As Colab or an older version leave it: no ids, no metadata."""
    cell_with(old, "def alpha")["source"] = "def alpha(x):\n    return x + 1"
    for cell in old["cells"]:
        del cell["id"]
    old["metadata"], old["nbformat_minor"] = {}, 0
    found = updated(old, new, tmp_path)
    place = found.index("def alpha(x):\n    return x + 1")
    assert "check" in found[place + 1]
    assert {cell["source"] for cell in old["cells"]} <= set(found) | {"Look. alpha"}


class Student:
    """Edits a notebook at random; every word it writes is another."""

    HOW = ("guess", "solve", "comment", "add", "move", "strip", "delete", "break_off")
    HOW += ("retype", "merge")

    def __init__(self, content: dict, seed: int):
        self.content, self.random, self.count = content, random.Random(seed), 0

    def word(self) -> str:
        self.count += 1
        return f"word{self.count}"

    def edit(self) -> None:
        how = getattr(self, self.random.choice(self.HOW))
        how(self.random.choice(self.content["cells"]))

    def guess(self, cell: dict) -> None:
        old = "...  # your answer"
        cell["source"] = cell["source"].replace(old, f"2  # {self.word()}", 1)

    def solve(self, cell: dict) -> None:
        old = "...  # your code here"
        cell["source"] = cell["source"].replace(old, f"return '{self.word()}'", 1)

    def comment(self, cell: dict) -> None:
        rows = cell["source"].splitlines() or [""]
        rows.insert(self.random.randrange(len(rows) + 1), f"# {self.word()}")
        cell["source"] = "\n".join(rows)

    def add(self, cell: dict) -> None:
        kind = self.random.choice(["code", "markdown"])
        made = {"cell_type": kind, "metadata": {}, "source": f"# {self.word()}"}
        made |= {"outputs": [], "execution_count": 3} if kind == "code" else {}
        made |= {"id": self.random.choice(["02-001", f"own-{self.count}"])}
        self.content["cells"].insert(self.content["cells"].index(cell), made)

    def move(self, cell: dict) -> None:
        self.content["cells"].remove(cell)
        place = self.random.randrange(len(self.content["cells"]) + 1)
        self.content["cells"].insert(place, cell)

    def strip(self, cell: dict) -> None:
        cell["metadata"] = {}
        cell.pop("id", None)

    def delete(self, cell: dict) -> None:
        if not re.search(r"word\d", cell["source"]) and len(self.content["cells"]) > 9:
            self.content["cells"].remove(cell)

    def break_off(self, cell: dict) -> None:
        cell["source"] += f"\nif ({self.word()}"

    def retype(self, cell: dict) -> None:
        cell["source"] = cell["source"].replace("\n", "\r\n") + " \n\n"

    def merge(self, cell: dict) -> None:
        place = self.content["cells"].index(cell)
        if place + 1 < len(self.content["cells"]):
            other = self.content["cells"].pop(place + 1)
            cell["source"] += "\n" + other["source"]


def words(texts: Iterable[str]) -> list[str]:
    return sorted(re.findall(r"word\d+", "\n".join(texts)))


def changed_course(rng: random.Random) -> list[tuple[str, str]]:
    """Return a new version: names in another order, some gone, some renamed."""
    names = rng.sample(["alpha", "beta", "gamma", "delta", "omega"], rng.randint(1, 5))
    cells = course(names, prose=rng.choice(["Look.", "Look again:"]))
    options = rng.choice(["(1, 2)", "(1, 2, 4)"])
    return [(kind, text.replace("(1, 2)", options)) for kind, text in cells]


@pytest.mark.parametrize("seed", range(EDITS))
def test_random_edits_over_a_random_new_version_lose_no_answer(seed: int, tmp_path):
    rng = random.Random(seed)
    student = Student(notebook(course(["alpha", "beta", "gamma"]), "old"), seed)
    for _ in range(rng.randint(1, 25)):
        student.edit()
    new = written(tmp_path / "new.ipynb", notebook(changed_course(rng), "new"))
    mine = written(tmp_path / "02_trial.ipynb", student.content)
    update(mine, new)
    found = texts(mine)
    assert words(found) == words(cell["source"] for cell in student.content["cells"])
    asked = set(re.findall(r'predict\("[\w-]+"|check\("[\d.]+"', "\n".join(texts(new))))
    assert all(any(one in text for text in found) for one in asked)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: dict) -> Path:
    """A course that is no git repository, with 00 and 02; we are in its folder."""
    folder = tmp_path / "course" / "notebooks"
    written(folder / "00_start_here.ipynb", notebook([("markdown", "# 00")], "first"))
    written(folder / "02_trial.ipynb", old)
    nowhere = tmp_path / "elsewhere" / "coursekit" / "setup" / "working_copy.py"
    monkeypatch.setattr(working_copy, "__file__", str(nowhere))
    monkeypatch.setattr(working_copy, "_installed", lambda: iter(()))
    monkeypatch.chdir(folder.parent)
    assert coursekit(["update"]) == 0
    return folder.parent


def renew(place: Path, new: Path, name: str = "02_trial.ipynb") -> None:
    """Put a new version into `notebooks/`, as `git pull` would."""
    (place / "notebooks" / name).write_bytes(new.read_bytes())


def fill_in(path: Path) -> bytes:
    content = json.loads(path.read_text(encoding="utf-8"))
    cell_with(content, "def alpha")["source"] = "def alpha(x): return 7"
    return written(path, content).read_bytes()


def test_the_command_carries_a_session_over(place, new, capsys):
    fill_in(place / "my" / "02_trial.ipynb")
    renew(place, new)
    assert coursekit(["update"]) == 0
    assert "`coursekit update 02` takes your answers along" in capsys.readouterr().out
    assert coursekit(["update", "02"]) == 0
    assert "def alpha(x): return 7" in texts(place / "my" / "02_trial.ipynb")
    assert (place / "my" / "02_trial.before.ipynb").is_file()


def test_a_renamed_session_gets_its_new_name_and_the_answers(place, new):
    fill_in(place / "my" / "02_trial.ipynb")
    (place / "notebooks" / "02_trial.ipynb").unlink()
    renew(place, new, "02_wide.ipynb")
    assert coursekit(["update", "02"]) == 0
    assert "def alpha(x): return 7" in texts(place / "my" / "02_wide.ipynb")
    assert not (place / "my" / "02_trial.ipynb").exists()
    assert (place / "my" / "02_trial.before.ipynb").is_file()


def test_a_copy_saved_elsewhere_is_updated_where_it_lies(place, new, tmp_path):
    """As on Colab, where the copy in Drive has any name."""
    path = written(tmp_path / "Copy of it.ipynb", notebook(course(["alpha"]), "old"))
    fill_in(path)
    renew(place, new)
    assert coursekit(["update", str(path)]) == 0
    assert "def alpha(x): return 7" in texts(path)


BROKEN = {
    "cut short": b'{"cells": [{"cell_type": "code", "sour',
    "empty": b"",
    "a conflict": b'{\n<<<<<<< HEAD\n"cells": []\n=======\n}',
    "binary": b"\x89PNG\r\n\x1a\n\xff\xfe",
    "no notebook": b'{"a": 1}',
    "too deep": b'{"cells": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("kind", BROKEN)
def test_an_unreadable_notebook_is_left_alone(place, new, capsys, kind):
    mine = place / "my" / "02_trial.ipynb"
    mine.write_bytes(BROKEN[kind])
    renew(place, new)
    assert coursekit(["update", "02"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "02_trial.ipynb cannot be read and stays as it is" in line
    assert coursekit(["update"]) == 0
    assert "cannot be read and stays as it is" in capsys.readouterr().out
    assert mine.read_bytes() == BROKEN[kind]
    assert sorted(path.name for path in mine.parent.glob("02*")) == ["02_trial.ipynb"]


def test_a_folder_in_a_notebook_s_place_keeps_no_other_session_back(place, new, capsys):
    """As does a file that another program has locked."""
    (place / "my" / "00_start_here.ipynb").unlink()
    (place / "my" / "00_start_here.ipynb").mkdir()
    renew(place, new)
    capsys.readouterr()
    assert coursekit(["update"]) == 0
    told, news = capsys.readouterr().out.splitlines()
    assert "00_start_here.ipynb cannot be read and stays as it is" in told
    assert news.startswith("02 has a new version (10 of 16 cells")


def test_two_filled_notebooks_of_a_session_are_for_the_student_to_choose(
    place, new, capsys
):
    mine = place / "my" / "02_trial.ipynb"
    fill_in(mine)
    (place / "my" / "02_copy.ipynb").write_bytes(mine.read_bytes())
    renew(place, new)
    assert coursekit(["update", "02"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "2 notebooks of session 02 are filled in" in line


def test_a_session_that_is_not_there_is_refused_with_those_that_are(place, capsys):
    assert coursekit(["update", "09"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "must be one of 00, 02; got '09'" in line


@pytest.mark.parametrize("full", ["before", "new"])
def test_a_full_disk_leaves_the_filled_notebook_as_it_was(
    place, new, capsys, monkeypatch, full
):
    mine = place / "my" / "02_trial.ipynb"
    before = fill_in(mine)
    renew(place, new)

    def no_room(*_):
        raise OSError(28, "No space left on device")

    name = {"before": "keep_beside", "new": "write_whole"}[full]
    monkeypatch.setattr(command, name, no_room)
    assert coursekit(["update", "02"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "No space left" in line
    assert mine.read_bytes() == before
