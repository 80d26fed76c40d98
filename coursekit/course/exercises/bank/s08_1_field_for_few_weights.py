"""08.1 A receptive field for as few weights as possible (challenge A1)."""

import itertools

from coursekit.course.exercises.exercise import Exercise, Mistake

FIELD, LOOKED, CHANNELS, LEAST, MOST_LAYERS = 28, 5, 8, 2_880, 16
KERNELS = {"conv1": 1, "conv3": 3, "conv5": 5}
WORDS = (*KERNELS, "pool")

SHAPE = (
    'Give a list of the words "conv1", "conv3", "conv5" and "pool", such as '
    '["conv3", "pool", "conv3"].'
)
EMPTY = "Your list is empty; the network needs at least one layer."
TOO_LONG = f"Your network has more than {MOST_LAYERS} layers."
EARLY = (
    f"Your first pooling comes before the field is {LOOKED}×{LOOKED}: it throws "
    "three of four values away before anything has looked at a stroke."
)
TWICE = (
    "Two pooling layers follow each other: the second one pools what nobody has "
    "looked at. Put a convolution between them."
)
SMALL_MAP = (
    "You pool more than twice: from 28×28 the last map gets smaller than 7×7, and the "
    "average over it has almost nothing left to average."
)
ENDS = (
    "Your last layer is a pooling layer, just before the prediction: what it keeps is "
    "not looked at again. End with a convolution."
)
SMALL = (
    f"The field of your last layer is smaller than {FIELD}: it does not see the whole "
    "digit. A 3×3 after two poolings adds 8 pixels, before them 2."
)


def too_many(weights):
    """Say how far a design is from the cheapest one."""
    return (
        f"Every rule is met, but your network has {weights:,} weights; {LEAST:,} are "
        "enough. A 5×5 costs almost as much as three 3×3, and after pooling a "
        "convolution buys more pixels for the same weights."
    )


def broken_rule(layers):
    """Return the sentence of the first rule the design breaks, or ""."""
    if not isinstance(layers, (list, tuple)):
        raise ValueError(SHAPE)
    if not all(isinstance(word, str) and word in WORDS for word in layers):
        raise ValueError(SHAPE)
    if not layers:
        return EMPTY
    if len(layers) > MOST_LAYERS:
        return TOO_LONG
    before = list(itertools.takewhile(lambda word: word != "pool", layers))
    if "pool" in layers and field(before) < LOOKED:
        return EARLY
    if ("pool", "pool") in itertools.pairwise(layers):
        return TWICE
    if layers.count("pool") > 2:
        return SMALL_MAP
    if layers[-1] == "pool":
        return ENDS
    if field(layers) < FIELD:
        return SMALL
    total = weights(layers)
    return too_many(total) if total > LEAST else ""


def field(layers):
    """Count the input pixels under one unit of the last layer, by walking back."""
    width = 1
    for word in reversed(layers):
        width = 2 * width if word == "pool" else width + KERNELS[word] - 1
    return width


def weights(layers):
    return sum(CHANNELS**2 * KERNELS[word] ** 2 for word in layers if word in KERNELS)


ONE, C, BIG, P = "conv1", "conv3", "conv5", "pool"

EXERCISE = Exercise(
    id="08.1",
    title="A field of 28 for the fewest weights",
    statement=(
        "Design a chain for pictures of 28×28 pixels: a list of the words "
        '"conv1", "conv3", "conv5" (stride 1, the size is kept) and "pool" (2×2, '
        "stride 2). Every convolution has 8 channels in and out and no bias: 64, 576 "
        "and 1,600 weights. (1) The last layer's field is at least 28. (2) The first "
        "pooling comes once the field is at least 5. (3) At most two poolings, never "
        "two in a row, and not as the last layer. (4) With as few weights as "
        "possible, in at most 16 layers."
    ),
    minutes=10,
    difficulty=3,
    importance=5,
    kind="design",
    solution=[C, C, P, C, P, C, C],
    oracle=broken_rule,
    right=(  # by trying all chains: the only one with 2,880 weights
        (C, C, P, C, P, C, C),
        ["conv3", "conv3", "pool", "conv3", "pool", "conv3", "conv3"],
    ),
    wrong=(
        Mistake("no layers", [], EMPTY),
        Mistake("seventeen convolutions", [C] * 17, TOO_LONG),
        Mistake("pools first", [P, C, C, P, C, C, C], EARLY, slip="pooling"),
        Mistake("pools after one 3×3", [C, P, C, C, P, C, C, C], EARLY, slip="pooling"),
        Mistake("a 1×1 to have looked", [ONE, P, C, C, P, C, C], EARLY, slip="pooling"),
        Mistake("two poolings in a row", [C, C, P, P, C, C, C], TWICE, slip="pooling"),
        Mistake("three poolings", [C, C, P, C, P, C, P, C], SMALL_MAP, slip="pooling"),
        Mistake(
            "pools at the end", [C, C, C, C, P, C, C, C, C, P], ENDS, slip="pooling"
        ),
        Mistake("convolutions only", [C] * 13, SMALL, slip="small field"),
        Mistake(
            "one convolution too few", [C, C, P, C, P, C], SMALL, slip="small field"
        ),
        Mistake(
            "1×1 layers widen nothing",
            [C, C, P, C, P, C, ONE],
            SMALL,
            slip="small field",
        ),
        Mistake("fourteen 3×3", [C] * 14, too_many(8_064)),
        Mistake("one pooling", [C, C, P, *[C] * 6], too_many(4_608)),
        Mistake("5×5 at both ends", [BIG, P, C, P, BIG], too_many(3_776)),
        Mistake("three 5×5", [BIG, P, BIG, P, BIG], too_many(4_800)),
        Mistake("a 5×5 first", [BIG, P, C, P, C, C], too_many(3_328)),
        Mistake("one convolution too many", [C, C, P, C, C, P, C, C], too_many(3_456)),
    ),
    hints=(
        "Which kernel sees 5 pixels for the fewest weights: one 5×5 or two 3×3?",
        "After two poolings every 3×3 adds 8 pixels. How few layers before them do "
        "the rules allow?",
        "Two 3×3, pooling, one 3×3, pooling: the field is 12. How many 3×3 from there "
        "to 28?",
    ),
    takeaway=(
        "2,880 weights see 28 pixels: 3×3 kernels only, and as many of them after "
        "pooling as the rules allow. The same field without pooling costs 8,064."
    ),
)
