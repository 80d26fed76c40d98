"""What every generated notebook owes its reader, read from the files themselves.

`coursekit build --check` compares the files with their sources; here they are looked at
as a student's program sees them: JSON, without any code of the package.
"""

import ast
import json
import re
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
PREDICTIONS = range(3, 9)
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
    assert first["source"].startswith(f"# {path.name[:2]} ")
    assert re.search(r"\*\*[^*]*\?\*\*", first["source"]), "the question, in bold"
    assert re.search(r"\b\d+ minutes\b", first["source"]), "minutes"
    assert re.search(r"comes (before|after)\b", first["source"]), "what comes before"


@both
def test_the_set_up_is_the_first_code_and_the_settings_follow(path: Path):
    code = cells_of(path, "code")
    assert tags(code[0]) == {"setup"}
    assert any(is_settings(cell["source"]) for cell in code[1:4])


def is_settings(source: str) -> bool:
    """Tell whether a cell does nothing but give values to upper-case names."""
    body = ast.parse(source).body
    return bool(body) and all(
        isinstance(line, ast.Assign)
        and all(isinstance(name, ast.Name) for name in line.targets)
        and all(name.id.isupper() for name in line.targets)
        for line in body
    )


@pytest.mark.parametrize(
    "path", [path for path in STUDENT if path.name[:2] != "00"], ids=name_of
)
def test_a_session_asks_for_three_to_eight_predictions(path: Path):
    asked = [c for c in cells_of(path, "markdown") if "**Predict" in c["source"]]
    assert len(asked) in PREDICTIONS


@students
def test_a_prediction_is_answered_and_then_compared(path: Path):
    cells = read(path)["cells"]
    for number, cell in enumerate(cells):
        if "**Predict" not in cell["source"]:
            continue
        code = [c for c in cells[number + 1 :] if c["cell_type"] == "code"]
        answer = re.search(r"^(\w+) = \.\.\.  # your answer", code[0]["source"], re.M)
        assert answer, f"{cell['id']}: the next code cell has no line for the answer"
        used = [c["id"] for c in code[1:] if re.search(answer[1], c["source"])]
        assert used, f"{cell['id']}: nothing compares {answer[1]} with the result"


@both
def test_every_picture_in_prose_has_words(path: Path):
    for cell in cells_of(path, "markdown"):
        assert not re.search(r"!\[\s*\]\(", cell["source"]), cell["id"]
        for picture in re.findall(r"<img[^>]*>", cell["source"]):
            assert re.search(r"""alt=["'][^"']+["']""", picture), cell["id"]


@both
def test_every_figure_is_described_in_the_prose_after_it(path: Path):
    cells = read(path)["cells"]
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code" and ends_in_a_figure(cell["source"]):
            prose = [c for c in cells[number:] if c["cell_type"] == "markdown"]
            assert prose, cell["id"]
            assert "*Figure:" in prose[0]["source"], f"{cell['id']} has no description"


def ends_in_a_figure(source: str) -> bool:
    """Tell whether the last expression of a cell is a call `figures.…(…)`."""
    body = ast.parse(source).body
    last = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    return isinstance(last, ast.Call) and ast.unparse(last.func).startswith("figures.")


@both
def test_nothing_but_a_badge_comes_from_elsewhere(path: Path):
    for cell in cells_of(path, "markdown"):
        remote = re.findall(r"""!\[[^\]]*\]\((http[^)]+)\)""", cell["source"])
        remote += re.findall(r"""<[^>]*\bsrc=["'](http[^"']+)""", cell["source"])
        others = [url for url in remote if not any(host in url for host in BADGES)]
        assert others == [], cell["id"]


@both
def test_code_is_plain_python(path: Path):
    for cell in cells_of(path, "code"):
        ast.parse(cell["source"])  # a magic (%, !) would not parse
        if "setup" not in tags(cell):
            assert "subprocess" not in cell["source"], cell["id"]


@both
def test_a_session_ends_with_things_to_remember(path: Path):
    headings = [c["source"] for c in cells_of(path, "markdown") if "## " in c["source"]]
    assert any("## Things to remember" in text for text in headings[-6:])
