"""01.5 Where to put pooling (claims C15, C16, C17)."""

import itertools

from coursekit.course.exercises.exercise import Exercise, Mistake

FIELD, EDGES, MOST_LAYERS = 32, 11, 12

SHAPE = 'Give a list of the words "conv" and "pool", such as ["conv", "pool", "conv"].'
EMPTY = "Your list is empty; the network needs at least one layer."
TOO_LONG = f"Your network has more than {MOST_LAYERS} layers."
FIRST = (
    "Your first layer is a pooling layer: it throws away 75 % of the pixels before "
    "anything has looked at them."
)
EARLY = (
    f"Your first pooling comes before the field is {EDGES}×{EDGES}: at 100×100 pixels "
    "the layers before it have not yet seen a whole edge or gradient."
)
ENDS = (
    "A pooling layer stands among the last two layers: what it keeps is looked at once "
    "at most. End with two convolutions."
)
TWICE = (
    "Two pooling layers follow each other: the second one pools what nobody has "
    "looked at. Put a convolution between them."
)
SMALL = (
    f"The field of your last layer is smaller than {FIELD}: it does not see the whole "
    "object. A convolution after pooling widens the field by more than one before."
)


def broken_rule(layers):
    """Return the sentence of the first rule the design breaks, or ""."""
    if not isinstance(layers, (list, tuple)):
        raise ValueError(SHAPE)
    if not all(isinstance(word, str) and word in ("conv", "pool") for word in layers):
        raise ValueError(SHAPE)
    if not layers:
        return EMPTY
    if len(layers) > MOST_LAYERS:
        return TOO_LONG
    if layers[0] == "pool":
        return FIRST
    before = layers.index("pool") if "pool" in layers else len(layers)
    if field(layers[:before]) < EDGES and "pool" in layers:
        return EARLY
    if "pool" in layers[-2:]:
        return ENDS
    if ("pool", "pool") in itertools.pairwise(layers):
        return TWICE
    return SMALL if field(layers) < FIELD else ""


def field(layers):
    """Count the input pixels under one unit of the last layer, by walking back."""
    width = 1
    for word in reversed(layers):
        width = width + 2 if word == "conv" else 2 * width
    return width


C, P = "conv", "pool"

EXERCISE = Exercise(
    id="01.5",
    title="Where to put pooling",
    statement=(
        "Design a network for photos of 100×100 pixels with objects 32 pixels wide: "
        'a list of the words "conv" (3×3, stride 1, padding 1) and "pool" (2×2, '
        "stride 2). (1) The last layer's field is at least 32. (2) The first pooling "
        "comes once the field is at least 11. (3) The last two layers are "
        "convolutions. (4) Never two pooling layers in a row. (5) At most 12 layers."
    ),
    minutes=10,
    difficulty=2,
    importance=4,
    kind="design",
    solution=[C, C, C, C, C, P, C, C, P, C, C, C],
    oracle=broken_rule,
    right=(
        [C, C, C, C, C, P, C, P, C, C, C],
        (C, C, C, C, C, P, C, C, P, C, C, C),
        [C, C, C, C, C, P, C, P, C, P, C, C],
        [C, C, C, C, C, C, P, C, P, C, C, C],
    ),
    wrong=(
        Mistake("no layers", [], EMPTY),
        Mistake("sixteen convolutions", [C] * 16, TOO_LONG),
        Mistake("pools first", [P, C, C, C, P, C, C, P, C, C], FIRST, slip="pooling"),
        Mistake(
            "pools after two", [C, C, P, C, C, P, C, C, P, C, C], EARLY, slip="pooling"
        ),
        Mistake(
            "pools at the end",
            [C, C, C, C, C, P, C, P, C, C, C, P],
            ENDS,
            slip="pooling",
        ),
        Mistake(
            "one layer after pooling",
            [C, C, C, C, C, P, C, C, C, P, C],
            ENDS,
            slip="pooling",
        ),
        Mistake(
            "two in a row", [C, C, C, C, C, P, P, C, C, C, C, C], TWICE, slip="pooling"
        ),
        Mistake("convolutions only", [C] * 12, SMALL, slip="small field"),
        Mistake(
            "one pooling too few",
            [C, C, C, C, C, P, C, C, C, C],
            SMALL,
            slip="small field",
        ),
    ),
    hints=(
        "How large is the field after n convolutions? When is it 11?",
        "Five convolutions see 11. After one pooling every convolution adds 4 instead "
        "of 2, after two poolings 8.",
        "Five convolutions, pooling, one or two convolutions, pooling, three "
        "convolutions.",
    ),
    takeaway=(
        "Pooling widens the field of all layers after it; first let some layers look "
        "at the full resolution, and let some look at the result."
    ),
)
