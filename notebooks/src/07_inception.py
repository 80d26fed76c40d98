# %% [markdown]
# # 07 Inception
#
# **Which kernel size is right, and can you afford to take all of them?**
#
# Afterwards you can build an inception module, count what each branch costs, and say
# what a 1×1 bottleneck keeps.
#
# About 85 minutes of work · comes after *06b Memory and paths* · runs offline, without
# a GPU · *07b GoogLeNet and after* goes on from here.

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
from coursekit.blocks import ConvNormAct, Inception, NaiveInception
from coursekit.course import prediction_table, verdict_table
from coursekit.explore import explore_branches
from coursekit.metrics import interval, paired
from coursekit.models import pretrained
from coursekit.training import track

# %% [markdown]
# The numbers that steer the experiments stand in one cell. Change one, run the session
# again, and see which verdicts move.

# %%
RUNS = 5  # trained nets for each width; each draws its own split and start
WIDTHS = (1, 2, 4, 8)  # channels of the bottleneck, of 16; keep 1 and 4, add others
EPOCHS = 5
FETCH = False  # True: download the weights of GoogLeNet (52 MB) where they are missing

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
naive

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
# The whole table:

# %%
table

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
# has a bias and a ReLU. Tiny case: `MyInception(4, 1, (2, 3), (1, 2), 2)` turns (n, 4,
# 5, 5) into (n, 8, 5, 5).


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
# And maps of photographs? These go into GoogLeNet's first module: 192 channels, which
# its own bottlenecks squeeze into 96 and 16. Where its weights lie on this machine they
# are used; elsewhere the curve is that of an untrained network.

# %%
big = pretrained("googlenet", download=FETCH)
big


# %%
@torch.no_grad()
def maps_into(net, name, images):
    """Return what goes into a module of a network."""
    got = []
    hook = net.get_submodule(name).register_forward_pre_hook(
        lambda module, inputs: got.append(inputs[0])
    )
    net(images)
    hook.remove()
    return got[0]


pixels = maps_into(big.model, "inception3a", big.prepare(photos().images))
pixels = pixels.double().movedim(1, -1).flatten(0, 2)  # places, 192 channels
energy = torch.linalg.svdvals(pixels - pixels.mean(0)) ** 2
shares = 100 * energy.cumsum(0) / energy.sum()
enough = int((shares < 95).sum()) + 1
figures.curves(
    range(1, 193),
    {"measured": shares, "if all were equal": torch.arange(1, 193) / 1.92},
    xlabel="mixtures of channels kept",
    ylabel="variance kept (%)",
    mark={"16": 16, "96": 96},
    title=f"{'Trained' if big.trained else 'Untrained'}: {enough} of 192 mixtures keep "
    "95 % of the variance",
    words="Variance against the number of mixtures of GoogLeNet's 192 maps of two "
    f"photographs: 16 keep {shares[15]:.0f} %, 96 keep {shares[95]:.0f} %.",
)

# %% [markdown]
# Digits are easy: ten classes hardly need more than a few numbers. The bottleneck is
# *trained* with the rest; cutting an already trained net down to its best mixtures
# would cost more (exercise 2 at the end).

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
# ## Things to remember
#
# 1. Branches side by side, padded by K // 2, concatenated along the channels.
# 2. Cost: h·w·out·K·K·in; the 1×1 in front divides `in`.
# 3. Recount slides: a term is quickly counted twice.
# 4. A trained bottleneck sends what the answer needs, not what varies.

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
# 1. Which single width of the lecture's module could you double for the least cost?
# 2. Cut a *trained* net without bottleneck down to its best 4 mixtures (multiply its
#    maps by P Pᵀ). How much accuracy is left without training again?
# 3. Open: design a module for pictures in which the clue is always 3 pixels wide.

# %% [markdown]
# ## Further reading
#
# - Szegedy and others (2014), *Going deeper with convolutions*,
#   [arXiv 1409.4842](https://arxiv.org/abs/1409.4842): Figure 2 and Table 1.
# - Lin, Chen, Yan (2013), *Network in network*,
#   [arXiv 1312.4400](https://arxiv.org/abs/1312.4400): the 1×1.
