# %% [markdown]
# # 05 Classic networks
#
# **How did the field get from digits to ImageNet, and which of the numbers told about
# it are right?**
#
# Afterwards you can take a network of a paper apart number by number, say where its
# parameters, its work and its memory sit, and compute a top-5 error.
#
# About 80 minutes of work · comes after *04b Look* · runs offline, without a GPU ·
# *05b Networks at work* goes on from here.

# %% tags=["setup"]
# setup

# %% tags=["fold"]
import copy
from statistics import fmean

import torch
from torch import nn
from torch.nn import functional as F

from coursekit import anatomy, check, claim, digits, evaluate, figures, fit, hint
from coursekit import photos, predict, reveal, solution, verdict
from coursekit.anatomy import parameters_by_kind, weight_layers
from coursekit.blocks import ConvNormAct
from coursekit.course import prediction_table, verdict_table
from coursekit.data import ImageSet
from coursekit.explore import classics_view, explore_classics
from coursekit.metrics import interval, paired, top_k
from coursekit.models import alexnet, alexnet_one_tower, lenet5, vgg16, vgg19, zfnet
from coursekit.training import track

# %% [markdown]
# The numbers that steer the experiments stand in one cell.

# %%
SEEDS = (0, 1, 2)  # each trained network is trained with each
EPOCHS = 6
PERIOD = 6  # pixels from one stripe to the next
SIDE = 96  # of the pieces cut from photos, pixels
PATCHES = 4_000  # small patches from which filters are made
FILTERS = 12
PAIRS = 3_000  # pictures of two digits to learn from

# %% [markdown]
# ## 1 · LeNet-5: digits, 1998

# %%
claim("C64")

# %% [markdown]
# Convolve, shrink, convolve, shrink, then dense layers. The shrinking adds up 2×2
# pixels, times one weight, plus a bias, both learnt. By hand, weight 0.25 and bias 0:

# %%
picture = torch.tensor([[1.0, 3, 0, 0], [5, 7, 0, 4]])
shrunk = 0.25 * 4 * F.avg_pool2d(picture[None, None], 2)[0, 0]
figures.matrices(
    {"input": picture, "output": shrunk},
    title="Subsampling: four numbers become one",
    words="Eight numbers in two rows; the left four add up to 16 and give 4, the right "
    "four give 1.",
)

# %% [markdown]
# The whole network. Its middle convolution is a crowd of small ones, because each map
# is connected to some of the maps below only (the paper's Table I). The paper's
# output layer, distances to drawn digits, is a plain dense layer here.

# %%
lenet = anatomy(lenet5(original=True), (1, 32, 32))
lenet

# %% [markdown]
# Train it on 32×32 digits, a few times. Beside it the simplest thing there is: one
# dense layer on the pixels.


# %%
def accuracy(net, data, seed, **how):
    """Train a net and return its accuracy on new images."""
    fit(net, data.train, batch_size=32, seed=seed, progress=False, **how)
    return evaluate(net, data.test).accuracy


read = {"LeNet-5": [], "pixels": []}
for seed in track(SEEDS, "training LeNet-5"):
    data = digits(size=32).split(seed=seed)
    torch.manual_seed(seed)
    flat = nn.Sequential(nn.Flatten(), nn.Linear(1024, 10))
    read["LeNet-5"].append(
        accuracy(lenet5(original=True), data, seed, epochs=EPOCHS, lr=0.1)
    )
    read["pixels"].append(accuracy(flat, data, seed, epochs=EPOCHS, lr=0.01))

# %%
figures.bars(
    {name: 100 * fmean(runs) for name, runs in read.items()},
    xlabel="new digits right (%)",
    title=f"LeNet-5 reads {100 * fmean(read['LeNet-5']):.0f} % of new digits",
    words="Accuracy of LeNet-5 and of one dense layer on the pixels, mean of "
    f"{len(SEEDS)} runs each.",
)

# %% tags=["verdict"]
kinds = [row.kind for row in lenet if row.depth == 0]
verdict(
    "C64",
    cases={
        "convolution, then subsampling, twice": [
            kind for kind in kinds if kind in ("Conv2d", "TableConv", "SubSampling")
        ][:4]
        == ["Conv2d", "SubSampling", "TableConv", "SubSampling"],
        "dense layers at its end": kinds[-1] == "Linear",
        "reads 9 of 10 new digits": interval(read["LeNet-5"]).above(0.9),
        "better than one dense layer": paired(read["LeNet-5"], read["pixels"]).above(0),
    },
    measured={
        "parameters": lenet.parameters,
        "new digits right, LeNet-5": read["LeNet-5"],
        "new digits right, one dense layer": read["pixels"],
    },
    why="Kernels find strokes anywhere, subsampling forgives where exactly.",
)

# %% [markdown]
# A net of 1998 learns in seconds today. On these small digits pixels alone
# get far, so the distance is a matter of few points.
#
# ## 2 · AlexNet, number by number

# %%
claim("C65")

# %% [markdown]
# **Exercise 05.2 (3 minutes).** Before you look at any table: the first convolution has
# 96 filters of 11×11 with stride 4, on colour pictures of 227×227. How many parameters
# has it, biases included?

# %%
alexnet_first = 34944  # answer

# %% tags=["check"]
check("05.2", alexnet_first)

# %% [markdown]
# How wide is the map of the first layer? By the formula for an 11×11 kernel with
# stride 4 and no padding:

# %%
{side: (side - 11) / 4 + 1 for side in (224, 227)}

# %% [markdown]
# The paper prints 224; Caffe's copy of the net and the lectures take 227. What does
# torch do with a width that does not come out even?
#
# **Predict:** 224 pixels, kernel 11, stride 4, no padding: how many columns has the
# map? Or does torch refuse?

# %%
guess = "refuses"  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("05-uneven", guess, options=(54, 55, "refuses"), sure=sure)

# %%
with torch.device("meta"):  # shapes only, no numbers: quick
    grouped, tower = alexnet(), alexnet_one_tower()
    uneven = grouped.features[0](torch.empty(1, 3, 224, 224)).shape[-1]
reveal("05-uneven", uneven)

# %% [markdown]
# The last pixels are never looked at, and nobody tells you. Now all layers, with 227:

# %%
alex = anatomy(grouped, (3, 227, 227))
alex

# %% [markdown]
# AlexNet was split over two GPUs of 3 GB. Three of its convolutions see only the half
# of the maps that lies on their own GPU: `groups=2`.
#
# **Predict:** let every layer see all maps. How many million parameters are added?

# %%
guess = 30  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("05-groups", guess, options=(0.1, 1.4, 10, 30), unit="million", sure=sure)


# %%
def without_groups(net):
    """Return a copy in which each convolution sees all maps."""
    net = copy.deepcopy(net)
    for place, layer in enumerate(net.features):
        if isinstance(layer, nn.Conv2d) and layer.groups > 1:
            sizes = layer.in_channels, layer.out_channels, layer.kernel_size
            full = nn.Conv2d(*sizes, padding=layer.padding, device="meta")
            net.features[place] = full
    return net


totals = {
    "two halves, as published": parameters_by_kind(grouped),
    "without groups": parameters_by_kind(without_groups(grouped)),
    "torchvision's one tower": parameters_by_kind(tower),
}
millions = {name: kind.total / 1e6 for name, kind in totals.items()}
added = millions["without groups"] - millions["two halves, as published"]

# %% [markdown]
# All three side by side:

# %%
figures.bars(
    millions,
    xlabel="parameters (million)",
    title=f"Three AlexNets; without groups {added:.2f} million more",
    words="Totals of the published net, the same without groups, and torchvision's: "
    "the bars hardly differ.",
)

# %% [markdown]
# And by the kind of layer:

# %%
totals

# %% [markdown]
# "About 60 million" is right for all three, and no two are the same: torchvision's is a
# later net by the same author, with other widths and a padding of 2. With that, 224
# gives 55.25 columns: still not even, but rounded down it is the 55 of the others.

# %% tags=["verdict"]
pools = [row for row in alex if row.kind == "MaxPool2d"]
verdict(
    "C65",
    cases={
        "224 does not fit CONV1": uneven != alex["features.0"].output_shape[-1],
        "227 gives 96 maps of 55×55": alex["features.0"].output_shape == (96, 55, 55),
        "pooling has no parameters": not any(row.parameters for row in pools),
        "60 million, to a million and a half": abs(alex.parameters - 60e6) < 1.5e6,
    },
    measured={
        **{name: kind.total for name, kind in totals.items()},
        "dense layers (%)": 100
        * totals["two halves, as published"].dense
        / alex.parameters,
        "multiply-adds": alex.multiply_adds,
    },
    predicted=reveal("05-groups", added),
    why="Nearly all of it lies in three dense layers; the convolutions do the work.",
)

# %% [markdown]
# AlexNet also normalised: each value is divided by what its neighbour channels say at
# the same pixel. VGG's authors found that it did not help.
#
# **Exercise 05.4 (12 minutes).** Write it. Tiny case: one channel, one pixel of 1, k
# = 1, alpha = 1, beta = 1: 0.5.


# %%
def local_response(images, size=5, k=2.0, alpha=0.0001, beta=0.75):
    """Divide each value by (k + alpha · sum of squares of `size` channels) ** beta."""
    ### BEGIN SOLUTION
    half = size // 2
    squares = F.pad(images**2, (0, 0, 0, 0, half, half))
    total = squares.unfold(1, size, 1).sum(-1)
    return images / (k + alpha * total) ** beta
    ### END SOLUTION


# %% tags=["check"]
check("05.4", local_response)

# %% [markdown]
# ## 3 · ZFNet: a finer first look

# %%
claim("C66")

# %% [markdown]
# A stride of 4 looks at every fourth place. By hand, stripes of four bright and four
# dark pixels, and what is left of them:

# %%
stripes = (torch.arange(24) // 4 % 2).float()
figures.matrices(
    {"input": stripes, "every second": stripes[::2], "every fourth": stripes[::4]},
    title="Every fourth pixel of the same stripes",
    words="24 pixels, the 12 and the 6 that are left of them.",
)

# %% [markdown]
# **Predict:** waves that repeat every 6 pixels go through stride 4. Every how many
# pixels do the waves repeat that the next layer sees?

# %%
guess = 6  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("05-waves", guess, options=(6, 12, 24), unit="pixels", sure=sure)


# %%
def seen_period(stride, width=360):
    """Return the period in pixels of waves after every `stride`-th pixel is kept."""
    waves = torch.cos(2 * torch.pi * torch.arange(width) / PERIOD)
    strength = torch.fft.rfft(waves[::stride]).abs()
    return width / strength.argmax().item()


periods = {stride: seen_period(stride) for stride in (1, 2, 4)}
x = torch.arange(120)
picture = 0.5 + 0.5 * torch.cos(2 * torch.pi * x / PERIOD).expand(40, -1)
kept = [F.interpolate(picture[None, None, ::s, ::s], scale_factor=s)[0] for s in (2, 4)]
figures.images(
    [picture[None], *kept],
    ["the picture", "stride 2", "stride 4"],
    title=f"Stride 2 sees {periods[2]:.0f} pixels a wave, stride 4 {periods[4]:.0f}",
    words="Fine waves, the same after stride 2, and waves after stride 4 that are "
    "in no picture.",
)

# %% [markdown]
# So, for stride 4:

# %%
seen_waves = reveal("05-waves", periods[4])
seen_waves

# %% [markdown]
# This is *aliasing*: what is finer than two steps folds over into something coarser.
# How much of a real photo does it concern? Trained filters need ImageNet; we make some
# from the photos themselves: the main directions of small patches, which look like
# soft edges too. Then we ask which part of their answer is too fine for the stride.


# %%
def pieces():
    """Return square pieces of the photos in grey, each with mean 0."""
    grey = photos().images.float().mean(1, keepdim=True)
    cut = F.unfold(grey, SIDE, stride=SIDE)  # 2 SIDE·SIDE pieces
    cut = cut.transpose(1, 2).reshape(-1, 1, SIDE, SIDE)
    return cut - cut.mean((2, 3), keepdim=True)


def filters_of(cut, size):
    """Return the main directions of random patches as filters."""
    patches = F.unfold(cut, size).transpose(1, 2).reshape(-1, size * size)
    draw = torch.Generator().manual_seed(0)
    chosen = patches[torch.randint(len(patches), (PATCHES,), generator=draw)]
    found = torch.linalg.svd(chosen - chosen.mean(0), full_matrices=False).Vh
    return found[:FILTERS].reshape(FILTERS, 1, size, size)


def too_fine(maps, stride):
    """Return each piece's share of energy that a stride cannot carry."""
    energy = torch.fft.fft2(maps).abs().square().sum(1)
    across = torch.fft.fftfreq(maps.shape[-1]).abs() > 1 / (2 * stride)
    lost = across[:, None] | across
    return ((energy * lost).sum((1, 2)) / energy.sum((1, 2))).tolist()


# %%
cut = pieces()
kernels = {size: filters_of(cut, size) for size in (11, 7)}
folded = {
    "AlexNet, 11×11 stride 4": too_fine(F.conv2d(cut, kernels[11]), 4),
    "ZFNet, 7×7 stride 2": too_fine(F.conv2d(cut, kernels[7]), 2),
    "7×7 with stride 4": too_fine(F.conv2d(cut, kernels[7]), 4),
}
percent = {name: 100 * fmean(shares) for name, shares in folded.items()}
figures.bars(
    percent,
    xlabel="energy too fine for the stride (%)",
    title=f"AlexNet's start folds {percent['AlexNet, 11×11 stride 4']:.1f} %, ZFNet's "
    f"{percent['ZFNet, 7×7 stride 2']:.1f} %",
    words=f"Share of the filters' answer on {len(cut)} pieces of two photos that is "
    "finer than two steps of the stride.",
)

# %% [markdown]
# The filters, and the price. ZFNet's paper describes two nets: that of its Figure 3
# keeps AlexNet's widths, and a larger one, the best single net of its Table 2, has
# those that lectures quote.

# %%
figures.images(
    kernels[7],
    columns=6,
    scale="each",
    title=f"{FILTERS} filters of 7×7 from patches of photos",
    words="Soft blobs, edges and bars in several directions.",
)

# %%
with torch.device("meta"):
    zf = {"larger": zfnet(), "Figure 3": zfnet(widths=(384, 384, 256))}
zf = {name: anatomy(net, (3, 224, 224)) for name, net in zf.items()}
wide = [row.output_shape[0] for row in zf["larger"] if row.kind == "Conv2d"]
{name: (net.parameters, net.multiply_adds) for name, net in zf.items()}, wide

# %% tags=["verdict"]
start, before = zf["larger"]["features.0"], alex["features.0"]
verdict(
    "C66",
    cases={
        "CONV1 is 7×7 with stride 2": start.receptive_field[0] == 7
        and start.stride[0] == 2,
        "CONV3, 4, 5 have 512, 1024, 512": wide[2:] == [512, 1024, 512],
        "it folds less of photos than AlexNet's": paired(
            folded["ZFNet, 7×7 stride 2"], folded["AlexNet, 11×11 stride 4"]
        ).below(0),
    },
    measured={
        **{f"too fine (%), {name}": share for name, share in percent.items()},
        "values of CONV1's maps, times AlexNet's": start.output_shape[1] ** 2
        / before.output_shape[1] ** 2,
        "multiply-adds, times AlexNet's": zf["larger"].multiply_adds
        / alex.multiply_adds,
    },
    predicted=seen_waves,
    why="A smaller stride carries finer patterns, and pays with larger maps.",
)

# %% [markdown]
# ## 4 · VGG and the slide's arithmetic

# %%
claim("C67")

# %% [markdown]
# Only 3×3 with padding 1 and 2×2 pooling. By hand, a convolution from 3 to 8 channels:
# 9 weights for each pair, and 8 biases.
#
# **Exercise 05.3 (10 minutes).** Count any VGG. Tiny case: `vgg_parameters([3, 8], [32,
# 10])` is `(224, 330)`.


# %%
def vgg_parameters(channels, dense):
    """Return (parameters of the 3×3 convolutions, parameters of the dense layers)."""

    ### BEGIN SOLUTION
    def count(sizes, area):
        places = range(1, len(sizes))
        return sum((area * sizes[i - 1] + 1) * sizes[i] for i in places)

    return count(channels, 9), count(dense, 1)
    ### END SOLUTION


# %% tags=["check"]
check("05.3", vgg_parameters)

# %% [markdown]
# The slide of the lectures goes through VGG-16 line by line: the picture, the output of
# each convolution, pooling and dense layer, and adds the values up.
#
# **Predict:** what is the sum of these lines, in millions of values?

# %%
guess = 24  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("05-slide", guess, options=(5, 15, 24, 48), unit="million", sure=sure)

# %%
with torch.device("meta"):
    nets = {"VGG-16": vgg16(), "VGG-19": vgg19()}
vgg = anatomy(nets["VGG-16"], (3, 224, 224))
lines = [row for row in vgg if row.kind in ("Conv2d", "MaxPool2d", "Linear")]
values = [3 * 224 * 224, *(torch.Size(row.output_shape).numel() for row in lines)]
added_up = sum(values) / 1e6
vgg

# %% [markdown]
# Where do they come from? Lines of the same shape are put together:

# %%
where = {"input 3×224×224": values[0] / 1e6}
for row, count in zip(lines, values[1:], strict=True):
    name = f"{row.kind} {'×'.join(map(str, row.output_shape))}"
    where[name] = where.get(name, 0) + count / 1e6
figures.bars(
    where,
    xlabel="values (million)",
    title=f"Together {added_up:.1f} million; the first stage holds nearly half",
    words="Values kept by the lines of the slide: the convolutions of the first stage "
    "stand out, the dense layers can hardly be seen.",
)

# %% [markdown]
# The parameters sit at the other end:

# %%
kinds = {name: parameters_by_kind(net) for name, net in nets.items()}
layers = {name: weight_layers(net, (3, 224, 224)) for name, net in nets.items()}
kinds, layers

# %% tags=["verdict"]
total = kinds["VGG-16"].total
verdict(
    "C67",
    cases={
        "120 million parameters, to 5 %": abs(total / 120e6 - 1) < 0.05,
        "the slide's lines add up to 24 million": abs(added_up / 24 - 1) < 0.05,
        "that is 96 MB": abs(4 * added_up / 96 - 1) < 0.05,
    },
    measured={
        "parameters": total,
        "in dense layers": kinds["VGG-16"].dense,
        "values (million)": added_up,
        "MB in float32": 4 * added_up,
        "weight layers, VGG-16": layers["VGG-16"],
        "weight layers, VGG-19": layers["VGG-19"],
    },
    predicted=reveal("05-slide", added_up),
    why="Each line of the slide is right; only the sums are not.",
)

# %% [markdown]
# 16 and 19 count layers with weights; pooling has none. What a training step keeps is
# more than the slide's lines (session 02b computes it).
#
# Put two nets side by side. A question to settle: which of them take a picture of 64
# pixels, and what in the others forbids it?

# %%
explore_classics()

# %% [markdown]
# The same as a plain figure:

# %%
names = ("LeNet-5", "AlexNet", "AlexNet, one tower", "ZFNet", "VGG-11", "VGG-16")
answers = {n: classics_view(left=n, side=64).numbers["left"] for n in names}
work = {n: round(a["multiply-adds"] / 1e6) for n, a in answers.items() if a["fits"]}
figures.bars(
    work,
    xlabel="multiply-adds with 64×64 pixels (million)",
    title="Not 64 pixels: " + ", ".join(n for n in names if n not in work),
    words="Work of the nets that take 64×64 pixels; the title names those that do not.",
)

# %% [markdown]
# A dense layer wants as many numbers as each of its units has weights. Nets that
# pool to a fixed size before it, as torchvision's do, take other pictures too.
#
# ## 5 · ImageNet and the top five

# %%
claim("C68")

# %% [markdown]
# ImageNet's site counts 14,197,122 pictures in 21,841 synsets (sets of words with one
# meaning); the challenge took 1,000 of them. One picture has one label, but may show
# several things. So the answer counts as right if the label is among the five best.
#
# **Exercise 05.1 (8 minutes).** Write it for any k. Tiny case: logits [[3, 1, 2]],
# label 2: 0.0 for k = 1 and 1.0 for k = 2.


# %%
def top(logits, labels, k=5):
    """Return the share of rows whose right class is among the k largest logits."""
    ### BEGIN SOLUTION
    best = logits.topk(k, dim=1).indices
    return (best == labels[:, None]).any(1).double().mean().item()
    ### END SOLUTION


# %% tags=["check"]
check("05.1", top)

# %% [markdown]
# Classes that overlap, made by us: each picture shows two different digits, and its
# label is one of them, drawn at random.


# %%
def two_digits(data, n, seed):
    """Return about n pictures of two different digits, labelled by one of them."""
    draw = torch.Generator().manual_seed(seed)
    chosen = torch.randint(len(data), (n, 2), generator=draw)
    chosen = chosen[data.labels[chosen[:, 0]] != data.labels[chosen[:, 1]]]
    images = torch.cat([data.images[chosen[:, 0]], data.images[chosen[:, 1]]], 3)
    side = torch.randint(2, (len(chosen), 1), generator=draw)
    labels = data.labels[chosen.gather(1, side)[:, 0]]
    return ImageSet(images, labels, data.classes, "two digits", data.source)


shown = two_digits(digits(size=16), 8, 0)
figures.images(
    shown.images,
    [f"label {label}" for label in shown.labels.tolist()],
    columns=4,
    title="Two digits, one label",
    words="Pictures with two digits side by side; the label names one of them.",
)

# %% [markdown]
# **Predict:** a good net, trained on such pictures: on how many percent of new ones is
# its best answer the label?

# %%
guess = 90  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("05-two", guess, options=(10, 50, 90), unit="%", sure=sure)

# %%
right = {k: [] for k in (1, 2, 5)}
for seed in track(SEEDS, "training on two digits"):
    data = digits(size=16).split(seed=seed)
    torch.manual_seed(seed)
    net = nn.Sequential(
        ConvNormAct(1, 16), nn.MaxPool2d(2), ConvNormAct(16, 32), ConvNormAct(32, 64),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip
    train = two_digits(data.train, PAIRS, seed)
    fit(net, train, epochs=EPOCHS, batch_size=64, seed=seed, progress=False)
    answers = evaluate(net, two_digits(data.test, 1_000, seed))
    for k in right:
        right[k].append(100 * top_k(answers.logits, answers.labels, k))

# %% [markdown]
# How often is the label among the best one, two, five answers?

# %%
figures.bars(
    {f"top {k}": fmean(shares) for k, shares in right.items()},
    xlabel="label among the best k (%)",
    title=f"Top 1: {fmean(right[1]):.0f} %. Top 2: {fmean(right[2]):.0f} %",
    words="Share of new pictures whose label is among the best one, two and five "
    f"answers, mean of {len(SEEDS)} runs: one step from half to nearly all.",
)

# %% [markdown]
# The net knows both digits and cannot know which one the label names. The top-5 error
# does not punish it for that. Now the counts:

# %%
with torch.device("meta"):
    outputs = anatomy(vgg16(), (3, 224, 224)).output.output_shape[0]
per_class = 1.2e6 / outputs  # training pictures a class of the challenge
needed = outputs * per_class

# %% tags=["verdict"]
verdict(
    "C68",
    cases={
        "14 thousand can hold the challenge's training pictures": needed <= 14e3,
        "14 thousand leave the challenge's classes 100 each": outputs * 100 <= 14e3,
    },
    measured={
        "classes of the challenge's nets": outputs,
        "training pictures a class": per_class,
        "top 1 on two digits (%)": right[1],
        "top 2 on two digits (%)": right[2],
        "top 5 on two digits (%)": right[5],
    },
    predicted=reveal("05-two", interval(right[1])),
    why="It is 14 million; the other counts of the statement are right.",
)

# %% [markdown]
# ## Quiz
#
# Answer first, on paper; then open the answer.
#
# **1.** A pooling layer 3×3 with stride 2 on 96 maps: how many parameters?
#
# <details><summary>Answer</summary>
#
# None. It takes a maximum; there is nothing to learn.
#
# </details>

# %% [markdown]
# **2.** You want VGG-16 with fewer parameters, and VGG-16 with less memory. Where do
# you cut each time?
#
# <details><summary>Answer</summary>
#
# Parameters: at the end, the first dense layer. Memory: at the start, where maps are
# large.
#
# </details>

# %% [markdown]
# **3.** Ten classes, a net that guesses at random: top-1 and top-5 accuracy?
#
# <details><summary>Answer</summary>
#
# 10 % and 50 %: five of ten answers count.
#
# </details>

# %% [markdown]
# **4.** Which period must stripes have at least, to be seen right with stride 4?
#
# <details><summary>Answer</summary>
#
# 8 pixels: two steps of the stride.
#
# </details>

# %% [markdown]
# ## Things to remember
#
# 1. A formula that gives 54.25 is a question to ask, not a number to round.
# 2. In AlexNet and VGG parameters sit in dense layers, work and memory in convolutions.
# 3. A stride of s folds what is finer than 2s pixels into something that is not there.
# 4. Add up slides yourself.
# 5. Top-5 forgives labels that name one thing of several.

# %% [markdown]
# ## What this notebook measured

# %%
verdict_table("05", last="C68")

# %%
prediction_table("05")

# %% [markdown]
# ## Exercises, from easy to open
#
# 1. Which layer of AlexNet has the most multiply-adds?
# 2. Set `PERIOD` to 5 and to 9 (the question and the caption speak of 6). What does
#    stride 4 make of it?
# 3. Train LeNet-5 with ReLU and max pooling (`lenet5()`). Is it better?
# 4. Open: blur before the stride. How much blur does the 11×11 start need?

# %% [markdown]
# ## Further reading
#
# - LeCun, Bottou, Bengio, Haffner (1998), *Gradient-based learning applied to document
#   recognition*, Proceedings of the IEEE: section II.
# - Krizhevsky, Sutskever, Hinton (2012), *ImageNet classification with deep
#   convolutional neural networks*, NIPS.

# %% [markdown]
# - Zeiler, Fergus (2013), *Visualizing and understanding convolutional networks*,
#   [arXiv 1311.2901](https://arxiv.org/abs/1311.2901).
# - Simonyan, Zisserman (2014), *Very deep convolutional networks*,
#   [arXiv 1409.1556](https://arxiv.org/abs/1409.1556).
# - Russakovsky et al. (2015), *ImageNet large scale visual recognition challenge*,
#   [arXiv 1409.0575](https://arxiv.org/abs/1409.0575).
