"""01.11 How many 3×3 layers see a 400×400 picture (claim C13)."""

from coursekit.course.exercises.exercise import Exercise, Mistake

EXERCISE = Exercise(
    id="01.11",
    title="Layers of 3×3 for a 400×400 picture",
    statement=(
        "How many 3×3 layers with stride 1 and padding does it take, without pooling, "
        "until a unit of the last one sees at least 400 pixels in a row?"
    ),
    minutes=3,
    difficulty=1,
    importance=4,
    kind="number",
    solution=200,
    oracle=200,
    right=(200, 200.0),
    wrong=(
        Mistake(
            "one too few",
            199,
            "199 layers see 1 + 2 · 199 = 399 pixels: one short of 400.",
            slip="off by one",
        ),
        Mistake(
            "size over kernel",
            133,
            "You divided 400 by 3; the windows overlap, so a layer adds 2 pixels, "
            "not 3.",
        ),
        Mistake(
            "rounded up thirds",
            134,
            "You divided 400 by 3; the windows overlap, so a layer adds 2 pixels, "
            "not 3.",
        ),
        Mistake(
            "one pixel a layer",
            399,
            "You added 1 pixel per layer; a 3×3 layer adds one on each side: 2.",
            slip="border",
        ),
        Mistake(
            "as many as pixels",
            400,
            "You added 1 pixel per layer; a 3×3 layer adds one on each side: 2.",
            slip="border",
        ),
        Mistake(
            "multiplied",
            6,
            "You multiplied the fields (3·3·3 …); without stride fields grow by "
            "adding.",
            slip="added",
        ),
        Mistake(
            "one too many",
            201,
            "201 layers see 403 pixels, but fewer layers are enough already.",
            slip="off by one",
        ),
    ),
    hints=(
        "What does one layer see? Two? Three?",
        "The field is 1 + 2n after n layers.",
        "The smallest n with 1 + 2n ≥ 400.",
    ),
    takeaway=(
        "The field grows by 2 a layer: 1 + 2 · 200 = 401. Stride and pooling are why "
        "real networks need far fewer."
    ),
)
