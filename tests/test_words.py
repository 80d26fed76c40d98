"""Near misses are named in one way everywhere."""

import pytest

from coursekit._base.words import did_you_mean, printable

COMMANDS = ("build", "badges", "checks", "claims")


@pytest.mark.parametrize(
    ("word", "most", "said"),
    [
        ("biuld", 1, "did you mean 'build'?"),
        ("claim", 1, "did you mean 'claims'?"),
        ("cheims", 2, "did you mean 'claims' or 'checks'?"),
        ("x", 1, "there are 'build', 'badges', 'checks', 'claims'"),
        ("x", 2, "there are 'build', 'badges' …"),
        (None, 1, "there are 'build', 'badges', 'checks', 'claims'"),
    ],
)
def test_a_near_miss_is_named_or_else_what_there_is(word, most, said):
    assert did_you_mean(word, COMMANDS, most=most) == said


def test_text_of_others_is_one_line_without_codes_for_the_terminal():
    said = printable("Not\x1b]0;mine\x07 Found\r\n\u202egro → 7 é")
    assert said == "Not?]0;mine? Found ?gro → 7 é"
