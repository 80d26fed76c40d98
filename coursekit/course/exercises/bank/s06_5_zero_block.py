"""06.5 A residual block whose weights are zero (claims C74, C76)."""

from coursekit.course.exercises.exercise import Exercise, Mistake

EXERCISE = Exercise(
    id="06.5",
    title="A block of zeros",
    statement=(
        "y = x + F(x), with no ReLU after the sum, and all weights of F are 0. What "
        "does the loss's gradient with respect to x look like? A: it is 0, nothing "
        "was learnt. B: it is the gradient with respect to y. C: it is half of it. "
        "D: it is twice of it."
    ),
    minutes=3,
    difficulty=2,
    importance=4,
    kind="choice",
    solution="B",
    oracle="B",
    right=("B", "b", "b "),
    options={
        "A": "it is 0",
        "B": "it is the gradient with respect to y",
        "C": "it is half of it",
        "D": "it is twice of it",
    },
    wrong=(
        Mistake(
            "zero weights block it",
            "A",
            "Through F nothing comes back, but the sum has a second way: straight "
            "through the shortcut.",
        ),
        Mistake(
            "shares it",
            "C",
            "A sum does not share its gradient between the two ways; each gets all of "
            "it.",
        ),
        Mistake(
            "adds both ways",
            "D",
            "Both ways are added, but the way through F gives 0 when its weights are "
            "0.",
        ),
    ),
    hints=(
        "The derivative of x + F(x) is 1 + F′(x).",
        "What is F′ when all weights of F are 0?",
    ),
    takeaway="dy/dx = 1 + F′(x): where F is 0 the gradient passes the block unchanged.",
)
