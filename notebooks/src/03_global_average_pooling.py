# %% [markdown]
# # 03 Global average pooling
#
# **How does a stack of maps become one answer, and what does each way cost?**
#
# Afterwards you can say what a dense layer sees, write it as a convolution, replace it
# by global average pooling (GAP), and tell what GAP does from what is said about it.
#
# About 85 minutes of work · comes after *02 One by one* · runs offline, without a GPU ·
# *03b Softmax and the loss* goes on from here.

# %% tags=["setup"]
# setup

# %% tags=["fold"]
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F

from coursekit import anatomy, check, claim, digits, evaluate, figures, fit, hint
from coursekit import photos, predict, reveal, shapes, solution, verdict
from coursekit.blocks import ConvNormAct, DenseHead, GAPHead
from coursekit.course import prediction_table, verdict_table
from coursekit.data import mnist
from coursekit.explore import explore_dense_matrix, explore_heads
from coursekit.metrics import interval, paired
from coursekit.models import vgg16
from coursekit.training import track

# %% [markdown]
# The numbers that steer the experiments. Networks are trained from several seeds,
# because one run proves little.

# %%
SEEDS = (0, 1, 2, 3, 4)  # one network each
SAME = 5  # percentage points that still count as "the same"
SET = "auto"  # "digits", "mnist", or "auto": MNIST where its files are at hand
MOST = 60_000 if torch.cuda.is_available() else 1_500  # images of MNIST a part
SHIFTS = (0, 1, 2, 3, 4, 6)  # pixels; keep 3
BORDERS = (-4, 0, 4, 8, 16)  # pixels of black added on each side of the digits
WIDER = 8  # the one of them that is asked about
SHORT = (2, 0.05)  # epochs and highest learning rate, section 8
LONG = (8, 0.3)

# %% [markdown]
# One helper trains every network of this session.


# %%
def learn(model, data, epochs, seed, lr=0.1):
    """Train `model` in place and return it."""
    how = {"batch_size": 32, "format": "contiguous", "progress": False}
    fit(model, data, epochs=epochs, seed=seed, lr=lr, **how)
    return model


# %% [markdown]
# ## 1 · What a dense layer does to a picture

# %%
claim("C41")

# %% [markdown]
# A dense layer reads a list. So the map is *flattened* first: row after row. By hand,
# with nine numbers; follow the framed 1 and the 4 below it.

# %%
tiny = torch.arange(1, 10).view(3, 3)
figures.matrices(
    {"input map": tiny, "input as a list": tiny.flatten()},
    highlight={"input map": ((0, 2), (0, 1)), "input as a list": ((0, 1), (0, 4))},
    title="Neighbours in the map stand three apart in the list",
    words="A 3×3 map of 1 to 9 and the same numbers in a row. The 4 lies directly "
    "below the 1 in the map and is the fourth in the list.",
)

# %% [markdown]
# Every unit of a dense layer has one weight for every number of that list. Its local
# field, then, by the calculator:

# %%
flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 4))
table = anatomy(flat, (3, 16, 16))
dense_field = table.output.receptive_field
table

# %% [markdown]
# Does it know which pixels are neighbours? Shuffle the pixels of every picture with
# **one fixed permutation**. All numbers are still there, each at a new place, the same
# new place in all pictures.

# %%
order = torch.randperm(256, generator=torch.Generator().manual_seed(0))
bold = {"colours": ("red",), "backgrounds": ("clouds",), "object_size": (16, 26)}


def pictures(n, seed):
    """Return n coloured shapes, averaged down to 16×16."""
    data = shapes(n, seed=seed, **bold).labelled_by("shape")
    small = F.avg_pool2d(data.images.float(), 2).round()
    return replace(data, images=small.to(torch.uint8))


def permuted(data):
    pixels = data.images.flatten(2)[:, :, order]
    return replace(data, images=pixels.view_as(data.images))


# %%
plain = pictures(700, 0), pictures(1000, 1)  # to learn from, to test on
mixed = tuple(permuted(data) for data in plain)
names = [plain[0].classes[label] for label in plain[0].labels[:4]]
figures.images(
    [*plain[0].images[:4], *mixed[0].images[:4]],
    [*names, *[""] * 4],
    columns=4,
    title="Four shapes, and the same pixels in another order",
    words="Above, a red shape on a cloudy ground, four times. Below, what the fixed "
    "permutation makes of them: red and grey pixels scattered over the square.",
)

# %% [markdown]
# Two networks: one dense, one of convolutions. Each learns the plain pictures; then a
# fresh copy learns the permuted ones and is tested on permuted ones.


# %%
def dense_net(seed):
    torch.manual_seed(seed)
    hidden = [nn.Linear(3 * 256, 64), nn.BatchNorm1d(64), nn.ReLU()]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(64, 4))


def conv_net(seed):
    torch.manual_seed(seed)
    steps = [ConvNormAct(3, 12), nn.MaxPool2d(2), ConvNormAct(12, 24), nn.MaxPool2d(2)]
    return nn.Sequential(*steps, ConvNormAct(24, 24), GAPHead(24, 4))


anatomy(conv_net(0), (3, 16, 16))

# %% [markdown]
# **Predict:** on plain pictures the convolutional network gets about 100 % of the new
# shapes right. Four classes, so guessing gives 25 %. Trained and tested on permuted
# pictures, how many percent: 100, 75, 50 or 25?

# %%
guess = 25  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-permuted", guess, options=(100, 75, 50, 25), unit="%", sure=sure)


# %%
def percent(make, sets):
    """Train one network a seed; return the accuracies on new pictures, in %."""
    train, new = sets
    nets = [learn(make(seed), train, 6, seed) for seed in track(SEEDS, "networks")]
    return [100 * evaluate(net, new).accuracy for net in nets]


runs = {
    ("dense", "plain"): percent(dense_net, plain),
    ("dense", "permuted"): percent(dense_net, mixed),
    ("conv", "plain"): percent(conv_net, plain),
    ("conv", "permuted"): percent(conv_net, mixed),
}

# %% [markdown]
# Means over the seeds:

# %%
dense_loss = paired(runs["dense", "plain"], runs["dense", "permuted"])
conv_loss = paired(runs["conv", "plain"], runs["conv", "permuted"])
figures.bars(
    {f"{net}, {order}": interval(found).mean for (net, order), found in runs.items()},
    xlabel="accuracy on new pictures (%)",
    highlight=["dense, permuted", "conv, permuted"],
    title=f"The permutation costs the dense net {round(dense_loss.mean)} points, "
    f"the convolutional one {round(conv_loss.mean)}",
    words="Four bars of accuracy: the dense network on plain and on permuted "
    "pictures, then the convolutional network on both.",
)

# %% [markdown]
# For the dense layer there is an exact reason. Permute its weights like the pixels: the
# products are the same, only added in another order. And the list itself, has it lost
# anything? Undo it.

# %%
first = dense_net(0)[1]
column_order = torch.cat([order + 256 * channel for channel in range(3)])
x, mixed_x = (sets[1].images[:64].flatten(1) / 255 for sets in (plain, mixed))
there = F.linear(x, first.weight)
here = F.linear(mixed_x, first.weight[:, column_order])
same_answers = torch.allclose(there, here, atol=1e-5)
undone = x.view(64, 3, 16, 16)
changed = int((undone != plain[1].images[:64] / 255).sum())

# %% tags=["verdict"]
verdict(
    "C41",
    cases={
        "a dense unit's field is the whole input": dense_field == (16, 16),
        "weights permuted too: the same answers": same_answers,
        f"dense: permuted is as good (±{SAME} points)": dense_loss.within(SAME),
        "convolution: permuted is worse": conv_loss.above(SAME),
    },
    measured={
        "numbers that undoing the list brings back wrong": changed,
        "dense, plain (%)": runs["dense", "plain"],
        "dense, permuted (%)": runs["dense", "permuted"],
        "conv, plain (%)": runs["conv", "plain"],
        "conv, permuted (%)": runs["conv", "permuted"],
    },
    predicted=reveal("03-permuted", interval(runs["conv", "permuted"])),
    why="The list keeps every place but not who is whose neighbour; only a "
    "convolution uses that.",
)

# %% [markdown]
# True in this sense: the list can be undone, so each place is still known by its
# number. What the dense layer does not know is *next to*. Keep the difference in mind,
# it comes back in section 5.
#
# ## 2 · A dense layer is a convolution

# %%
claim("C42")

# %% [markdown]
# By hand: a 2×2 map, and a kernel of 2×2. It fits at one single place, and there it
# multiplies each number by its own weight.

# %%
corner = torch.tensor([[1.0, 2], [3, 4]])
weight = torch.tensor([[10.0, 0, 0, 1]])  # one unit, four weights
as_list = F.linear(corner.flatten(), weight)
as_kernel = F.conv2d(corner[None, None], weight.view(1, 1, 2, 2))
figures.matrices(
    {
        "input map": corner,
        "kernel": weight.view(2, 2),
        "output": as_kernel.detach().view(1, 1),
    },
    title=f"One place, one answer: {as_list.item():.0f} from the list, "
    f"{as_kernel.item():.0f} from the map",
    words="The map 1 2 / 3 4, the kernel 10 0 / 0 1 and the single answer 14.",
)

# %% [markdown]
# **Exercise 03.7 (8 minutes).** Turn the weight of a dense layer into that kernel, for
# any number of channels. Tiny case: above, `(1, 4)` becomes `(1, 1, 2, 2)`. Stuck? Run
# `hint("03.7")` in a new cell, later `solution("03.7")`.


# %%
def dense_as_conv(weight, channels, height, width):
    """Turn a dense weight (out, c·h·w) into a kernel (out, c, h, w)."""
    ### BEGIN SOLUTION
    return weight.reshape(-1, channels, height, width)
    ### END SOLUTION


# %% tags=["check"]
check("03.7", dense_as_conv)

# %% [markdown]
# On real pixels: 64 pieces of a photo, 3×7×7 each, ten units. Copy the weights and
# compare all answers, in float32 and in float64. The same for a 1×1 convolution against
# a dense layer that visits pixel after pixel.

# %%
photo = photos().images[0] / 255  # c h w
pieces = photo[:, :56, 200:256].unfold(1, 7, 7).unfold(2, 7, 7)
pieces = pieces.permute(1, 2, 0, 3, 4).reshape(64, 3, 7, 7)
torch.manual_seed(0)
ten, point = nn.Linear(3 * 7 * 7, 10), nn.Linear(3, 10)


@torch.no_grad()
def differences(images):
    """Return the largest difference: whole map as kernel, 1×1 as dense layer."""
    full, one = (layer.to(images.dtype) for layer in (ten, point))
    kernel = full.weight.view(10, 3, 7, 7)
    dense, conv = full(images.flatten(1)), F.conv2d(images, kernel, full.bias)
    pixels = one(images.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    mixed = F.conv2d(images, one.weight[:, :, None, None], one.bias)
    pairs = [(dense, conv[..., 0, 0]), (pixels, mixed)]
    return [(a - b).abs().max().item() for a, b in pairs]


in_float32, in_float64 = differences(pieces), differences(pieces.double())
in_float32, in_float64

# %% [markdown]
# Now it is a convolution, it can do what a dense layer cannot: slide.
#
# **Predict:** the layer above wants a 7×7 map. Written as a convolution it gets a 9×9
# map. How many answers does each of its ten units give: 1, 3, 9, or is it an error?

# %%
guess = "error"  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-slides", guess, options=(1, 3, 9, "error"), sure=sure)

# %%
ten, kernel = ten.float(), ten.weight.detach().view(10, 3, 7, 7).float()
larger = photo[None, :, 100:109, 200:209]
answers = F.conv2d(larger, kernel, ten.bias.detach())[0]  # units h w

# %% [markdown]
# Each answer is what the dense layer says about one 7×7 window. On the whole photo one
# unit gives a map of such answers:

# %%
everywhere = F.conv2d(photo[None], kernel, ten.bias.detach())[0, 0]
figures.heatmap(
    everywhere[::4, ::4],
    xlabel="column (every fourth)",
    ylabel="row (every fourth)",
    label="answer of one unit",
    title=f"One dense unit, slid over the photo: {everywhere.numel():,} answers",
    words="The answers of one random dense unit as colours; the outlines of the "
    "temple can be made out.",
)

# %% tags=["verdict"]
verdict(
    "C42",
    cases={
        "kernel as large as the map, float32, to 1e-5": in_float32[0] < 1e-5,
        "the same in float64, to 1e-12": in_float64[0] < 1e-12,
        "1×1 = dense layer at each pixel, float32": in_float32[1] < 1e-5,
        "the same in float64": in_float64[1] < 1e-12,
    },
    measured={
        "answers compared": len(pieces) * 10 * (1 + 49),
        "largest difference, float32": max(in_float32),
        "largest difference, float64": max(in_float64),
        "answers a unit gives on 9×9": answers[0].numel(),
    },
    predicted=reveal("03-slides", answers[0].numel()),
    why="The same products, added in another order: only rounding can differ.",
)

# %% [markdown]
# So a dense network is a convolutional one that can only look at one size of picture,
# and need not.
#
# ## 3 · A convolution is a dense layer with most weights missing

# %%
claim("C43")

# %% [markdown]
# By hand on a list: three places for a kernel of 3 in a list of 5. Write each place as
# a row of five weights, with zeros where the kernel does not reach.

# %%
kernel = torch.tensor([1.0, 2, 3])
rows = torch.zeros(3, 5)
for place in range(3):
    rows[place, place : place + 3] = kernel
figures.matrices(
    {"kernel": kernel[None], "kernel as a matrix": rows},
    title="The same three weights in every row, one step further",
    words="The kernel 1 2 3, and a matrix of three rows: 1 2 3 0 0, 0 1 2 3 0 and "
    "0 0 1 2 3.",
)

# %% [markdown]
# In general: feed a single 1 at each pixel in turn. Each answer is one column of the
# matrix.


# %%
def as_matrix(kernel, side, padding):
    """Return the dense layer (outputs, inputs) of a convolution on side×side."""
    spikes = torch.eye(side * side).view(-1, 1, side, side)
    return F.conv2d(spikes, kernel[None, None], padding=padding).flatten(1).T


weights = torch.arange(1.0, 10).view(3, 3)
matrix = as_matrix(weights, side=9, padding=1)
matrix.shape

# %% [markdown]
# **Predict:** 81 rows, 81 columns, 6,561 numbers. How many *different* numbers are
# there, zero not counted: 9, 81, 625 or 6,561?

# %%
guess = 81  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-different", guess, options=(9, 81, 625, 6561), sure=sure)

# %%
filled = int(matrix.count_nonzero())
different = len(matrix[matrix != 0].unique())

# %% [markdown]
# The whole matrix as a picture:

# %%
figures.heatmap(
    matrix,
    xlabel="input pixel, row after row",
    ylabel="output pixel, row after row",
    label="weight",
    title=f"{different} weights, used {filled} times; the rest is zero",
    words="An 81×81 square, almost all of it one colour. Three narrow diagonal bands "
    "hold the nine weights of the kernel, interrupted where a row of the image ends.",
)

# %% [markdown]
# Does the matrix really do what the convolution does? And the lecture's other numbers:
# from 5×5 to 3×3 without padding.

# %%
window = photo.mean(0)[100:109, 200:209]  # 9×9 grey pixels
by_matrix = matrix @ window.flatten()
by_kernel = F.conv2d(window[None, None], weights[None, None], padding=1)
small = as_matrix(weights, side=5, padding=0)
lines = int(small.count_nonzero())  # one line from an input to an output each
small.shape, lines

# %% tags=["verdict"]
verdict(
    "C43",
    cases={
        "matrix × pixels = convolution": torch.allclose(
            by_matrix, by_kernel.flatten(), rtol=1e-4
        ),
        "81 rows": matrix.shape == (81, 81),
        "625 numbers are not zero": filled == 625,
        "90 % are zero": round(100 * (1 - filled / matrix.numel())) == 90,
        "5×5 to 3×3: 225 dense weights": small.numel() == 225,
        "as a convolution: 81 lines": lines == 81,
        "shared: nine different weights": different == 9,
    },
    measured={
        "zero, 9×9 with padding 1 (%)": 100 * (1 - filled / matrix.numel()),
        "zero, 5×5 to 3×3 (%)": 100 * (1 - lines / small.numel()),
    },
    predicted=reveal("03-different", different),
    why="A row has a weight for each pixel; the kernel reaches at most nine of them.",
)

# %% [markdown]
# Now draw it yourself. **One question to settle:** permute the pixels. Does the number
# of zeros change? What does, and who would mind?

# %%
explore_dense_matrix()

# %% [markdown]
# The same without a control: the matrix above with its columns permuted.

# %%
mixed_up = matrix[:, torch.randperm(81, generator=torch.Generator().manual_seed(0))]
figures.heatmap(
    mixed_up,
    xlabel="input pixel, in permuted order",
    ylabel="output pixel, row after row",
    label="weight",
    title=f"Permuted: still {int(mixed_up.count_nonzero())} weights, no bands",
    words="The same 81×81 matrix with its columns shuffled: the coloured cells are "
    "scattered, no band is left.",
)

# %% [markdown]
# A dense layer can hold this matrix as well as the other one. No 3×3 kernel can: its
# weights must lie in bands.
#
# ## 4 · What a dense head costs

# %%
claim("C44")

# %% [markdown]
# VGG-16 (session 05) ends in three dense layers: 512 maps of 7×7 are flattened, then
# 4096, 4096 and 1000 units. On the `meta` device it needs no memory.
#
# **Predict:** the network has 138 million parameters. How many million are in the
# *first* of the three dense layers: 4, 25, 60 or 103?

# %%
guess = 25  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-first-dense", guess, options=(4, 25, 60, 103), unit="million", sure=sure)

# %%
with torch.device("meta"):
    vgg = vgg16()
kinds = [m for m in vgg.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
sizes = [sum(p.numel() for p in layer.parameters()) for layer in kinds]
convolutions = sum(
    n for n, m in zip(sizes, kinds, strict=True) if isinstance(m, nn.Conv2d)
)
dense_layers = [
    n for n, m in zip(sizes, kinds, strict=True) if isinstance(m, nn.Linear)
]
gap_head = GAPHead(512, 1000)
gap_size = sum(p.numel() for p in gap_head.parameters())

# %% [markdown]
# And with GAP in their place: 512 averages, one dense layer to 1000 classes.

# %%
first_dense = dense_layers[0]
figures.bars(
    {
        "13 convolutions": convolutions / 1e6,
        **{f"dense layer {i + 1}": n / 1e6 for i, n in enumerate(dense_layers)},
        "GAP + one dense layer": gap_size / 1e6,
    },
    xlabel="parameters (millions)",
    highlight=["GAP + one dense layer"],
    title=f"The first dense layer alone holds {first_dense / 1e6:.0f} million",
    words="Bars of millions of parameters: all 13 convolutions together, the three "
    "dense layers, and the small head that could stand in their place.",
)

# %% tags=["verdict"]
share = 100 * sum(dense_layers) / sum(sizes)
verdict(
    "C44",
    cases={"between 85 and 95 % are in dense layers": 85 < share < 95},
    measured={
        "parameters": sum(sizes),
        "in dense layers (%)": share,
        "in the first of them": first_dense,
        "whole network with a GAP head": convolutions + gap_size,
    },
    predicted=reveal("03-first-dense", first_dense / 1e6),
    why="512 · 7 · 7 numbers times 4096 units: the flattened map is the price.",
)

# %% [markdown]
# The part that does the seeing is the small one.
#
# ## 5 · Global average pooling

# %%
claim("C45")

# %% [markdown]
# By hand: two maps become two numbers. Nothing else happens.

# %%
maps = torch.tensor([[[1.0, 3], [5, 7]], [[0, 0], [0, 8]]])
figures.matrices(
    {
        "input, map 1": maps[0],
        "input, map 2": maps[1],
        "output": maps.mean((1, 2))[:, None],
    },
    title="One number a map: its mean",
    words="The maps 1 3 / 5 7 and 0 0 / 0 8, and their means 4 and 2.",
)

# %% [markdown]
# **Exercise 03.1 (5 minutes).** Write it for a batch. Tiny case: the two maps above, as
# `(1, 2, 2, 2)`, give `[[4, 2]]`.


# %%
def gap(images):
    """Average each channel over its map: (n, c, h, w) to (n, c)."""
    ### BEGIN SOLUTION
    return images.mean((2, 3))
    ### END SOLUTION


# %% tags=["check"]
check("03.1", gap)

# %% [markdown]
# A class is more than a mean of a map, so one small dense layer follows. **Exercise
# 03.8 (8 minutes).** Write that head. Tiny case: `GapHead(512, 10)` has 5,130
# parameters.


# %%
class GapHead(nn.Module):
    """Average each channel over its map, then one dense layer to the classes."""

    def __init__(self, channels, classes):
        super().__init__()
        ### BEGIN SOLUTION
        self.classify = nn.Linear(channels, classes)
        ### END SOLUTION

    def forward(self, images):
        ### BEGIN SOLUTION
        return self.classify(images.mean((2, 3)))
        ### END SOLUTION


# %% tags=["check"]
check("03.8", GapHead)

# %% [markdown]
# The dense layer after GAP may as well stand *before* it, as a 1×1 convolution: a mean
# of weighted sums is the weighted sum of the means.

# %%
torch.manual_seed(0)
stack = torch.randn(2, 512, 7, 7, dtype=torch.double)
dense = nn.Linear(512, 10).double()
after = dense(stack.mean((2, 3)))
before = F.conv2d(stack, dense.weight[:, :, None, None], dense.bias).mean((2, 3))
sides = [(7, 7), (1, 1), (3, 20), (32, 32)]
pooled = [torch.randn(2, 512, *side).mean((2, 3)).shape for side in sides]
(after - before).abs().max().item(), pooled

# %% [markdown]
# ### The two heads against each other
#
# Real digits in the middle of a black square, with room to move. MNIST is taken where
# its files lie in the data folder, the small scans that came with the course elsewhere.


# %% tags=["fold"]
def digits_with_room():
    """Return (train, new): digits with a black border of several pixels."""
    if SET != "digits":
        try:
            parts = mnist(download=SET == "mnist")
            parts = [parts.train, parts.valid]
            return [padded(p.subset(range(min(MOST, len(p)))), 4) for p in parts]
        except FileNotFoundError:
            pass  # "auto", and the files are not here
    parts = digits(16).split()
    return [padded(parts.train, 6), padded(parts.valid, 6)]


def padded(data, border):
    """Add a black border; a negative one cuts off."""
    return replace(data, images=F.pad(data.images, (border,) * 4))


train, new = digits_with_room()
side = train.images.shape[-1]
train, new

# %% [markdown]
# One body, two heads. The dense head wants to know the side of the map.


# %%
def body():
    steps = [ConvNormAct(1, 8), nn.MaxPool2d(2), ConvNormAct(8, 16), nn.MaxPool2d(2)]
    return nn.Sequential(*steps, ConvNormAct(16, 32))


def with_head(kind, seed):
    torch.manual_seed(seed)
    heads = {"GAP": GAPHead(32, 10), "dense": DenseHead(32, side // 4, 10)}
    return nn.Sequential(body(), heads[kind])


nets = {
    kind: [learn(with_head(kind, s), train, 5, s) for s in track(SEEDS, kind)]
    for kind in ("GAP", "dense")
}
anatomy(nets["GAP"][0], (1, side, side))

# %% [markdown]
# First the digits where they were in training, then moved by a few pixels to each of
# the four sides. No network has seen a moved one.


# %%
def moved(data, pixels):
    """Return four copies: moved right, left, down and up."""
    ways = ((0, pixels), (0, -pixels), (pixels, 0), (-pixels, 0))
    return [replace(data, images=data.images.roll(way, (2, 3))) for way in ways]


def accuracies(kind, sets):
    """Return for each network its accuracy over all `sets`, in %."""
    return [
        100 * sum(evaluate(net, data, like=train).accuracy for data in sets) / len(sets)
        for net in nets[kind]
    ]


still = {kind: accuracies(kind, [new]) for kind in nets}
by_shift = {
    kind: [accuracies(kind, moved(new, p)) for p in track(SHIFTS, "shifts")]
    for kind in nets
}

# %%
means = {kind: [interval(r).mean for r in runs] for kind, runs in by_shift.items()}
lead = [paired(g, d) for g, d in zip(*by_shift.values(), strict=True)]
by_3 = SHIFTS.index(3)
figures.curves(
    SHIFTS,
    {f"{kind} head": values for kind, values in means.items()},
    xlabel="shift (pixels)",
    ylabel="accuracy (%)",
    level={"chance": 10},
    title=f"Moved by 3 pixels: GAP {means['GAP'][by_3]:.0f} %, "
    f"dense {means['dense'][by_3]:.0f} %",
    words="Accuracy against shift. The dense head falls to chance; the GAP head "
    "dips and recovers every fourth pixel.",
)

# %% [markdown]
# This is the difference of section 1 again: the dense head knows every place by number,
# so a moved digit is a new one. GAP is the head that really forgets *where*. (The waves
# come from two poolings: session 01, section 20.)
#
# ### Other sizes
#
# The same digits on a larger or smaller sheet. First the dense head:

# %% tags=["raises-exception"]
nets["dense"][0].cpu()(torch.zeros(1, 1, side + 2 * WIDER, side + 2 * WIDER))

# %% [markdown]
# It has no weights for the extra numbers. GAP has nothing to count: it takes any size.
# On the sheet that they know, the GAP networks have (percent right):

# %%
interval(still["GAP"])

# %% [markdown]
# **Predict:** digits of the same size, but with 8 more pixels of black on every side.
# How many percent are right now: 95, 75, 55 or 30?

# %%
guess = 95  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-larger-sheet", guess, options=(95, 75, 55, 30), unit="%", sure=sure)

# %%
by_border = {b: accuracies("GAP", [padded(new, b)]) for b in BORDERS}
sheet = by_border[WIDER]
figures.curves(
    [side + 2 * b for b in BORDERS],
    {"GAP head": [interval(r).mean for r in by_border.values()]},
    xlabel="side of the sheet (pixels)",
    ylabel="accuracy (%)",
    mark={"\n\n\n\nsize in training": side},
    level={"chance": 10},
    title=f"{WIDER} pixels of black around it: {interval(sheet).mean:.0f} % right",
    words="Accuracy of the GAP networks against the side of the sheet: highest at "
    "the size they were trained on, lower on both sides of it.",
)

# %% [markdown]
# The mean is taken over more black, so all 32 averages change, and the dense layer was
# trained on the old ones. How much that hurts differs from seed to seed: nothing in the
# training cared. *Accepting* a size and *coping* with it are two things.

# %%
weights_in = {
    kind: sum(p.numel() for p in found[0][1].parameters())
    for kind, found in nets.items()
}
still_lead = paired(still["GAP"], still["dense"])
lost = paired(still["GAP"], sheet)
no_parameters = sum(p.numel() for p in nn.AdaptiveAvgPool2d(1).parameters()) == 0

# %% tags=["verdict"]
verdict(
    "C45",
    cases={
        "512 maps become 512 numbers, at any size": set(pooled) == {(2, 512)},
        "GAP has no parameters": no_parameters,
        "1×1, then GAP = GAP, then dense": torch.allclose(after, before),
    },
    measured={
        "parameters, GAP head": weights_in["GAP"],
        "parameters, dense head": weights_in["dense"],
        "GAP head − dense head (points)": still_lead,
        "the same, moved by 3": lead[by_3],
        "GAP head, lost on the larger sheet (points)": lost,
        "GAP head (%)": still["GAP"],
        "dense head (%)": still["dense"],
        "GAP head, moved by 3 (%)": by_shift["GAP"][by_3],
        "dense head, moved by 3 (%)": by_shift["dense"][by_3],
        "GAP head, larger sheet (%)": sheet,
    },
    predicted=reveal("03-larger-sheet", interval(sheet)),
    why="A mean has no place and no size in it; but it changes with what surrounds "
    "the object.",
)

# %% [markdown]
# All of it holds, and so does what the claim does not say: what it *accepts* it need
# not read. Try it on single digits, with two heads that were fitted to the same fixed
# maps: only the head differs. **One question to settle:** is there a digit that the GAP
# head reads at every shift of 4 pixels, but not on a larger sheet?

# %%
explore_heads()

# %% [markdown]
# The same without a control: what the averages do when the sheet grows.


# %%
@torch.no_grad()
def maps_of(net, data):
    """Return the last maps of a trained network on the first digits, (n, 32, h, w)."""
    learnt_from = train.images.float()
    scaled = (data.images[:300].float() - learnt_from.mean()) / learnt_from.std()
    return net[0].cpu().eval()(scaled)


shown = (0, WIDER, 2 * WIDER)
grown = {b: maps_of(nets["GAP"][0], padded(new, b)).mean((0, 2, 3)) for b in shown}
figures.curves(
    range(1, 33),
    {f"{side + 2 * b}×{side + 2 * b}": grown[b][grown[0].argsort()] for b in shown},
    xlabel="map, in the order of the size learnt from",
    ylabel="average of the map",
    title="Another sheet changes the averages that the dense layer reads",
    words="The averages of the 32 maps for three sizes of sheet, in the same order "
    "of maps: the curves lie apart.",
)

# %% [markdown]
# ## 6 · What GAP is not

# %%
claim("C46")

# %% [markdown]
# Three statements in one. **Predict:** how many of the three hold: 0, 1, 2 or 3?

# %%
guess = 2  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-three-statements", guess, options=(0, 1, 2, 3), sure=sure)

# %% [markdown]
# Ask a network on 64×64 pixels, once with each head.

# %%
both = {
    "GAP": [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)],
    "dense": [nn.Flatten(), nn.Linear(32 * 16 * 16, 10)],
}
tables = {k: anatomy(nn.Sequential(body(), *v), (1, 64, 64)) for k, v in both.items()}
tables["GAP"]

# %%
last, pooling = tables["GAP"]["0"], tables["GAP"]["1"]
halves = pooling.output_shape[-1] == last.output_shape[-1] / 2
doubles = pooling.receptive_field[0] == 2 * last.receptive_field[0]
reduces = tables["GAP"].parameters < tables["dense"].parameters

# %% [markdown]
# The last map and the pooling are rows 0 and 1 of the table.

# %% tags=["verdict"]
verdict(
    "C46",
    cases={
        "GAP halves the map": halves,
        "GAP doubles the field": doubles,
        "the network with GAP has fewer parameters": reduces,
    },
    measured={
        "side of the map before": last.output_shape[-1],
        "side after": pooling.output_shape[-1],
        "field before (pixels)": last.receptive_field[0],
        "field after": pooling.receptive_field[0],
        "parameters with GAP": tables["GAP"].parameters,
        "parameters, flattened": tables["dense"].parameters,
    },
    predicted=reveal("03-three-statements", sum([halves, doubles, reduces])),
    why="Whatever the map's size, one number is left, and it depends on every pixel; "
    "GAP itself has nothing to learn, the layer behind it has less.",
)

# %% [markdown]
# Halving the map and doubling the step is what a 2×2 pooling does.
#
# ## 7 · Does it amplify?

# %%
claim("C47")

# %% [markdown]
# By hand: a map with one loud 8 in it, and its mean.

# %%
loud = torch.tensor([[0.0, 0], [0, 8]])
figures.matrices(
    {"input map": loud, "output": loud.mean().view(1, 1)},
    title="The loud number is shared with three silent ones",
    words="The map 0 0 / 0 8 and its mean, 2.",
)

# %% [markdown]
# A mean of 49 *independent* numbers, a 7×7 map of them, has a seventh of their standard
# deviation (of 81, MNIST's maps here, a ninth). The maps of a trained network are no
# independent numbers.
#
# **Predict:** standard deviation of all averages, divided by that of all values in the
# maps: 0.02, 0.14 (a seventh), 0.5 or 1?

# %%
guess = 0.14  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-spread", guess, options=(0.02, 0.14, 0.5, 1), sure=sure)


# %%
def spreads(maps):
    """Return deviation and maximum of the values, and of their averages."""
    averages = maps.mean((2, 3))
    return [maps.std(), averages.std(), maps.max(), averages.max()]


measured = [[float(v) for v in spreads(maps_of(net, new))] for net in nets["GAP"]]
ratios = [after / before for before, after, _, _ in measured]
peaks = [after / before for _, _, before, after in measured]

# %% [markdown]
# How often is a number of a certain size among the values, and among their averages?

# %%
values = maps_of(nets["GAP"][0], new)
edges = torch.linspace(0, 6, 25)
shares = {
    name: torch.histogram(v.flatten(), edges).hist / v.numel()
    for name, v in {"values": values, "averages": values.mean((2, 3))}.items()
}
figures.curves(
    (edges[1:] + edges[:-1]) / 2,
    {n: torch.where(s > 0, 100 * s, torch.nan) for n, s in shares.items()},
    xlabel="size of the number",
    ylabel="share (%)",
    log_y=True,
    title=f"The averages spread {interval(ratios).mean:.2f} times as far as the values",
    words="Two histograms as curves. The values of the maps reach far to the right; "
    "their averages end much earlier.",
)

# %% [markdown]
# And numbers that *are* independent, for comparison:

# %%
cells = (side // 4) ** 2  # of a map
chance = torch.randn(1000, cells, generator=torch.Generator().manual_seed(0))
by_chance = (chance.mean(1).std() / chance.std()).item()

# %% tags=["verdict"]
verdict(
    "C47",
    cases={
        "the spread grows": interval(ratios).above(1),
        "the largest number grows": interval(peaks).above(1),
    },
    measured={
        "spread after / before": ratios,
        "the same for independent numbers": by_chance,
        "largest after / before": peaks,
    },
    predicted=reveal("03-spread", interval(ratios)),
    why="A mean lies between the smallest and the largest; neighbours agree, so it "
    "shrinks less than chance would have it.",
)

# %% [markdown]
# An average is calmer than what it averages.
#
# ## 8 · Nothing before the prediction?

# %%
claim("C53")

# %% [markdown]
# A fully convolutional net for 8×8 digits: the last layer is a 1×1 to ten maps, one a
# class; GAP turns them into ten numbers. Between the 1×1 and GAP we put one more layer,
# or nothing.

# %%
EXTRA = {
    "nothing": nn.Identity,
    "ReLU": nn.ReLU,
    "batch norm": lambda: nn.BatchNorm2d(10),
    "dropout": lambda: nn.Dropout(0.5),
    "max pooling": lambda: nn.MaxPool2d(2),
}
eight = digits(8).split()


def last_layers(extra, seed):
    torch.manual_seed(seed)
    steps = [ConvNormAct(1, 16), nn.MaxPool2d(2), ConvNormAct(16, 32)]
    end = [nn.Conv2d(32, 10, 1), EXTRA[extra](), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*steps, *end)


anatomy(last_layers("nothing", 0), (1, 8, 8))

# %% [markdown]
# **Predict:** a short training of two epochs. Batch norm just before the prediction:
# “worse”, “no difference”, or “better” than nothing?

# %%
guess = "worse"  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
outcomes = ("worse", "no difference", "better")
predict("03-batch-norm", guess, options=outcomes, sure=sure)


# %%
def race(epochs, lr):
    """Return each variant's (accuracy in %, size of its logits), one pair a seed."""
    found = {}
    for extra in track(EXTRA, f"{epochs} epochs"):
        nets = [learn(last_layers(extra, s), eight.train, epochs, s, lr) for s in SEEDS]
        answers = [evaluate(net, eight.valid) for net in nets]
        found[extra] = [(100 * a.accuracy, float(a.logits.std())) for a in answers]
    return found


races = {"short": race(*SHORT), "long": race(*LONG)}

# %% [markdown]
# Differences to *nothing*, seed by seed, in percentage points:

# %%
right = {
    when: {extra: [accuracy for accuracy, _ in runs] for extra, runs in found.items()}
    for when, found in races.items()
}
plain_net = {when: found["nothing"] for when, found in right.items()}
effects = {
    f"{extra}, {when}": paired(found[extra], plain_net[when])
    for extra in list(EXTRA)[1:]
    for when, found in right.items()
}
clear = [name for name, effect in effects.items() if effect.above(0) is not None]
largest = max(abs(e.mean) for name, e in effects.items() if name.endswith("long"))
figures.bars(
    {name: round(effect.mean, 1) for name, effect in effects.items()},
    xlabel="gain over nothing (percentage points)",
    highlight=clear,
    title=f"After a long training no layer matters by more than {largest:.1f} points",
    words="Gains and losses of four extra layers, after a short and after a long "
    f"training. Their 95 % interval excludes zero for: {', '.join(clear)}.",
)

# %%
decided = effects["batch norm, short"].above(0)
named = {True: "better", False: "worse", None: "no difference"}[decided]

# %% [markdown]
# An interval that includes zero leaves the question open; the card says how many runs
# would decide it.

# %% tags=["verdict"]
logits = {e: [size for _, size in runs] for e, runs in races["short"].items()}
needed = {name: e.runs_needed() for name, e in effects.items() if name not in clear}
verdict(
    "C53",
    cases={f"{name}: worse than nothing": e.below(0) for name, e in effects.items()},
    measured={
        **{f"nothing, {when} (%)": found for when, found in plain_net.items()},
        **{f"{name}, gain (points)": effect for name, effect in effects.items()},
        **{f"{name}: runs to decide": n or "over 10,000" for name, n in needed.items()},
        **{f"spread of the logits, {e}, short": runs for e, runs in logits.items()},
    },
    predicted=reveal("03-batch-norm", named),
    why="ReLU cuts every negative answer off; batch norm and max pooling make the "
    "logits larger, which a short training does not manage alone.",
)

# %% [markdown]
# Why can an extra layer help at all? Look at the spread of the logits on the card: GAP
# of a 1×1 starts with tiny ones. Batch norm sets their scale at once; a maximum is
# larger than a mean. Given time the plain net gets there by itself.
#
# ## Quiz
#
# Answer first, on paper; then open the answer.
#
# **1.** GAP after a map of 512×14×14. What comes out, and how many parameters has it?
#
# <details><summary>Answer</summary>
#
# 512 numbers an image, one per channel. It has no parameters.
#
# </details>

# %% [markdown]
# **2.** “GAP halves the image and doubles the field.” Correct the sentence.
#
# <details><summary>Answer</summary>
#
# GAP leaves one number a map, whatever the size; that number depends on everything the
# map depends on, so its field is the whole image. Halving the map is what a 2×2
# pooling does; it doubles the step of every layer after it, not the field.
#
# </details>

# %% [markdown]
# **3.** GAP has no parameters of its own. Why does a network with GAP have fewer?
#
# <details><summary>Answer</summary>
#
# Because of the layer behind it: it reads c numbers instead of c·h·w. In VGG-16 the
# first dense layer reads 25,088 numbers and holds 103 of the 138 million parameters.
#
# </details>

# %% [markdown]
# **4.** What is GAP *not*: an amplifier, a classifier, a convolution with equal
# weights?
#
# <details><summary>Answer</summary>
#
# Not an amplifier, it averages. Not a classifier, a layer that mixes channels has to
# follow (or come before). It *is* a convolution: one kernel per channel, as large as
# the map, all weights 1/(h·w).
#
# </details>

# %% [markdown]
# **5.** A 5×5 map goes to 3×3. How many weights does a dense layer need, how many lines
# has a 3×3 convolution, how many different weights?
#
# <details><summary>Answer</summary>
#
# 25 · 9 = 225 weights; 9 outputs with 9 inputs each are 81 lines; 9 different weights.
#
# </details>

# %% [markdown]
# **6.** Which head would you choose if the object always stands at the same place and
# the place matters, such as a defect on the left or on the right?
#
# <details><summary>Answer</summary>
#
# Not GAP alone: it forgets the place. A dense head, or pooling to a few places (2×2,
# say) before the dense layer.
#
# </details>

# %% [markdown]
# **7.** How far must max pooling and batch norm stay from the prediction?
#
# <details><summary>Answer</summary>
#
# The lecture says: far. Section 8 did not confirm it: directly before GAP both helped a
# short training here and did no harm in a long one. A ReLU on the logits is what hurt.
# Your own verdict card above is the answer for your machine.
#
# </details>

# %% [markdown]
# ## Things to remember
#
# 1. Dense: every place has its own weight, and none knows its neighbours.
# 2. A dense layer is a convolution as large as the map; a 1×1 is a dense layer per
#    pixel.
# 3. GAP: c maps to c numbers, no parameters, no place, no size.
# 4. “Accepts any size” is not “copes with any size”.
# 5. No ReLU on the logits; what else harms, measure.

# %% [markdown]
# ## What this notebook measured

# %%
verdict_table("03")

# %%
prediction_table("03")

# %% [markdown]
# ## Exercises, from easy to open
#
# 1. Which permutations of the pixels would a 3×3 convolution not mind?
# 2. Replace GAP by global *max* pooling in section 5. What does the larger sheet cost
#    now? Predict first.
# 3. Train section 5 on digits at random places. Does the dense head recover?
# 4. Pool to 2×2 instead of 1×1 before the dense layer. What do you win, what do you
#    lose?
# 5. Open: put each extra layer of section 8 *behind* GAP (which of them refuses, and
#    why?). Which of the others change roles?

# %% [markdown]
# ## Further reading
#
# - Lin, Chen, Yan (2013), *Network in network*,
#   [arXiv 1312.4400](https://arxiv.org/abs/1312.4400): section 3.2 introduces GAP.
# - Long, Shelhamer, Darrell (2015), *Fully convolutional networks for semantic
#   segmentation*, [arXiv 1411.4038](https://arxiv.org/abs/1411.4038): dense layers as
#   convolutions.
# - Simonyan, Zisserman (2015), *Very deep convolutional networks for large-scale image
#   recognition*, [arXiv 1409.1556](https://arxiv.org/abs/1409.1556): VGG.
