"""What every generated notebook owes its reader, read from the files themselves.

`coursekit build --check` compares the files with their sources; here they are looked at
as a student's program sees them: JSON, without any code of the package.
"""

import ast
import json
import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
SOURCES = sorted(path.stem for path in (FOLDER / "src").glob("[0-9]*.py"))
STUDENT = [FOLDER / f"{name}.ipynb" for name in SOURCES]
SOLUTIONS = [FOLDER / "solutions" / f"{name}.ipynb" for name in SOURCES]
# What a solution may keep of an output: its text, and a verdict for `coursekit claims`.
TEXT = {"text/plain"}
KEPT = TEXT | {"application/vnd.coursekit.verdict+json"}
AT_LEAST = 4  # predictions a notebook
SIX = 6  # a session
BADGES = ("colab.research.google.com/assets", "kaggle.com/static/images")
KILOBYTE = 1024


def name_of(path: Path) -> str:
    """`solutions/01_receptive_fields.ipynb`, for the names of tests."""
    return str(path.relative_to(FOLDER))


both = pytest.mark.parametrize("path", [*STUDENT, *SOLUTIONS], ids=name_of)
students = pytest.mark.parametrize("path", STUDENT, ids=name_of)
solutions = pytest.mark.parametrize("path", SOLUTIONS, ids=name_of)


def read(path: Path) -> dict:
    """Return a notebook as the JSON it is, sources joined."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def cells_of(path: Path, kind: str) -> list[dict]:
    """Return the cells of one kind, `code` or `markdown`."""
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == kind]


def tags(cell: dict) -> set[str]:
    """Return the tags of a cell."""
    return set(cell["metadata"].get("tags", ()))


def test_the_course_has_its_first_two_sessions():
    assert {"00", "01"} <= {name[:2] for name in SOURCES}


def test_every_source_has_both_versions_and_every_version_a_source():
    for folder in (FOLDER, FOLDER / "solutions"):
        assert sorted(path.stem for path in folder.glob("*.ipynb")) == SOURCES


@both
def test_a_notebook_is_valid_and_opens_with_python(path: Path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


@both
def test_cells_have_ids_of_their_own(path: Path):
    ids = [cell["id"] for cell in read(path)["cells"]]
    assert len(ids) == len(set(ids))
    assert all(name.startswith(path.name[:2]) for name in ids)


@both
def test_no_widget_state_and_no_attachment_is_kept(path: Path):
    notebook = read(path)
    assert "widgets" not in notebook["metadata"]
    assert [cell["id"] for cell in notebook["cells"] if cell.get("attachments")] == []


@both
def test_a_notebook_is_small_enough_for_every_viewer(path: Path):
    assert path.stat().st_size < 400 * KILOBYTE


@students
def test_a_student_version_has_no_outputs(path: Path):
    for cell in cells_of(path, "code"):
        assert (cell["outputs"], cell["execution_count"]) == ([], None), cell["id"]


@solutions
def test_a_solution_keeps_text_only(path: Path):
    for cell in cells_of(path, "code"):
        for output in cell["outputs"]:
            assert output["output_type"] in ("execute_result", "display_data", "stream")
            assert TEXT <= set(output.get("data", TEXT)) <= KEPT, cell["id"]


@solutions
def test_a_checked_cell_has_something_to_compare(path: Path):
    for cell in cells_of(path, "code"):
        if "check" in tags(cell):
            assert "nbval-check-output" in tags(cell), cell["id"]
            assert cell["outputs"], cell["id"]
            assert cell["execution_count"] is not None, cell["id"]


@students
def test_a_student_version_gives_no_answer_away(path: Path):
    for cell in read(path)["cells"]:
        assert "SOLUTION" not in cell["source"], cell["id"]
        assert "solution" not in tags(cell), cell["id"]


@solutions
def test_a_solution_leaves_nothing_open(path: Path):
    for cell in cells_of(path, "code"):
        assert "your code here" not in cell["source"], cell["id"]
        assert "your answer" not in cell["source"], cell["id"]


@both
def test_the_first_cell_asks_the_question_and_names_the_minutes(path: Path):
    first = read(path)["cells"][0]
    assert first["cell_type"] == "markdown"
    assert first["source"].startswith(f"# {path.name.partition('_')[0]} ")
    assert re.search(r"\*\*[^*]*\?\*\*", first["source"]), "the question, in bold"
    assert re.search(r"\b\d+ minutes\b", first["source"]), "minutes"
    assert re.search(r"comes (before|after)\b", first["source"]), "what comes before"


@both
def test_the_set_up_is_the_first_code_and_the_settings_follow(path: Path):
    code = cells_of(path, "code")
    assert tags(code[0]) == {"setup"}
    assert any(is_settings(cell["source"]) for cell in code[1:4])


def plain_code(path: Path) -> list[dict]:
    """Return the code cells after the set-up cell, which may call pip."""
    return [cell for cell in cells_of(path, "code") if "setup" not in tags(cell)]


def is_settings(source: str) -> bool:
    """Tell whether a cell does nothing but give values to upper-case names."""
    body = ast.parse(source).body
    return bool(body) and all(
        isinstance(line, ast.Assign)
        and all(isinstance(name, ast.Name) for name in line.targets)
        and all(name.id.isupper() for name in line.targets)
        for line in body
    )


def names_in(path: Path, call: str) -> list[str]:
    """Return the names that a notebook gives to every `predict` or `reveal`."""
    code = "\n".join(cell["source"] for cell in plain_code(path))
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    mine = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == call]
    return [c.args[0].value for c in mine]


@students
def test_a_notebook_asks_for_four_predictions_or_more(path: Path):
    asked = [c for c in cells_of(path, "markdown") if "**Predict" in c["source"]]
    assert len(asked) == len(names_in(path, "predict")) >= AT_LEAST


def test_a_session_asks_for_six_predictions_or_more():
    asked = Counter(
        path.name[:2] for path in STUDENT for _ in names_in(path, "predict")
    )
    assert {
        number: n for number, n in asked.items() if n < SIX and number != "00"
    } == {}


def test_no_two_predictions_of_the_course_have_one_name():
    names = Counter(name for path in STUDENT for name in names_in(path, "predict"))
    assert [name for name, count in names.items() if count > 1] == []


@students
def test_a_prediction_is_answered_and_then_revealed(path: Path):
    assert sorted(names_in(path, "predict")) == sorted(names_in(path, "reveal"))
    cells = read(path)["cells"]
    for number, cell in enumerate(cells):
        if "**Predict" in cell["source"]:
            answer = re.search(
                r"^\w+ = \.\.\.  # your answer", cells[number + 1]["source"]
            )
            assert answer, f"{cell['id']}: no line for the answer follows at once"


@both
def test_what_a_student_need_not_read_is_folded(path: Path):
    for cell in cells_of(path, "code"):
        hidden = cell["metadata"].get("jupyter", {}).get("source_hidden", False)
        in_colab = cell["metadata"].get("cellView") == "form"
        assert hidden == in_colab == bool({"fold", "verdict"} & tags(cell)), cell["id"]


@both
def test_every_picture_in_prose_has_words(path: Path):
    for cell in cells_of(path, "markdown"):
        assert not re.search(r"!\[\s*\]\(", cell["source"]), cell["id"]
        for picture in re.findall(r"<img[^>]*>", cell["source"]):
            assert re.search(r"""alt=["'][^"']+["']""", picture), cell["id"]


@both
def test_every_figure_has_its_words_in_the_page(path: Path):
    for cell in cells_of(path, "markdown"):
        assert "*Figure" not in cell["source"], cell["id"]
    for cell in plain_code(path):
        for call in ast.walk(ast.parse(cell["source"])):
            if isinstance(call, ast.Call) and ast.unparse(call.func).startswith(
                "figures."
            ):
                given = {word.arg for word in call.keywords}
                assert "words" in given, f"{cell['id']}: {ast.unparse(call)[:60]}"


@both
def test_nothing_but_a_badge_comes_from_elsewhere(path: Path):
    for cell in cells_of(path, "markdown"):
        remote = re.findall(r"""!\[[^\]]*\]\((http[^)]+)\)""", cell["source"])
        remote += re.findall(r"""<[^>]*\bsrc=["'](http[^"']+)""", cell["source"])
        others = [url for url in remote if not any(host in url for host in BADGES)]
        assert others == [], cell["id"]


@both
def test_code_is_plain_python(path: Path):
    for cell in plain_code(path):
        ast.parse(cell["source"])  # a magic (%, !) would not parse
        assert "subprocess" not in cell["source"], cell["id"]


@both
def test_a_session_ends_with_things_to_remember(path: Path):
    headings = [c["source"] for c in cells_of(path, "markdown") if "## " in c["source"]]
    assert any("## Things to remember" in text for text in headings[-6:])


@both
def test_a_link_to_another_notebook_leads_somewhere(path: Path):
    prose = "\n".join(cell["source"] for cell in cells_of(path, "markdown"))
    for target in re.findall(r"\]\((?!http)([^)#]+\.ipynb)", prose):
        assert (path.parent / target).is_file(), target
