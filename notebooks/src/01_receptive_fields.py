# %% [markdown]
# # 01 Receptive fields
#
# **How much of the picture does one number inside a network see?**
#
# Afterwards you can compute output sizes, weights and receptive fields by hand and
# check them in code.
#
# About 120 minutes of work · first of two notebooks · comes after
# [00 Start here](00_start_here.ipynb) · runs offline, without a GPU.

# %% tags=["setup"]
# setup

# %% tags=["fold"]
import copy
import time
from importlib.util import find_spec
from itertools import pairwise, product
from random import Random

import torch
from torch import nn
from torch.nn import functional as F

from coursekit import anatomy, check, claim, figures, hint, photos, predict, reveal
from coursekit import solution, verdict
from coursekit.anatomy import seen
from coursekit.course import prediction_table, verdict_table
from coursekit.explore import explore_kernel, explore_padding
from coursekit.explore import explore_receptive_field
from coursekit.training import track

# %% [markdown]
# The numbers that steer the experiments stand in one cell. Change one, run the session
# again, and see which verdicts move.

# %%
SEED = 0
FFT_IMAGE = 256  # side of the picture in the speed race, pixels
FFT_KERNELS = (1, 3, 5, 7, 9, 11, 15, 21, 31)
RANDOM_KERNELS = 5  # how many random 5×5 kernels we try to factorise
RANDOM_CHAINS = 20  # how many random networks the calculator has to get right

# %% [markdown]
# Two real photographs travel with the course. We use the temple, in colour and in grey,
# with pixels between 0 and 1.

# %%
photo = photos().images[0] / 255  # c h w
grey = photo.mean(0)  # h w
figures.images(
    [photo, grey],
    ["photo 3×427×640", "grey 427×640"],
    title="A colour photo is three numbers a pixel, a grey one is one",
    words="The same temple twice, once in three channels, once as their average.",
)

# %% [markdown]
# ## 1 · A convolution is a list of sums of products

# %%
claim("C01")

# %% [markdown]
# By hand first. Lay five weights of 0.2 on the first five numbers, multiply, add up,
# move one step to the right.

# %%
values = torch.tensor([3.0, 6, 9, 6, 3, 0, 3])
weights = torch.full((5,), 0.2)
by_hand = torch.stack([(values[i : i + 5] * weights).sum() for i in range(3)])
by_hand

# %%
figures.matrices(
    {"input": values, "kernel": weights, "output": by_hand},
    highlight={"input": ((0, 1), (0, 5)), "output": ((0, 1), (0, 1))},
    title="Five numbers in, their average out, then one step to the right",
    words="Seven input numbers, five weights of 0.2 below them, three averages at "
    "the bottom; a frame marks the five inputs of the first output.",
)

# %% [markdown]
# torch does the same in one call. It wants a batch and a channel axis in front.

# %%
by_torch = F.conv1d(values[None, None], weights[None, None])[0, 0]
by_torch

# %% [markdown]
# In two dimensions the window is a square. A 9×9 kernel of equal weights is a blur:
# each new pixel is the mean of the 81 around it.

# %%
box = torch.full((1, 1, 9, 9), 1 / 81)
blurred = F.conv2d(grey[None, None], box)[0, 0]
figures.images(
    [grey[40:168, 220:348], blurred[36:164, 216:344]],
    ["before", "after 9×9 box"],
    title="Averaging blurs: fine lines go, large surfaces stay",
    words="A detail of the temple roof, sharp on the left and blurred on the right.",
)

# %% [markdown]
# Does it hold at every position, not just where we looked? Compare with the mean of
# every patch.

# %%
fives = values.unfold(0, 5, 1).mean(1)
patches = grey.unfold(0, 9, 1).unfold(1, 9, 1).mean((2, 3))  # h w

# %% tags=["check", "verdict"]
verdict(
    "C01",
    cases={
        "by hand = F.conv1d": torch.allclose(by_hand, by_torch),
        "F.conv1d = mean of five": torch.allclose(by_torch, fives),
        "box blur = mean of each patch": torch.allclose(blurred, patches, atol=1e-5),
    },
    measured={"numbers compared": by_hand.numel() + blurred.numel()},
    why="Equal weights that add up to 1 turn a sum of products into a mean.",
)

# %% [markdown]
# **Exercise 01.2 (15 minutes).** Write the two-dimensional version with plain loops.
# Tiny case: the image `[[1, 2], [3, 4]]` with the kernel `[[1, 10]]` gives
# `[[21], [43]]`; the result keeps the image's dtype. Stuck? Run `hint("01.2")` in a new
# cell, later `solution("01.2")`.


# %%
def conv2d(image, kernel):
    """Slide `kernel` (kh, kw) over `image` (h, w): stride 1, no padding."""
    ### BEGIN SOLUTION
    kh, kw = kernel.shape
    rows, columns = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    result = image.new_zeros(rows, columns)
    for y in range(rows):
        for x in range(columns):
            result[y, x] = (image[y : y + kh, x : x + kw] * kernel).sum()
    return result
    ### END SOLUTION


# %% tags=["check"]
check("01.2", conv2d)

# %% [markdown]
# Now move the kernel yourself. **One question to settle:** with dilation 2, how many
# pixels does a 3×3 kernel span, and how many does it read?

# %%
explore_kernel()

# %% [markdown]
# The same without a slider: the nine pixels that a dilated 3×3 reads.

# %%
reads = torch.zeros(7, 7, dtype=torch.int)
reads[1:6:2, 1:6:2] = 1
figures.matrix(
    reads,
    name="input pixels read",
    highlight=((1, 6), (1, 6)),
    title="Dilation 2: nine pixels read, a 5×5 window spanned",
    words="A 7×7 grid with ones at nine positions two apart; a frame of 5×5 around "
    "them.",
)

# %% [markdown]
# ## 2 · The kernel is not flipped, and the FFT is a rival

# %%
claim("C02")

# %% [markdown]
# A mathematician's convolution turns the kernel around before it slides. Networks do
# not: that is cross-correlation. A single 1 in the input tells the two apart.

# %%
spike = torch.tensor([0.0, 0, 1, 0, 0])
kernel = torch.tensor([1.0, 2, 3])
slid = F.conv1d(spike[None, None], kernel[None, None])[0, 0]
flipped = F.conv1d(spike[None, None], kernel.flip(0)[None, None])[0, 0]
answers = {"output, conv1d": slid, "output, maths": flipped}
figures.matrices(
    {"input": spike, "kernel": kernel, **answers},
    title="conv1d answers a spike with the kernel turned around",
    words="The input 0 0 1 0 0; conv1d gives 3 2 1, the mathematician's convolution "
    "1 2 3.",
)

# %% [markdown]
# The weights are learned, so the flip makes no difference to a network.
#
# Fourier's way: multiply the spectra instead of sliding.


# %%
def direct(image, kernel):
    return F.conv2d(image[None, None], kernel[None, None])[0, 0]


def by_fft(image, kernel):
    """Cross-correlate through the spectrum; keep the part without wrap-around."""
    size = image.shape
    spectrum = torch.fft.rfft2(image) * torch.fft.rfft2(kernel, size).conj()
    h, w = (side - k + 1 for side, k in zip(size, kernel.shape, strict=True))
    return torch.fft.irfft2(spectrum, size)[:h, :w]


# %% [markdown]
# Sliding costs K·K products per pixel. The FFT costs the same for every kernel.
#
# **Predict:** on a 256×256 picture and this machine, from which kernel size K on is the
# FFT faster: 5, 15, 31 or never?

# %%
guess = 15  # answer
sure = ...  # how sure, 50 to 100: only if you like
predict("01-fft-crossover", guess, options=(5, 15, 31, "never"), sure=sure)

# %% [markdown]
# A stopwatch (its code is folded), then the race over kernels of nine sizes.


# %% tags=["fold"]
def milliseconds(run, *arguments, times=7):
    """Return the fastest of several runs: the one that was disturbed least."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run(*arguments)
        seconds.append(time.perf_counter() - start)
    return 1000 * min(seconds)


# %%
square = grey[:FFT_IMAGE, :FFT_IMAGE].contiguous()
kernels = [torch.full((k, k), 1 / k**2) for k in FFT_KERNELS]
race = {
    "sliding": [milliseconds(direct, square, k) for k in kernels],
    "FFT": [milliseconds(by_fft, square, k) for k in kernels],
}
pairs = zip(FFT_KERNELS, race["sliding"], race["FFT"], strict=True)
wins = [k for k, slide, fft in pairs if fft < slide]

# %% [markdown]
# Where do the two curves cross?

# %%
figures.curves(
    FFT_KERNELS,
    race,
    xlabel="kernel size K (pixels)",
    ylabel="time (ms)",
    title=(
        f"The FFT is faster from K = {min(wins)} on" if wins else "Sliding always wins"
    ),
    log_y=True,
    mark={"first win of the FFT": min(wins)} if wins else None,
    words="Time against kernel size on a logarithmic axis: sliding takes "
    f"{race['sliding'][0]:.2f} ms for K = {FFT_KERNELS[0]} and "
    f"{race['sliding'][-1]:.2f} ms for K = {FFT_KERNELS[-1]}, the FFT "
    f"{race['FFT'][0]:.2f} and {race['FFT'][-1]:.2f} ms.",
)

# %%
both = [(direct(square, k), by_fft(square, k)) for k in kernels]
same = [torch.allclose(slide, fft, atol=1e-4) for slide, fft in both]

# %% tags=["verdict"]
verdict(
    "C02",
    cases={
        "the kernel is not flipped": torch.equal(slid, kernel.flip(0)),
        "the FFT gives the same numbers": all(same),
        "the FFT is faster for the smallest kernel": min(FFT_KERNELS) in wins,
        "the FFT is faster for the largest kernel": max(FFT_KERNELS) in wins,
    },
    measured={"smallest kernel where the FFT wins here": min(wins, default=0)},
    predicted=reveal("01-fft-crossover", min(wins, default="never")),
    why="Sliding costs K² per pixel, the FFT a fixed price; small kernels are cheap.",
)

# %% [markdown]
# Networks use kernels of 1 to 7 on many channels, where libraries slide (in several
# clever ways). The crossover is a property of this machine and this picture size, not a
# law.
#
# ## 3 · How large is the output?

# %% [markdown]
# By hand: a window of 3 has three places in a list of 5. Each row below is one place.

# %%
places = torch.zeros(3, 5, dtype=torch.int)
for place in range(3):
    places[place, place : place + 3] = 1
figures.matrix(
    places,
    name="input",
    title="A window of 3 fits into 5 at three places",
    words="Three rows of five cells; ones mark columns 1 to 3, then 2 to 4, then 3 "
    "to 5.",
)

# %% [markdown]
# **Exercise 01.1 (6 minutes).** Write the rule for side, kernel, stride, padding and
# dilation. Tiny case: `output_size(5, 3)` is 3, `output_size(5, 3, padding=1)` is 5.


# %%
def output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    """Return the side of the output map of a convolution."""
    ### BEGIN SOLUTION
    span = dilation * (kernel_size - 1) + 1
    return (size - span + 2 * padding) // stride + 1
    ### END SOLUTION


# %% tags=["check"]
check("01.1", output_size)

# %% [markdown]
# **Exercise 01.8 (6 minutes).** Which padding keeps the size of the map? Tiny case: a
# 3×3 takes 2 off, so `same_padding(3)` is 1.


# %%
def same_padding(kernel_size, dilation=1):
    """Return the padding that keeps the map's size (odd kernel, stride 1)."""
    ### BEGIN SOLUTION
    return dilation * (kernel_size - 1) // 2
    ### END SOLUTION


# %% tags=["check"]
check("01.8", same_padding)

# %% [markdown]
# The rule as the claim states it, to be tested against torch:

# %%
claim("C03")

# %% [markdown]
# Now the formula of the claim against torch, on every combination that fits. On the
# `meta` device torch computes shapes only, so thousands of settings take a moment. One
# axis is enough: height and width follow the same rule.


# %%
def formula(size, k, stride, padding, dilation):
    return (size - (dilation * (k - 1) + 1) + 2 * padding) // stride + 1


def by_torch_shape(size, k, stride, padding, dilation):
    image = torch.empty(1, 1, size, device="meta")
    weight = torch.empty(1, 1, k, device="meta")
    out = F.conv1d(image, weight, None, stride, padding, dilation)
    return out.shape[-1]


# %%
grid = product(range(5, 33), range(1, 8), (1, 2, 3), range(4), (1, 2, 3))
settings = [s for s in grid if s[4] * (s[1] - 1) + 1 <= s[0] + 2 * s[3]]
agree = [formula(*s) == by_torch_shape(*s) for s in settings]
sum(agree), len(agree)

# %% [markdown]
# The same formula as a table, for an input of 32 pixels without padding:

# %%
figures.heatmap(
    [[formula(32, k, s, 0, 1) for k in range(1, 8)] for s in (1, 2, 3, 4)],
    title="From 32 pixels: the kernel takes a little, the stride divides",
    xlabel="kernel size (pixels)",
    ylabel="stride (pixels)",
    label="output side (pixels)",
    xticks=list(range(1, 8)),
    yticks=[1, 2, 3, 4],
    values=True,
    words="Table of output sides for an input of 32; from 32 at kernel 1, stride 1 "
    "down to 7 at kernel 7, stride 4.",
)

# %% tags=["check", "verdict"]
verdict(
    "C03",
    cases={
        "formula = torch at every setting": all(agree),
        "3×3 takes 5 to 3": by_torch_shape(5, 3, 1, 0, 1) == 3,
        "3×3 takes 9 to 7": by_torch_shape(9, 3, 1, 0, 1) == 7,
    },
    measured={"settings": len(agree), "settings that agree": sum(agree)},
    why="The first place is free; every further place costs one stride.",
)

# %% [markdown]
# ## 4 · Counting weights

# %% [markdown]
# By hand: every output channel has its own K×K kernel **for each input channel**. With
# 2 channels in and 3 out that makes six kernels of 2×2.

# %%
tiny = nn.Conv2d(in_channels=2, out_channels=3, kernel_size=2)
tuple(tiny.weight.shape), tiny.weight.numel(), tiny.bias.numel()

# %% [markdown]
# **Exercise 01.7 (6 minutes).** Count for any layer. Tiny case: 3·2·2·2 weights and 3
# biases, so `conv_weights(2, 3, 2)` is 27.


# %%
def conv_weights(in_channels, out_channels, kernel_size, bias=True):
    """Return the number of parameters of a convolution with a square kernel."""
    ### BEGIN SOLUTION
    weights = out_channels * in_channels * kernel_size * kernel_size
    return weights + (out_channels if bias else 0)
    ### END SOLUTION


# %% tags=["check"]
check("01.7", conv_weights)

# %% [markdown]
# The claim, in general and on a famous layer:

# %%
claim("C04")

# %% [markdown]
# AlexNet's first layer: 96 filters of 11×11 on a colour picture. A lecture says it has
# "11K" weights. Count them on the layer itself.

# %%
conv1 = nn.Conv2d(3, 96, kernel_size=11, stride=4)
counts = {
    "one input channel (“11K”)": conv1.weight[:, 0].numel(),
    "all three channels": conv1.weight.numel(),
    "with the 96 biases": sum(p.numel() for p in conv1.parameters()),
}
figures.bars(
    counts,
    xlabel="numbers to learn",
    title="“11K” forgets two of three channels",
    words="Three bars, 11,616, 34,848 and 34,944.",
)

# %% [markdown]
# The whole layer as the course shows
# every network from now on:

# %%
anatomy(conv1, (3, 227, 227))

# %% [markdown]
# And the formula on 27 layers of every size:

# %%
some = list(product((1, 3, 64), (1, 10, 96), (1, 3, 11)))
layers = [nn.Conv2d(m, n, k, device="meta") for m, n, k in some]
numbers = [n * m * k * k + n for m, n, k in some]
counted = [sum(p.numel() for p in layer.parameters()) for layer in layers]
per_channel, on_colour, with_biases = counts.values()

# %% tags=["check", "verdict"]
verdict(
    "C04",
    cases={
        "N·M·K·K + N = torch's count": numbers == counted,
        "CONV1: 11,616 per input channel": per_channel == 11_616,
        "CONV1: 34,848 on RGB": on_colour == 34_848,
        "CONV1: 34,944 with biases": with_biases == 34_944,
    },
    measured={"layers counted": len(counted), "CONV1 on RGB": on_colour},
    why="Each filter has a kernel per input channel: 96·3·11·11, not 96·11·11.",
)

# %% [markdown]
# ## 5 · Why not connect everything with everything?

# %%
claim("C05")

# %% [markdown]
# The layers below are built on the `meta` device: shapes without numbers, because the
# first would not fit into most machines.

# %%
full = nn.Linear(200 * 200, 40_000, bias=False, device="meta")
one_map = nn.Conv2d(1, 1, 3, padding=1, bias=False, device="meta")
many_maps = nn.Conv2d(1, 64, 7, padding=3, bias=False, device="meta")
made = {
    "fully connected, 40,000 units": full.weight.numel(),
    "convolution 3×3, 40,000 units": one_map.weight.numel(),
    "64 convolutions 7×7, 2,560,000 units": many_maps.weight.numel(),
}
figures.bars(
    made,
    xlabel="weights",
    log=True,
    title="Small windows, shared by all places: 1.6 billion weights become 9",
    words="Three bars on a logarithmic axis: 1.6 billion, 9 and 3,136 weights.",
)

# %% [markdown]
# The
# convolution uses the same few weights at every place of the picture.

# %% tags=["check", "verdict"]
picture = torch.empty(1, 1, 200, 200, device="meta")
verdict(
    "C05",
    cases={
        "1.6 billion weights for 40,000 units": full.weight.numel() == 1_600_000_000,
        "one map has 40,000 units too": one_map(picture).numel() == 40_000,
        "64 maps need only thousands": many_maps.weight.numel() < 10_000,
    },
    measured={
        "fully connected": full.weight.numel(),
        "64 maps of 7×7": many_maps.weight.numel(),
        "memory, GB (32-bit floats)": full.weight.numel() * 4 / 1e9,
    },
    why="40,000 · 40,000 connections against one small kernel used everywhere.",
)

# %% [markdown]
# ## 6 · What stands outside the picture?

# %%
claim("C06")

# %% [markdown]
# Near the border the window hangs over the edge. Four ways to invent the missing
# numbers, by hand on a list of five with two more at each end:

# %%
MODES = {"zeros": "constant", "replicate": "replicate"}
MODES |= {"reflect": "reflect", "circular": "circular"}
row = torch.tensor([[[1.0, 2, 3, 4, 5]]])
padded = {name: F.pad(row, (2, 2), mode=mode)[0, 0] for name, mode in MODES.items()}
figures.matrices(
    padded,
    highlight=dict.fromkeys(padded, ((0, 1), (2, 7))),
    title="Inside the frame is the list, outside is invention",
    words="The list 1 to 5 in a frame, four times. Around it zeros; copies of 1 and "
    "5; mirror images 3 2 and 4 3; the opposite end 4 5 and 1 2.",
)

# %% [markdown]
# On the photo, 40 pixels wide:

# %%
corner = photo[None, :, 180:300, 60:220]
figures.images(
    [F.pad(corner, (40,) * 4, mode=mode)[0] for mode in MODES.values()],
    list(MODES),
    columns=2,
    title="Zeros draw a black frame; reflection goes unnoticed at first sight",
    words="A detail of the photo with four kinds of border: black, smeared "
    "outwards, mirrored, wrapped around.",
)

# %% [markdown]
# **One question to settle** with the sliders: with zeros and a 3×3 mean filter, how
# many more pixels notice the border with every layer?

# %%
explore_padding()

# %% [markdown]
# Now a test that only the border can fail: an image that is the same everywhere. Any
# difference in the answer comes from the padding. Three layers, each a 3×3 mean.


# %%
def response(image, mode, layers=3):
    """Average 3×3 several times, padding by one before each."""
    box = torch.full((1, 1, 3, 3), 1 / 9, dtype=image.dtype)
    for _ in range(layers):
        image = F.conv2d(F.pad(image, (1, 1, 1, 1), mode=mode), box)
    return image


flat = torch.ones(1, 1, 16, 16, dtype=torch.double)
along = {name: response(flat, mode)[0, 0, 8] for name, mode in MODES.items()}

# %%
figures.curves(
    range(16),
    {"zeros": along["zeros"], "the other three": along["reflect"]},
    xlabel="column (pixels)",
    ylabel="response of the unit",
    title="With zero padding a unit knows how far the border is",
    words="The response to a constant image along a row. It is 1 everywhere for the "
    "three other modes; with zeros it falls towards both ends, three pixels "
    "wide.",
)

# %% [markdown]
# On the photo: do the four modes agree inside, and how many columns of the constant
# image notice the border?

# %%
detail = grey[None, None, 60:124, 250:314].double()
results = [response(detail, mode) for mode in MODES.values()]
inner = [r[..., 3:-3, 3:-3] for r in results]
agree_inside = all(torch.allclose(i, inner[0], atol=1e-12) for i in inner)
rims = {name: int((line < 1 - 1e-9).sum()) for name, line in along.items()}

# %% tags=["check", "verdict"]
verdict(
    "C06",
    cases={
        "3 or more pixels inside, all modes agree": agree_inside,
        "at the border they differ": not torch.allclose(results[0], results[1]),
        "zeros mark the border of a constant image": rims["zeros"] > 0,
        "the other modes do not": sum(rims.values()) == rims["zeros"],
    },
    measured={"columns that notice the border after 3 layers": rims["zeros"]},
    why="Each padded 3×3 layer carries news of the border one pixel further inside.",
)

# %% [markdown]
# ## 7 · Do stacked 3×3 layers replace any bigger kernel?

# %%
claim("C07")

# %% [markdown]
# By hand: two 3×3 kernels of ones, one after the other, act like one 5×5. Send a
# single 1 through both and read the answer.

# %%
one = torch.zeros(1, 1, 9, 9, dtype=torch.double)
one[..., 4, 4] = 1
ones = torch.ones(1, 1, 3, 3, dtype=torch.double)
twice = F.conv2d(F.conv2d(one, ones, padding=1), ones, padding=1)[0, 0]
both_steps = twice[2:7, 2:7]
figures.matrices(
    {"kernel 1": ones[0, 0], "kernel 2": ones[0, 0], "kernel of both": both_steps},
    title="Two 3×3 kernels in a row act like one 5×5, a pyramid",
    words="Two 3×3 squares of ones and the 5×5 pyramid they make: 1 2 3 2 1 at the "
    "rim, 9 in the centre.",
)

# %% [markdown]
# So they *see* 5×5. The weights, layer by layer for C channels:

# %%
PAIRS = [(5, 2), (7, 3), (11, 5)]
savings = {}
for k, layers_of_3 in PAIRS:
    savings[f"one {k}×{k}"] = k * k
    savings[f"{layers_of_3} × 3×3"] = 9 * layers_of_3
figures.bars(
    savings,
    xlabel="weights per pair of channels (times C² for the layer)",
    highlight=[name for name in savings if name.endswith("× 3×3")],
    title="The stack sees the same square with fewer weights",
    words="Bars in pairs: 25 and 18, 49 and 27, 121 and 45.",
)

# %% [markdown]
# (Exercise 01.4 of *00 start here* counts them for any number of channels.) "See the
# same" is not "can do the same". Fill a 5×5 kernel with random numbers and
# look for the two 3×3 kernels whose product comes closest.
#
# **Predict:** how many percent of the kernel (its norm) does the best pair miss: 0, 1,
# 30 or 90?

# %%
guess = 0  # answer
predict("01-missed-kernel", guess, options=(0, 1, 30, 90), unit="%")


# %% tags=["fold"]
def compose(first, second):
    """Return the 5×5 kernel of two 3×3 layers with m maps between them: (m, 3, 3)."""
    return F.conv2d(first[None], second.flip(1, 2)[None], padding=2)[0, 0]


def best_partner(target, fixed):
    """Return the (m, 3, 3) that come closest to `target` with the others fixed."""
    m = len(fixed)
    basis = torch.eye(9 * m, dtype=torch.double).reshape(-1, m, 3, 3)
    products = F.conv2d(basis, fixed.flip(1, 2)[None], padding=2)  # 9m 1 5 5
    answer = torch.linalg.lstsq(products.flatten(1).T, target.reshape(25, 1))
    return answer.solution.reshape(m, 3, 3)


# %% [markdown]
# With one kernel fixed, the best other one is a least-squares problem. So we fix them
# in turn, and start from several random places, because the search can get stuck. (The
# search is folded: open it if you want to see how.)


# %% tags=["fold"]
def missed(target, maps=1, starts=6, rounds=40):
    """Return the share of the norm of `target` that the best pair misses."""
    generator = torch.Generator().manual_seed(SEED)
    shares = []
    for _ in range(starts):
        second = torch.randn(maps, 3, 3, generator=generator, dtype=torch.double)
        for _ in range(rounds):
            first = best_partner(target, second)
            second = best_partner(target, first)
        shares.append((compose(first, second) - target).norm() / target.norm())
    return float(min(shares))


# %%
generator = torch.Generator().manual_seed(SEED)
targets = torch.randn(RANDOM_KERNELS, 5, 5, generator=generator, dtype=torch.double)
shares = [missed(target) for target in track(targets, "looking for two 3×3")]
with_more = [missed(targets[0], maps=m) for m in (1, 2, 3)]
reveal("01-missed-kernel", 100 * sum(shares) / len(shares))

# %% [markdown]
# That is the mean of the random kernels. Would more maps between the two layers help?

# %%
figures.curves(
    [1, 2, 3],
    {"missed": [100 * share for share in with_more]},
    xlabel="maps between the two 3×3 layers",
    ylabel="missed (% of the norm)",
    title="Does a second map between the layers help?",
    words="With one, two and three maps in the middle "
    f"{100 * with_more[0]:.0f}, {100 * with_more[1]:.1f} and "
    f"{100 * with_more[2]:.1f} % of the first random kernel are missed.",
)

# %% [markdown]
# Two maps cost 36 weights, more than the 25 of the
# kernel they replace.
#
# Now what the stacks see. Here is the table of the stack of five:


# %%
def stack(layers):
    return nn.Sequential(*(nn.Conv2d(1, 1, 3) for _ in range(layers)))


tables = {k: anatomy(stack(n), (1, 32, 32)) for k, n in PAIRS}
tables[11]

# %% tags=["verdict"]
verdict(
    "C07",
    cases={
        "they see 5×5, 7×7, 11×11": all(
            t.output.receptive_field == (k, k) for k, t in tables.items()
        ),
        "they have fewer weights": all(t.parameters < k * k for k, t in tables.items()),
        "two 3×3 can be any 5×5 (one channel)": max(shares) < 0.01,
    },
    measured={
        "random 5×5 kernels": len(shares),
        "missed at least, %": 100 * min(shares),
        "missed at most, %": 100 * max(shares),
    },
    why="18 weights cannot reach every point of a space with 25 dimensions.",
)

# %% [markdown]
# The same count holds with C channels everywhere: 18C² weights cannot reach every layer
# of 25C². Networks prefer the stack anyway: fewer weights, and a ReLU in between.
#
# ## 8 · Why are kernels odd?

# %%
claim("C08")

# %% [markdown]
# By hand: the average of two neighbours lies *between* them, at half a pixel. It has no
# pixel of its own to stand on.

# %%
step = torch.tensor([0.0, 0, 0, 1, 1, 1])
halves = F.conv1d(step[None, None], torch.full((1, 1, 2), 0.5))[0, 0]
thirds = F.conv1d(step[None, None], torch.full((1, 1, 3), 1 / 3))[0, 0]
figures.matrices(
    {"input": step, "output of 2": halves, "output of 3": thirds},
    title="Averages of two stand between the pixels, averages of three on them",
    words="A step from 0 to 1; averages of two, 0 0 0.5 1 1, drawn between the "
    "pixels; averages of three, 0 0.33 0.67 1, drawn below them.",
)

# %% [markdown]
# **Predict:** a map keeps its size (the odd pixel of padding goes to the right). After
# 8 layers of 2×2, by how many pixels has an edge moved?

# %%
guess = 0  # answer
predict("01-edge-moves", guess, unit="pixels", within=0.25)

# %% [markdown]
# The experiment averages a sharp edge again and again and measures where it stands.


# %% tags=["fold"]
def average(image, k):
    """Average k×k and keep the size; an even k pads one more at the end."""
    before, after = (k - 1) // 2, k // 2
    padding = (before, after, before, after)
    box = torch.full((1, 1, k, k), 1 / k**2, dtype=image.dtype)
    return F.conv2d(F.pad(image, padding, mode="replicate"), box)


def edge(image):
    """Return where the middle row passes 0.5, in pixels."""
    line = image[0, 0, image.shape[2] // 2]
    i = int((line >= 0.5 - 1e-9).nonzero()[0])
    return float(i - (line[i] - 0.5) / (line[i] - line[i - 1]))


# %%
def movement(k, layers=8):
    """Return how far the edge stands to the left after each layer, in pixels."""
    image = torch.zeros(1, 1, 64, 64, dtype=torch.double)
    image[..., 32:] = 1
    places = [edge(image)]
    for _ in range(layers):
        image = average(image, k)
        places.append(edge(image))
    return [places[0] - place for place in places[1:]]


moved = {k: movement(k) for k in (2, 3, 4, 5, 6, 7)}

# %% [markdown]
# Movement against depth:

# %%
figures.curves(
    range(1, 9),
    {"2×2 (as 4×4, 6×6)": moved[2], "3×3 (as 5×5, 7×7)": moved[3]},
    xlabel="layers",
    ylabel="edge moved to the left (pixels)",
    title="Layer by layer an even kernel pushes the map, an odd one does not",
    words="Movement of an edge against the number of layers: a straight line to "
    f"{moved[2][-1]:.1f} pixels for 2×2, {abs(moved[3][-1]):.1f} for 3×3.",
)

# %% [markdown]
# On the photo, after 24 layers:

# %%
detail = grey[None, None, 40:168, 220:348]
soft = {2: detail, 3: detail}
for _ in range(24):
    soft = {k: average(image, k) for k, image in soft.items()}
figures.images(
    [detail[0, 0], soft[2][0, 0], soft[3][0, 0]],
    ["before", "24 × 2×2", "24 × 3×3"],
    title="The roof has slid up and left under 2×2, it stays put under 3×3",
    words="The roof of the temple three times; in the middle picture everything "
    "sits 12 pixels further up and left.",
)

# %% [markdown]
# The same for six kernel sizes at once, in numbers:

# %%
drift = torch.tensor([moved[k] for k in (3, 5, 7)])
half_steps = torch.arange(1, 9) / 2
shift = torch.tensor([moved[k] for k in (2, 4, 6)]) - half_steps

# %% tags=["check", "verdict"]
verdict(
    "C08",
    cases={
        "3×3, 5×5, 7×7: the edge stays": drift.abs().max() < 1e-5,
        "2×2, 4×4, 6×6: half a pixel a layer": shift.abs().max() < 1e-5,
    },
    measured={
        "pixels moved by eight 2×2": round(moved[2][-1], 6),
        "pixels moved by eight 3×3": round(abs(moved[3][-1]), 6),
    },
    predicted=reveal("01-edge-moves", round(moved[2][-1], 6)),
    why="An odd kernel has a middle pixel; an even one answers between two pixels.",
)

# %% [markdown]
# ## 9 · Is a 2×2 kernel anything a 3×3 is not?

# %%
claim("C09")

# %% [markdown]
# By hand: put a row and a column of zeros beside the 2×2.

# %%
small = torch.tensor([[1, 2], [3, 4]])
figures.matrices(
    {"kernel 2×2": small, "kernel 3×3": F.pad(small, (0, 1, 0, 1))},
    title="The zeros read five more pixels and ignore them",
    words="The kernel 1 2 / 3 4, and the same inside a 3×3 with zeros to the right "
    "and below.",
)

# %% [markdown]
# Whole numbers leave no room for rounding: 100 random kernels, all four corners, on the
# photo.

# %%
whole = photos().images[0, :1, :64, :64].double()[None]  # 1 1 h w, whole numbers
generator = torch.Generator().manual_seed(SEED)
squares = torch.randint(-9, 10, (100, 1, 2, 2), generator=generator).double()
answers = F.conv2d(whole, squares)
equal = []
for left, top in product((0, 1), (0, 1)):
    nine = F.pad(squares, (left, 1 - left, top, 1 - top))
    shifted = answers[..., top : top + 62, left : left + 62]
    equal.append(torch.equal(F.conv2d(whole, nine), shifted))

# %% tags=["check", "verdict"]
verdict(
    "C09",
    cases={"3×3 with zeros = 2×2, in all four corners": all(equal)},
    measured={
        "kernels": len(squares),
        "corners": len(equal),
        "numbers compared": answers[..., :62, :62].numel() * len(equal),
    },
    why="Products with zero add nothing, so the 3×3 has the 2×2 as a special case.",
)

# %% [markdown]
# ## 10 · Local field, global field

# %%
claim("C10")

# %% [markdown]
# By hand: a unit of layer 2 reads 3 units of layer 1, and those read 3 pixels each,
# overlapping: pixels 1–3, 2–4, 3–5. Together: 5.

# %%
reach = torch.zeros(3, 5, dtype=torch.int)
for unit in range(3):
    reach[unit, unit : unit + 3] = 1
figures.matrices(
    {"input pixels read by three units": reach, "input: times read": reach.sum(0)},
    title="Three overlapping windows of 3 cover 5 pixels",
    words="Three rows of ones, shifted by one, and their column sums 1 2 3 2 1.",
)

# %% [markdown]
# Build the chain and ask for its anatomy. The *local* field of a layer is its kernel;
# the table's receptive field is the *global* one.


# %%
def chain(layers, channels=4):
    """Return `layers` 3×3 convolutions that keep the size, each with a ReLU."""
    wide = [1] + [channels] * layers
    steps = []
    for before, after in pairwise(wide):
        steps += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*steps)


six = chain(6)
table = anatomy(six, (1, 64, 64))
table

# %% [markdown]
# `torchsummary` prints the table you will meet elsewhere: shapes and parameters, no
# receptive field. It can change what it looks at, so we give it a copy in `eval` mode.

# %%
if find_spec("torchsummary"):
    from torchsummary import summary

    summary(copy.deepcopy(six).eval(), (1, 64, 64), device="cpu")
else:
    print("torchsummary is not installed: python -m pip install torchsummary")

# %% [markdown]
# Now add layers yourself and watch one unit's square on the photo. **One question to
# settle:** how many 3×3 layers does a 2×2 pooling after the second one save on the way
# to a field of 21?

# %%
explore_receptive_field()

# %% [markdown]
# The same as a picture: one unit in the middle, and the squares it sees after 1, 3 and
# 6 layers.

# %%
centre = (32, 32)
boxes = [seen(six, (1, 64, 64), str(2 * n - 2), unit=centre) for n in (1, 3, 6)]
figures.fields(
    photo[:, 70:134, 240:304],
    boxes,
    ["layer 1", "layer 3", "layer 6"],
    title="The square grows by one pixel on every side with every layer",
    words="A 64×64 detail of the photo with three nested squares of 3, 7 and 13 "
    "pixels.",
)

# %% [markdown]
# Local: each convolution alone. Global: the whole chain up to there.

# %%
convolutions = [layer for layer in six if isinstance(layer, nn.Conv2d)]
alone = [anatomy(c, (c.in_channels, 64, 64)).output for c in convolutions]
local = [row.receptive_field[0] for row in alone]
in_chain = [row.receptive_field[0] for row in table if row.kind == "Conv2d"]
local, in_chain

# %% tags=["check", "verdict"]
verdict(
    "C10",
    cases={
        "local field = kernel size": local == [c.kernel_size[0] for c in convolutions],
        "global field after n layers = 1 + 2n": in_chain == list(range(3, 14, 2)),
    },
    measured={"local field": max(local), "global field after 6 layers": max(in_chain)},
    why="The kernel's two outer taps each reach one pixel further than before.",
)

# %% [markdown]
# ## 11 · The rule, layer by layer

# %% [markdown]
# By hand: j is the distance in pixels between neighbouring units. A 3×3 (r 3, j 1), a
# pooling 2 with stride 2 (r 3+1·1 = 4, j 2), a 3×3 (r 4+2·2 = 8, j 2). Pooling makes
# every later layer count double.
#
# **Exercise 01.3 (15 minutes).** Program it. A dilated kernel spans d(k−1)+1; no layers
# at all see 1.


# %%
def receptive_field(layers):
    """Return the field of the last layer: (kernel_size, stride, dilation) each."""
    ### BEGIN SOLUTION
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        field += dilation * (kernel_size - 1) * jump
        jump *= stride
    return field
    ### END SOLUTION


# %% tags=["check"]
check("01.3", receptive_field)

# %% [markdown]
# The claim states the rule, and what happens where branches join:

# %%
claim("C11")

# %% [markdown]
# Who is right about a network? Ask the network: which pixels have a gradient on one
# unit in the middle? Positive weights, so that nothing cancels.


# %%
def field_by_gradient(model, size):
    """Return height and width of what a unit in the middle depends on."""
    image = torch.ones(1, 1, size, size, dtype=torch.double, requires_grad=True)
    maps = model(image)
    maps[0, :, maps.shape[2] // 2, maps.shape[3] // 2].sum().backward()
    moved = image.grad[0, 0].abs() > 0
    sides = [moved.any(axis).nonzero() for axis in (1, 0)]
    return tuple(int(side.max() - side.min()) + 1 for side in sides)


def positive(model):
    for weight in model.parameters():
        nn.init.constant_(weight, 0.1)
    return model.double()


# %% [markdown]
# Random networks with strides and dilations, a pooling at the end of each. The rule,
# the course's calculator and the gradient have to give the same number.


# %%
def random_chain(random):
    """Return a random chain as (kernel, stride, dilation) and as a network."""
    options = list(product((2, 3, 5), (1, 2), (1, 2)))
    layers = random.choices(options, k=random.choice((2, 3, 4)))
    steps = [nn.Conv2d(1, 1, k, s, dilation=d) for k, s, d in layers]
    return [*layers, (2, 2, 1)], positive(nn.Sequential(*steps, nn.AvgPool2d(2)))


def by_rule(layers):
    field, jump = 1, 1
    for k, stride, dilation in layers:
        field, jump = field + dilation * (k - 1) * jump, jump * stride
    return field


# %%
random = Random(SEED)
chains = [random_chain(random) for _ in range(RANDOM_CHAINS)]
chains.sort(key=lambda chain: by_rule(chain[0]))
rule = [by_rule(layers) for layers, _ in chains]
tables = [anatomy(model, (1, 160, 160)) for _, model in chains]
calculator = [table.output.receptive_field[0] for table in tables]
gradient = [field_by_gradient(model, 160)[0] for _, model in chains]

# %% [markdown]
# In order of size, the rule in blue and the gradient on top of it. Do they agree?

# %%
figures.curves(
    range(1, RANDOM_CHAINS + 1),
    {"rule": rule, "gradient": gradient},
    xlabel="random network, smallest field first",
    ylabel="field (pixels)",
    title="The rule and the gradient of a unit agree, network by network",
    words=f"Receptive fields of {RANDOM_CHAINS} random networks, by the rule and by "
    "the gradient; the two lines coincide.",
)

# %% [markdown]
# Now a join. Two branches, both 3 wide: one looks left, the other right; their answers
# are added.


# %%
class TwoSides(nn.Module):
    """Add a branch that sees x−2…x and one that sees x…x+2."""

    def __init__(self):
        super().__init__()
        self.left = nn.Conv2d(1, 1, (1, 3))
        self.right = nn.Conv2d(1, 1, (1, 3))

    def forward(self, image):
        left = self.left(F.pad(image, (2, 0)))
        right = self.right(F.pad(image, (0, 2)))
        return left + right


# %% [markdown]
# **Predict:** the receptive field of the sum is how many pixels wide: 3, 5 or 6?

# %%
guess = 6  # answer
predict("01-join", guess, options=(3, 5, 6), unit="pixels")

# %%
sides = positive(TwoSides())
image = torch.ones(1, 1, 1, 9, dtype=torch.double, requires_grad=True)
influence = torch.autograd.grad(sides(image)[0, 0, 0, 4], image)[0]
figures.matrix(
    influence[0, 0],
    name="input: gradient of unit 4",
    title="The middle pixel counts for both branches, the others for one",
    words=f"Nine pixels; {int((influence != 0).sum())} of them have a gradient on the "
    "unit: one weight's worth at the sides, two in the middle.",
)

# %% [markdown]
# Neither the larger size nor the sum of the sizes, but the *union* of the windows. The
# calculator's table:

# %%
joined = anatomy(sides, (1, 1, 9))
joined

# %% [markdown]
# Set the three answers side by side:

# %%
by_gradient = int((influence != 0).sum())
by_table = joined.output.receptive_field[1]
branches = [joined[name].receptive_field[1] for name in ("left", "right")]
by_gradient, by_table, branches

# %% tags=["check", "verdict"]
verdict(
    "C11",
    cases={
        "rule = gradient on every chain": rule == gradient,
        "calculator = gradient on every chain": calculator == gradient,
        "calculator = gradient at the join": by_table == by_gradient,
        "the join sees more than its larger branch": by_gradient > max(branches),
    },
    measured={
        "random chains": len(chains),
        "wider branch": max(branches),
        "field of the join": by_gradient,
    },
    predicted=reveal("01-join", by_gradient),
    why="The unit sees every pixel that any branch sees: the union of the windows.",
)

# %% [markdown]
# ## 12 · Outside its field a unit is blind

# %%
claim("C12")

# %% [markdown]
# Three layers on a 100×100 detail. We choose a unit, paint everything outside its 7×7
# window grey, and look whether it notices.

# %%
torch.manual_seed(SEED)
three = nn.Sequential(
    nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3)
).double()
scene = photo[None, :, 55:155, 220:320].double()
anatomy(three, (3, 100, 100))

# %%
window = seen(three, (3, 100, 100), "4", unit=(50, 50))
(top, bottom), (left, right) = window
covered = torch.full_like(scene, 0.5)
covered[..., top:bottom, left:right] = scene[..., top:bottom, left:right]
figures.fields(
    covered[0],
    [window],
    ["its window"],
    title="All the unit knows of the temple",
    words="A grey square with a 7×7 piece of photo in the middle, outlined.",
)

# %% [markdown]
# Did the units of the last map notice?


# %%
@torch.no_grad()
def change(other):
    """Return by how much each unit moves when it sees `other` instead of the scene."""
    return (three(other) - three(scene))[0].abs().sum(0)  # h w


noticed = change(covered)
figures.heatmap(
    1000 * noticed[46:55, 46:55],
    title="Every unit moved except the one whose window we kept",
    xlabel="column of the map, from 46",
    ylabel="row of the map, from 46",
    label="change (thousandths)",
    values=True,
    words="Changes of 9×9 units around ours; the middle one is exactly zero, no "
    "other is.",
)

# %% [markdown]
# The counter-test: change one single pixel, in the corner of the window or just outside
# it.

# %%
corner_pixel, next_pixel = scene.clone(), scene.clone()
corner_pixel[..., top, left] += 0.5
next_pixel[..., top - 1, left - 1] += 0.5
quiet, felt, unfelt = (
    float(change(other)[50, 50]) for other in (covered, corner_pixel, next_pixel)
)

# %% tags=["check", "verdict"]
verdict(
    "C12",
    cases={
        "the window is 7×7": (bottom - top, right - left) == (7, 7),
        "all outside covered: the unit does not move": quiet < 1e-12,
        "a pixel just outside: it does not move": unfelt < 1e-12,
        "a pixel in the corner of the window: it moves": felt > 1e-9,
    },
    measured={
        "pixels seen": (bottom - top) * (right - left),
        "pixels covered": int((covered != scene).any(1).sum()),
    },
    why="No path of three 3×3 steps leads from any other pixel to this unit.",
)

# %% [markdown]
# ## 13 · How deep must a network be?

# %% [markdown]
# **Exercise 01.11 (3 minutes).** Fewest 3×3 layers of stride 1 whose field covers a
# 400×400 image? Work it out before you read on.

# %%
layers_needed = ...
### BEGIN SOLUTION
layers_needed = 200
### END SOLUTION

# %% tags=["check"]
check("01.11", layers_needed)

# %% [markdown]
# The claim about such pictures:

# %%
claim("C13")

# %% [markdown]
# Nobody builds that. A 2×2 pooling after every n layers makes each later step twice as
# long. Here is the table with a pooling after every second layer:


# %%
def pooled(depth, every):
    """Return `depth` 3×3 layers with a 2×2 pooling after each `every` of them."""
    steps = []
    for layer in range(1, depth + 1):
        steps.append(nn.Conv2d(1, 1, 3, padding=1, device="meta"))
        if layer % every == 0:
            steps.append(nn.MaxPool2d(2))
    return nn.Sequential(*steps)


anatomy(pooled(8, 2), (1, 400, 400))


# %%
def fields_of(depth, every):
    """Return the field of each convolution, first to last."""
    table = anatomy(pooled(depth, every), (1, 400, 400))
    return [row.receptive_field[0] for row in table if row.kind == "Conv2d"]


PLANS = {"never": (200, 999), "every 10": (60, 10)}
PLANS |= {"every 5": (40, 5), "every 2": (16, 2)}
by_plan = {name: fields_of(*plan) for name, plan in PLANS.items()}
first = {name: sum(f < 400 for f in fields) + 1 for name, fields in by_plan.items()}

# %% [markdown]
# Field against depth:

# %%
shown = {name: (fields + [torch.nan] * 60)[:60] for name, fields in by_plan.items()}
figures.curves(
    range(1, 61),
    shown,
    xlabel="3×3 layers",
    ylabel="field of the last one (pixels)",
    title="With pooling the field doubles; without, it creeps",
    level={"a 400×400 picture": 400},
    log_y=True,
    words=f"Field against depth, logarithmic. Without pooling {shown['never'][-1]} "
    "pixels after 60 layers; with pooling after every 2, 5 or 10 layers it passes 400 "
    f"at layer {first['every 2']}, {first['every 5']} or {first['every 10']}.",
)

# %% [markdown]
# And without padding there is no 200th layer:

# %%
deep = nn.Sequential(*(nn.Conv2d(1, 1, 3, device="meta") for _ in range(199)))
left_over = deep(torch.empty(1, 1, 400, 400, device="meta"))
left_over.shape

# %% tags=["raises-exception"]
F.conv2d(left_over, torch.empty(1, 1, 3, 3, device="meta"))

# %% [markdown]
# The error is the point: a 3×3 window does not fit into the 2×2 that is left. With
# padding, as in the curve above, the chain goes on, but the last units look far beyond
# the picture. The fields of layers 199 and 200:

# %%
by_plan["never"][198:]

# %% tags=["check", "verdict"]
verdict(
    "C13",
    cases={
        "199 layers see 399": by_plan["never"][198] == 399,
        "200 layers see 401": by_plan["never"][199] == 401,
        "unpadded, 199 layers leave 2×2": tuple(left_over.shape[2:]) == (2, 2),
        "pooling every 5 needs far fewer": first["every 5"] < first["never"] / 5,
    },
    measured={f"layers needed, pooling {n}": count for n, count in first.items()},
    why="Without stride each layer adds 2; after a pooling each adds twice as much.",
)

# %% [markdown]
# ## Quiz
#
# Answer first, on paper; then open the answer.
#
# **1.** Five 3×3 layers, a 2×2 pooling with stride 2, one more 3×3 layer. How large is
# the field of the last layer?
#
# <details><summary>Answer</summary>
#
# 16: five layers see 11, pooling adds 1 (12), the last layer adds 2 · 2.
#
# </details>

# %% [markdown]
# **2.** A map of 28×28, a 5×5 kernel, stride 2, no padding. How large is the output?
#
# <details><summary>Answer</summary>
#
# 12×12: ⌊(28 − 5) / 2⌋ + 1 = 11 + 1. The last row and column are never read.
#
# </details>

# %% [markdown]
# **3.** How many parameters has a 3×3 convolution from 16 to 32 channels, biases
# included?
#
# <details><summary>Answer</summary>
#
# 4,640: 32 · 16 · 3 · 3 = 4,608 weights and 32 biases.
#
# </details>

# %% [markdown]
# **4.** Two 3×3 layers instead of one 5×5: what do you win, and what can you not take
# for granted?
#
# <details><summary>Answer</summary>
#
# 18 weights instead of 25 per pair of channels and one more ReLU, for the same field.
# But most 5×5 kernels are no product of two 3×3.
#
# </details>

# %% [markdown]
# **5.** Two 3×3 layers see 5 pixels. Behind them comes a 2×2 pooling with stride 2.
# Does it double the field?
#
# <details><summary>Answer</summary>
#
# No: 6, not 10. It looks at two units that are one pixel apart, so it adds 1. What it
# doubles is the step of every layer *after* it. This is the commonest mistake when
# fields are computed by hand.
#
# </details>

# %% [markdown]
# ## What this notebook measured
#
# One line for every verdict card shown in this run: claim, verdict, how many of its
# cases held. A measurement that contradicts what the course expected says so.

# %%
verdict_table("01", last="C13")

# %%
prediction_table("01")

# %% [markdown]
# ## Things to remember
#
# 1. Size: ⌊(D − d(K−1) − 1 + 2P)/S⌋ + 1; weights: N·M·K·K, plus N biases.
# 2. Field: add (k − 1)·j at every layer; j is the product of strides so far.
# 3. Where branches join, the unit sees the union of their windows.
# 4. Outside its field a unit is blind.
# 5. Without pooling the field creeps; a pooling doubles every later step.
#
# Next: [the second half](01b_the_field_in_use.ipynb), what a unit really uses.

# %% [markdown]
# ## Further reading
#
# - Dumoulin, Visin (2016), *A guide to convolution arithmetic for deep learning*,
#   [arXiv 1603.07285](https://arxiv.org/abs/1603.07285): sections 3 to 6 in pictures.
# - Araujo, Norris, Sim (2019), *Computing receptive fields of convolutional neural
#   networks*, [Distill](https://distill.pub/2019/computing-receptive-fields/): the
#   rule, with derivation.
