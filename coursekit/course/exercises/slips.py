"""The misconceptions behind wrong answers: a name, what to do, and how to tell them.

A wrong answer belongs to the first slip whose `names` fit its name or whose `says` is
found in the sentence that a student reads. Special slips stand before general ones.

This module is a table.
"""

import re
from dataclasses import dataclass

from coursekit.course.exercises.exercise import Mistake


@dataclass(frozen=True)
class Slip:
    """A misconception that turns up in many exercises.

    Args:
        title: its name, a heading without punctuation.
        advice: what to do about it.
        names: pattern of whole names of wrong answers.
        says: pattern found in their sentences; "" for none.
    """

    title: str
    advice: str
    names: str
    says: str = ""

    def fits(self, mistake: Mistake) -> bool:
        """Say whether a wrong answer is a case of this slip."""
        if re.fullmatch(self.names, mistake.name):
            return True
        return bool(self.says) and re.search(self.says, mistake.message) is not None


SLIPS = (
    Slip(
        "The input is changed",
        "`+=`, `x[...] = 0` and names that end in `_` write into the tensor you were "
        "given, and the caller still needs it. Compute a new one, or start with "
        "`x.clone()`.",
        r"in_place",
    ),
    Slip(
        "Cut off from the graph",
        "No gradient flows through `.item()`, `.detach()`, `float(...)`, "
        "`torch.tensor(...)` or numpy. Stay with torch operations on tensors.",
        r"\w*cut_from_the_graph|constant_statistics",
    ),
    Slip(
        "Training and evaluation are mixed up",
        "Dropout and auxiliary losses work in training only. Read what the flag means, "
        "and try both of its values.",
        r"reversed_mode|\w*at_evaluation|never_drops",
    ),
    Slip(
        "Logits and probabilities are mixed up",
        "Raw logits, shares that add up to 1 and logarithms of shares are three "
        "different things. Losses of torch want raw logits and do the rest themselves.",
        r"softmax_(twice|first)|With(Log)?Softmax|\w*logarithm|nll_of_probabilities"
        r"|softmax_then_log|scales_the_shares|without_exponential|sigmoid|one_hot",
    ),
    Slip(
        "Large numbers overflow",
        "e^x is infinite from x = 89 on in float32. Subtract the largest value of the "
        "row first: softmax does not notice.",
        r"overflows|clamped|shift_only",
    ),
    Slip(
        "Variance and deviation are mixed up",
        "The deviation is the root of the variance; eps goes inside the root.",
        r"divides_by_the_variance|keeps_deviations|eps_outside_the_root"
        r"|divides_by_the_norm",
    ),
    Slip(
        "Count and count minus one are mixed up",
        "`var` and `std` divide by count − 1 unless `correction=0`. Batch norm "
        "normalises with the one and tracks the other.",
        r"sample_(variance|deviation)|biased_variance|counts_images",
    ),
    Slip(
        "K where K times K is meant",
        "A square kernel has K·K weights, a square map has side·side pixels.",
        r"kernels?_not_squared|square_with_k|still_square|middle_with_one"
        r"|pointwise_with_nine|sides_added",
    ),
    Slip(
        "Biases are counted wrong",
        "One bias for each output channel or unit, none for the input, and none before "
        "batch norm, which takes it away again. Read whether the exercise counts them.",
        r"(?!biased)\w*bias\w*|WithBias(es)?|NoBias|forgets the biases",
        r"[Bb]ias(es)?\b.*(count|forget)|(count|forget)\w* .*\bbias",
    ),
    Slip(
        "A ReLU too many or too few",
        "Draw the layers as boxes. A ReLU follows every convolution inside; none "
        "stands before the prediction, and in a residual block the last one follows "
        "the sum.",
        r"(No|With|Last)\w*Relu\w*|\w*Relu\w*|no_relu|relu_\w+|through_relu"
        r"|adds_a_relu|absolute_value",
    ),
    Slip(
        "Only one of the two axes is treated",
        "A map has rows and columns, and they need not be equally many. Do to the "
        "width what you did to the height.",
        r"(rows|columns)_only|one_axis_only|first_only|second_only|stripes|square_map"
        r"|takes_height_for_width|wrong_size|one axis only",
    ),
    Slip(
        "The wrong axes",
        "Say aloud what has a number of its own: each image, each channel, each row? "
        "These axes stay; mean, sum, maximum and softmax run over all others. Write "
        "`dim=` with the letters n c h w in mind, and print the shape.",
        r"over_(?!the_(first|smaller))\w+|each_\w+_alone|per_pixel|mixes_\w+"
        r"|one_mean_for_all|all_channels|layer_norm|instance_norm|global_maximum"
        r"|scales_the_(last_axis|inputs)|ConcatenatesRows|same_square_for_all"
        r"|channels_(last|first)|scrambled?\w*|flips_channels|pads_the_width|rotates"
        r"|across_the_map|set_of_labels|mean_of_variances|first_channel_only",
    ),
    Slip(
        "Axes of length one are left over",
        "`keepdim=True`, slices such as `x[:, :1]` and 1×1 maps leave axes of length "
        "1. Compare the shape with the one the statement asks for; `flatten` or "
        "`squeeze(dim)` takes them away.",
        r"keeps_(axes|the_axis|two_axes_more)|KeepsAxes",
    ),
    Slip(
        "Off by one",
        "Try the smallest case by hand. Ends are exclusive, the first position counts "
        "too, and a unit sees one pixel before any layer.",
        r"\w*(starts_at_zero|starts_late|inclusive_ends?|one_too_\w+|stops_one_early)"
        r"|one_more|forgets_plus_one|adds_one_first|one too (few|many)|last_start"
        r"|adds_whole_kernels",
        r"one (position|pixel) too|one short",
    ),
    Slip(
        "A float or the wrong rounding",
        "`/` gives a float; `//` rounds down and keeps an int. What no longer fits is "
        "dropped, so round down.",
        r"true_division|rounds_up",
    ),
    Slip(
        "Dilation stretches the gaps not the kernel",
        "K weights have K − 1 gaps, so with dilation d they reach over d(K − 1) + 1 "
        "pixels.",
        r"dilates_the_kernel|halves_the_stretched_kernel",
    ),
    Slip(
        "The order is turned round",
        "Rows before columns, (y, x) for pixels and (x1, y1, x2, y2) for boxes; "
        "several results in the order in which the statement names them.",
        r"swaps_\w+|rows_first|corners_apart|\w*transposes?(?!\w)\w*|transpose\w*"
        r"|OtherOrder|SwapsReducedAndOut|largest_first|width_and_height|reorders"
        r"|zeros_in_front|wrong_shape|PoolFirst|ReducesAfterPooling|flips(_the_kernel)?"
        r"|shifts_first|divides_before_subtracting|upside_down|walks_from_the_end",
        r"wrong way round|the other way round",
    ),
    Slip(
        "The stride is in the wrong place",
        "A stride of S takes every S-th position in rows and columns. It moves the "
        "layer's own outputs apart, so it counts for the layers after it, and jumps of "
        "several layers multiply.",
        r"strides_by_the_kernel|overlaps|Overlapping|StrideOnTheSecond|Strided"
        r"|jumps_too_early|last_stride_only|keeps_the_(corner|size)|strided_maximum",
    ),
    Slip(
        "Pooling in the wrong place",
        "Pool when the layers before have seen something, look at what is left, and "
        "end with convolutions.",
        r"pools \w+.*|two (poolings )?in a row|one layer after pooling|three poolings"
        r"|a 1×1 to have looked",
    ),
    Slip(
        "The field is too small",
        "The last layer has to see the whole object. A 3×3 adds 2 pixels, times the "
        "strides and poolings before it, so a convolution after pooling widens more.",
        r"convolutions only|one (pooling|convolution) too few|1×1 layers widen nothing"
        r"|one 3×3 for .*",
        r"^The field of your last layer",
    ),
    Slip(
        "Divided by the wrong number",
        "Say what the parts should add up to, and divide by that: the pixels of the "
        "map, the rows of the batch, the area of the union.",
        r"over_the_(first|smaller)|enclosing_box|intersection_only|counts_common_twice"
        r"|divides_by_(?!the_(variance|norm))\w+|forgets_to_divide|unnormalised"
        r"|not_renormalised|counts_hits|not_a_share|half_the_size",
    ),
    Slip(
        "The sign is turned round",
        "A loss is *minus* the log-likelihood; downhill is against the gradient; the "
        "mean is subtracted. Try one number and look whether the result has the sign "
        "you expect.",
        r"forgets_the_sign|ascends|negative|\w*with_wrong_sign|adds_the_(mean|sum)"
        r"|signed|smallest\w*|minimum|keeps_the_square|keeps_what_should_go",
    ),
    Slip(
        "An argument is ignored",
        "Its usual value is built in, or it is not used at all. Go through the "
        "signature: each argument must appear in your code.",
        r"(always|ignores)_\w+|forgets_(k|eps)|AlwaysProjects",
        r"^You always|is an argument",
    ),
    Slip(
        "Multiplied where it divides",
        "Ask what a larger value should do to the result: make it larger or smaller? "
        "Then try it with 2.",
        r"inverse_weights|scales_by_p|p_is_kept|momentum_reversed|reciprocal",
        r"^You multiply\b.*divide|^You divide .*multiply|has to grow",
    ),
    Slip(
        "Added where it multiplies",
        "Parallel things and layers after each other add up; channels, the sides of a "
        "kernel and the strides of a chain multiply. Fields grow by adding.",
        r"adds_(channels|strides|sides|sizes)|multipl\w+|squares_the_layers"
        r"|returns_the_product",
        r"add(s|ed)? .*: multiply|multipl.*: add\b",
    ),
    Slip(
        "Mean and sum and maximum are mixed up",
        "Pooling takes the largest, global average pooling the mean, a convolution the "
        "sum. A mean does not depend on how many there are, a sum does.",
        r"averages\w*|sums\w*|means\w*|mean_of_\w+|takes_the_maximum|MaxPooled|Summed"
        r"|AveragePool|adds|largest|plain_mean|unweighted|gradient_of_the_sum"
        r"|Concatenates|mean_of_the_\w+",
        r"^You (average|add up)",
    ),
    Slip(
        "Only one of several is counted",
        "Every image of the batch, every channel, every layer and every branch counts. "
        "Write down how many there are before you start.",
        r"one_(?!output|sided|deviation|sum)\w+|first_(?!true|channels)\w+|last_\w+"
        r"|largest_(?!size)\w+|longest_only|latest_branch|kth_only|exactly_kth|top_one"
        r"|prefixes_only|skips_\w+|one (filter|way)"
        r"|counts_one_\w+|main_only|same_channels|own_channel|right_class_only",
        r"^You count (one|a single|the last|only)|only; (?!asked)",
    ),
    Slip(
        "The answer to another question",
        "Read the statement once more: which quantity, in which unit, as a share or a "
        "number, one value or several?",
        r"returns_\w+|share_lost|size_only|counts_\w+|in_(bits|megabytes)|percent\w*"
        r"|error_instead|not_a_share|pixels instead of a share|loss_only|kernel_only"
        r"|percent instead of a share|end_for_size|dice|weights_only|output values",
        r"asked (is|are)",
    ),
    Slip(
        "Borders are treated wrong",
        "Ask what happens at the first and at the last pixel. Padding goes on both "
        "sides; without it a map gets smaller; a negative index counts from the other "
        "end.",
        r"pads_with_zeros|without_padding|wraps_around|stays_inside|clips_at_zero"
        r"|zeros_on_both_sides|negative_overlap|clamps_the_area|never hangs over"
        r"|both_sides_at_once|pads_\w+|one pixel a layer|as many as pixels",
    ),
    Slip(
        "A step is left out",
        "Write the formula above your code and tick off each part of it.",
        r"forgets_\w+|no_\w+|No[A-Z]\w+|unnormalised|\w*not_(scaled|centred"
        r"|renormalised)|centres_only|scales_only|mean_only|adds_without_fading"
        r"|kernel_unchanged|flips_none|\w*Unused|refuses_no_layers|all_zeros|rescale\w*",
        r"^You never|and stop\b|(is|are) missing|^You forget|leaves? out|^You only",
    ),
)


def slip_of(mistake: Mistake) -> Slip | None:
    """Return the slip behind a wrong answer, or None where it is one of its own."""
    return next((slip for slip in SLIPS if slip.fits(mistake)), None)
