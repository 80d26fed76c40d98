"""Claims and verdicts, and proof that no verdict of a finished session is typed in."""

import json
import math
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch

from coursekit._base.words import number_text
from coursekit.course.claims import (
    CLAIMS,
    VERDICT_MIME,
    claim,
    listing,
    verdict,
    verdict_table,
)
from coursekit.course.predictions import predict, reveal
from coursekit.staff.build.folder import sessions
from coursekit.staff.build.measured_only import typed_in
from coursekit.staff.build.notebook_source import read_source

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"

# The syllabus' own column, by hand: T true, F false, D depends, M mixed or a quiz.
SYLLABUS = {
    "01": "TDTTTTMTTTTTTTDTDTTTFDDTT",
    "02": "TTTTTTDDDFTDDDD",
    "03": "TTTTTMFDTTTTD",
    "04": "DDMDTTTDDT",
    "05": "TTTFFTTTT",
    "06": "TMTDTTT",
    "07": "TMDFDTT",
}
LETTER = {"T": "true", "F": "false", "D": "depends", "M": "depends"}


def a_verdict(**changes):
    """Give a verdict on C09 with some of its arguments changed."""
    given = {
        "cases": {"2×2 equals 3×3 with zeros": True},
        "measured": {"pixels compared": 1234},
        "why": "A row and a column of zeros change nothing.",
    }
    return verdict("C09", **{**given, **changes})


# The table


def test_there_are_86_claims_in_the_order_of_the_course():
    assert list(CLAIMS) == [f"C{number:02d}" for number in range(1, 87)]
    assert all(row.id == id for id, row in CLAIMS.items())


def test_sessions_and_expected_verdicts_are_the_syllabus_own():
    for session, letters in SYLLABUS.items():
        rows = [row for row in CLAIMS.values() if row.session == session]
        assert [row.syllabus_verdict for row in rows] == [LETTER[c] for c in letters]


def test_every_claim_is_one_whole_sentence_with_an_experiment():
    for row in CLAIMS.values():
        assert row.statement.endswith("."), row.id
        assert "  " not in row.statement + row.experiment, row.id
        assert len(row.experiment) > 10, row.id


def multiplications(maps, kernel):
    """Count those of a square `kernel` on maps of (side, channels in, out)."""
    side, into, out = maps
    return side * side * into * out * kernel * kernel


NAIVE = [((28, 256, 128), 1), ((28, 256, 192), 3), ((28, 256, 96), 5)]
SLIDE = [((28, 256, 64), 1)] * 3 + [
    ((28, 256, 128), 1),
    ((28, 64, 192), 3),
    ((28, 64, 96), 5),
]
VGG16 = [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256)]
VGG16 += [(256, 512)] + [(512, 512)] * 5
VGG16_DENSE = [(512 * 49, 4096), (4096, 4096), (4096, 1000)]
ON_A_9X9 = [
    (row + down, column + right)
    for row in range(9)
    for column in range(9)
    for down in (-1, 0, 1)
    for right in (-1, 0, 1)
    if 0 <= row + down < 9 and 0 <= column + right < 9
]


@pytest.mark.parametrize(
    ("id", "written", "value"),
    [
        ("C04", "11,616", 96 * 11 * 11),
        ("C04", "34,848", 96 * 11 * 11 * 3),
        ("C04", "34,944", 96 * 11 * 11 * 3 + 96),
        ("C05", "1.6 billion", 200 * 200 * 40_000 / 1e9),
        ("C13", "400×400 image is 2×2 after 199", 400 - 2 * 199),
        ("C35", "576,512", 224 * 224 * 3 + 112 * 112 * 32 + 64 * 64 * 6),
        ("C35", "2.3 GB", round(576_512 * 1000 * 4 / 1e9, 1)),
        ("C43", "625", len(ON_A_9X9)),
        ("C43", "6,561", 81 * 81),
        ("C43", "225", 5 * 5 * 3 * 3),
        ("C65", "54.25", (224 - 11) / 4 + 1),
        (
            "C67",
            "138,357,544",
            sum(9 * a * b + b for a, b in VGG16)
            + sum(a * b + b for a, b in VGG16_DENSE),
        ),
        ("C80", "672", 128 + 192 + 96 + 256),
        ("C81", "854,196,224", sum(multiplications(*layer) for layer in NAIVE)),
        ("C81", "271,351,808", sum(multiplications(*layer) for layer in SLIDE)),
        ("C81", "3.1×", round(854_196_224 / 271_351_808, 1)),
        ("C83", "8.7", round(60_965_224 / 6_998_552, 1)),
    ],
)
def test_a_number_of_the_syllabus_is_what_its_formula_gives(id, written, value):
    row = CLAIMS[id]
    assert written in f"{row.statement} {row.experiment}"
    assert f"{value:,}" in written


@pytest.mark.parametrize("id", sorted(CLAIMS))
def test_a_line_break_in_the_file_never_reaches_a_card(id):
    shown = claim(id)._repr_html_()
    assert "\n" not in CLAIMS[id].statement + CLAIMS[id].experiment
    assert "  " not in shown


def test_no_two_claims_say_the_same():
    statements = [row.statement for row in CLAIMS.values()]
    assert len(set(statements)) == len(statements)


# Verdicts


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([True], "true"),
        ([True, True], "true"),
        ([False], "false"),
        ([False, False], "false"),
        ([True, False], "depends"),
        ([False, True, True], "depends"),
        ([None], "not separable"),
        ([None, None], "not separable"),
        ([None, True], "true"),
        ([None, False], "false"),
        ([None, False, True], "depends"),
    ],
)
def test_the_verdict_follows_from_the_cases(held, expected):
    cases = {f"case {number}": value for number, value in enumerate(held)}
    assert a_verdict(cases=cases).verdict == expected


@pytest.mark.parametrize(
    "yes", [True, np.bool_(True), np.array(True), torch.tensor(True), np.array([True])]
)
def test_a_case_may_be_any_library_s_true(yes):
    assert a_verdict(cases={"held": yes}).cases == (("held", True),)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (1234, 1234),
        (np.int64(7), 7),
        (torch.tensor(7), 7),
        (0.123456, 0.1235),
        (torch.tensor([2.5]), 2.5),
        (np.float32(0.5), 0.5),
        ("conv1", "conv1"),
    ],
)
def test_a_measurement_becomes_a_plain_number_of_four_digits(given, kept):
    ((_, value),) = a_verdict(measured={"m": given}).measured
    assert value == kept
    assert type(value) is type(kept)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1,234,567"),
        (0, "0"),
        (-12, "-12"),
        (0.5, "0.5"),
        (3.14159, "3.142"),
        (0.000123456, "0.0001235"),
        (1e-7, "1e-07"),
        (123456.7, "123,500"),
        (9999.5, "10,000"),
        (2.5e20, "2.5e+20"),
        ("a label", "a label"),
    ],
)
def test_numbers_are_written_with_four_digits_and_separators(value, text):
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("guess", "shown"),
    [
        (None, None),
        (..., "no prediction made"),
        (7, "7"),
        (1600000000, "1,600,000,000"),
        (True, "true"),
        ("false", "false"),
        (torch.tensor(0.25), "0.25"),
        ([3, 5], "[3, 5]"),
        ("x" * 200, "x" * 159 + "…"),
    ],
)
def test_a_prediction_is_shown_as_the_student_gave_it(guess, shown):
    assert a_verdict(predicted=guess).predicted == shown


def test_a_verdict_without_a_prediction_does_not_say_that_none_was_made():
    """It may have been judged in a cell before, beside what it asked about."""
    assert "predict" not in repr(a_verdict())
    assert "predicted  no prediction made" in repr(a_verdict(predicted=...))


def test_what_another_cell_revealed_stands_in_the_verdict():
    predict("01-elsewhere", 6)
    seen = reveal("01-elsewhere", 5)
    assert a_verdict(predicted=seen).predicted == (
        "You said 6, measured 5. Not this time."
    )
    both = a_verdict(predicted=f"{seen} {seen}").predicted
    assert both.count("You said 6") == 2


def test_a_prediction_never_shows_an_address():
    assert " at 0x" not in a_verdict(predicted=object()).predicted


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cases": {}}, "`cases` of C09 must hold at least one case"),
        ({"cases": [True]}, "`cases` must be a dict"),
        (
            {"cases": {"n": 1}},
            r"`cases\['n'\]` must be True, False or None .open.; got 1",
        ),
        ({"cases": {"n": torch.tensor([True, False])}}, "must be True, False or"),
        ({"cases": {3: True}}, "`cases` must have descriptions as keys; got 3"),
        ({"cases": {" ": True}}, "`cases` must have descriptions as keys"),
        ({"measured": {"m": math.nan}}, r"`measured\['m'\]` must be a finite number"),
        ({"measured": {"m": math.inf}}, "must be a finite number"),
        ({"measured": {"m": torch.tensor(math.nan)}}, "must be a finite number"),
        ({"measured": {"m": True}}, "a finite number, a list of runs or a short label"),
        ({"measured": {"m": [1, "2"]}}, "`values` must list finite numbers; got '2'"),
        ({"measured": {"m": []}}, "`values` must list at least one run"),
        ({"measured": {"m": 1j}}, "must be a finite number"),
        ({"measured": {"m": ""}}, "must be a finite number"),
        ({"measured": 3}, "`measured` must be a dict"),
        ({"why": ""}, "`why` must be one sentence"),
        ({"why": "  "}, "`why` must be one sentence"),
        ({"why": None}, "`why` must be one sentence"),
    ],
)
def test_a_wrong_argument_is_refused_in_one_sentence(wrong, message):
    with pytest.raises(ValueError, match=message):
        a_verdict(**wrong)


@pytest.mark.parametrize(
    ("id", "near"),
    [("C87", "C86"), ("C3", "C03"), ("c03", "C03"), (3, "C03"), ("C033", "C03")],
)
def test_an_unknown_claim_is_refused_with_its_neighbours(id, near):
    with pytest.raises(ValueError, match=f"C01 to C86.*did you mean.*{near}"):
        claim(id)


def test_a_name_without_a_number_has_no_neighbours():
    with pytest.raises(
        ValueError, match=r"got 'padding': there are 'C01', 'C02', 'C03' …$"
    ):
        claim("padding")


# Cards


def test_the_text_of_a_verdict_is_this_block():
    found = verdict(
        "C09",
        cases={"on a photo": torch.tensor(True), "on noise": np.bool_(False)},
        measured={"pixels": 12345, "largest difference": 1e-7},
        predicted="true",
        why="Zeros  change\nnothing.",
    )
    assert repr(found) == (
        "C09 ◐ depends\n"
        "  claim      Every 2×2 kernel is contained in some 3×3 kernel.\n"
        "  predicted  true\n"
        "  measured   pixels = 12,345\n"
        "  measured   largest difference = 1e-07\n"
        "  case       holds: on a photo\n"
        "  case       fails: on noise\n"
        "  why        Zeros change nothing.\n"
        "  note       measured verdict differs from the course's expectation (true)"
    )


def test_a_claim_is_shown_without_its_verdict():
    shown = claim("C21")
    assert repr(shown) == "Claim C21\n  Scaling pixels by 1/255 is standardisation."
    assert "false" not in repr(shown) + shown._repr_html_()


def test_only_a_contradicting_verdict_says_that_it_differs():
    assert "differs" not in repr(a_verdict())
    assert "differs" in a_verdict(cases={"held": False})._repr_html_()


class Page(HTMLParser):
    """Collect the text of a page, and check that its tags pair up."""

    def __init__(self, html):
        super().__init__()
        self.open, self.said, self.attributes = [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.attributes += attrs
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said.append(data)


@pytest.mark.parametrize(
    ("held", "word"),
    [((True,), "✓ true"), ((False,), "✗ false"), ((True, False), "◐ depends")],
)
def test_the_html_card_says_everything_the_text_says(held, word):
    found = a_verdict(
        cases={f"case <{n}> & more": value for n, value in enumerate(held)},
        predicted="a < b",
    )
    page = Page(found._repr_html_())
    said = "\n".join(page.said)
    assert word in said.replace("\xa0", " ")
    for part in ("pixels compared = 1,234", "case <0> & more", "a < b", found.why):
        assert part in said
    assert CLAIMS["C09"].statement in said


def test_runs_are_shown_with_mean_half_width_and_number():
    found = a_verdict(measured={"three runs": [0.90, 0.92, 0.94], "one": [0.9]})
    assert "measured   three runs = 0.92 ± 0.05 (n = 3)" in repr(found)
    assert "measured   one = 0.9 (one run)" in repr(found)


def test_a_case_that_the_runs_leave_open_is_said_to_be_open():
    found = a_verdict(cases={"better with padding": None})
    assert "C09 ≈ not separable" in repr(found)
    assert "case       open: better with padding" in repr(found)
    assert "these runs leave it open; the course expects: true" in repr(found)
    assert not found.surprising


PAINT = ("color:", "background")


def test_no_card_sets_the_colour_of_text_or_page():
    for html in (a_verdict()._repr_html_(), claim("C09")._repr_html_()):
        styles = [value for name, value in Page(html).attributes if name == "style"]
        rules = [rule for style in styles for rule in style.split(";")]
        painted = [rule for rule in rules if rule.strip().startswith(PAINT)]
        assert set(painted) <= {"color:inherit", "background:transparent"}


def test_jupyter_gets_html_text_and_data():
    bundle = a_verdict()._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", VERDICT_MIME}
    json.dumps(bundle)


# Reading back


def stored_notebook(path, *bundles):
    """Write a notebook with one output for each bundle."""
    outputs = [
        {"output_type": "execute_result", "data": data, "metadata": {}}
        for data in bundles
    ]
    cells = [{"cell_type": "markdown", "source": "prose"}]
    cells += [{"cell_type": "code", "outputs": [output]} for output in outputs]
    path.write_text(json.dumps({"cells": cells}, sort_keys=True), encoding="utf-8")
    return path


HAND_TYPED = {
    "id": "C03",
    "session": "01",
    "verdict": "depends",
    "expected": "true",
    "cases": [["zebra: = 1", True], ["ant", False]],
    "measured": [["z", 1], ["a", 0.5], ["label", "x = 1\\n"]],
    "predicted": None,
    "why": "It is so.",
}


def test_a_stored_verdict_is_read_back_in_its_order(tmp_path):
    path = stored_notebook(
        tmp_path / "a.ipynb", {"text/plain": "3"}, {VERDICT_MIME: HAND_TYPED}
    )
    (found,) = listing([path])
    assert found.claim.id == "C03"
    assert found.verdict == "depends"
    assert found.cases == (("zebra: = 1", True), ("ant", False))
    assert found.measured == (("z", 1), ("a", 0.5), ("label", "x = 1\\n"))
    assert found.surprising


def test_what_is_written_reads_back_equal(tmp_path):
    written = verdict(
        "C14",
        cases={"a": True, "b": False},
        measured={"n": 12345, "x": 1 / 3, "net": "plain", "runs": [1, 2, 3]},
        predicted=0.1,
        why="So it is.",
    )
    bundle = written._repr_mimebundle_()
    path = stored_notebook(tmp_path / "a.ipynb", json.loads(json.dumps(bundle)))
    assert listing([path]) == (written,)


def test_open_cases_and_a_single_run_read_back_as_they_were(tmp_path):
    written = a_verdict(cases={"a": None}, measured={"one": [0.5]})
    bundle = json.loads(json.dumps(written._repr_mimebundle_(), allow_nan=False))
    (found,) = listing([stored_notebook(tmp_path / "a.ipynb", bundle)])
    assert repr(found) == repr(written)


def test_verdicts_are_listed_in_the_order_of_the_claims(tmp_path):
    late = {VERDICT_MIME: {**HAND_TYPED, "id": "C86"}}
    early = {VERDICT_MIME: HAND_TYPED}
    paths = [
        stored_notebook(tmp_path / "b.ipynb", late),
        stored_notebook(tmp_path / "a.ipynb", early),
    ]
    assert [found.claim.id for found in listing(paths)] == ["C03", "C86"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verdict": "true"}, "stored as 'true', but its cases give 'depends'"),
        ({"id": "C99"}, "`id` must be a claim"),
        ({"cases": []}, "at least one case"),
        ({"cases": 3}, "damaged"),
        ({"measured": [["m", "NaN"], ["n", None]]}, "finite number"),
    ],
)
def test_a_verdict_changed_by_hand_is_refused(tmp_path, change, message):
    path = stored_notebook(tmp_path / "a.ipynb", {VERDICT_MIME: HAND_TYPED | change})
    with pytest.raises(ValueError, match=message):
        listing([path])


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"cells": 3}', '{"a": 1}'])
def test_a_file_that_is_no_notebook_is_refused(tmp_path, text):
    path = tmp_path / "a.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="is not a notebook that can be read"):
        listing([path])


# The course's own sessions


def finished_sessions():
    """Group the sources by session: parts 01a and 01b are session 01."""
    parts = {}
    for part in sessions(NOTEBOOKS):
        parts.setdefault(part.number[:2], []).append(part)
    return sorted(parts.items())


@pytest.mark.parametrize(
    ("number", "parts"),
    finished_sessions(),
    ids=lambda v: v if isinstance(v, str) else None,
)
def test_every_claim_of_a_finished_session_has_exactly_one_verdict(number, parts):
    found = listing([part.solution for part in parts if part.solution.is_file()])
    expected = [row.id for row in CLAIMS.values() if row.session == number]
    assert [verdict.claim.id for verdict in found] == expected


@pytest.mark.parametrize(
    "part",
    [part for _, parts in finished_sessions() for part in parts],
    ids=lambda part: part.name,
)
def test_no_verdict_of_a_finished_session_is_typed_in(part):
    cells = read_source(part.source)
    assert typed_in([cell for cell in cells if "student" not in cell.tags]) == []


def test_the_table_of_a_sitting_holds_the_latest_verdict_of_each_claim(monkeypatch):
    monkeypatch.setattr("coursekit.course.claims.board._LATEST", {})
    verdict("C45", cases={"a": True, "b": False}, measured={}, why="One of two.")
    verdict("C44", cases={"a": False}, measured={}, why="At first.")
    verdict("C44", cases={"a": True}, measured={}, why="Measured again.")
    table = verdict_table("03")
    assert [v.claim.id for v in table.verdicts] == ["C44", "C45"]
    assert [row.id for row in table.missing][:2] == ["C41", "C42"]
    assert "Session 03: 1 true, 1 depends; not run here: C41, C42" in repr(table)
    assert "(the course expected true)" in table._repr_html_()  # C45


def test_a_table_before_any_verdict_says_so(monkeypatch):
    monkeypatch.setattr("coursekit.course.claims.board._LATEST", {})
    assert repr(verdict_table("07")).startswith("Session 07: no verdict yet; not run")


def test_a_table_may_be_of_one_notebook_of_two(monkeypatch):
    monkeypatch.setattr("coursekit.course.claims.board._LATEST", {})
    assert repr(verdict_table("03", first="C51")).endswith(
        "not run here: C51, C52, C53"
    )
    assert repr(verdict_table("03", last="C42")).endswith("not run here: C41, C42")
    with pytest.raises(ValueError, match="`last` must be one of None, 'C41'"):
        verdict_table("03", last="C01")


def test_a_table_of_an_unknown_session_is_refused():
    with pytest.raises(ValueError, match="`session` must be one of '01'"):
        verdict_table("11")
