# %% [markdown]
# # 07b GoogLeNet and after
#
# **What is GoogLeNet made of, do its auxiliary classifiers help, and what came after?**
#
# Afterwards you can recount a published table, say when auxiliary classifiers matter,
# list the fields of a module, and price its successors.
#
# About 80 minutes of work · comes after *07 Inception* · runs offline, without a GPU.

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
from coursekit.course import prediction_table, verdict_table
from coursekit.metrics import gradient_norms, paired
from coursekit.models import alexnet, alexnet_one_tower, googlenet
from coursekit.training import track

# %%
EPOCHS = 5
STARTS = 8  # untrained nets for each depth in section 2
DEPTHS = (6, 10, 14)  # layers; keep 14, add others
HEAD_RUNS = 3  # trained nets with and without auxiliary heads

# %% [markdown]
# ## 1 · GoogLeNet, module by module

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
    {
        name: count / 1e6
        for name, count in (sizes | {"GoogLeNet with heads": with_heads}).items()
    }
    | {"GoogLeNet": table.parameters / 1e6},
    xlabel="parameters (millions)",
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
# ## 2 · Auxiliary classifiers

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
data = digits()
parts = [data.split(seed=seed) for seed in range(HEAD_RUNS)]


def score(heads, seed):
    """Return the accuracy on new digits of a trained stack of ten layers (%)."""
    torch.manual_seed(seed)
    net = Stack(10, True, heads)
    how = {"epochs": EPOCHS, "batch_size": 50, "lr": 0.1, "seed": seed}
    like = fit(net, parts[seed].train, loss=all_losses, progress=False, **how)
    return 100 * evaluate(net, parts[seed].test, like=like).accuracy


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
# More gradient is not yet better learning. A later paper by its first author found
# (*Rethinking*, section 4) that the heads do little early in training and act as a
# regulariser.
#
# ## 3 · Several fields at once

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
# ## 4 · What came after

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
# **1.** You put auxiliary heads into a ResNet with batch norm. What do you expect?
#
# <details><summary>Answer</summary>
#
# Little: the gradient arrives anyway. They cost parameters and time while training.
#
# </details>

# %% [markdown]
# **2.** Why is GoogLeNet's last pooling global and not a dense stack?
#
# <details><summary>Answer</summary>
#
# 7·7·1024 numbers into 4,096 units would be 206 million weights, thirty times the whole
# net. GAP has none.
#
# </details>

# %% [markdown]
# **3.** Your library's GoogLeNet sees 379 pixels, the paper's 715. Which do you report?
#
# <details><summary>Answer</summary>
#
# The one you used, with the difference: 3×3 in place of 5×5, and a 2×2 pooling.
#
# </details>

# %% [markdown]
# ## Things to remember
#
# 1. Recount tables: units, another kernel, another pooling.
# 2. Auxiliary heads mend a vanishing gradient; batch norm leaves them nothing to mend.
# 3. One module, several fields; one net, a crowd of them.
# 4. Factorised, separable, added: the same window for fewer products.

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
# 1. Section 2 with He's start: do the heads still help?
# 2. Replace the 5×5 branches of GoogLeNet by two 3×3. What happens to cost and field?
# 3. Open: where would you put one auxiliary head in a net of 40 layers, and why there?

# %% [markdown]
# ## Further reading
#
# - Szegedy and others (2014), *Going deeper with convolutions*,
#   [arXiv 1409.4842](https://arxiv.org/abs/1409.4842): Table 1, section 5.
# - Szegedy and others (2015), *Rethinking the inception architecture*,
#   [arXiv 1512.00567](https://arxiv.org/abs/1512.00567): sections 2 to 4.

# %% [markdown]
# - Szegedy, Ioffe, Vanhoucke, Alemi (2016), *Inception-v4, Inception-ResNet*,
#   [arXiv 1602.07261](https://arxiv.org/abs/1602.07261).
# - Chollet (2016), *Xception*, [arXiv 1610.02357](https://arxiv.org/abs/1610.02357):
#   from inception to depthwise separable.
