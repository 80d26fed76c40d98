"""The rules of style are found broken where they are broken."""

from functools import partial

import pytest

from coursekit.staff.build.counting import code_lines, words
from coursekit.staff.build.lint import lint
from coursekit.staff.build.notebook_source import read_source
from tests.small_sources import OPENING, written


@pytest.fixture
def course(tmp_path):
    """Give a function that writes a source of session 01 and returns the session."""
    return partial(written, tmp_path)


def findings(course, body, opening=OPENING):
    """List what lint says about a source, as (line, message, level)."""
    session = course(opening + body)
    return [
        (int(found.where.partition(":")[2]), found.message, found.level)
        for found in lint(session, read_source(session.source))
        if "0 predictions" not in found.message
    ]


def code(lines, tags=""):
    """Write a code cell of so many lines."""
    return f"\n# %%{tags}\n" + "".join(f"x{n} = {n}\n" for n in range(lines))


def prose(count, tags=""):
    """Write a markdown cell of so many words."""
    return f"\n# %% [markdown]{tags}\n# " + "\n# ".join(["word"] * count) + "\n"


LONG = ' tags=["long"]'
FOLD = ' tags=["fold"]'
CLAIM = '\n# %%\nclaim("C09")\n'
PREDICT = "\n# %%\nguess = 7  # answer\n"
VERDICT = (
    '\n# %%{tags}\nimport time\nfrom coursekit import verdict\nverdict("C09", '
    'cases={{"a": time.time() > 0}}, measured={{}}, predicted=guess, why="w")\n'
)
TAGGED = VERDICT.format(tags=' tags=["verdict"]')


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (code(30), [(9, "the cell has 30 lines of code; aim at 10", "advice")]),
        (code(31), [(9, "the cell has 31 lines of code; at most 30", "error")]),
        (code(31, LONG), []),
        (code(10), []),
        (prose(60), []),
        (prose(61), [(9, "the cell has 61 words; aim at 60", "advice")]),
        (prose(91), [(9, "the cell has 91 words; at most 90", "error")]),
        (prose(91, LONG), []),
        (code(1) * 2, []),
        (code(1) * 3, [(15, "code cell number 3 without prose between", "error")]),
        (code(1) * 2 + code(1, LONG), []),
        (code(1) * 2 + code(1, FOLD), []),
        (code(1) + code(1, FOLD) + code(1), []),
        (
            code(1) + code(1, FOLD) + code(1) * 2,
            [(18, "code cell number 3 without prose between", "error")],
        ),
        (code(1) * 2 + prose(3) + code(1) * 2, []),
        (
            "\n# %%\nname = input('?')\n",
            [(9, "`input()` stops a notebook that runs by itself", "error")],
        ),
        (
            "\n# %%\nopen('/home/ada/x')\n",
            [(9, "an absolute path: '/home/ada/x'", "error")],
        ),
        ("\n# %%\nopen('data/x')\n", []),
        (
            "\n# %%\nopen('accuracy, mean of three runs')\n",
            [(9, "`mean of three runs` is typed in: let it be counted", "error")],
        ),
        ("\n# %%\nopen(f'accuracy, mean of {len([1])} runs')\n", []),
        (
            "\n# %%\nimport matplotlib.pyplot as plt\nplt.show()\n",
            [(9, "end the cell with the figure, not `plt.show()`", "error")],
        ),
        (
            "\n# %% [markdown]\n# ![](a.png)\n",
            [(9, "a picture has no alt text", "error")],
        ),
        ("\n# %% [markdown]\n# ![a cat](a.png)\n", []),
        (
            '\n# %%\ncheck("01.3", f)\n',
            [(9, "check('01.3') needs the tag `check`", "error")],
        ),
        ('\n# %% tags=["check"]\ncheck("01.3", f)\n', []),
        (
            '\n# %% tags=["raises-exception"]\n1 / 0\n' + code(1),
            [(9, "the cell after an error must explain it", "error")],
        ),
        ('\n# %% tags=["raises-exception"]\n1 / 0\n' + prose(3), []),
        (CLAIM + PREDICT + prose(3) + TAGGED, []),
        (
            PREDICT + prose(3) + TAGGED,
            [
                (
                    17,
                    "a verdict on C09 without `claim(…)` in a cell before",
                    "error",
                )
            ],
        ),
        (
            CLAIM + prose(3) + TAGGED,
            [(17, "`guess` is neither an `# answer` nor a `reveal` before", "error")],
        ),
        (
            CLAIM + '\n# %%\nguess = reveal("01-it", n)\nguess\n' + prose(3) + TAGGED,
            [(12, "reveal('01-it') has no prediction before it", "error")],
        ),
        (
            CLAIM + PREDICT + prose(3) + VERDICT.format(tags=""),
            [(20, "a cell that calls `verdict` must be tagged `verdict`", "error")],
        ),
        (
            CLAIM + PREDICT + prose(3) + TAGGED.replace("time.time() > 0", "1 > 0"),
            [
                (
                    20,
                    "`cases['a']` of the verdict is typed in: no cell computes it",
                    "error",
                )
            ],
        ),
        (f"\n# %%\nx = '{'a' * 90}'\n", None),
    ],
)
def test_a_broken_rule_is_found_where_it_stands(course, body, expected):
    found = findings(course, body)
    if expected is None:
        ((line, message, level),) = found
        assert (line, level) == (9, "error")
        assert message.startswith("a line has 96 characters")
    else:
        assert found == expected


def asked(
    name="01-join", *, cell="guess = 6  # answer\n", prose="**Predict:** how many?"
):
    """Write a question and the cell that answers it."""
    return f"\n# %% [markdown]\n# {prose}\n\n# %%\n{cell}predict({name!r}, guess)\n"


def told(name="01-join"):
    """Write the cell that reveals."""
    return f"\n# %%\nreveal({name!r}, x)\n"


THREE = "".join(asked(f"01-{n}") + told(f"01-{n}") for n in "abc")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (asked() + told(), []),
        (asked(), ["'01-join' must have exactly one `reveal` in a cell after it"]),
        (
            asked() + told() + prose(1) + told(),
            ["'01-join' must have exactly one `reveal` in a cell after it"],
        ),
        (
            prose(1) + told() + asked(),
            ["'01-join' must have exactly one `reveal` in a cell after it"],
        ),
        (
            asked() + told() + prose(1) + told("01-joint"),
            ["reveal('01-joint') has no prediction before it"],
        ),
        (
            asked("02-join") + told("02-join"),
            ["'02-join' must begin with '01', its session"],
        ),
        (
            asked("join") + told("join"),
            ["a prediction's name must be a text like '01-join'"],
        ),
        (asked("01-a") + told("01-a"), ["two predictions are called '01-a'"] * 2
            + ["'01-a' must have exactly one `reveal` in a cell after it"] * 2),
        (
            asked(cell="guess = 6\n") + told(),
            ["a cell that calls `predict` must give it the name of an `# answer`"],
        ),
        (
            asked(prose="How many?") + told(),
            ["the cell before `predict` must ask: **Predict:** …"],
        ),
        (
            asked() + told() + "\n# %% [markdown]\n# *Figure: a cat.*\n",
            ["a figure's description belongs into its `words=`"],
        ),
        (
            asked() + told() + prose(1) + "\n# %%\nfigures.matrix(x)\n",
            ["figures.matrix(…) needs `words=`"],
        ),
        (asked() + told() + prose(1) + "\n# %%\nfigures.matrix(x, words=w)\n", []),
    ],
)  # fmt: skip
def test_a_prediction_is_asked_answered_and_revealed_once(course, body, expected):
    found = [message for _, message, _ in findings(course, THREE + body)]
    assert sorted(found) == sorted(expected)


def test_a_notebook_with_fewer_than_four_predictions_is_told_so(course):
    found = findings(course, THREE)
    assert [message for _, message, _ in found] == [
        "3 predictions; at least 4 a notebook"
    ]


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ("Trial. Why? 3 minutes.", "must begin with the session's title"),
        ("# Trial\n#\n# 3 minutes.", "must ask the session's question"),
        ("# Trial\n#\n# Why?", "must say how many minutes"),
    ],
)
def test_the_first_cell_has_title_question_and_minutes(course, first, message):
    opening = f'# %% [markdown]\n# {first}\n\n# %% tags=["setup"]\n# setup\n'
    ((line, said, level),) = findings(course, "", opening)
    assert (line, level) == (1, "error")
    assert message in said


def test_a_student_cell_beside_a_solution_cell_counts_once(course):
    pair = code(1, ' tags=["solution"]') + code(1, ' tags=["student"]')
    assert findings(course, pair + pair) == []


def test_code_that_is_not_python_is_refused_with_its_line(course):
    with pytest.raises(ValueError, match=r"cell at line 9 is not Python.*line 11"):
        findings(course, "\n# %%\nx = 1\ny = = 2\n")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a = 1\n\n# why\nb = 2", 2),
        ("def f():\n    '''One.\n\n    Two.\n    '''\n    return 1", 2),
        (
            "class A:\n    '''One.'''\n    def f(self):\n        '''Two.'''\n        x",
            3,
        ),
        ('s = """\nnot a docstring\n"""', 3),
    ],
)
def test_comments_and_docstrings_are_free(text, count):
    assert code_lines(text) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("# A heading of words\n\none two", 2),
        ("one `some.code(here)` two", 3),
        ("one $a + b$ two", 3),
        ("one\n\n$$a = b$$\n\ntwo", 2),
        ("| a | b |\n|---|---|\n| c | d |\n\none", 1),
        ("see [this page](https://a.org/b) now", 4),
        ("```python\nx = 1\n```\none", 1),
        ("3×3 layers, 1,234 weights", 4),
    ],
)
def test_words_are_counted_without_code_tables_and_addresses(text, count):
    assert words(text) == count
