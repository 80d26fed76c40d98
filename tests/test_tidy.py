"""`coursekit tidy`: GitHub opens what it leaves, and every answer is still there.

The oracle is nbformat's own validator, with warnings as errors: it is what GitHub runs
("Using nbformat v5.10.4 and nbconvert v7.16.6" stands under its error).
"""

import base64
import contextlib
import copy
import io
import json

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert import HTMLExporter
from PIL import Image

from coursekit.staff.pages import tidy as tidy_module
from coursekit.staff.pages.mend_cells import mended
from coursekit.staff.pages.tidy import main, tidy

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\nnot much").decode()
VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


def code(source="x = 1", outputs=(), **more):
    """Make a code cell as JSON."""
    cell = {"cell_type": "code", "source": source, "metadata": {}, "id": "a"}
    return cell | {"outputs": list(outputs), "execution_count": 1} | more


def prose(source="My answer: it is 7.", **more):
    """Make a markdown cell as JSON."""
    cell = {"cell_type": "markdown", "source": source, "metadata": {}, "id": "b"}
    return cell | more


def display(**data):
    """Make an output; `_` in a name stands for `/`."""
    named = {kind.replace("_", "/"): value for kind, value in data.items()}
    return {"output_type": "display_data", "data": named, "metadata": {}}


def book(*cells, minor=5, metadata=None, **more):
    """Make a notebook as JSON, sound unless the arguments are not."""
    sound = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
    }
    chosen = sound if metadata is None else metadata
    whole = {"cells": list(cells), "metadata": chosen, "nbformat": 4}
    return whole | {"nbformat_minor": minor} | more


@pytest.fixture
def tidied(tmp_path):
    """Give a function: notebook in, tidied notebook and what was said out."""

    def run(notebook, **options):
        path = tmp_path / "mine.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        said = tidy(path, **options)
        return json.loads(path.read_text(encoding="utf-8")), said

    return run


def is_valid(notebook):
    """Ask nbformat; it warns of ids that are missing or there twice."""
    nbformat.validate(copy.deepcopy(notebook))
    ids = [cell["id"] for cell in notebook["cells"] if "id" in cell]
    assert len(ids) == len(set(ids))


def answers(notebook):
    """Return what a student wrote: kind and text of each cell."""
    return [(c["cell_type"], "".join(c.get("source", ""))) for c in notebook["cells"]]


# What people report of GitHub's "Invalid Notebook", and what Colab leaves in a file.
REPORTED = {
    "widget state without its key state": book(
        code(), metadata={"widgets": {STATE: {"d0c": {"model_name": "HBoxModel"}}}}
    ),
    "a sound but useless widget state": book(
        code(), metadata={"widgets": {STATE: {"state": {}, "version_major": 2}}}
    ),
    "a cell without an id": book(code(), {**prose(), "id": None}),
    "no id at all": book({k: v for k, v in prose().items() if k != "id"}),
    "one id twice": book(code(), code("y = 2"), prose()),
    "an id that is a number": book(code(id=113755078), prose()),
    "an id with a space": book(code(id="a b"), prose()),
    "ids in a notebook of 4.2": book(code(), prose(), minor=2),
    "an unknown format number": book(code(), minor=99),
    "no format number": {"cells": [code()], "metadata": {}},
    "a format number in quotes": book(code(), nbformat="4"),
    "an execution count in prose": book(prose(execution_count=None, outputs=[])),
    "code without outputs": book({k: v for k, v in code().items() if k != "outputs"}),
    "code without a count": book(
        {k: v for k, v in code().items() if k != "execution_count"}
    ),
    "a count that is no number": book(code(execution_count="3")),
    "an empty kernelspec": book(code(), metadata={"kernelspec": {}}),
    "a kernel's name with brackets": book(
        code(), metadata={"kernelspec": {"name": "Python [Root]", "display_name": "P"}}
    ),
    "no metadata": book(code(), metadata={}),
    "metadata that is a list": book(code(), metadata=[]),
    "a cell without metadata": book(
        {k: v for k, v in code().items() if k != "metadata"}
    ),
    "a broken title": book(code(), metadata={"title": None, "authors": "me"}),
    "a tag twice, a tag with a comma": book(
        code(metadata={"tags": ["check", "check"]}),
        prose(metadata={"tags": ["a,b"]}),
    ),
    "fields of nobody": book(code(trusted=True), prose(foo={}), signature="sha256:0"),
    "an attachment of code": book(code(attachments={})),
    "a broken attachment": book(prose(attachments={"a.png": {"image/png": 7}})),
    "an output without metadata": book(
        code(outputs=[{"output_type": "display_data", "data": {"text/plain": "7"}}])
    ),
    "a result without a count": book(
        code(outputs=[{**display(text_plain="7"), "output_type": "execute_result"}])
    ),
    "a stream without a name": book(
        code(outputs=[{"output_type": "stream", "text": "7\n"}])
    ),
    "an error with a count": book(
        code(
            outputs=[
                {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
                | {"execution_count": 2}
            ]
        )
    ),
    "an output of the old format": book(code(outputs=[{"output_type": "pyout"}])),
    "outputs that are no list": book(code() | {"outputs": {}}),
    "text that is a number": book(code(outputs=[display(text_plain=7)])),
    "a picture that is no base64": book(code(outputs=[display(image_png="<svg>")])),
    "a widget's view": book(
        code(outputs=[display(text_plain="slider") | {"metadata": []}])
    ),
}


@pytest.mark.parametrize("notebook", REPORTED.values(), ids=REPORTED)
def test_what_github_refuses_becomes_valid_with_every_answer(notebook, tidied):
    made, said = tidied(notebook)
    is_valid(made)
    assert "widgets" not in made["metadata"]
    assert answers(made) == answers(notebook)
    assert said.startswith("mine.ipynb: tidied ")
    assert (
        not HTMLExporter(theme="light")
        .from_notebook_node(nbformat.from_dict(made))[0]
        .startswith("Error")
    )


@pytest.mark.parametrize("notebook", REPORTED.values(), ids=REPORTED)
def test_tidying_again_changes_nothing(notebook, tidied):
    once, _ = tidied(notebook)
    twice, said = tidied(once)
    assert (twice, said) == (once, "mine.ipynb: nothing to tidy")


ORDINARY = [
    {"output_type": "stream", "name": "stdout", "text": ["7\n", "8\n"]},
    display(text_plain="<Figure>", image_png=PNG + "\n"),
    display(text_html=["<b>", "7</b>"], image_svg="", **{"application_json": [1]}),
    {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]},
]


@pytest.mark.parametrize("minor", [0, 4, 5])
def test_a_sound_notebook_is_not_even_written(minor, tmp_path):
    cell = code(outputs=ORDINARY[:2] + ORDINARY[3:])
    cell = cell if minor == 5 else {k: v for k, v in cell.items() if k != "id"}
    path = tmp_path / "mine.ipynb"
    text = json.dumps(book(cell, minor=minor), indent=4)
    path.write_text(text, encoding="utf-8")
    assert tidy(path) == "mine.ipynb: nothing to tidy"
    assert path.read_text(encoding="utf-8") == text


def test_ordinary_outputs_stay_and_widget_views_leave_their_text(tidied):
    view = display(text_plain="A slider", **{VIEW.replace("/", "_"): {"model_id": "m"}})
    alone = display(**{VIEW.replace("/", "_"): {"model_id": "n"}})
    sound = [ORDINARY[0], ORDINARY[1], ORDINARY[3]]
    made, said = tidied(book(code(outputs=[*sound, view, alone])))
    assert made["cells"][0]["outputs"] == [*sound, display(text_plain="A slider")]
    assert "widget views (2)" in said


def test_all_outputs_go_when_asked(tidied):
    made, said = tidied(book(code(outputs=ORDINARY[:2]), prose()), outputs=False)
    assert made["cells"][0]["outputs"] == []
    assert made["cells"][0]["execution_count"] is None
    assert "outputs (2), execution counts" in said


def test_who_ran_it_on_colab_is_forgotten(tidied):
    who = {"user": {"displayName": "Ada L", "userId": "1"}, "status": "ok"}
    cell = code(
        metadata={"executionInfo": who, "outputId": "x", "colab": {}, "tags": ["check"]}
    )
    about = {"provenance": [], "authorship_tag": "Ada"}
    made, said = tidied(book(cell, metadata={"colab": about, "accelerator": "GPU"}))
    assert "Ada" not in json.dumps(made)
    assert made["cells"][0]["metadata"] == {"tags": ["check"]}
    assert "Colab's notes, " in said
    assert "Colab's notes on cells" in said


def test_ids_that_are_sound_are_kept(tidied):
    made, _ = tidied(book(code(id="cell-2"), code(id="cell-2"), code(id="ok")))
    assert [cell["id"] for cell in made["cells"]] == ["cell-2", "cell-2x", "ok"]


def test_a_huge_output_is_replaced_by_a_line(tidied):
    huge, small = display(image_png="A" * 1_400_000), display(text_plain="7")
    made, said = tidied(book(code(outputs=[huge, small])))
    line, kept = made["cells"][0]["outputs"]
    assert line["text"] == ["[1.4 MB of output were taken out; run the cell again]\n"]
    assert kept == small
    assert "an output of 1.4 MB in cell 1" in said


def gallery(side, kind="PNG", channels=3):
    """Pack a picture of noise over a ramp, as large as galleries of photographs."""
    ramp = np.linspace(0, 160, side)[:, None, None]
    noise = np.random.default_rng(0).integers(0, 90, (side, side, channels))
    picture = Image.fromarray((ramp + noise).astype(np.uint8))
    file = io.BytesIO()
    picture.save(file, kind, quality=100)
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    ("kind", "channels", "side"),
    [("PNG", 3, 900), ("PNG", 4, 1400), ("JPEG", 3, 900), ("JPEG", 3, 1400)],
)
def test_a_large_picture_becomes_smaller_and_stays_a_picture(
    kind, channels, side, tmp_path
):
    path, packed = tmp_path / "mine.ipynb", gallery(side, kind, channels)
    output = display(text_plain="<Figure>", **{f"image_{kind.lower()}": packed})
    path.write_text(json.dumps(book(prose(), code(outputs=[output]))), encoding="utf-8")
    before = path.read_bytes()
    said = tidy(path)
    (shown,) = json.loads(path.read_text(encoding="utf-8"))["cells"][1]["outputs"]
    made = shown["data"][f"image/{kind.lower()}"]
    assert 300_000 < len(made) < 1_000_000 < len(packed)
    small, large = (
        np.asarray(
            Image.open(io.BytesIO(base64.b64decode(text)))
            .convert("RGBA")
            .resize((9, 9)),
            float,
        )
        for text in (made, packed)
    )
    assert np.abs(small - large).mean() < 8  # of 255: the same picture
    assert shown["data"]["text/plain"] == "<Figure>"
    assert "a picture in cell 2 (" in said
    assert "the original is in mine.original.ipynb" in said
    assert (tmp_path / "mine.original.ipynb").read_bytes() == before


def test_a_large_picture_inside_html_becomes_smaller_and_keeps_its_words(tidied):
    html = f"<figure><img alt='a ramp' src='data:image/png;base64,{gallery(900)}'/>"
    made, said = tidied(book(code(outputs=[display(text_html=html)])))
    shown = made["cells"][0]["outputs"][0]["data"]["text/html"]
    front, _, packed = shown.partition("base64,")
    assert front == "<figure><img alt='a ramp' src='data:image/png;"
    assert Image.open(io.BytesIO(base64.b64decode(packed[:-3]))).size > (300, 300)
    assert len(shown) < 1_000_000 < len(html)
    assert "a picture in cell 1 (" in said


def test_an_original_that_is_there_already_is_never_overwritten(tmp_path):
    path = tmp_path / "mine.ipynb"
    (tmp_path / "mine.original.ipynb").write_text("of last week")
    huge = book(code(outputs=[display(text_plain="A" * 1_400_000)]))
    path.write_text(json.dumps(huge), encoding="utf-8")
    assert "the original is in mine.original2.ipynb" in tidy(path)
    assert (tmp_path / "mine.original.ipynb").read_text() == "of last week"
    assert json.loads((tmp_path / "mine.original2.ipynb").read_text()) == huge


def test_pictures_that_are_too_many_together_all_stay_pictures(tmp_path):
    path, packed = tmp_path / "mine.ipynb", gallery(600)
    cells = [
        code(id=f"c{n}", outputs=[display(image_png=packed)])
        for n in range(-(-11_000_000 // len(packed)))
    ]
    path.write_text(json.dumps(book(*cells)), encoding="utf-8")
    tidy(path)
    made = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert all("image/png" in cell["outputs"][0]["data"] for cell in made)
    assert path.stat().st_size < 10_100_000


@pytest.mark.parametrize(
    ("coding", "note"),
    [
        ("utf-8-sig", "a byte-order mark"),
        ("utf-16", "UTF-16 (now UTF-8)"),
        ("utf-16-le", "UTF-16 (now UTF-8)"),
        ("utf-16-be", "UTF-16 (now UTF-8)"),
    ],
)
def test_a_notebook_in_an_odd_coding_becomes_utf_8(coding, note, tmp_path):
    path, notebook = tmp_path / "mine.ipynb", book(prose("Größe: 7 → 5"), code())
    notebook["cells"][1]["id"] = "c"
    path.write_bytes(json.dumps(notebook, ensure_ascii=False).encode(coding))
    assert f"tidied {note} (" in tidy(path)
    assert json.loads(path.read_bytes().decode("utf-8")) == notebook
    assert path.read_bytes().startswith(b"{")
    assert tidy(path) == "mine.ipynb: nothing to tidy"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_who_may_read_the_file_stays(mode, tmp_path):
    path = tmp_path / "mine.ipynb"
    cell = code(outputs=[display(text_plain="A" * 1_400_000)])
    path.write_text(json.dumps(book(cell, minor=2)), encoding="utf-8")
    path.chmod(mode)
    tidy(path)
    made = [path, tmp_path / "mine.original.ipynb"]
    assert [file.stat().st_mode & 0o777 for file in made] == [mode, mode]


def test_a_hundred_thousand_lists_in_each_other_are_refused_in_a_sentence(tmp_path):
    path = tmp_path / "mine.ipynb"
    deep = "[" * 10**5 + "]" * 10**5
    path.write_text(f'{{"cells": [], "metadata": {{"a": {deep}}}}}', encoding="utf-8")
    with pytest.raises(ValueError, match="nested too deeply to be read"):
        tidy(path)


def test_all_outputs_together_stay_below_ten_megabytes(tidied):
    cells = [
        code(id=f"c{n}", outputs=[display(image_png="A" * 900_000)]) for n in range(14)
    ]
    made, _ = tidied(book(*cells))
    whole = sum("data" in cell["outputs"][0] for cell in made["cells"])
    assert whole == 11  # 11 × 0.9 MB = 9.9 MB


def test_numbers_that_json_does_not_have_go(tidied):
    nothing = {"text/plain": "7", "application/json": {"y": float("nan")}}
    output = {"output_type": "display_data", "data": nothing, "metadata": {}}
    cell = code(outputs=[output], metadata={"time": float("inf")})
    made, _ = tidied(book(cell))
    json.dumps(made, allow_nan=False)
    assert made["cells"][0]["outputs"][0]["data"] == {"text/plain": "7"}


def test_half_a_character_in_an_output_is_kept_escaped(tidied):
    made, _ = tidied(book(code(outputs=[display(text_plain="\ud83d")]), minor=99))
    assert made["cells"][0]["outputs"][0]["data"]["text/plain"] == "\ud83d"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\xff\xd8\xff\xe0", "not a notebook but a binary file"),
        (b"print('hello')", "it is not a notebook (Expecting value"),
        (
            '{"cells": ["Größe"]}'.encode("cp1252"),
            "not UTF-8 (byte 0xf6 at place 14); it seems to be Windows-1252 (cp1252)",
        ),
        (b"[1, 2]", "it is not a notebook: it has no cells"),
        (b'{"cells": 3}', "it is not a notebook: it has no cells"),
        (b'{"worksheets": [], "nbformat": 3}', "open and save it in JupyterLab"),
        (b'{"cells": [], "nbformat": 5}', "its format 5 is none we know"),
        (b'{"cells": [7]}', "its cell 1 is neither code nor text"),
        (b'{"cells": [{"cell_type": "sql"}]}', "its cell 1 is neither code nor text"),
        (
            b'{"cells": [{"cell_type": "code", "source": 7}]}',
            "its cell 1 holds something that is not text",
        ),
        (
            b'{\n<<<<<<< HEAD\n "cells": []\n=======\n>>>>>>> theirs\n}',
            "it holds both sides of a merge; settle line 2 first",
        ),
    ],
)
def test_what_is_no_notebook_is_refused_in_a_sentence(
    content, reason, tmp_path, capsys
):
    path = tmp_path / "mine.ipynb"
    path.write_bytes(content)
    assert main([str(path)]) == 1
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("\n") == 1
    assert path.read_bytes() == content


def test_a_notebook_that_cannot_be_written_stays(tmp_path, monkeypatch, capsys):
    path = tmp_path / "mine.ipynb"
    path.write_text(json.dumps(book(code(), minor=2)), encoding="utf-8")
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("coursekit._base.files.os.replace", full)
    assert main([str(path)]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["mine.ipynb"]
    assert path.read_bytes() == before


def test_what_cannot_be_mended_stays(tmp_path, monkeypatch):
    path = tmp_path / "mine.ipynb"
    path.write_text(json.dumps(book(code(), minor=2)), encoding="utf-8")
    monkeypatch.setattr(tidy_module, "first_problem", lambda _: "cells/0: odd")
    with pytest.raises(ValueError, match=r"mine\.ipynb cannot be tidied and stays as"):
        tidy(path)
    assert json.loads(path.read_text(encoding="utf-8"))["nbformat_minor"] == 2


def test_the_rest_is_tidied_when_one_of_several_is_missing(tmp_path, capsys):
    path = tmp_path / "mine.ipynb"
    path.write_text(json.dumps(book(code(), minor=2)), encoding="utf-8")
    assert main([str(tmp_path / "gone.ipynb"), str(path)]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("coursekit tidy: ")
    assert "gone.ipynb: No such file" in said.err
    assert said.out.startswith("mine.ipynb: tidied format number (")


JUNK = st.sampled_from(
    [None, 7, -1, "", "x", True, [], {}, ["a"], {"a": 1}, [None], 1.5]
)
WHOLE = book(
    code(outputs=[*ORDINARY[:2], ORDINARY[3]], metadata={"tags": ["check"]}),
    prose(attachments={"a.png": {"image/png": PNG}}),
    code(
        id="c", outputs=[{**display(text_plain="7"), "output_type": "execute_result"}]
    ),
)


def places(value, path=()):
    """List every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner:
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(places(WHOLE))), JUNK, st.booleans())
def test_whatever_is_broken_it_is_mended_or_refused(path, junk, gone):
    notebook = copy.deepcopy(WHOLE)
    *front, last = path
    holder = notebook
    for key in front:
        holder = holder[key]
    if gone:
        del holder[last]
    else:
        holder[last] = junk
    before = copy.deepcopy(notebook)
    answer = len(path) < 4 and {"cells", "nbformat"} & set(path)
    with contextlib.suppress(ValueError) if answer else contextlib.nullcontext():
        made = mended(notebook).notebook
        is_valid(made)
        assert answers(made) == answers(before)
    assert notebook == before
