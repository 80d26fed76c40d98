"""08.4 What 99.38 % against a bar of 99.4 % means (challenge A2)."""

from coursekit.course.exercises.exercise import Exercise, Mistake

EXERCISE = Exercise(
    id="08.4",
    title="Just below the bar",
    statement=(
        "The bar is 99.40 %. Your network answers 9,938 of 10,000 test images rightly: "
        "99.38 %, interval 99.21 to 99.52 %. What do you do? A: hand in that it "
        "failed; below is below. B: train with other seeds until the test set shows "
        "99.40 %. C: report 99.38 % with its interval, and say that it is too close to "
        "call. D: report 99.4 %, rounded."
    ),
    minutes=3,
    difficulty=2,
    importance=5,
    kind="choice",
    solution="C",
    oracle="C",
    right=("C", "c", " c"),
    options={
        "A": "hand in that it failed",
        "B": "train with other seeds until the test set shows 99.40 %",
        "C": "report 99.38 % with its interval: too close to call",
        "D": "report 99.4 %, rounded",
    },
    wrong=(
        Mistake(
            "below is below",
            "A",
            "Two images of 10,000 decide here, and the interval reaches from 99.21 to "
            "99.52 %: this measurement shows neither that it fails nor that it passes.",
        ),
        Mistake(
            "seeds until it fits",
            "B",
            "Then you choose by the test set: the best of many runs is lucky as well "
            "as good. Choose on the validation set and look at the test set once.",
        ),
        Mistake(
            "rounds up",
            "D",
            "99.38 % rounded to the bar's own digits, 99.40, is still 99.38; rounding "
            "hides how close it is instead of saying it.",
        ),
    ),
    hints=(
        "How many images lie between 99.38 % and 99.40 % of 10,000?",
        "Is the bar inside the interval or outside of it?",
    ),
    takeaway=(
        "A bar inside the interval is neither met nor missed for sure: say so, with "
        "the number. More seeds or more test images would settle it."
    ),
)
