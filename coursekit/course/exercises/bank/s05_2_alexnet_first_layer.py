"""05.2 The first layer of AlexNet (claims C04, C65)."""

from coursekit.course.exercises.exercise import Exercise, Mistake

EXERCISE = Exercise(
    id="05.2",
    title="The first layer of AlexNet",
    statement=(
        "AlexNet's first convolution has 96 filters of 11×11, stride 4, on RGB "
        "pictures of 227×227. How many parameters does it have, biases included?"
    ),
    minutes=3,
    difficulty=1,
    importance=3,
    kind="number",
    solution=34944,
    oracle=34944,
    right=(96 * 11 * 11 * 3 + 96, 34944.0),
    wrong=(
        Mistake(
            "forgets RGB",
            11616,
            "11,616 forgets that a filter is 3 channels deep on RGB (and the biases).",
            slip="bias",
        ),
        Mistake(
            "forgets RGB, with biases",
            11712,
            "11,712 forgets that a filter is 3 channels deep on RGB.",
        ),
        Mistake(
            "forgets the biases",
            34848,
            "34,848 are the weights; each of the 96 filters has one bias too.",
            slip="bias",
        ),
        Mistake(
            "one filter",
            364,
            "364 is one filter with its bias; the layer has 96 of them.",
            slip="only one",
        ),
        Mistake(
            "bias per channel",
            34848 + 288,
            "You count a bias for each channel of each filter; a filter has one.",
            slip="bias",
        ),
        Mistake(
            "output values",
            290400,
            "290,400 is the number of values in the output, 55 · 55 · 96; parameters "
            "do not depend on the size of the map.",
            slip="question",
        ),
        Mistake(
            "a bias per output value",
            325248,
            "You count a bias for each value of the output; the bias is shared by the "
            "whole map.",
            slip="bias",
        ),
        Mistake(
            "unshared",
            105415200,
            "You count the weights once per place; a convolution uses the same weights "
            "everywhere.",
        ),
    ),
    hints=(
        "How many numbers are in one filter that looks at three channels?",
        "11 · 11 · 3 weights and one bias a filter.",
    ),
    takeaway="96 · (11 · 11 · 3 + 1) = 34,944: less than a thousandth of the network.",
)
