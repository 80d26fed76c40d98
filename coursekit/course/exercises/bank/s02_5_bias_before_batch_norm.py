"""02.5 A bias before batch norm (claim C34)."""

from coursekit.course.exercises.exercise import Exercise, Mistake

EXERCISE = Exercise(
    id="02.5",
    title="A bias before batch norm",
    statement=(
        "A convolution with bias is followed by batch norm in training mode. You add "
        "5 to every bias. What happens to the output of the batch norm? A: it grows "
        "by 5. B: it grows by 5 times the learnt scale. C: nothing. D: it is divided "
        "by a larger deviation."
    ),
    minutes=3,
    difficulty=2,
    importance=4,
    kind="choice",
    solution="C",
    oracle="C",
    right=("C", "c", " C "),
    options={
        "A": "it grows by 5",
        "B": "it grows by 5 times the learnt scale",
        "C": "nothing",
        "D": "it is divided by a larger deviation",
    },
    wrong=(
        Mistake(
            "bias survives",
            "A",
            "The 5 does not get through: the mean of the channel grows by 5 too, and "
            "batch norm subtracts the mean.",
        ),
        Mistake(
            "bias is scaled",
            "B",
            "The learnt scale multiplies what is left after the mean was subtracted, "
            "and the 5 is gone by then.",
        ),
        Mistake(
            "bias changes the deviation",
            "D",
            "Adding the same number to every value does not change how far they "
            "spread.",
        ),
    ),
    hints=(
        "Batch norm starts by subtracting something. What happens to it when every "
        "value grows by 5?",
        "(x + 5) − mean(x + 5) = ?",
    ),
    takeaway="So convolutions before batch norm are made with `bias=False`.",
)
