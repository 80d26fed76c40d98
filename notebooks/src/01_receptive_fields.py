# %% [markdown]
# # 01 Receptive fields
#
# **How much of the picture does one number inside a network see, and how much should
# it see?**
#
# Afterwards you can compute output sizes, weights and receptive fields by hand, check
# them in code, and place pooling with a reason.
#
# About 120 minutes of work · comes after *00 start here* · runs offline, without a GPU.

# %% tags=["setup"]
# setup

# %%
import copy
import time
import zlib
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise, product
from random import Random

import torch
from torch import nn
from torch.nn import functional as F

from coursekit import Batches, anatomy, check, claim, digits, evaluate, figures, fit
from coursekit import hint, photos, shapes, solution, verdict
from coursekit.anatomy import seen
from coursekit.course import verdict_table
from coursekit.explore import explore_kernel, explore_padding, explore_pooling
from coursekit.explore import explore_receptive_field

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
)

# %% [markdown]
# *Figure: the same temple twice, once in three channels, once as their average.*
#
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
)

# %% [markdown]
# *Figure: seven input numbers, five weights of 0.2 below them, three averages at the
# bottom; a frame marks the five inputs of the first output.*
#
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
)

# %% [markdown]
# *Figure: a detail of the temple roof, sharp on the left and blurred on the right.*
#
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
# `[[21], [43]]`. Stuck? Run `hint("01.2")` in a new cell, later `solution("01.2")`.


# %%
def conv2d(image, kernel):
    """Slide `kernel` (kh, kw) over `image` (h, w): stride 1, no padding."""
    ### BEGIN SOLUTION
    kh, kw = kernel.shape
    rows, columns = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    result = torch.zeros(rows, columns, dtype=image.dtype)
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
)

# %% [markdown]
# *Figure: a 7×7 grid with ones at nine positions two apart; a frame of 5×5 around
# them.*
#
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
)

# %% [markdown]
# *Figure: the input 0 0 1 0 0; conv1d gives 3 2 1, the mathematician's convolution
# 1 2 3.* The weights are learned, so the flip makes no difference to a network.
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
# **Predict:** on a 256×256 picture and one core, from which kernel size K on is the FFT
# faster: 5, 15, 31 or never?

# %%
crossover_guess = 15  # answer

# %% [markdown]
# A stopwatch, then the race over kernels of nine sizes.


# %%
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
    title="Sliding gets slower with K², the FFT does not care",
    log_y=True,
    mark={"first win of the FFT": min(wins)} if wins else None,
)

# %% [markdown]
# *Figure: time against kernel size on a logarithmic axis. The sliding curve climbs, the
# FFT curve is flat; they cross where the dotted line stands.*

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
    predicted=crossover_guess,
    why="Sliding costs K² per pixel, the FFT a fixed price; small kernels are cheap.",
)

# %% [markdown]
# Networks use kernels of 1 to 7 on many channels, where libraries slide (in several
# clever ways). The crossover is a property of this machine and this picture size, not a
# law.
#
# ## 3 · How large is the output?

# %%
claim("C03")

# %% [markdown]
# By hand: a window of 3 has three places in a list of 5. Each row below is one place.

# %%
places = torch.zeros(3, 5, dtype=torch.int)
for place in range(3):
    places[place, place : place + 3] = 1
figures.matrix(places, name="input", title="A window of 3 fits into 5 at three places")

# %% [markdown]
# *Figure: three rows of five cells; ones mark columns 1 to 3, then 2 to 4, then 3 to
# 5.*
#
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
)

# %% [markdown]
# *Figure: table of output sides for an input of 32; from 32 at kernel 1, stride 1 down
# to 7 at kernel 7, stride 4.*

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
# ## 4 · Counting weights

# %%
claim("C04")

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
    counts, xlabel="numbers to learn", title="“11K” forgets two of three channels"
)

# %% [markdown]
# *Figure: three bars, 11,616, 34,848 and 34,944.* The whole layer as the course shows
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
    made, xlabel="weights", log=True, title="Sharing weights saves a million-fold"
)

# %% [markdown]
# *Figure: three bars on a logarithmic axis: 1.6 billion, 9 and 3,136 weights.* The
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
)

# %% [markdown]
# *Figure: the list 1 to 5 in a frame, four times. Around it zeros; copies of 1 and 5;
# mirror images 3 2 and 4 3; the opposite end 4 5 and 1 2.*
#
# On the photo, 40 pixels wide:

# %%
corner = photo[None, :, 180:300, 60:220]
figures.images(
    [F.pad(corner, (40,) * 4, mode=mode)[0] for mode in MODES.values()],
    list(MODES),
    columns=2,
    title="Zeros draw a black frame; reflection goes unnoticed at first sight",
)

# %% [markdown]
# *Figure: a detail of the photo with four kinds of border: black, smeared outwards,
# mirrored, wrapped around.*
#
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
)

# %% [markdown]
# *Figure: the response to a constant image along a row. It is 1 everywhere for the
# three other modes; with zeros it falls towards both ends, three pixels wide.*

#
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
)

# %% [markdown]
# *Figure: two 3×3 squares of ones and the 5×5 pyramid they make: 1 2 3 2 1 at the rim,
# 9 in the centre.*
#
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
)

# %% [markdown]
# *Figure: bars in pairs: 25 and 18, 49 and 27, 121 and 45.*
#
# **Exercise 01.4 (6 minutes).** Count both for any number of channels. Tiny case:
# `parameters(1)` is `(25, 18)`.


# %%
def parameters(channels):
    """Return (weights of one 5×5 layer, weights of two 3×3 layers), without biases."""
    ### BEGIN SOLUTION
    pair = channels * channels
    return 25 * pair, 2 * 9 * pair
    ### END SOLUTION


# %% tags=["check"]
check("01.4", parameters)

# %% [markdown]
# "See the same" is not "can do the same". Fill a 5×5 kernel with random numbers and
# look for the two 3×3 kernels whose product comes closest.
#
# **Predict:** how many percent of the kernel (its norm) does the best pair miss: 0, 1,
# 30 or 90?

# %%
missed_guess = 0  # answer


# %%
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
# in turn, and start from several random places, because the search can get stuck.


# %%
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
shares = [missed(target) for target in targets]
with_more = [missed(targets[0], maps=m) for m in (1, 2, 3)]
[round(share, 3) for share in shares]

# %% [markdown]
# About a third is missed, by every one. Would more maps between the two layers help?

# %%
figures.curves(
    [1, 2, 3],
    {"missed": [100 * share for share in with_more]},
    xlabel="maps between the two 3×3 layers",
    ylabel="missed (% of the norm)",
    title="One map between them is not enough; two are, for this kernel",
)

# %% [markdown]
# *Figure: about a third of the random kernel is missed with one map in the middle,
# nothing with two or three.* Two maps cost 36 weights, though, more than the 25 of the
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
    predicted=missed_guess,
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
)

# %% [markdown]
# *Figure: a step from 0 to 1; averages of two, 0 0 0.5 1 1, drawn between the pixels;
# averages of three, 0 0.33 0.67 1, drawn below them.*
#
# **Predict:** a map keeps its size (the odd pixel of padding goes to the right). After
# 8 layers of 2×2, by how many pixels has an edge moved?

# %%
edge_guess = 4  # answer

# %% [markdown]
# The experiment averages a sharp edge again and again and measures where it stands.


# %%
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
    title="Even kernels push the map by half a pixel a layer",
)

# %% [markdown]
# *Figure: movement of an edge against the number of layers: a straight line to 4 pixels
# for 2×2, zero for 3×3.* On the photo, after 24 layers:

# %%
detail = grey[None, None, 40:168, 220:348]
soft = {2: detail, 3: detail}
for _ in range(24):
    soft = {k: average(image, k) for k, image in soft.items()}
figures.images(
    [detail[0, 0], soft[2][0, 0], soft[3][0, 0]],
    ["before", "24 × 2×2", "24 × 3×3"],
    title="The roof has slid up and left under 2×2, it stays put under 3×3",
)

# %% [markdown]
# *Figure: the roof of the temple three times; in the middle picture everything sits 12
# pixels further up and left.*

#
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
    predicted=edge_guess,
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
)

# %% [markdown]
# *Figure: the kernel 1 2 / 3 4, and the same inside a 3×3 with zeros to the right and
# below.*
#
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
)

# %% [markdown]
# *Figure: three rows of ones, shifted by one, and their column sums 1 2 3 2 1.*
#
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
)

# %% [markdown]
# *Figure: a 64×64 detail of the photo with three nested squares of 3, 7 and 13 pixels.*
#
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

# %%
claim("C11")

# %% [markdown]
# By hand: j is the distance in pixels between neighbouring units. A 3×3 (r 3, j 1), a
# pooling 2 with stride 2 (r 3+1·1 = 4, j 2), a 3×3 (r 4+2·2 = 8, j 2). Pooling makes
# every later layer count double.
#
# **Exercise 01.3 (15 minutes).** Program it. A dilated kernel spans d(k−1)+1.


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
# In order of size, the rule in blue and the gradient on top of it:

# %%
figures.curves(
    range(1, RANDOM_CHAINS + 1),
    {"rule": rule, "gradient": gradient},
    xlabel="random network, smallest field first",
    ylabel="field (pixels)",
    title="The rule and the gradient of a unit agree, network by network",
)

# %% [markdown]
# *Figure: receptive fields of twenty random networks, by the rule and by the gradient;
# the two lines coincide.*
#
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
join_guess = 5  # answer

# %%
sides = positive(TwoSides())
image = torch.ones(1, 1, 1, 9, dtype=torch.double, requires_grad=True)
influence = torch.autograd.grad(sides(image)[0, 0, 0, 4], image)[0]
figures.matrix(
    influence[0, 0],
    name="input: gradient of unit 4",
    title="The middle pixel counts for both branches, the others for one",
)

# %% [markdown]
# *Figure: nine pixels; gradient 0 0 0.1 0.1 0.2 0.1 0.1 0 0.* Five pixels matter:
# neither the larger size (3) nor the sum of sizes (6). The calculator's table:

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
    predicted=join_guess,
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
    covered[0], [window], ["its window"], title="All the unit knows of the temple"
)

# %% [markdown]
# *Figure: a grey square with a 7×7 piece of photo in the middle, outlined.*
#
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
)

# %% [markdown]
# *Figure: changes of 9×9 units around ours; the middle one is exactly zero, no other
# is.*
#
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

# %%
claim("C13")

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
)

# %% [markdown]
# *Figure: field against depth, logarithmic. Without pooling 121 pixels after 60 layers;
# with pooling after every 2, 5 or 10 layers it passes 400 at layer 13, 26 or 43.*
#
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
# ## Half time
#
# So far: what a unit *can* see. Now: what it really uses, how large a field should be,
# what pooling buys and costs, and what to do with the pixels before they go in.
#
# This half trains small networks, a few seconds each. Its settings:

# %%
SEEDS = (0, 1)  # every comparison of trained networks is made twice
FIELD_NETWORKS = 2  # networks averaged for the effective field
OBJECT = 15  # side of the objects in the field experiment, pixels of 32
FIELDS = {7: (1, 1, 1), 9: (1, 1, 2), 11: (1, 1, 3), 17: (1, 2, 5), 27: (1, 3, 9)}
PLACES = {"after 1 and 2": (1, 2), "after 2 and 4": (2, 4), "after 4 and 5": (4, 5)}
SHIFTS = range(7)  # pixels
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
SIDES = (28, 14, 7, 5, 3)  # pixels
DEPTH = 20  # layers for the gradient to pass

# %% [markdown]
# Three helpers serve the rest of the session. Batch norm keeps training quick (session
# 04 explains it); `dilation` widens a field without a single new weight.


# %%
def conv_relu(inputs, outputs, dilation=1):
    """Return a 3×3 layer that keeps the size: convolution, batch norm, ReLU."""
    space = {"padding": dilation, "dilation": dilation, "bias": False}
    convolution = nn.Conv2d(inputs, outputs, 3, **space)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]


def gap_head(channels, classes):
    """Return the end of a network: mean of each map, then one linear layer."""
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


def learn(model, data, epochs, seed=SEED, lr=0.03):
    """Train `model` in place and return it."""
    how = {"batch_size": 16, "format": "channels_last", "device": "cpu"}
    fit(model, data, epochs=epochs, seed=seed, lr=lr, progress=False, **how)
    return model


# %% [markdown]
# ## 14 · What a unit really uses

# %%
claim("C14")

# %% [markdown]
# By hand, in one dimension: three layers of equal weights. Count the paths from each of
# seven input pixels to the unit.

# %%
paths = torch.ones(1, 1, 1)
for _ in range(3):
    paths = F.conv1d(paths, torch.ones(1, 1, 3), padding=2)
figures.matrix(
    paths[0],
    name="input: paths to the unit",
    title="One path from the edge, seven from the middle",
)

# %% [markdown]
# *Figure: seven cells with 1 3 6 7 6 3 1 paths.*
#
# Repeated sums make a bell. Does a real network behave like this, and does training
# change it? Six layers, and their table:


# %%
def six_layers(seed):
    torch.manual_seed(seed)
    steps = conv_relu(1, 8)
    for _ in range(5):
        steps += conv_relu(8, 8)
    return nn.Sequential(nn.Sequential(*steps), *gap_head(8, 10))


table = anatomy(six_layers(SEED), (1, 16, 16))
field = table["0"].receptive_field[0]
table

# %% [markdown]
# Influence = mean size of the gradient of the middle unit with respect to each pixel,
# over 64 real digits and a few networks, before and after five epochs.


# %%
def influence(model, images):
    """Return how much each pixel of the field moves the middle unit; adds up to 1."""
    images = images.clone().requires_grad_()
    maps = model[0].eval()(images)
    middle = maps.shape[-1] // 2
    maps[:, :, middle, middle].sum().backward()
    size = images.grad.abs().mean((0, 1))  # h w
    near = slice(middle - field // 2, middle + field // 2 + 1)
    return size[near, near] / size[near, near].sum()


# %% [markdown]
# The digits are real, the networks small; averaging over several evens out the
# accidents of one start.

# %%
parts = digits(16).split()
some = next(iter(Batches(parts.valid, 64, shuffle=False)))[0]
networks = [six_layers(seed) for seed in range(FIELD_NETWORKS)]
before = torch.stack([influence(model, some) for model in networks]).mean(0)
networks = [learn(m, parts.train, 5, seed) for seed, m in enumerate(networks)]
after = torch.stack([influence(model, some) for model in networks]).mean(0)
[evaluate(model, parts.valid) for model in networks]

# %%
offset = torch.arange(field) - field // 2
profiles = {"before training": before.sum(0), "after training": after.sum(0)}
figures.curves(
    offset,
    {**profiles, "if all counted the same": torch.full((field,), 1 / field)},
    xlabel="distance from the middle (pixels)",
    ylabel="share of the influence",
    title="Influence is a bell, not a box: the edge hardly counts",
)

# %% [markdown]
# *Figure: two bell-shaped curves over 13 pixels and a flat line; the bell after
# training is a little wider.*
#
# In numbers: the share inside the middle 7×7 (a flat field would give 49/169 = 29 %),
# and the spread in pixels.


# %%
def central(share):
    return share[3:-3, 3:-3].sum().item()


def spread(share):
    """Return the standard deviation along one axis, in pixels."""
    return (share.sum(0) @ offset.square().float()).sqrt().item()


def thirds(share):
    """Return the mean influence of pixels near, further and far from the middle."""
    ring = torch.maximum(offset[:, None].abs(), offset.abs())
    return [share[(ring >= r) & (ring < r + 2)].mean().item() for r in (0, 2, 4)]


flat = torch.full((field, field), 1 / field**2)

# %% tags=["verdict"]
verdict(
    "C14",
    cases={
        "new: falls from the middle outwards": thirds(before)
        == sorted(thirds(before), reverse=True),
        "new: the middle holds twice its share": central(before) > 2 * central(flat),
        "trained: falls from the middle outwards": thirds(after)
        == sorted(thirds(after), reverse=True),
        "trained: the spread is below a flat field's": spread(after) < spread(flat),
    },
    measured={
        "theoretical field": field,
        "influence in the middle 7×7, new (%)": 100 * central(before),
        "the same, trained (%)": 100 * central(after),
        "spread, new (pixels)": spread(before),
        "spread, trained": spread(after),
        "spread of a flat field": spread(flat),
    },
    why="Many paths lead from the middle to the unit, few from the edge.",
)

# %% [markdown]
# Training widened the bell a little: the field in use is itself learned. Luo et al.
# (2016), in *Further reading*, found the same on larger networks.
#
# ## 15 · How large should the field be?

# %%
claim("C15")

# %% [markdown]
# Generated pictures, so that we know the truth: two brackets, facing each other or
# turned away, 15 pixels wide, anywhere in 32×32. A single bracket tells nothing. We
# keep the upright ones: tilted ones could betray themselves by their jagged edges.


# %%
def brackets(n, seed):
    """Return upright pairs of brackets, about a third of n."""
    plain = {"colours": ("red",), "backgrounds": ("clouds",)}
    kinds, size = ("inward", "outward"), (OBJECT, OBJECT)
    data = shapes(n, classes=kinds, object_size=size, seed=seed, **plain)
    masks = [m[y1:y2] for m, (_, y1, _, y2) in zip(data.masks, data.boxes, strict=True)]
    return data.subset([i for i, m in enumerate(masks) if torch.equal(m, m.flip(0))])


pairs, new_pairs = brackets(600, seed=0), brackets(600, seed=1)
figures.images(
    new_pairs.images[:5],
    [new_pairs.classes[label] for label in new_pairs.labels[:5]],
    title="Inward or outward? You need both brackets to tell",
)

# %% [markdown]
# *Figure: five pictures with a pair of red brackets on a cloudy ground, some facing
# each other, some turned away.*
#
# All networks have three 3×3 layers and the same number of parameters. Only the
# dilation differs, and with it the field.


# %%
def with_field(dilations, classes, seed):
    """Return a network that reports the strongest answer of each map."""
    torch.manual_seed(seed)
    first, *rest = dilations
    steps = conv_relu(3, 8, first)
    for dilation in rest:
        steps += conv_relu(8, 8, dilation)
    end = [nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, classes)]
    return nn.Sequential(*steps[:-1], *end)


tables = {f: anatomy(with_field(d, 2, SEED), (3, 32, 32)) for f, d in FIELDS.items()}
measured_fields = [table["7"].receptive_field[0] for table in tables.values()]
tables[17]

# %% [markdown]
# **Predict:** the objects are 15 pixels wide, the pictures 32. Which is the smallest
# field that solves the task: 7, 9, 11, 17 or 27?

# %%
field_guess = 17  # answer


# %%
def accuracy(dilations, train, new, seed):
    """Train for eight epochs and return the share of right answers on new images."""
    model = with_field(dilations, len(train.classes), seed)
    return evaluate(learn(model, train, 8, seed), new).accuracy


def averaged(runs):
    return sum(runs) / len(runs)


by_field = {
    f: averaged([accuracy(d, pairs, new_pairs, seed) for seed in SEEDS])
    for f, d in FIELDS.items()
}

# %% [markdown]
# For comparison, shapes of the same size that a *corner* gives away: circle, square,
# triangle, cross. The smallest field and the largest one:

# %%
plain = {"colours": ("red",), "backgrounds": ("clouds",)}
plain["object_size"] = (OBJECT, OBJECT)
four, four_new = shapes(300, seed=0, **plain), shapes(300, seed=1, **plain)
ends = (min(FIELDS), max(FIELDS))
by_corner = {f: accuracy(FIELDS[f], four, four_new, SEED) for f in ends}

# %%
solved = [f for f, share in by_field.items() if share > 0.9]
reached = f"{min(solved)} pixels" if solved else "no field tried"
figures.curves(
    list(FIELDS),
    {
        "brackets": [100 * share for share in by_field.values()],
        "corners (two tried)": [100 * by_corner.get(f, torch.nan) for f in FIELDS],
    },
    xlabel="receptive field of the last layer (pixels)",
    ylabel="accuracy (%)",
    title=f"Objects of {OBJECT} pixels: the knee lies at {reached}",
    mark={"\n\nobject": OBJECT},
)

# %% [markdown]
# *Figure: accuracy against field. Brackets: near chance (50 %) at the smallest fields,
# then a jump to the top before the field reaches the object's width; flat from there.
# Circle, square, triangle and cross: high at both ends.*

# %%
small, enough, large = (by_field[f] for f in (7, 17, 27))
x1, y1, x2, y2 = pairs.boxes[0].tolist()
between = int((~pairs.masks[0, y1:y2, x1:x2].any(0)).sum())  # empty columns

# %% tags=["verdict"]
verdict(
    "C15",
    cases={
        "all fields are as planned": measured_fields == list(FIELDS),
        "brackets: a field that covers them helps": enough > small + 0.2,
        "brackets: more than that is no gain": large < enough + 0.02,
        "brackets: nothing smaller will do": min(solved, default=0) >= OBJECT,
        "corners: a field of 7 falls short": by_corner[7] < by_corner[27] - 0.02,
    },
    measured={
        "width of the gap (pixels)": between,
        "brackets, field 7 (%)": 100 * small,
        "brackets, field 17 (%)": 100 * enough,
        "brackets, field 27 (%)": 100 * large,
        "smallest field that solves brackets": min(solved, default=0),
        "corners, field 7 (%)": 100 * by_corner[7],
    },
    predicted=field_guess,
    why="The field must cover what tells the classes apart, seldom the whole object.",
)

# %% [markdown]
# It is enough to see both strokes or hooks that face each other across the gap: less
# than the object. A corner decides between a square and a circle, and a corner is
# small. The size that counts is that of the *clue*.
#
# ## 16 · Max pooling keeps the loudest

# %%
claim("C16")

# %% [markdown]
# By hand: each 2×2 square becomes one number. Three ways to choose it.

# %%
square = torch.tensor([[1.0, 2, 0, 0], [3, 4, 0, 8], [5, 5, 1, 1], [5, 5, 1, 1]])
figures.matrices(
    {
        "input": square,
        "output, max": F.max_pool2d(square[None], 2)[0],
        "output, average": F.avg_pool2d(square[None], 2)[0],
        "output, stride": square[::2, ::2],
    },
    highlight={"input": ((0, 2), (2, 4))},
    title="The lone 8 survives only where the maximum is taken",
)

# %% [markdown]
# *Figure: a 4×4 matrix and its three 2×2 versions. In the framed square the 8 becomes 8
# by max, 2 by average, 0 by striding.*
#
# **Predict:** one black pixel on grey. After three 2×2 *max* poolings, how many percent
# of its contrast are left: 100, 50, 1.6 or 0?

# %%
dark_guess = 0  # answer

# %% [markdown]
# To be fair to striding, the dot is tried at each of the 64 places of an 8×8 block.


# %%
def shrink(images, way, times=3):
    """Halve `images` (n, h, w) a few times."""
    pool = {"max": F.max_pool2d, "average": F.avg_pool2d}
    for _ in range(times):
        images = pool[way](images, 2) if way in pool else images[:, ::2, ::2]
    return images


def left(dot, way):
    """Return the mean contrast left of one pixel that differs from the grey by dot."""
    plain = torch.full((64, 8, 8), 0.5)
    marked = plain + dot * torch.eye(64).view(64, 8, 8)
    change = shrink(marked, way) - shrink(plain, way)
    return (change.abs().amax((1, 2)).mean() / abs(dot)).item()


# %%
ways = ("max", "average", "stride")
bright = {f"bright dot, {way}": 100 * left(0.5, way) for way in ways}
dark = {f"dark dot, {way}": 100 * left(-0.5, way) for way in ways}
figures.bars(
    bright | dark,
    xlabel="contrast left after three poolings (%)",
    title="Max pooling keeps every bright dot and loses every dark one",
    highlight=list(dark),
)

# %% [markdown]
# *Figure: six bars. Bright dot: 100 % by max, 1.56 % by average and by stride; dark
# dot: 0 by max, 1.56 % by the others.*
#
# Now on a photo. **One question to settle:** make the spot dark. From which spot size
# on does it survive two max poolings wherever you put it?

# %%
explore_pooling()

# %% [markdown]
# The same without a slider: the roof after three levels, three ways.

# %%
detail = grey[40:168, 220:348]
levels = {way: shrink(detail[None], way)[0] for way in ways}
left_over = levels["max"].numel() / detail.numel()
figures.images(
    [detail, *levels.values()],
    ["128×128", *(f"{way}, 16×16" for way in ways)],
    title=f"{100 * left_over:.1f} % of the numbers are left",
)

# %% [markdown]
# *Figure: a roof, then three 16×16 versions. Max is brighter than the original, average
# blurred, striding ragged.*
#
# The claim, number by number: size, share, and whether the loudest value of every 2×2
# square is still there.

# %%
once = shrink(grey[None], "max", times=1)[0]
h, w = once.shape
patches = grey[: 2 * h, : 2 * w].reshape(h, 2, w, 2).transpose(1, 2).reshape(h, w, 4)

# %% tags=["check", "verdict"]
verdict(
    "C16",
    cases={
        "each side is halved": (h, w) == tuple(side // 2 for side in grey.shape),
        "a quarter of the numbers is left": patches.numel() == 4 * once.numel(),
        "the loudest of each square survives": torch.equal(once, patches.amax(2)),
        "a bright dot survives three levels": left(0.5, "max") == 1,
    },
    measured={
        "bright dot left after 3 × max (%)": 100 * left(0.5, "max"),
        "dark dot left after 3 × max (%)": 100 * left(-0.5, "max"),
        "either, after 3 × average (%)": 100 * left(0.5, "average"),
        "either, after 3 × stride (%)": 100 * left(0.5, "stride"),
    },
    predicted=dark_guess,
    why="The maximum of a window never drops its largest number, only all the others.",
)

# %% [markdown]
# “Loud” means large, not important. Inside a network this is what one wants: after a
# ReLU a large value says *found it*, and zero says nothing.
#
# **Exercise 01.6 (10 minutes).** Write it. Tiny case: `[[1, 2], [3, 4]]` gives `[[4]]`;
# an odd last row or column is dropped.


# %%
def max_pool2x2(images):
    """Return the maximum of every 2×2 square: (n, c, h, w) to (n, c, h//2, w//2)."""
    ### BEGIN SOLUTION
    n, c, h, w = images.shape
    even = images[:, :, : h // 2 * 2, : w // 2 * 2]
    return even.reshape(n, c, h // 2, 2, w // 2, 2).amax((3, 5))
    ### END SOLUTION


# %% tags=["check"]
check("01.6", max_pool2x2)

# %% [markdown]
# ## 17 · Where to put pooling

# %%
claim("C17")

# %% [markdown]
# Photos of 400×400 are too much for two cores, but the question is not: the same five
# layers and the same two poolings, at three places. Once on digits of 28×28, once on
# small coloured shapes of 7 to 9 pixels.


# %%
def pooled(after, channels, classes, seed):
    """Return five 3×3 layers with a 2×2 pooling after each layer named in `after`."""
    torch.manual_seed(seed)
    steps = []
    for layer in range(1, 6):
        steps += conv_relu(channels if layer == 1 else 8, 8)
        steps += [nn.MaxPool2d(2)] * (layer in after)
    return nn.Sequential(nn.Sequential(*steps), *gap_head(8, classes))


plans = {n: anatomy(pooled(p, 1, 10, 0), (1, 28, 28)) for n, p in PLACES.items()}
{n: (t["0"].receptive_field, t.parameters, t.multiply_adds) for n, t in plans.items()}

# %% [markdown]
# Equal parameters, but early pooling also widens the field and makes the network
# cheaper. Both belong to the choice.

# %%
tiny = {"colours": ("red",), "backgrounds": ("clouds",), "object_size": (7, 9)}
numbers = digits(28).split()
sets = {
    "digits": (numbers.train.subset(range(300)), numbers.valid, 0.1),
    "small shapes": (shapes(300, seed=0, **tiny), shapes(360, seed=1, **tiny), 0.03),
}


def place_accuracy(name, after, seed):
    train, new, lr = sets[name]
    model = pooled(after, train.images.shape[1], len(train.classes), seed)
    return evaluate(learn(model, train, 8, seed, lr), new).accuracy


# %%
by_place = {
    name: {
        where: 100 * averaged([place_accuracy(name, p, seed) for seed in SEEDS])
        for where, p in PLACES.items()
    }
    for name in sets
}
best_place = {name: max(shares, key=shares.get) for name, shares in by_place.items()}
figures.bars(
    {f"{n}, {w}": share for n in sets for w, share in by_place[n].items()},
    xlabel="accuracy on new images (%)",
    title="Best: pooling " + ", ".join(f"{w} for {n}" for n, w in best_place.items()),
    highlight=[f"{name}, {where}" for name, where in best_place.items()],
)

# %% [markdown]
# *Figure: six bars, the best of each set in the accent colour. Digits do about equally
# well with pooling after layers 1 and 2 or 2 and 4, worse after 4 and 5; small shapes
# do best after 2 and 4.*

# %%
lead = {
    (name, where): by_place[name]["after 2 and 4"] - by_place[name][where]
    for name in sets
    for where in ("after 1 and 2", "after 4 and 5")
}
five = nn.Sequential(*(nn.Conv2d(1, 1, 3, padding=1) for _ in range(5)))
five_see = anatomy(five, (1, 400, 400)).output.receptive_field[0]

# %% tags=["verdict"]
verdict(
    "C17",
    cases={
        "five 3×3 layers see 11×11": five_see == 11,
        "small shapes: not in the first layer": lead["small shapes", "after 1 and 2"]
        > 2,
        "small shapes: not at the end": lead["small shapes", "after 4 and 5"] > 2,
        "digits: not in the first layer": lead["digits", "after 1 and 2"] > 2,
        "digits: not at the end": lead["digits", "after 4 and 5"] > 2,
    },
    measured={f"{n}, {w} (%)": by_place[n][w] for n in sets for w in PLACES},
    why="Pool once the details are read, and leave layers to use the wider field.",
)

# %% [markdown]
# Our digits are enlarged 8×8 scans: they have no fine detail to lose. Two runs a bar
# are few; a few percent are noise.
#
# **Exercise 01.5 (10 minutes).** For 100×100: `"conv"` is 3×3, `"pool"` 2×2, at most
# 12. Reach a field of 32, pool first at 11 or more, end with two convs, no two pools in
# a row.

# %%
layers = ...  # for example ["conv", "pool", "conv"]
### BEGIN SOLUTION
layers = ["conv"] * 5 + ["pool"] + ["conv"] * 3 + ["pool"] + ["conv"] * 2
### END SOLUTION

# %% tags=["check"]
check("01.5", layers)

# %% [markdown]
# ## 18 · No pattern larger than the field

# %%
claim("C18")

# %% [markdown]
# Two pictures: a bar of 11 pixels and one of 31. Inside the middle 11×11 they are the
# same.

# %%
short, longer = torch.zeros(2, 41, 41)
short[20, 15:26] = 1
longer[20, 5:36] = 1
figures.images(
    [short, longer, short[15:26, 15:26], longer[15:26, 15:26]],
    ["bar of 11", "bar of 31", "its middle 11×11", "its middle 11×11"],
    title="Different pictures, the same middle",
)

# %% [markdown]
# *Figure: a short and a long white bar on black; cut to the middle 11×11 they look
# alike.*
#
# Twenty random networks of five 3×3 layers look at such pairs: the two bars, then
# random pictures that agree inside 11×11 only.


# %%
@torch.no_grad()
def middle_change(seed, depth, one, other):
    """Return by how much the middle units of a random network move."""
    torch.manual_seed(seed)
    sides = [1, *[8] * depth]
    steps = []
    for inputs, outputs in pairwise(sides):
        steps += [nn.Conv2d(inputs, outputs, 3), nn.ReLU()]
    model = nn.Sequential(*steps[:-1]).double()
    maps = model(torch.stack([one, other])[:, None].double())
    middle = maps.shape[-1] // 2
    return (maps[0] - maps[1])[:, middle, middle].abs().max().item()


# %% [markdown]
# Two counter-tests keep us honest: a corner pixel of the 11×11 that differs, and a
# sixth layer, which sees 13×13.

# %%
generator = torch.Generator().manual_seed(SEED)
one, other = torch.rand(2, 41, 41, generator=generator)
other[15:26, 15:26] = one[15:26, 15:26]
nudged = one.clone()
nudged[15, 15] += 1  # a corner pixel of the 11×11
bars_seen = [middle_change(seed, 5, short, longer) for seed in range(20)]
outside = [middle_change(seed, 5, one, other) for seed in range(20)]
corner = [middle_change(seed, 5, one, nudged) for seed in range(20)]
deeper = [middle_change(seed, 6, one, other) for seed in range(20)]

# %%
figures.curves(
    range(20),
    {"equal inside 11×11": outside, "a corner differs": corner, "six layers": deeper},
    xlabel="random network",
    ylabel="change of the middle unit",
    title="Equal inside the field: the unit does not move at all",
)

# %% [markdown]
# *Figure: three curves over twenty networks; one lies at zero, the other two above it.*

# %% tags=["check", "verdict"]
verdict(
    "C18",
    cases={
        "bars of 11 and 31: the same answer": max(bars_seen) < 1e-12,
        "equal inside 11×11: the same answer": max(outside) < 1e-12,
        "a corner of the 11×11 differs: another answer": min(corner) > 1e-12,
        "six layers (13×13) do tell them apart": min(deeper) > 1e-12,
    },
    measured={
        "random networks": len(outside),
        "pixels that differ": int((one != other).sum()),
        "networks that moved": sum(value > 1e-12 for value in outside),
    },
    why="What a unit does not see cannot change its answer.",
)

# %% [markdown]
# ## 19 · Pooling: nothing to learn

# %%
claim("C19")

# %% [markdown]
# By hand: patches of 3 with stride 2 on seven numbers share one number with each
# neighbour.

# %%
seven = torch.tensor([1.0, 5, 2, 8, 3, 0, 4])
overlapping = seven.unfold(0, 3, 2)
figures.matrices(
    {
        "input": seven,
        "output, max": overlapping.amax(1),
        "output, sum": overlapping.sum(1),
    },
    highlight={"input": ((0, 1), (2, 5))},
    title="The third and fifth number are each in two patches",
)

# %% [markdown]
# *Figure: 1 5 2 8 3 0 4, its maxima 5 8 4 and sums 8 13 7; the middle patch is framed.*
#
# AlexNet pools like this three times. Its pooling rows in the table of the network:

# %%
from torchvision.models import alexnet

with torch.device("meta"):  # shapes only, no 61 million numbers
    table = anatomy(alexnet(weights=None), (3, 224, 224))
pools = [row for row in table if row.kind == "MaxPool2d"]
shapes_of = [row.output_shape for row in pools]
[(row.name, row.output_shape, row.receptive_field, row.stride) for row in pools]

# %% [markdown]
# And sum against average on a photo, for patches of 2, 3 and 5, overlapping or not:

# %%
settings = [(2, 2), (3, 2), (3, 3), (5, 2), (5, 5)]
summed = [photo.unfold(1, k, s).unfold(2, k, s).sum((3, 4)) for k, s in settings]
meant = [F.avg_pool2d(photo, k, s) * k * k for k, s in settings]
same = [torch.allclose(a, b, atol=1e-4) for a, b in zip(summed, meant, strict=True)]
kinds = [
    nn.MaxPool2d(3, 2),
    nn.AvgPool2d(2),
    nn.LPPool2d(1, 2),
    nn.AdaptiveAvgPool2d(1),
]
learned = [sum(p.numel() for p in kind.parameters()) for kind in kinds]
alex_sides = [F.max_pool2d(torch.zeros(1, n, n), 3, 2).shape[-1] for n in (55, 27, 13)]

# %% tags=["check", "verdict"]
verdict(
    "C19",
    cases={
        "no kind of pooling has parameters": sum(learned) == 0,
        "AlexNet's poolings have none": sum(row.parameters for row in pools) == 0,
        "sum = average × area": all(same),
        "3, stride 2: 55 → 27 → 13 → 6": alex_sides == [27, 13, 6],
        "torchvision's AlexNet does that": [s[-1] for s in shapes_of] == alex_sides,
    },
    measured={
        "sums compared": sum(a.numel() for a in summed),
        "parameters of all poolings": sum(learned),
    },
    why="A maximum, a sum and a mean are fixed recipes; there is nothing to learn.",
)

# %% [markdown]
# ## 20 · A small shift

# %%
claim("C20")

# %% [markdown]
# Digits of 16×16 in the middle of 28×28: there is room to move them by 6 pixels in each
# direction without losing ink.

# %%
small_digits = digits(16)
centred = replace(small_digits, images=F.pad(small_digits.images, (6, 6, 6, 6))).split()


def moved(data, pixels):
    """Return four copies of a set: moved right, left, down and up."""
    ways = ((0, 1), (0, -1), (1, 0), (-1, 0))
    steps = [(pixels * y, pixels * x) for y, x in ways]
    return [replace(data, images=data.images.roll(s, (2, 3))) for s in steps]


figures.images(
    [moved(centred.valid, pixels)[0].images[0] for pixels in SHIFTS],
    [f"{pixels} px" for pixels in SHIFTS],
    columns=7,
    title="The same digit, seven places",
)

# %% [markdown]
# *Figure: one digit, moved right by 0 to 6 pixels.*
#
# Three networks, trained on centred digits only. None has seen a moved one.


# %%
def two_blocks():
    return [*conv_relu(1, 8), nn.MaxPool2d(2), *conv_relu(8, 16), nn.MaxPool2d(2)]


torch.manual_seed(SEED)
dense = [nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10)]
flat = [*two_blocks(), nn.Flatten(), nn.Linear(16 * 7 * 7, 10)]
mean = [*two_blocks(), *conv_relu(16, 16), *gap_head(16, 10)]
stacks = {"dense": dense, "conv + pool": flat, "conv + pool + GAP": mean}
shifting = {name: nn.Sequential(*layers) for name, layers in stacks.items()}
anatomy(shifting["conv + pool + GAP"], (1, 28, 28))

# %% [markdown]
# **Predict:** the dense network gets about 97 % of the centred digits right. Moved by 3
# pixels of 28, how many percent are left: 90, 70, 50 or 20?

# %%
shift_guess = 50  # answer

# %% [markdown]
# Train each network, then test it on digits moved to all four sides.

# %%
epochs = {"dense": 6, "conv + pool": 3, "conv + pool + GAP": 6}
for name, model in shifting.items():
    learn(model, centred.train, epochs[name])


def after_shift(model, pixels):
    runs = [evaluate(model, data).accuracy for data in moved(centred.valid, pixels)]
    return 100 * averaged(runs)


by_shift = {n: [after_shift(m, p) for p in SHIFTS] for n, m in shifting.items()}

# %%
figures.curves(
    SHIFTS,
    by_shift,
    xlabel="shift (pixels)",
    ylabel="accuracy (%)",
    title=f"Moved by 3 pixels, the dense net gets {by_shift['dense'][3]:.0f} % right",
    level={"chance": 10},
)

# %% [markdown]
# *Figure: accuracy against shift. Dense falls fastest, conv + pool a little later, both
# to chance; with GAP the curve stays high and comes back at 4 pixels.*

# %% tags=["verdict"]
dense, pool, mean = by_shift.values()
verdict(
    "C20",
    cases={
        "1 to 3 px: conv + pool keeps more than dense": all(
            p > d for p, d in zip(pool[1:4], dense[1:4], strict=True)
        ),
        "6 px: conv + pool + GAP keeps more than both": mean[6]
        > max(dense[6], pool[6]),
        "6 px: dense is at chance": dense[6] < 20,
    },
    measured={
        "dense, 3 px (%)": dense[3],
        "conv + pool, 3 px (%)": pool[3],
        "conv + pool + GAP, 3 px (%)": mean[3],
        "conv + pool + GAP, 4 px (%)": mean[4],
    },
    predicted=shift_guess,
    why="Pooling forgives what stays in its window; GAP forgets the place altogether.",
)

# %% [markdown]
# Look at GAP's dip between 0 and 4. Two poolings move in steps of 4 pixels: a shift by
# 4 is exact, a shift by 2 cuts the windows differently. Invariance is *some*, as the
# claim says, and never free.
#
# ## 21 · Rescaling is not standardisation

# %%
claim("C21")

# %% [markdown]
# By hand on four pixels:

# %%
pixels = torch.tensor([0.0, 51, 204, 255])
steps = {
    "input": pixels,
    "output, x / 255": pixels / 255,
    "output, (x − mean) / deviation": (pixels - pixels.mean())
    / pixels.std(correction=0),
}
figures.matrices(steps, title="Rescaled: 0 to 1. Standardised: mean 0, deviation 1")

# %% [markdown]
# *Figure: 0 51 204 255; rescaled 0 0.2 0.8 1; standardised −1.21 −0.73 0.73 1.21.*
#
# Does the name matter? One small network, 100 steps of plain SGD, six learning rates,
# three ways to prepare the same 8×8 digits.

# %%
eight = digits(8).split().train
raw = eight.images.float()
prepared = {
    "raw 0…255": raw,
    "rescaled": raw / 255,
    "standardised": (raw - raw.mean()) / raw.std(correction=0),
}
facts = {n: (x.mean().item(), x.std(correction=0).item()) for n, x in prepared.items()}
facts

# %% [markdown]
# Above: mean and deviation of each version. Below: the training, with nothing clever in
# it.


# %%
def loss_after(images, rate, steps=100):
    """Return the training loss after some steps of plain SGD."""
    torch.manual_seed(SEED)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), rate)
    for _ in range(steps):
        chosen = torch.randint(len(images), (64,))
        loss = F.cross_entropy(model(images[chosen]), eight.labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return F.cross_entropy(model(images), eight.labels).item()


# %%
losses = {n: [loss_after(x, r) for r in RATES] for n, x in prepared.items()}
best = {name: min(values) for name, values in losses.items()}
figures.curves(
    RATES,
    losses,
    xlabel="learning rate",
    ylabel="loss after 100 steps (nats)",
    title="The scale of the pixels decides which learning rates work",
    level={"knows nothing: ln 10": 2.303},
    log_x=True,
)

# %% [markdown]
# *Figure: loss against learning rate. Raw pixels learn at 0.001 and nothing from 0.01
# on; rescaled and standardised ones need large rates, and standardised is ahead.*

# %% tags=["verdict"]
mean, deviation = facts["rescaled"]
verdict(
    "C21",
    cases={
        "x / 255 has mean 0": abs(mean) < 0.01,
        "x / 255 has deviation 1": abs(deviation - 1) < 0.01,
        "x / 255 learns like standardised at rate 0.1": losses["rescaled"][4]
        < losses["standardised"][4] + 0.1,
    },
    measured={
        "mean of x / 255": mean,
        "deviation of x / 255": deviation,
        "loss at rate 0.1, rescaled": losses["rescaled"][4],
        "loss at rate 0.1, standardised": losses["standardised"][4],
        "best loss of raw pixels": best["raw 0…255"],
    },
    why="Dividing by 255 sets the range; mean and deviation are those of the images.",
)

# %% [markdown]
# Raw pixels are not hopeless, they want a rate a hundred times smaller. Standardised
# ones work at the rates everybody uses. `Batches` and `fit` standardise for you.
#
# **Exercise 01.9 (10 minutes).** Per channel, over batch, rows and columns. Tiny case:
# a channel holding 1 and 3 becomes −1 and 1.


# %%
def standardise(images):
    """Give each channel of (n, c, h, w) mean 0 and deviation 1 over the batch."""
    ### BEGIN SOLUTION
    mean = images.mean((0, 2, 3), keepdim=True)
    deviation = images.std((0, 2, 3), correction=0, keepdim=True)
    return (images - mean) / deviation
    ### END SOLUTION


# %% tags=["check"]
check("01.9", standardise)

# %% [markdown]
# ## 22 · Does noise carry information?

# %%
claim("C22")

# %% [markdown]
# Shannon's entropy: how many yes-or-no questions does one value cost on average? By
# hand: four values, equally often, cost two questions; always the same value costs
# none.


# %%
def entropy(values):
    """Return the entropy of whole numbers from 0 up, in bits."""
    counts = torch.bincount(values.flatten().long())
    share = counts[counts > 0].double() / values.numel()
    return (share * (1 / share).log2()).sum().item()


entropy(torch.tensor([0, 1, 2, 3])), entropy(torch.tensor([2, 2, 2, 2]))

# %% [markdown]
# And how small does a file get? Three pictures of equal size: one value, a photo, pure
# chance.

# %%
generator = torch.Generator().manual_seed(SEED)
bytes_of = {
    "one grey": torch.full(grey.shape, 128, dtype=torch.uint8),
    "photo": (255 * grey).round().to(torch.uint8),
    "noise": torch.randint(256, grey.shape, generator=generator).to(torch.uint8),
}
bits = {name: entropy(image) for name, image in bytes_of.items()}
packed = {
    name: 8 * len(zlib.compress(image.numpy().tobytes(), 9)) / image.numel()
    for name, image in bytes_of.items()
}
figures.images(
    list(bytes_of.values()),
    [f"{n}\n{bits[n]:.1f} bits, zipped {packed[n]:.1f}" for n in bytes_of],
    title="Bits per pixel: noise costs most",
)

# %% [markdown]
# *Figure: a grey square, the temple and noise, with their entropy and their compressed
# size in bits per pixel.*
#
# What matters to a network is information *about the class*: how many bits does a pixel
# tell about the label?


# %%
def mutual_information(values, labels):
    """Return how many bits `values` tell about `labels`, both whole numbers."""
    both = values.long() * (int(labels.max()) + 1) + labels
    return entropy(values) + entropy(labels) - entropy(both)


data = digits(8)
coarse = (data.images // 64).flatten(1)  # four levels of grey
chance = torch.randint(4, coarse.shape, generator=generator)
mixed = data.labels[torch.randperm(len(data), generator=generator)]

# %%
questions = {
    "digits": (coarse, data.labels),
    "noise": (chance, data.labels),
    "digits, labels shuffled": (coarse, mixed),
}
told = {
    name: max(mutual_information(column, labels) for column in values.T)
    for name, (values, labels) in questions.items()
}
figures.bars(
    told | {"all there is to know": entropy(data.labels)},
    xlabel="bits the best pixel tells about the label",
    title="A pixel of noise tells as much as a shuffled label: nothing",
)

# %% [markdown]
# *Figure: four bars: the best pixel of the digits tells about half a bit of the 3.3
# bits of a label; noise and shuffled labels close to nothing.*

# %% tags=["verdict"]
verdict(
    "C22",
    cases={
        "noise has less entropy than a photo": bits["noise"] < bits["photo"],
        "noise packs smaller than a photo": packed["noise"] < packed["photo"],
        "noise tells nothing about the label": told["noise"]
        < 2 * told["digits, labels shuffled"],
    },
    measured={
        "entropy of noise (bits a pixel)": bits["noise"],
        "entropy of the photo": bits["photo"],
        "noise, compressed (bits a pixel)": packed["noise"],
        "photo, compressed": packed["photo"],
        "best pixel of digits (bits about the label)": told["digits"],
        "best pixel of noise": told["noise"],
    },
    why="Noise is full of information, none of it about the class.",
)

# %% [markdown]
# Shuffled labels do not give exactly zero: with 1,797 images, chance looks like a few
# hundredths of a bit. That is why the comparison stands there.
#
# ## 23 · How small may a picture get?

# %%
claim("C23")

# %% [markdown]
# First you. Here are five digits at 3×3, then at 5×5. Say them aloud before you scroll.

# %%
full = digits(28)


def smaller(data, side):
    """Return the set with pictures averaged down to side×side."""
    images = F.adaptive_avg_pool2d(data.images.float(), side).round()
    return replace(data, images=images.to(torch.uint8))


chosen = [404, 1229, 1209, 976, 1176]
rows = [image for side in (3, 5) for image in smaller(full, side).images[chosen]]
figures.images(rows, columns=5, title="Five digits at 3×3, and again at 5×5")

# %% [markdown]
# *Figure: two rows of five pictures of a few grey squares each.*
#
# **Predict:** a network is trained on 3×3 digits, nine numbers each. How many percent
# of new ones does it get right: 10, 30, 60 or 90?

# %%
three_guess = 60  # answer

# %%
rows = [image for side in (7, 28) for image in smaller(full, side).images[chosen]]
names = [str(full.labels[i].item()) for i in chosen]
figures.images(
    rows, [*[""] * 5, *names], columns=5, title="The same at 7×7 and at 28×28"
)

# %% [markdown]
# *Figure: the same five digits, recognisable at 7×7, clear at 28×28, with their
# labels.*
#
# Now the network: one design, trained afresh for every size. Beside the digits, shapes
# anywhere in the picture: large ones (16 to 24 pixels of 32) and smaller ones (10 to
# 20). *Recognisable* shall mean 90 % of what the best size reaches.


# %%
def by_side(data, side, epochs):
    """Train a small network on pictures of one size; return its accuracy (%)."""
    parts = smaller(data, side).split()
    torch.manual_seed(SEED)
    steps = conv_relu(data.images.shape[1], 8) + conv_relu(8, 8)
    end = [nn.AdaptiveMaxPool2d(3), nn.Flatten(), nn.Linear(72, len(data.classes))]
    model = learn(nn.Sequential(*steps, *end), parts.train, epochs)
    return 100 * evaluate(model, parts.valid).accuracy


bold = {"colours": ("red",), "backgrounds": ("clouds",), "seed": SEED}
sources = {
    "digits": (full, 3),
    "large shapes": (shapes(800, object_size=(16, 24), **bold), 6),
    "smaller shapes": (shapes(1000, object_size=(10, 20), **bold), 6),
}

# %%
by_size = {
    name: [by_side(data, side, epochs) for side in SIDES]
    for name, (data, epochs) in sources.items()
}
nine = by_size["digits"][-1]
figures.curves(
    SIDES,
    by_size,
    xlabel="side of the picture (pixels)",
    ylabel="accuracy on new pictures (%)",
    title=f"Nine numbers are enough for {nine:.0f} % of the digits",
)

# %% [markdown]
# *Figure: accuracy against size. Digits stay high down to 5 pixels and drop a little at
# 3; large shapes are best at 14 and hold until 7; smaller shapes are lost at 7.*
#
# Large shapes do *worse* at 28 than at 14. Perhaps section 15 again: two 3×3 layers see
# 5 pixels, a small part of a large shape.

# %% tags=["verdict"]
size = {name: dict(zip(SIDES, shares, strict=True)) for name, shares in by_size.items()}
share = {
    (n, side): size[n][side] / max(size[n].values()) for n in size for side in SIDES
}
verdict(
    "C23",
    cases={
        "digits: recognisable at 7×7": share["digits", 7] > 0.9,
        "digits: lost at 3×3": share["digits", 3] < 0.6,
        "large shapes: recognisable at 7×7": share["large shapes", 7] > 0.9,
        "smaller shapes: recognisable at 7×7": share["smaller shapes", 7] > 0.9,
    },
    measured={
        f"{name} at {side}×{side} (%)": size[name][side]
        for name in size
        for side in (14, 7, 3)
    },
    predicted=three_guess,
    why="What counts is how many pixels are left of the object, not of the picture.",
)

# %% [markdown]
# A network is no reader: nine exact grey levels tell it more than your eye gets from
# nine squares. And a *map* of 7×7 inside a network has hundreds of channels, not one.
#
# ## 24 · Why a non-linearity

# %%
claim("C24")

# %% [markdown]
# By hand: two kernels one after the other are one longer kernel. Feed a single 1 and
# read the answer.

# %%
first, second = torch.tensor([1.0, 2]), torch.tensor([3.0, -1])
spike = torch.tensor([0.0, 0, 1, 0, 0])
through = F.conv1d(spike[None, None], first[None, None])
both = F.conv1d(through, second[None, None])[0, 0].flip(0)
figures.matrices(
    {"kernel 1": first, "kernel 2": second, "kernel of both": both},
    title="Two layers without ReLU are one layer",
)

# %% [markdown]
# *Figure: the kernels 1 2 and 3 −1 and, for the pair, 3 5 −2.*
#
# Now three layers with 8 channels and biases. Feed each possible spike of a 7×7 window
# and write the answers into *one* 7×7 kernel.

# %%
torch.manual_seed(SEED)
stack = nn.Sequential(
    nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3), nn.Conv2d(8, 4, 3)
).double()
with torch.no_grad():
    bias = stack(torch.zeros(1, 3, 7, 7).double())[0, :, 0, 0]
    spikes = torch.eye(3 * 7 * 7).double().view(-1, 3, 7, 7)
    answers = stack(spikes)[:, :, 0, 0] - bias
    one_kernel = answers.T.reshape(4, 3, 7, 7)
    scene = photo[None, :, 40:168, 220:348].double()
    missed = (F.conv2d(scene, one_kernel, bias) - stack(scene)).abs().max().item()
missed, one_kernel.shape

# %% [markdown]
# Equal to the last digits. With ReLU between the layers no such kernel exists: the
# answer to a sum is no longer the sum of the answers.

# %%
bent = nn.Sequential(stack[0], nn.ReLU(), stack[1], nn.ReLU(), stack[2])
with torch.no_grad():
    zero, a, b = torch.zeros_like(scene), scene, scene.flip(3)
    sums = {
        name: (net(a + b) - net(a) - net(b) + net(zero)).abs().max().item()
        for name, net in {"without ReLU": stack, "with ReLU": bent}.items()
    }
sums

# %% [markdown]
# And why ReLU rather than the older sigmoid and tanh? A gradient has to pass through
# every layer. Twenty dense layers, each with the usual start for its non-linearity: how
# much of it arrives?


# %%
def arriving(activation, start):
    """Return the size of the gradient after each layer, relative to the last."""
    torch.manual_seed(SEED)
    signal = torch.randn(256, 64, requires_grad=True)
    signals = [signal]
    for _ in range(DEPTH):
        weight = start(torch.empty(64, 64))
        signals.append(activation(signals[-1] @ weight.T))
    target = torch.randn(256, 64)
    grads = torch.autograd.grad((signals[-1] * target).sum(), signals)
    sizes = torch.stack([grad.norm() for grad in grads])
    return sizes / sizes[-1]


# %%
he, glorot = nn.init.kaiming_normal_, nn.init.xavier_normal_
starts = {torch.relu: he, torch.tanh: glorot, torch.sigmoid: glorot}
arrives = {f.__name__: arriving(f, start) for f, start in starts.items()}
figures.curves(
    range(DEPTH + 1),
    arrives,
    xlabel="layer (20 = output)",
    ylabel="gradient, relative to the output",
    title="Sigmoid lets almost nothing through twenty layers",
    log_y=True,
)

# %% [markdown]
# *Figure: gradient against layer, logarithmic. ReLU and tanh stay near 1, sigmoid falls
# by many powers of ten towards the input.*
#
# Saturation: the slope at x = 10. Price: nanoseconds per value on this machine.


# %%
def slope(function, at=10.0):
    x = torch.tensor(at, requires_grad=True)
    return torch.autograd.grad(function(x), x)[0].item()


def nanoseconds(function, times=50):
    """Return the fastest of several runs over 10,000 values, per value."""
    many, runs = torch.linspace(-3, 3, 10_000), []
    for _ in range(times):
        start = time.perf_counter()
        function(many)
        runs.append(time.perf_counter() - start)
    return 1e9 * min(runs) / many.numel()


line = torch.linspace(-5, 5, 101)
relu_is_max = torch.equal(torch.relu(line), line.clamp(min=0))
slopes = {f.__name__: slope(f) for f in starts}
price = {f.__name__: nanoseconds(f) for f in starts}
slopes, price

# %% tags=["verdict"]
verdict(
    "C24",
    cases={
        "three linear layers = one 7×7 kernel": missed < 1e-10,
        "with ReLU they are no linear map": sums["with ReLU"] > 1e-3,
        "ReLU is max(0, x)": relu_is_max,
        "ReLU does not saturate: slope 1 at x = 10": slopes["relu"] == 1,
        "sigmoid and tanh do": max(slopes["sigmoid"], slopes["tanh"]) < 1e-3,
        "ReLU is the cheapest of the three": price["relu"] == min(price.values()),
    },
    measured={
        "difference to one kernel": missed,
        "gradient through 20 layers, ReLU": arrives["relu"][0].item(),
        "the same, tanh": arrives["tanh"][0].item(),
        "the same, sigmoid": arrives["sigmoid"][0].item(),
        "ReLU (ns a value)": price["relu"],
        "sigmoid (ns a value)": price["sigmoid"],
    },
    why="Linear maps of linear maps are linear; ReLU bends, with slope 0 or 1.",
)

# %% [markdown]
# “Does not saturate” holds on the right side only: for x < 0 the slope is 0, and a unit
# that is negative for every image learns nothing. With a good start tanh passes the
# gradient through twenty layers too.
#
# ## 25 · The same under different light

# %%
claim("C25")

# %% [markdown]
# By hand: a patch of four pixels, and the same patch at half the light.


# %%
def contrast(patch):
    return (patch - patch.mean()) / patch.std(correction=0)


patch = torch.tensor([[80.0, 120], [160, 200]])
figures.matrices(
    {
        "input": patch,
        "output": contrast(patch),
        "input at half the light": patch / 2,
        "output again": contrast(patch / 2),
    },
    title="Half the light, the same contrast",
)

# %% [markdown]
# *Figure: 80 120 160 200 and 40 60 80 100; both become −1.34 −0.45 0.45 1.34.*
#
# On a photo every pixel gets its own patch. The small number keeps the division sane
# where a patch is flat, such as the sky.


# %%
def local_contrast_map(image, size=9, least=0.01):
    """Return each pixel minus the mean of its patch, over the patch's deviation."""
    pool = {"kernel_size": size, "stride": 1, "padding": size // 2}
    pool["count_include_pad"] = False
    mean = F.avg_pool2d(image[None, None], **pool)
    variance = F.avg_pool2d(image.square()[None, None], **pool) - mean.square()
    return ((image - mean) / (variance.clamp(min=0) + least**2).sqrt())[0, 0]


# %% [markdown]
# Four exposures: as taken, half the light, light that falls off to the right, and twice
# the light, which burns out the sky.

# %%
shade = torch.linspace(1, 0.3, grey.shape[1])
light = {
    "photo": grey,
    "half the light": (127.5 * grey).round() / 255,  # a camera keeps whole numbers
    "light falls to the right": grey * shade,
    "overexposed": (2 * grey).clamp(max=1),
}
normalised = {name: local_contrast_map(image) for name, image in light.items()}

# %%
figures.images(
    [*light.values(), *(n.clamp(-2, 2) / 4 + 0.5 for n in normalised.values())],
    [*light, *[""] * 4],
    columns=4,
    title="Four exposures above, their local contrast below",
)

# %% [markdown]
# *Figure: the temple normal, darker, darker towards the right, and burnt out; below,
# line drawings of it that look alike, except where the burnt sky holds nothing.*


# %%
def difference(name, pictures):
    """Return the mean difference to the plain photo, in its deviations (%)."""
    plain, other = pictures["photo"], pictures[name]
    return (100 * (plain - other).abs().mean() / plain.std()).item()


lights = ("half the light", "light falls to the right", "overexposed")
pixels_differ = {name: difference(name, light) for name in lights}
contrast_differs = {name: difference(name, normalised) for name in lights}
kept = {name: contrast_differs[name] / pixels_differ[name] for name in lights}
pixels_differ, contrast_differs

# %% tags=["verdict"]
half, falling, burnt = lights
verdict(
    "C25",
    cases={
        "one patch: exactly the same": torch.allclose(
            contrast(patch), contrast(patch / 2)
        ),
        "half the light: a fifth of the change at most": kept[half] < 0.2,
        "light that falls off: the same": kept[falling] < 0.2,
    },
    measured={
        "half the light, pixels (%)": pixels_differ[half],
        "half the light, contrast (%)": contrast_differs[half],
        "light that falls off, pixels (%)": pixels_differ[falling],
        "light that falls off, contrast (%)": contrast_differs[falling],
        "overexposed, contrast (%)": contrast_differs[burnt],
    },
    why="A factor common to a patch cancels; what the camera cut off is gone.",
)

# %% [markdown]
# **Exercise 01.10 (10 minutes).** The core of it, for a stack of patches. Tiny case:
# the patch `[[1, 3], [1, 3]]` becomes `[[-1, 1], [-1, 1]]`.


# %%
def local_contrast(patches):
    """Subtract each patch's mean and divide by its deviation: (n, h, w)."""
    ### BEGIN SOLUTION
    mean = patches.mean((1, 2), keepdim=True)
    return (patches - mean) / patches.std((1, 2), correction=0, keepdim=True)
    ### END SOLUTION


# %% tags=["check"]
check("01.10", local_contrast)

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
# **5.** From which size on does a dark square survive two 2×2 max poolings wherever it
# lies?
#
# <details><summary>Answer</summary>
#
# 7 pixels. Two poolings look at aligned blocks of 4×4; a block stays dark only if the
# square covers it completely, and only 7 = 4 + 3 guarantees that.
#
# </details>

# %% [markdown]
# **6.** A network with two 2×2 poolings and GAP. The object moves by 1 pixel, or by 4.
# In which case may the answer change more?
#
# <details><summary>Answer</summary>
#
# By 1. A shift by 4, the product of the strides, moves every map by one whole unit, and
# GAP ignores that. A shift by 1 cuts the pooling windows differently.
#
# </details>

# %% [markdown]
# **7.** A colleague divides by 255 and calls the result standardised. Which two numbers
# do you ask for?
#
# <details><summary>Answer</summary>
#
# Mean and deviation. Standardised means 0 and 1; dividing by 255 only promises values
# from 0 to 1.
#
# </details>

# %% [markdown]
# **8.** The object is 60 pixels wide, a two-pixel scratch on it decides. Which field
# does the network need at least?
#
# <details><summary>Answer</summary>
#
# One that covers the scratch and a little around it. The field must cover the clue, not
# the object; and the first pooling should not come before the scratch was read.
#
# </details>

# %% [markdown]
# ## Things to remember
#
# 1. Size: ⌊(D − d(K−1) − 1 + 2P)/S⌋ + 1; weights: N·M·K·K, plus N biases.
# 2. Field: add (k − 1)·j at every layer; j is the product of strides so far.
# 3. The field in use: a bell inside that square.
# 4. Cover the clue; pool after it was read.
# 5. Standardise the pixels; keep the non-linearity.

# %% [markdown]
# ## What this notebook measured
#
# One line for every verdict card shown in this run: claim, verdict, how many of its
# cases held. A measurement that
# contradicts what the course expected says so.

# %%
verdict_table("01")

# %% [markdown]
# ## Exercises, from easy to open
#
# 1. Min pooling is `-F.max_pool2d(-x, 2)`. Which dots does it keep?
# 2. Set `OBJECT` to 21. Where will the knee be? Decide, then run section 15.
# 3. Give sigmoid He's start in section 24. What arrives?
# 4. Train section 20 on moved digits too. Who gains most?

# %% [markdown]
# 5. Solve the brackets without dilation, with strides and pooling alone. How few
#    parameters will do?
# 6. Open: take pictures of your own. What is the clue, how large is it, and how would
#    you measure that rather than guess?

# %% [markdown]
# ## Further reading
#
# - Dumoulin, Visin (2016), *A guide to convolution arithmetic for deep learning*,
#   [arXiv 1603.07285](https://arxiv.org/abs/1603.07285): sections 3 to 6 in pictures.
# - Araujo, Norris, Sim (2019), *Computing receptive fields of convolutional neural
#   networks*, [Distill](https://distill.pub/2019/computing-receptive-fields/): the
#   rule, with derivation.

# %% [markdown]
# - Luo, Li, Urtasun, Zemel (2016), *Understanding the effective receptive field in deep
#   convolutional neural networks*, [arXiv
#   1701.04128](https://arxiv.org/abs/1701.04128).
# - LeCun, Bottou, Bengio, Haffner (1998), *Gradient-based learning applied to document
#   recognition*, Proceedings of the IEEE 86(11).
# - Zhang (2019), *Making convolutional networks shift-invariant again*, [arXiv
#   1904.11486](https://arxiv.org/abs/1904.11486): the dips of section 20.
