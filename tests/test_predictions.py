"""Predictions: what is noted, what counts as right, what is refused, what is summed."""

import numpy as np
import pytest
import torch

from coursekit.course import predict, prediction_table, reveal
from coursekit.metrics import interval


@pytest.fixture(autouse=True)
def _a_new_sitting(monkeypatch):
    monkeypatch.setattr("coursekit.course.predictions._MADE", {})
    monkeypatch.setattr("coursekit.course.predictions._SEEN", {})


def outcome(guess, measured, **asked):
    """Predict and reveal; give what the card says."""
    predict("01-it", guess, **asked)
    return str(reveal("01-it", measured))


OPTIONS = {"options": (5, 15, 31, "never")}
YES_NO = {"options": (True, False)}
HIT, MISS = "Right.", "Not this time."
NEAREST = "Right: the nearest of the options."
NEAR = "Right within a factor of 1.5."


@pytest.mark.parametrize(
    ("guess", "measured", "asked", "said"),
    [
        (15, 9, OPTIONS, "You said 15, measured 9. Not this time."),
        (5, 5, OPTIONS, "You said 5, measured 5. Right."),
        (5, 9, OPTIONS, "You said 5, measured 9. " + NEAREST),
        (15, 10, OPTIONS, "You said 15, measured 10. " + NEAREST),
        ("Never", "never", OPTIONS, "You said never, measured never. Right."),
        (31, "never", OPTIONS, "You said 31, measured never. Not this time."),
        ("never", 40, OPTIONS, "You said never, measured 40. Not this time."),
        (6, 5, {"unit": "pixels"}, "You said 6 pixels, measured 5 pixels. " + MISS),
        (6, 5, {"within": 1}, "You said 6, measured 5. Right within ±1."),
        (6, 4, {"within": 1}, "You said 6, measured 4. Not this time."),
        (0.3, 0.1 + 0.2, {}, "You said 0.3, measured 0.3. Right."),
        (1000, 1500, {"factor": 1.5}, "You said 1,000, measured 1,500. " + NEAR),
        (1501, 1000, {"factor": 1.5}, "You said 1,501, measured 1,000. Not this time."),
        (-2, 2, {"factor": 1.5}, "You said -2, measured 2. Not this time."),
        (True, True, YES_NO, "You said True, measured True. " + HIT),
        (..., 9, OPTIONS, "No prediction; measured 9."),
        (None, "never", OPTIONS, "No prediction; measured never."),
        (9, torch.tensor(9), {}, "You said 9, measured 9. Right."),
        (np.int64(9), np.float32(9), {}, "You said 9, measured 9. Right."),
    ],
)  # fmt: skip
def test_the_card_answers_in_one_sentence(guess, measured, asked, said):
    assert outcome(guess, measured, **asked) == said


def test_of_several_runs_the_mean_counts_and_the_spread_is_shown():
    said = outcome(2, interval([1, 2, 3]))
    assert said == "You said 2, measured 2 ± 2.5 (n = 3). Right."
    said = outcome(5, interval([1, 2, 3]), unit="%")
    assert said == "You said 5 %, measured 2 ± 2.5 % (n = 3). Not this time."


def test_an_experiment_without_its_prediction_cell_still_shows_its_result():
    assert str(reveal("01-skipped", "conv1")) == "No prediction; measured conv1."


def test_a_prediction_that_is_made_again_is_judged_anew():
    assert "Not this time" in outcome(6, 5)
    predict("01-it", 5)
    assert "the experiment has not run" in repr(prediction_table("01"))
    assert "Right" in str(reveal("01-it", 5))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"guess": "6", "unit": "pixels"}, "must be a number of pixels; got '6'"),
        ({"guess": 7, **OPTIONS}, '`guess` must be 5, 15, 31 or "never"; got 7'),
        ({"guess": True, "options": (1, 2)}, "`guess` must be 1 or 2; got True"),
        ({"guess": float("nan")}, "`guess` must be a number; got nan"),
        ({"guess": [6]}, r"`guess` must be a number; got \[6\]"),
        ({"sure": 0.8}, "`sure` must be 50 to 100 percent; got 0.8"),
        ({"sure": "very"}, "`sure` must be 50 to 100 percent; got 'very'"),
        ({"within": -1}, "`within` must be between 0 and inf; got -1"),
        ({"factor": 0.5}, "`factor` must be between 1 and inf; got 0.5"),
        ({"name": "join"}, "`name` must be like '01-fft-crossover'; got 'join'"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_at_once(given, message):
    with pytest.raises(ValueError, match=message):
        predict(**{"name": "01-it", "guess": 6, **given})


@pytest.mark.parametrize("measured", [float("nan"), "twelve", [9], None])
def test_what_cannot_have_been_measured_is_refused(measured):
    predict("01-it", 5, **OPTIONS)
    with pytest.raises(ValueError, match="`measured` of 01-it must be 5, 15, 31 or"):
        reveal("01-it", measured)


def test_the_card_says_what_is_asked_until_it_is_answered():
    asked = repr(predict("01-it", ..., **OPTIONS))
    assert 'no prediction yet; write 5, 15, 31 or "never"' in asked
    assert "a number of pixels" in repr(predict("01-it", ..., unit="pixels", within=2))
    assert repr(predict("01-it", 6, unit="pixels", sure=80)) == (
        "Prediction “it”: noted, 6 pixels, 80 % sure"
    )
    assert "Ellipsis" not in predict("01-it", ...)._repr_html_()


def test_confidence_is_offered_until_it_is_given():
    offer = "How sure? If you like"
    assert offer in repr(predict("01-it", 6))
    assert offer not in repr(predict("01-it", 6, sure=80))
    assert offer not in repr(predict("01-it", ...))


def test_html_says_what_the_text_says():
    predict("01-it", "a<b", options=("a<b", "b"))
    assert "You said a&lt;b, measured b. Not this time." in (
        reveal("01-it", "b")._repr_html_()
    )


def test_the_last_card_counts_hits_and_says_where_intuition_failed():
    predict("01-a-hit", 5)
    predict("01-a-miss", 6, unit="pixels")
    predict("01-none", ...)
    predict("02-elsewhere", 1)
    for name in ("01-a-hit", "01-a-miss", "01-none"):
        reveal(name, 5)
    assert repr(prediction_table("01")) == (
        "Session 01: 1 of 2 predictions hit; 1 not made\n"
        "  ✓ a hit    You said 5, measured 5. Right.\n"
        "  ✗ a miss   You said 6 pixels, measured 5 pixels. Not this time.\n"
        "  – none     No prediction; measured 5.\n"
        "  Where intuition failed: a miss (said 6 pixels, measured 5 pixels)."
    )
    page = prediction_table("01")._repr_html_()
    assert "1 of 2 predictions hit" in page
    assert "a miss (said 6 pixels" in page


def test_confidence_meets_hits_once_there_are_ten():
    for number in range(10):
        assert "Confidence" not in repr(prediction_table("03"))
        name = f"03-q{number}"
        predict(name, 1, sure=60 if number < 4 else 90)
        reveal(name, 1 if number in (0, 5, 6, 7) else 2)
    assert (
        "Confidence against hits: 50 to 70 % sure: 1 of 4; 90 to 100 % sure: 3 of 6. "
        "On average you were 78 % sure and right in 40 % of 10."
    ) in " ".join(repr(prediction_table("03")).split())


def test_a_session_without_predictions_says_so():
    assert repr(prediction_table("07")) == "Session 07: no prediction yet"
    with pytest.raises(ValueError, match="`session` must be one of '00'"):
        prediction_table("11")
