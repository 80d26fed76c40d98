"""The misconceptions behind wrong answers: a name and what to do about each.

A wrong answer of an exercise carries the key of its slip: `@slip("axes")`. This module
is a table.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Slip:
    """A misconception that turns up in many exercises.

    Args:
        title: its name, a heading without punctuation.
        advice: what to do about it.
    """

    title: str
    advice: str


SLIPS = {
    "in place": Slip(
        "The input is changed",
        "`+=`, `x[...] = 0` and names that end in `_` write into the tensor you "
        "were given, and the caller still needs it. Compute a new one, or start "
        "with `x.clone()`.",
    ),
    "graph": Slip(
        "Cut off from the graph",
        "No gradient flows through `.item()`, `.detach()`, `float(...)`, "
        "`torch.tensor(...)` or numpy. Stay with torch operations on tensors.",
    ),
    "training": Slip(
        "Training and evaluation are mixed up",
        "Dropout and auxiliary losses work in training only. Read what the flag "
        "means, and try both of its values.",
    ),
    "logits": Slip(
        "Logits and probabilities are mixed up",
        "Raw logits, shares that add up to 1 and logarithms of shares are three "
        "different things. Losses of torch want raw logits and do the rest "
        "themselves.",
    ),
    "overflow": Slip(
        "Large numbers overflow",
        "e^x is infinite from x = 89 on in float32. Subtract the largest value of "
        "the row first: softmax does not notice.",
    ),
    "deviation": Slip(
        "Variance and deviation are mixed up",
        "The deviation is the root of the variance; eps goes inside the root.",
    ),
    "count": Slip(
        "Count and count minus one are mixed up",
        "`var` and `std` divide by count − 1 unless `correction=0`. Batch norm "
        "normalises with the one and tracks the other.",
    ),
    "square": Slip(
        "K where K times K is meant",
        "A square kernel has K·K weights, a square map has side·side pixels.",
    ),
    "bias": Slip(
        "Biases are counted wrong",
        "One bias for each output channel or unit, none for the input, and none "
        "before batch norm, which takes it away again. Read whether the exercise "
        "counts them.",
    ),
    "relu": Slip(
        "A ReLU too many or too few",
        "Draw the layers as boxes. A ReLU follows every convolution inside; none "
        "stands before the prediction, and in a residual block the last one "
        "follows the sum.",
    ),
    "one axis": Slip(
        "Only one of the two axes is treated",
        "A map has rows and columns, and they need not be equally many. Do to the "
        "width what you did to the height.",
    ),
    "axes": Slip(
        "The wrong axes",
        "Say aloud what has a number of its own: each image, each channel, each "
        "row? These axes stay; mean, sum, maximum and softmax run over all "
        "others. Write `dim=` with the letters n c h w in mind, and print the "
        "shape.",
    ),
    "length one": Slip(
        "Axes of length one are left over",
        "`keepdim=True`, slices such as `x[:, :1]` and 1×1 maps leave axes of "
        "length 1. Compare the shape with the one the statement asks for; "
        "`flatten` or `squeeze(dim)` takes them away.",
    ),
    "off by one": Slip(
        "Off by one",
        "Try the smallest case by hand. Ends are exclusive, the first position "
        "counts too, and a unit sees one pixel before any layer.",
    ),
    "float": Slip(
        "A float or the wrong rounding",
        "`/` gives a float; `//` rounds down and keeps an int. What no longer "
        "fits is dropped, so round down.",
    ),
    "dilation": Slip(
        "Dilation stretches the gaps not the kernel",
        "K weights have K − 1 gaps, so with dilation d they reach over d(K − 1) + "
        "1 pixels.",
    ),
    "order": Slip(
        "The order is turned round",
        "Rows before columns, (y, x) for pixels and (x1, y1, x2, y2) for boxes; "
        "several results in the order in which the statement names them.",
    ),
    "stride": Slip(
        "The stride is in the wrong place",
        "A stride of S takes every S-th position in rows and columns. It moves "
        "the layer's own outputs apart, so it counts for the layers after it, and "
        "jumps of several layers multiply.",
    ),
    "pooling": Slip(
        "Pooling in the wrong place",
        "Pool when the layers before have seen something, look at what is left, "
        "and end with convolutions.",
    ),
    "small field": Slip(
        "The field is too small",
        "The last layer has to see the whole object. A 3×3 adds 2 pixels, times "
        "the strides and poolings before it, so a convolution after pooling "
        "widens more.",
    ),
    "divisor": Slip(
        "Divided by the wrong number",
        "Say what the parts should add up to, and divide by that: the pixels of "
        "the map, the rows of the batch, the area of the union.",
    ),
    "sign": Slip(
        "The sign is turned round",
        "A loss is *minus* the log-likelihood; downhill is against the gradient; "
        "the mean is subtracted. Try one number and look whether the result has "
        "the sign you expect.",
    ),
    "ignored": Slip(
        "An argument is ignored",
        "Its usual value is built in, or it is not used at all. Go through the "
        "signature: each argument must appear in your code.",
    ),
    "inverse": Slip(
        "Multiplied where it divides",
        "Ask what a larger value should do to the result: make it larger or "
        "smaller? Then try it with 2.",
    ),
    "added": Slip(
        "Added where it multiplies",
        "Parallel things and layers after each other add up; channels, the sides "
        "of a kernel and the strides of a chain multiply. Fields grow by adding.",
    ),
    "mean or sum": Slip(
        "Mean and sum and maximum are mixed up",
        "Pooling takes the largest, global average pooling the mean, a "
        "convolution the sum. A mean does not depend on how many there are, a sum "
        "does.",
    ),
    "only one": Slip(
        "Only one of several is counted",
        "Every image of the batch, every channel, every layer and every branch "
        "counts. Write down how many there are before you start.",
    ),
    "question": Slip(
        "The answer to another question",
        "Read the statement once more: which quantity, in which unit, as a share "
        "or a number, one value or several?",
    ),
    "border": Slip(
        "Borders are treated wrong",
        "Ask what happens at the first and at the last pixel. Padding goes on "
        "both sides; without it a map gets smaller; a negative index counts from "
        "the other end.",
    ),
    "left out": Slip(
        "A step is left out",
        "Write the formula above your code and tick off each part of it.",
    ),
}
