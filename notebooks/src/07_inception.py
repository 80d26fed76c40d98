# %% [markdown]
# # 07 Inception
#
# **Which kernel size is right, and can you afford to take all of them?**
#
# Afterwards you can build an inception module, count what each branch costs, say what a
# 1×1 bottleneck keeps, and check a published table of parameters.
#
# About 100 minutes of work · comes after *06 Residuals* · runs offline, without a GPU.

# %% tags=["setup"]
# setup

# %% tags=["fold"]
import copy
from collections import Counter
from statistics import fmean, median

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from coursekit import anatomy, check, claim, digits, evaluate, figures, fit, hint
from coursekit import predict, reveal, solution, verdict
from coursekit.anatomy import weight_layers
from coursekit.blocks import ConvNormAct, DepthwiseSeparable, Factorised, Inception
from coursekit.blocks import NaiveInception
from coursekit.course import prediction_table, verdict_table
from coursekit.explore import explore_branches
from coursekit.metrics import gradient_norms, interval, paired
from coursekit.models import alexnet, alexnet_one_tower, googlenet
from coursekit.training import track

# %% [markdown]
# The numbers that steer the experiments stand in one cell. Change one, run the session
# again, and see which verdicts move.

# %%
RUNS = 5  # trained nets for each width; each draws its own split and start
WIDTHS = (1, 2, 4, 8)  # channels of the bottleneck; the maps have 16
EPOCHS = 5
STARTS = 8  # untrained nets for each depth in section 5
DEPTHS = (6, 10, 14)
HEAD_RUNS = 3  # trained nets with and without auxiliary heads

# %% [markdown]
# ## 1 · All sizes at once

# %%
claim("C80")

# %% [markdown]
# Small things want a small kernel, large things a large one. Inception does not choose:
# a 1×1, a 3×3, a 5×5 and a 3×3 max pooling look at the same map. By hand, on 5×5 pixels
# with kernels of ones:

# %%
image = torch.tensor(
    [[0.0, 0, 1, 0, 0]] * 2 + [[0, 2, 5, 2, 0]] + [[0, 0, 1, 0, 0]] * 2
)
answers = {"input": image}
for k in (1, 3, 5):
    ones = torch.ones(1, 1, k, k)
    answers[f"output {k}×{k}"] = F.conv2d(image[None, None], ones, padding=k // 2)[0, 0]
answers["output pooling"] = F.max_pool2d(image[None, None], 3, 1, 1)[0, 0]
figures.matrices(
    answers,
    title="Padding of half the kernel keeps all four maps at 5×5",
    words="A cross of numbers with 5 in the middle, and what kernels of ones of 1×1, "
    "3×3 and 5×5 and a max pooling make of it: four maps of the same size.",
)

# %% [markdown]
# Equal height and width: so the four can be stacked along the channels. The lecture's
# module works on 28×28 with 256 channels:

# %%
naive = NaiveInception(256, one=128, three=192, five=96)
anatomy(naive, (256, 28, 28))

# %% [markdown]
# Without padding the branches would not fit together:

# %%
maps = torch.empty(1, 256, 28, 28, device="meta")
branches = {"1×1": naive.one, "3×3": naive.three, "5×5": naive.five}
branches = copy.deepcopy(branches | {"pooling": naive.pool})
for branch in branches.values():
    branch.to("meta")
padded = {name: tuple(branch(maps).shape[1:]) for name, branch in branches.items()}
for branch in branches.values():
    for layer in branch.modules():
        layer.padding = 0
bare = {name: branch(maps).shape[-1] for name, branch in branches.items()}
padded, bare

# %% tags=["verdict"]
together = anatomy(naive, (256, 28, 28)).output.output_shape
verdict(
    "C80",
    cases={
        "with padding every branch keeps 28×28": all(
            shape[1:] == (28, 28) for shape in padded.values()
        ),
        "without padding they differ": len(set(bare.values())) > 1,
        "concatenated: the sum of the channels": together[0]
        == sum(shape[0] for shape in padded.values()),
        "that is 672": together == (672, 28, 28),
    },
    measured={
        **{f"{name}: channels": shape[0] for name, shape in padded.items()},
        "side without padding, 5×5 (pixels)": bare["5×5"],
    },
    why="Padding K // 2 at stride 1 keeps the size; channels can always be stacked.",
)

# %% [markdown]
# ## 2 · The price

# %%
claim("C81")

# %% [markdown]
# By hand: one output value of a 3×3 on 256 channels takes 3·3·256 multiplications. A
# small case, 2×2 pixels with one channel and one filter of each size: 4·1 + 4·9 + 4·25
# = 140.
#
# **Exercise 07.2 (10 minutes).** Count for any naive module. Tiny case:
# `naive_cost(2, 1, 1, 1, 1)` is `(4, 140)`.


# %%
def naive_cost(side, in_channels, one, three, five):
    """Return (channels out, multiplications); pooling multiplies nothing."""
    ### BEGIN SOLUTION
    weights = in_channels * (one + 9 * three + 25 * five)
    return one + three + five + in_channels, side * side * weights
    ### END SOLUTION


# %% tags=["check"]
check("07.2", naive_cost)

# %% [markdown]
# **Predict:** which branch of the lecture's module costs most: the 128 filters of 1×1,
# the 192 of 3×3, or the 96 of 5×5?

# %%
guess = "192 of 3×3"  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict(
    "07-dearest", guess, options=("128 of 1×1", "192 of 3×3", "96 of 5×5"), sure=sure
)

# %% [markdown]
# The tool counts each branch of the module from section 1:

# %%
table = anatomy(naive, (256, 28, 28))
named = {"128 of 1×1": "one", "192 of 3×3": "three", "96 of 5×5": "five"}
price = {name: table[branch].multiply_adds for name, branch in named.items()}
dearest = max(price, key=price.get)
figures.bars(
    {name: cost / 1e6 for name, cost in price.items()},
    xlabel="multiply-adds (millions)",
    highlight=[dearest],
    title=f"{table.multiply_adds:,} in all; most for the {dearest}",
    words=f"Three bars; the {dearest} have "
    f"{100 * price[dearest] / table.multiply_adds:.0f} % of the cost.",
)

# %%
reveal("07-dearest", dearest)

# %% [markdown]
# And the pooling branch passes all 256 channels on: stack a few such modules and depth
# only grows. The remedy of session 02: a 1×1 down to 64 channels before the 3×3, one
# before the 5×5, one after the pooling.
#
# **Predict:** by what factor does that make the lecture's module cheaper: 1.5, 2.4, 3.1
# or 6?

# %%
guess = 2.4  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("07-cheaper", guess, options=(1.5, 2.4, 3.1, 6), unit="times", sure=sure)

# %% [markdown]
# **Exercise 07.3 (8 minutes).** Count the six convolutions. Tiny case:
# `bottleneck_cost(2, 3, 1, 1, 1, 2)` is 356.


# %%
def bottleneck_cost(side, in_channels, one, three, five, reduced):
    """Return the multiplications with 1×1s before 3×3 and 5×5 and after pooling."""
    ### BEGIN SOLUTION
    before = in_channels * (one + reduced + reduced)
    inside = reduced * (9 * three + 25 * five)
    return side * side * (before + inside + in_channels * reduced)
    ### END SOLUTION


# %% tags=["check"]
check("07.3", bottleneck_cost)

# %% [markdown]
# The module with its bottlenecks, layer by layer:

# %%
squeezed = Inception(256, one=128, three=(64, 192), five=(64, 96), pool=64)
small = anatomy(squeezed, (256, 28, 28))
terms = {row.name: row.multiply_adds for row in small if row.kind == "Conv2d"}
factor = table.multiply_adds / small.multiply_adds
small

# %% [markdown]
# The slide says 358 million. What would have to be counted twice for that? Each row
# below is the sum with one term more:

# %%
twice = {name: small.multiply_adds + term for name, term in terms.items()}
kernels = {"one.0": "1×1", "three.0.0": "1×1 before 3×3", "three.1.0": "3×3"}
kernels |= {"five.0.0": "1×1 before 5×5", "five.1.0": "5×5", "pool.1.0": "1×1, pooling"}
culprit = [kernels[name] for name, sum_ in twice.items() if sum_ // 10**6 == 358]
figures.bars(
    {"once each": small.multiply_adds / 1e6}
    | {f"twice: {kernels[name]}": sum_ / 1e6 for name, sum_ in twice.items()},
    xlabel="multiply-adds (millions)",
    highlight=[f"twice: {name}" for name in culprit],
    title=f"{small.multiply_adds:,} multiply-adds, {factor:.1f} times fewer",
    words="The sum of the six terms, and six sums with one term counted twice; "
    f"358 million comes out for: {', '.join(culprit) or 'none of them'}.",
)

# %% tags=["verdict"]
verdict(
    "C81",
    cases={
        "the naive module costs 854 million": table.multiply_adds // 10**6 == 854,
        "with bottlenecks 358 million": small.multiply_adds // 10**6 == 358,
        "with 480 channels out": small.output.output_shape[0] == 480,
    },
    measured={
        "naive, multiply-adds": table.multiply_adds,
        "with bottlenecks": small.multiply_adds,
        "times fewer": factor,
        "counted twice on the slide": ", ".join(culprit) or "nothing found",
    },
    predicted=reveal("07-cheaper", factor),
    why="Six terms, added once each; the slide understates what bottlenecks save.",
)

# %% [markdown]
# **Exercise 07.1 (20 minutes).** Write the module with bottlenecks; every convolution
# has a bias and a ReLU. Tiny case: `Inception(4, 1, (2, 3), (1, 2), 2)` turns (n, 4, 5,
# 5) into (n, 8, 5, 5).


# %%
class MyInception(nn.Module):
    """Four branches side by side; `three` and `five` are (reduced, out) channels."""

    def __init__(self, in_channels, one, three, five, pool):
        super().__init__()
        ### BEGIN SOLUTION
        self.one = nn.Conv2d(in_channels, one, 1)
        self.reduce_three = nn.Conv2d(in_channels, three[0], 1)
        self.three = nn.Conv2d(three[0], three[1], 3, padding=1)
        self.reduce_five = nn.Conv2d(in_channels, five[0], 1)
        self.five = nn.Conv2d(five[0], five[1], 5, padding=2)
        self.pool = nn.Conv2d(in_channels, pool, 1)
        ### END SOLUTION

    def forward(self, images):
        ### BEGIN SOLUTION
        one = self.one(images).relu()
        three = self.three(self.reduce_three(images).relu()).relu()
        five = self.five(self.reduce_five(images).relu()).relu()
        pool = self.pool(F.max_pool2d(images, 3, stride=1, padding=1)).relu()
        return torch.cat([one, three, five, pool], 1)
        ### END SOLUTION


# %% tags=["check"]
check("07.1", MyInception)

# %% [markdown]
# Now design one yourself. **One question to settle:** how wide may the two bottlenecks
# be at most if the module is to stay below 200 million?

# %%
explore_branches()

# %% [markdown]
# The same without sliders: the cost against the width of both bottlenecks.

# %%
widths = list(range(8, 129, 8))
costs = []
for width in widths:
    with torch.device("meta"):
        net = Inception(256, one=128, three=(width, 192), five=(width, 96), pool=64)
    costs.append(anatomy(net, (256, 28, 28)).multiply_adds / 1e6)
figures.curves(
    widths,
    {"module": costs},
    xlabel="channels of both bottlenecks",
    ylabel="multiply-adds (millions)",
    level={"200 million": 200},
    title="The cost grows in a straight line with the bottleneck",
    words=f"A straight line from {costs[0]:.0f} to {costs[-1]:.0f} million.",
)

# %% [markdown]
# ## 3 · What a bottleneck keeps

# %%
claim("C82")

# %% [markdown]
# By hand: three channels, two of which say the same. Two mixtures of channels are
# enough to bring all three back; one is not.

# %%
first = torch.tensor([[1.0, 2, 3, 4], [1, -1, 1, -1]])
three_channels = torch.stack([first[0], first[1], 2 * first[0]])
back = torch.linalg.pinv(three_channels.T) @ three_channels.T
rank = torch.linalg.matrix_rank(three_channels).item()
figures.matrices(
    {"input: 3 channels, 4 pixels": three_channels},
    title=f"Channel 3 is twice channel 1: rank {rank}",
    words="Three rows of four numbers; the third row is twice the first.",
)

# %% [markdown]
# Real maps are never exactly equal. So ask: which share of their variance do the best k
# mixtures of channels keep?
#
# **Exercise 07.7 (15 minutes).** Write it: pixels are points with c coordinates. Centre
# them, then take singular values. Tiny case: two equal channels keep 1.0 with k = 1.


# %%
def energy_kept(maps, k):
    """Return the share of the variance of maps (n, c, h, w) in k mixtures."""
    ### BEGIN SOLUTION
    pixels = maps.movedim(1, -1).reshape(-1, maps.shape[1])
    centred = pixels - pixels.mean(0)
    energy = torch.linalg.svdvals(centred) ** 2
    return (energy[:k].sum() / energy.sum()).item()
    ### END SOLUTION


# %% tags=["check"]
check("07.7", energy_kept)

# %% [markdown]
# Now nets for the 8×8 digits: 16 channels, in the middle a 1×1 down to k of them (and a
# ReLU), then on. The table for k = 4:


# %%
def net_with(k, relu=True):
    """Return a net for digits whose 16 maps pass through k channels; None: no 1×1."""
    middle = [] if k is None else [nn.Conv2d(16, k, 1)]
    middle += [nn.ReLU()] if middle and relu else []
    return nn.Sequential(
        ConvNormAct(1, 16),
        nn.MaxPool2d(2),
        ConvNormAct(16, 16),
        *middle,
        ConvNormAct(k or 16, 32),
        ConvNormAct(32, 32),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


anatomy(net_with(4), (1, 8, 8))

# %% [markdown]
# **Predict:** a net with the whole 16 channels. How many percent of the variance of
# its maps do the best 4 mixtures keep?

# %%
guess = 95  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("07-energy", guess, options=(25, 55, 75, 95), unit="%", sure=sure)

# %% [markdown]
# **Predict:** squeeze the 16 channels through a *single* one. How many points of
# accuracy does the trained net lose?

# %%
guess = 30  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("07-squeeze", guess, options=(2, 10, 30, 70), unit="points", sure=sure)

# %% [markdown]
# Train all of them:

# %%
data = digits()
parts = [data.split(seed=seed) for seed in range(RUNS)]


def trained(k, seed, relu=True):
    """Return a trained net and the record of its training."""
    torch.manual_seed(seed)
    net = net_with(k, relu)
    how = {"epochs": EPOCHS, "batch_size": 50, "lr": 0.1, "seed": seed}
    return net, fit(net, parts[seed].train, progress=False, **how)


def accuracy(net, like, part):
    return 100 * evaluate(net, part.test, like=like).accuracy


# %%
whole = [trained(None, seed) for seed in track(range(RUNS), "whole nets")]
right = {None: [accuracy(*run, part) for run, part in zip(whole, parts, strict=True)]}
for k in track(WIDTHS, "bottlenecks"):
    right[k] = [accuracy(*trained(k, s), parts[s]) for s in range(RUNS)]
right["4, no ReLU"] = [accuracy(*trained(4, s, False), parts[s]) for s in range(RUNS)]

# %% [markdown]
# And the variance of the whole nets' maps, on new digits, with the principal components
# of the exercise:


# %%
@torch.no_grad()
def energies(net, like, part):
    """Return the share of variance in 1, 2, … 16 mixtures of the maps, in percent."""
    maps = net[:3]((part.test.images / 255 - like.mean[0]) / like.std[0])
    pixels = maps.double().movedim(1, -1).flatten(0, 2)
    energy = torch.linalg.svdvals(pixels - pixels.mean(0)) ** 2
    return (100 * energy.cumsum(0) / energy.sum()).tolist()


kept = [energies(*run, part) for run, part in zip(whole, parts, strict=True)]
curve = [fmean(column) for column in zip(*kept, strict=True)]

# %% [markdown]
# The more the curve bends away from the straight line, the more the channels share:

# %%
figures.curves(
    range(1, 17),
    {
        "measured": curve,
        "if all mixtures were equal": [100 * k / 16 for k in range(1, 17)],
    },
    xlabel="mixtures of channels kept",
    ylabel="variance kept (%)",
    title=f"The best 4 of 16 keep {curve[3]:.0f} %",
    words="Variance against the number of mixtures, mean of the runs: the curve lies "
    "above the straight line of maps without redundancy, but far from a step.",
)

# %%
reveal("07-energy", interval([run[3] for run in kept]))

# %% [markdown]
# And the accuracy on new digits:

# %%
loss = {k: paired(right[None], right[k]) for k in right if k is not None}
figures.curves(
    WIDTHS,
    {
        "with the bottleneck": [fmean(right[k]) for k in WIDTHS],
        "variance kept": [curve[k - 1] for k in WIDTHS],
    },
    xlabel="channels of the bottleneck",
    ylabel="%",
    level={"no bottleneck": fmean(right[None])},
    title=f"One channel of 16: {curve[0]:.0f} % of the variance, "
    f"{loss[1].mean:.1f} points less accuracy",
    words="Accuracy and variance kept against the bottleneck's width. Accuracy is high "
    "at every width; the variance climbs slowly.",
)

# %% tags=["verdict"]
verdict(
    "C82",
    cases={
        "4 of 16 lose variance (keep below 90 %)": interval(
            [run[3] for run in kept]
        ).below(90),
        "maps are redundant: 4 keep more than a quarter": interval(
            [run[3] for run in kept]
        ).above(25),
        "4 channels: accuracy within 2 points": loss[4].within(2),
        "1 channel: nothing lost": loss[1].below(0),
        "the ReLU behind the 1×1 helps (4 channels)": paired(
            right[4], right["4, no ReLU"]
        ).above(0),
    },
    measured={
        "variance kept by 4 of 16 (%)": [run[3] for run in kept],
        "no bottleneck, accuracy (%)": right[None],
        **{f"points lost, k = {k}": value for k, value in loss.items()},
    },
    predicted=reveal("07-squeeze", loss[1]),
    why="The nets learn to send through what the answer needs, not what varies most.",
)

# %% [markdown]
# Digits are easy: ten classes hardly need more than a few numbers. The bottleneck is
# *trained* with the rest; cutting an already trained net down to its best mixtures
# would cost more (exercise 2 at the end).
#
# ## 4 · GoogLeNet, module by module

# %%
claim("C83")

# %% [markdown]
# Nine modules on a short stem. As the course builds them, the paper's table is data:

# %%
with torch.device("meta"):
    net = googlenet()
table = anatomy(net, (3, 224, 224))
modules = [name for name, layer in net.named_children() if isinstance(layer, Inception)]
rows = {name: table[name] for name in modules}
{name: (row.output_shape, row.parameters) for name, row in rows.items()}

# %% [markdown]
# The paper prints its own column of parameters, in thousands. Beside it our count, in
# units of 1,000 and of 1,024:

# %%
PAPER = dict(zip(modules, (159, 380, 364, 437, 463, 580, 840, 1072, 1388), strict=True))
ours = {name: row.parameters for name, row in rows.items()}
off = {name: 100 * (ours[name] / 1024 / PAPER[name] - 1) for name in modules}
figures.curves(
    range(1, 10),
    {
        "the paper's table": list(PAPER.values()),
        "counted, / 1,000": [ours[name] / 1000 for name in modules],
        "counted, / 1,024": [ours[name] / 1024 for name in modules],
    },
    xlabel="module, 3a to 5b",
    ylabel="parameters (thousands)",
    title=f"Counted in units of 1,024: {min(off.values()):+.0f} to "
    f"{max(off.values()):+.0f} % beside the table",
    words="Three lines that nearly coincide, from 3a to 5b.",
)

# %% [markdown]
# **Predict:** AlexNet has 61 million parameters. How many times fewer has GoogLeNet: 3,
# 6, 9 or 12?

# %%
guess = 12  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("07-alexnet", guess, options=(3, 6, 9, 12), unit="times", sure=sure)

# %%
with torch.device("meta"):
    rivals = {"AlexNet": alexnet(), "AlexNet, one tower": alexnet_one_tower()}
    with_heads = sum(p.numel() for p in googlenet(auxiliary=True).parameters())
sizes = {
    name: sum(p.numel() for p in rival.parameters()) for name, rival in rivals.items()
}
times = {name: size / table.parameters for name, size in sizes.items()}
figures.bars(
    sizes | {"GoogLeNet with heads": with_heads, "GoogLeNet": table.parameters},
    xlabel="parameters",
    highlight=["GoogLeNet"],
    title=f"{table.parameters:,} parameters, {times['AlexNet']:.1f} times fewer",
    words="Four bars: both AlexNets are far longer than GoogLeNet, also with its "
    "auxiliary heads.",
)

# %% [markdown]
# Depth as the paper counts it, and the dense layers:

# %%
depth = weight_layers(net, (3, 224, 224))
dense = [name for name, layer in net.named_modules() if isinstance(layer, nn.Linear)]
len(modules), depth, dense

# %% tags=["verdict"]
verdict(
    "C83",
    cases={
        f"12 times fewer than {name}": round(ratio) == 12
        for name, ratio in times.items()
    },
    measured={
        "GoogLeNet, parameters": table.parameters,
        "inception modules": len(modules),
        "weight layers": depth,
        "dense layers": len(dense),
        "with the auxiliary heads": with_heads,
        **{f"times fewer than {name}": ratio for name, ratio in times.items()},
    },
    predicted=reveal("07-alexnet", times["AlexNet"]),
    why="Stem, nine modules, 22 layers and one dense layer are right; 12 times is not.",
)

# %% [markdown]
# torchvision's GoogLeNet has other fields: 3×3 where the paper has 5×5, and a 2×2
# pooling. Take ours apart until it sees the same:


# %%
def sees(net):
    """Return the receptive field of the last module."""
    return anatomy(net, (3, 224, 224))["inception5b"].receptive_field[0]


changed = copy.deepcopy(net)
steps = {"ours, as the paper": sees(changed)}
for name in modules:
    branch = changed.get_submodule(name).five
    old = branch[1][0]
    branch[1][0] = nn.Conv2d(
        old.in_channels, old.out_channels, 3, padding=1, device="meta"
    )
steps["3×3 for every 5×5"] = sees(changed)
changed.pool4 = nn.MaxPool2d(2, 2)
steps["and a 2×2 pooling"] = sees(changed)
with torch.device("meta"):
    theirs = torchvision.models.googlenet(
        weights=None, aux_logits=False, init_weights=False
    )
steps["torchvision's"] = sees(theirs)

# %%
figures.bars(
    steps,
    xlabel="field of module 5b (pixels)",
    highlight=["torchvision's"],
    title="Two changes lead from ours to torchvision's",
    words=f"Four bars: {', '.join(f'{name} {side}' for name, side in steps.items())}.",
)

# %% [markdown]
# ## 5 · Auxiliary classifiers

# %%
claim("C84")

# %% [markdown]
# GoogLeNet is from 2014, before batch norm. Two small classifiers, the auxiliary heads,
# sit half way and add 0.3 of their loss. By hand: six layers of slope 0.1 leave a
# millionth of a gradient; a head behind layer 2 adds 0.3 · 0.01.

# %%
slope, weight = 0.1, 0.3
f"without {slope**6:.0e}, with {slope**6 + weight * slope**2:.0e}"

# %% [markdown]
# **Exercise 07.6 (6 minutes).** Write the loss. Outside training the auxiliary
# heads do not count.


# %%
def total_loss(main, auxiliary, labels, weight=0.3, training=True):
    """Add the weighted losses of the auxiliary logits to that of the main logits."""
    ### BEGIN SOLUTION
    loss = F.cross_entropy(main, labels)
    if training:
        for logits in auxiliary:
            loss = loss + weight * F.cross_entropy(logits, labels)
    return loss
    ### END SOLUTION


# %% tags=["check"]
check("07.6", total_loss)

# %% [markdown]
# Plain stacks of 3×3 layers with heads at one and two thirds. What we look at is the
# gradient behind the first layer, before any training.


# %%
class Stack(nn.Module):
    """3×3 layers in a row; training adds the auxiliary logits behind the main ones."""

    def __init__(self, depth, norm, heads, width=12):
        super().__init__()
        widths = [1] + [width] * depth
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(widths[i], width, 3, padding=1),
                nn.BatchNorm2d(width) if norm else nn.Identity(),
                nn.ReLU(),
            )
            for i in range(depth)
        )
        self.main = nn.Linear(width, 10)
        places = (depth // 3, 2 * depth // 3) if heads else ()
        self.heads = nn.ModuleDict({str(p): nn.Linear(width, 10) for p in places})

    def forward(self, x):
        auxiliary = []
        for number, layer in enumerate(self.layers, 1):
            x = layer(x)
            if self.training and str(number) in self.heads:
                auxiliary.append(self.heads[str(number)](x.mean((2, 3))))
        main = self.main(x.mean((2, 3)))
        return torch.cat([main, *auxiliary], 1)  # n 10·(1 + heads)


# %%
def all_losses(outputs, labels, weight=0.3):
    """Return the loss of the main logits and a share of each auxiliary loss."""
    main, *auxiliary = (F.cross_entropy(ten, labels) for ten in outputs.split(10, 1))
    return main + weight * sum(auxiliary)


# %% [markdown]
# **Predict:** 14 layers, no norm, torch's own start. How many times larger do the
# auxiliary heads make the first layer's gradient?

# %%
guess = 3  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("07-heads", guess, options=(3, 100, 4000), unit="times", sure=sure)

# %% [markdown]
# Untrained nets of three depths, with and without batch norm, with and without heads:

# %%
larger = digits(16)


def first_gradient(depth, norm, heads, seed):
    """Return log10 of the gradient behind the first layer of an untrained stack."""
    torch.manual_seed(seed)
    net = Stack(depth, norm, heads)
    some = larger.subset(list(range(32 * seed, 32 * seed + 32)))
    images = (some.images / 255 - 0.3) / 0.35
    found = gradient_norms(net, images, some.labels, ["layers.0"], loss=all_losses)
    return torch.tensor(found["layers.0"]).log10().item()


logs = {
    (norm, heads, depth): [first_gradient(depth, norm, heads, s) for s in range(STARTS)]
    for norm in track((False, True), "gradients")
    for heads in (False, True)
    for depth in DEPTHS
}

# %%
names = {(False, False): "no norm", (False, True): "no norm, heads"}
names |= {(True, False): "batch norm", (True, True): "batch norm, heads"}
gain = {
    (norm, depth): paired(logs[norm, True, depth], logs[norm, False, depth])
    for norm in (False, True)
    for depth in DEPTHS
}
figures.curves(
    DEPTHS,
    {
        name: [fmean(logs[(*key, depth)]) for depth in DEPTHS]
        for key, name in names.items()
    },
    xlabel="layers",
    ylabel="log10 of the first gradient",
    title=f"14 layers: heads add {gain[False, 14].mean:.1f} powers of ten without "
    f"norm, {gain[True, 14].mean:.1f} with it",
    words="Four lines against depth. Without norm the gradient falls; heads hold it "
    "up. With batch norm the two lines lie on each other.",
)

# %% [markdown]
# Where batch norm leaves nothing to mend, do auxiliary heads raise the accuracy? Ten
# layers with batch norm, trained with and without:


# %%
def score(heads, seed):
    """Return the accuracy on new digits of a trained stack of ten layers (%)."""
    torch.manual_seed(seed)
    net = Stack(10, True, heads)
    how = {"epochs": EPOCHS, "batch_size": 50, "lr": 0.1, "seed": seed}
    like = fit(net, parts[seed].train, loss=all_losses, progress=False, **how)
    return accuracy(net, like, parts[seed])


scores = {
    heads: [score(heads, seed) for seed in range(HEAD_RUNS)]
    for heads in track((False, True), "training stacks")
}
scores

# %% tags=["verdict"]
difference = paired(scores[True], scores[False])
verdict(
    "C84",
    cases={
        **{
            f"no norm, {depth} layers: more gradient": gain[False, depth].above(0)
            for depth in DEPTHS
        },
        "batch norm, 14 layers: a tenth of a decade more": gain[True, 14].above(0.1),
        "batch norm: higher accuracy": difference.above(0),
    },
    measured={
        **{f"no norm, {d} layers: decades": gain[False, d] for d in DEPTHS},
        "batch norm, 14 layers: decades": gain[True, 14],
        "accuracy without heads (%)": scores[False],
        "accuracy with heads (%)": scores[True],
        "runs that would separate them": difference.runs_needed() or "more than 10,000",
    },
    predicted=reveal("07-heads", 10 ** gain[False, 14].mean),
    why="A shorter way back helps where the long one loses the gradient, nowhere else.",
)

# %% [markdown]
# More gradient is not yet better learning. The paper itself found later (*Rethinking*,
# section 4) that the heads do little early in training and act as a regulariser.
#
# ## 6 · Several fields at once

# %%
claim("C85")

# %% [markdown]
# By hand: where branches join, the unit sees the *union* of their windows (session 01).
# Windows 0–2 and 2–4 make 0–4: five pixels, not three and not six.
#
# **Exercise 07.5 (6 minutes).** Write it for any windows (start, size). Tiny case:
# `joined_field([(0, 3), (2, 3)])` is `(0, 5)`.


# %%
def joined_field(branches):
    """Return (start, size) of the window that covers all windows (start, size)."""
    ### BEGIN SOLUTION
    first = min(start for start, _ in branches)
    end = max(start + size for start, size in branches)
    return first, end - first
    ### END SOLUTION


# %% tags=["check"]
check("07.5", joined_field)

# %% [markdown]
# The branches of GoogLeNet's first module, in pixels of the picture:

# %%
windows = {
    name: table[f"inception3a.{name}"] for name in ("one", "three", "five", "pool")
}
local = {name: row.receptive_field[0] for name, row in windows.items()}
ends = {name: (row.start[0], row.receptive_field[0]) for name, row in windows.items()}
figures.bars(
    local,
    xlabel="field of the branch (pixels)",
    title=f"One module, {len(set(local.values()))} different fields",
    words=f"Four bars: {', '.join(f'{name} {side}' for name, side in local.items())}.",
)

# %% [markdown]
# Nine modules with four branches each: 4 to the 9th, 262,144 paths.
#
# **Predict:** how many percent of them see the whole picture of 224 pixels? (In
# torchvision's ResNet-50 it was under half.)

# %%
guess = 50  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("07-paths", guess, options=(10, 50, 98), unit="%", sure=sure)

# %% [markdown]
# Every module splits the paths four ways; a pooling between stages doubles the step.


# %%
def count_fields(table, kernels=(1, 3, 5, 3)):
    """Return field → number of paths from the picture to module 5b."""
    stem = table["stem"]
    counts, jump = Counter({stem.receptive_field[0]: 1}), stem.stride[0]
    for name in modules:
        if table[name].stride[0] != jump:  # a 3×3 pooling with stride 2 before it
            counts = Counter({field + 2 * jump: n for field, n in counts.items()})
            jump = table[name].stride[0]
        split = Counter()
        for kernel in kernels:
            for field, n in counts.items():
                split[field + (kernel - 1) * jump] += n
        counts = split
    return counts


# %%
counts = count_fields(table)
paths = counts.total()
seeing = 100 * sum(n for field, n in counts.items() if field >= 224) / paths
middle = median(sorted(counts.elements()))
figures.curves(
    sorted(counts),
    {"paths": [100 * counts[field] / paths for field in sorted(counts)]},
    xlabel="field (pixels)",
    ylabel="share of the paths (%)",
    mark={"the picture": 224, "median": middle},
    title=f"{paths:,} paths, {len(counts)} fields, {seeing:.0f} % see the picture",
    words=f"A bell from {min(counts)} to {max(counts)} pixels, median {middle:.0f}.",
)

# %% [markdown]
# Two checks: the module against the union of its branches, and the longest path against
# the calculator, which knows nothing of paths.

# %% tags=["verdict"]
first = min(start for start, _ in ends.values())
union = first, max(start + size for start, size in ends.values()) - first
module = table["inception3a"]
seen = module.start[0], module.receptive_field[0]
verdict(
    "C85",
    cases={
        "one module: several fields": len(set(local.values())) > 1,
        "the module sees the union of its branches": seen == union,
        "the whole net: its longest path has its field": max(counts)
        == table["inception5b"].receptive_field[0],
    },
    measured={
        **{f"branch {name} of 3a (pixels)": side for name, side in local.items()},
        "paths": paths,
        "different fields": len(counts),
        "shortest, pixels": min(counts),
        "median": middle,
        "longest": max(counts),
        "see 224 pixels (%)": seeing,
    },
    predicted=reveal("07-paths", seeing),
    why="Each branch adds its own (K − 1)·j; the join keeps them all.",
)

# %% [markdown]
# ## 7 · What came after

# %%
claim("C86")

# %% [markdown]
# The same window for less, three ways. By hand, one channel: a 7×7 has 49 weights, a
# 1×7 and a 7×1 together 14.
#
# **Exercise 07.4 (6 minutes).** Count for any channels. Tiny case:
# `factorised_weights(2, 3, 4, 5)` is `(200, 90)`.


# %%
def factorised_weights(in_channels, middle, out_channels, kernel_size):
    """Return the weights of (one K×K, a 1×K to `middle` channels and a K×1)."""
    ### BEGIN SOLUTION
    square = in_channels * out_channels * kernel_size**2
    return square, kernel_size * middle * (in_channels + out_channels)
    ### END SOLUTION


# %% tags=["check"]
check("07.4", factorised_weights)

# %% [markdown]
# **Predict:** a 3×3 from 256 to 256 channels, against a depthwise 3×3 with a 1×1 behind
# it (session 02). How many times cheaper is the second?

# %%
guess = 3  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("07-separable", guess, options=(2, 3, 9, 30), unit="times", sure=sure)

# %% [markdown]
# The third way adds instead of stacking: branches, a 1×1 back to the width of the
# input, and a plus sign. The first module of Inception-v4 and of Inception-ResNet-v2
# (Szegedy and others 2016, Figures 4 and 16), with the course's blocks:


# %%
def branch(*widths, kernels):
    """Return convolutions in a row: widths from in to out, one kernel size each."""
    return nn.Sequential(
        *(
            ConvNormAct(before, after, kernel)
            for before, after, kernel in zip(
                widths[:-1], widths[1:], kernels, strict=True
            )
        )
    )


class Stacked(nn.Module):
    """Inception-v4, module A: four branches, 96 channels each."""

    def __init__(self):
        super().__init__()
        self.pool = nn.Sequential(nn.AvgPool2d(3, 1, 1), ConvNormAct(384, 96, 1))
        self.one = ConvNormAct(384, 96, 1)
        self.three = branch(384, 64, 96, kernels=(1, 3))
        self.five = branch(384, 64, 96, 96, kernels=(1, 3, 3))

    def forward(self, x):
        return torch.cat([self.pool(x), self.one(x), self.three(x), self.five(x)], 1)


# %%
class Added(nn.Module):
    """Inception-ResNet-v2, module A: narrow branches, a 1×1 back, the sum."""

    def __init__(self):
        super().__init__()
        self.one = ConvNormAct(384, 32, 1)
        self.three = branch(384, 32, 32, kernels=(1, 3))
        self.five = branch(384, 32, 48, 64, kernels=(1, 3, 3))
        self.back = nn.Conv2d(128, 384, 1)

    def forward(self, x):
        change = torch.cat([self.one(x), self.three(x), self.five(x)], 1)
        return F.relu(x + self.back(change))


# %% [markdown]
# Each beside what it replaces, on the same map, counted by the tool:

# %%
with torch.device("meta"):
    pairs = {
        "7×7 → 1×7, 7×1": (nn.Conv2d(256, 256, 7, padding=3), Factorised(256, 256, 7)),
        "3×3 → separable": (
            nn.Conv2d(256, 256, 3, padding=1),
            DepthwiseSeparable(256, 256),
        ),
        "module A → added": (Stacked(), Added()),
    }
sides = {"7×7 → 1×7, 7×1": (256, 17, 17), "3×3 → separable": (256, 17, 17)}
sides |= {"module A → added": (384, 35, 35)}
tables = {
    name: tuple(anatomy(net.eval(), sides[name]) for net in both)
    for name, both in pairs.items()
}
cheaper = {
    name: old.multiply_adds / new.multiply_adds for name, (old, new) in tables.items()
}
same_window = {
    name: old.output.receptive_field == new.output.receptive_field
    for name, (old, new) in tables.items()
}

# %%
figures.bars(
    {
        f"{name}, {what}": one.multiply_adds / 1e6
        for name, both in tables.items()
        for what, one in zip(("before", "after"), both, strict=True)
    },
    xlabel="multiply-adds (millions)",
    highlight=[f"{name}, after" for name in tables],
    title="Cheaper by " + ", ".join(f"{ratio:.1f}" for ratio in cheaper.values()),
    words="Three pairs of bars, before and after; the second of each pair is shorter.",
)

# %% [markdown]
# A fair comparison needs the same window, so the verdict asks for that too.

# %% tags=["verdict"]
verdict(
    "C86",
    cases={
        **{f"{name}: the same window": same for name, same in same_window.items()},
        **{f"{name}: cheaper": ratio > 1 for name, ratio in cheaper.items()},
    },
    measured={f"{name}: times cheaper": ratio for name, ratio in cheaper.items()},
    predicted=reveal("07-separable", cheaper["3×3 → separable"]),
    why="Each leaves products out that a full kernel would pay for.",
)

# %% [markdown]
# Cheaper is counted, "as good" is not: a 1×7 and a 7×1 cannot be every 7×7, just as two
# 3×3 cannot be every 5×5 (session 01).

# %% [markdown]
# ## Quiz
#
# Answer first, on paper; then open the answer.
#
# **1.** Why must all branches of a module keep height and width, but not channels?
#
# <details><summary>Answer</summary>
#
# They are concatenated along the channels: every other axis has to agree.
#
# </details>

# %% [markdown]
# **2.** A 5×5 with 96 filters on 28×28×256, and the same behind a 1×1 of 64 channels.
# How many multiplications each?
#
# <details><summary>Answer</summary>
#
# 28·28·96·25·256 = 481,689,600; behind the bottleneck 28·28·(64·256 + 96·25·64) =
# 133,267,456.
#
# </details>

# %% [markdown]
# **3.** Four mixtures of channels keep about half of the variance, and a net trained
# with four channels loses little accuracy. How can that be?
#
# <details><summary>Answer</summary>
#
# Variance counts everything that varies; the answer needs little of it, and the net
# learns what to send through.
#
# </details>

# %% [markdown]
# **4.** You put auxiliary heads into a ResNet with batch norm. What do you expect?
#
# <details><summary>Answer</summary>
#
# Little: the gradient arrives anyway. They cost parameters and time while training.
#
# </details>

# %% [markdown]
# **5.** Why is GoogLeNet's last pooling global and not a dense stack?
#
# <details><summary>Answer</summary>
#
# 7·7·1024 numbers into 4,096 units would be 205 million weights, thirty times the whole
# net. GAP has none.
#
# </details>

# %% [markdown]
# **6.** Your library's GoogLeNet sees 379 pixels, the paper's 715. Which do you report?
#
# <details><summary>Answer</summary>
#
# The one you used, with the difference: 3×3 in place of 5×5, and a 2×2 pooling.
#
# </details>

# %% [markdown]
# ## Things to remember
#
# 1. Branches side by side, padded by K // 2, concatenated along the channels.
# 2. Cost: h·w·out·K·K·in; the 1×1 in front divides `in`.
# 3. A trained bottleneck sends what the answer needs, not what varies.
# 4. Recount tables and slides: units, terms counted twice, another kernel.
# 5. Auxiliary heads mend a vanishing gradient; batch norm leaves them nothing to mend.
# 6. One module, several fields; one net, a crowd of them.

# %% [markdown]
# ## What this notebook measured
#
# One line for every verdict card shown in this run, then your predictions.

# %%
verdict_table("07")

# %%
prediction_table("07")

# %% [markdown]
# ## Exercises, from easy to open
#
# 1. Which single width of module 3a could you double for the least cost?
# 2. Cut a *trained* net without bottleneck down to its best 4 mixtures (multiply its
#    maps by P Pᵀ). How much accuracy is left without training again?
# 3. Section 5 with He's start: do the heads still help?

# %% [markdown]
# 4. Replace the 5×5 branches of GoogLeNet by two 3×3. What happens to cost and field?
# 5. Open: design a module for pictures in which the clue is always 3 pixels wide.

# %% [markdown]
# ## Further reading
#
# - Szegedy and others (2014), *Going deeper with convolutions*,
#   [arXiv 1409.4842](https://arxiv.org/abs/1409.4842): Figure 2 and Table 1.
# - Szegedy and others (2015), *Rethinking the inception architecture*,
#   [arXiv 1512.00567](https://arxiv.org/abs/1512.00567): sections 2 to 4.

# %% [markdown]
# - Szegedy, Ioffe, Vanhoucke, Alemi (2016), *Inception-v4, Inception-ResNet*,
#   [arXiv 1602.07261](https://arxiv.org/abs/1602.07261).
# - Chollet (2016), *Xception*, [arXiv 1610.02357](https://arxiv.org/abs/1610.02357):
#   from inception to depthwise separable.
