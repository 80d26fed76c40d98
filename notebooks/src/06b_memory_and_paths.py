# %% [markdown]
# # 06b Memory and paths
#
# **What can you know about a ResNet before you train it, and which way does an answer
# take through it?**
#
# Afterwards you can say what a stage keeps in memory, count what bottlenecks save, and
# count the paths through a network with what each of them sees.
#
# About 60 minutes of work · comes after *06 Residuals* · runs offline, without a GPU.

# %% tags=["setup"]
# setup

# %% tags=["fold"]
import copy
from collections import Counter
from random import Random
from statistics import fmean, median

import torch
from torch import nn

from coursekit import anatomy, check, claim, digits, evaluate, figures, fit, hint
from coursekit import predict, reveal, solution, verdict
from coursekit.anatomy import memory, parameters_by_kind
from coursekit.blocks import BasicBlock, Bottleneck, Padded
from coursekit.course import prediction_table, verdict_table
from coursekit.metrics import interval, paired
from coursekit.models import cifar_resnet, resnet18, resnet34, resnet50, resnet101
from coursekit.models import resnet152, vgg16
from coursekit.training import track

# %%
RUNS = 3  # each draws its own split of the digits and its own start
WIDTH = 8  # channels of the first stage of the trained nets
EPOCHS = 5
RATE = 0.05  # highest learning rate
PATHS = 6  # random paths through each ResNet-50 that are built for real

# %% [markdown]
# ## 1 · Memory known in advance

# %%
claim("C77")

# %% [markdown]
# Within a stage all maps have one size. For backward a basic block keeps four of them:
# the outputs of its two convolutions, of the ReLU between them, and its own; and for
# each of its two norms, two numbers a channel. By hand, stage 1 of ResNet-34: 64
# channels of 56×56, 4 bytes a number.


# %%
def by_hand(channels, side):
    """Return the bytes a basic block keeps for one image."""
    maps, norms = 4 * channels * side * side, 2 * 2 * channels
    return 4 * (maps + norms)


f"one map {4 * 64 * 56 * 56:,} bytes, one block {by_hand(64, 56):,} bytes"

# %% [markdown]
# **Predict:** stage 2 has 128 channels of 28×28. A block there keeps how many times as
# much as one of stage 1?

# %%
guess = 1  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("06-memory", guess, options=(0.25, 0.5, 1, 2), unit="times", sure=sure)

# %% [markdown]
# `memory` rehearses a step of training without data and says which layer keeps how
# much. The second block of each stage of ResNet-34, which does not change the shape:

# %%
step = memory(resnet34(), (3, 224, 224), 1, device="cpu")
stages = {1: (64, 56), 2: (128, 28), 3: (256, 14), 4: (512, 7)}
counted, known = {}, {}
for stage, (channels, side) in stages.items():
    name = f"layer{stage}.1."
    own = [size for key, size in step.layers.items() if f"{key}.".startswith(name)]
    counted[stage] = sum(own)
    known[stage] = by_hand(channels, side)

# %%
figures.bars(
    {f"stage {s}: {c}×{y}×{y}": counted[s] / 1e6 for s, (c, y) in stages.items()},
    xlabel="kept for backward by one block (MB an image)",
    title="Half the side, twice the channels: "
    f"{counted[2] / counted[1]:.2f} times the memory",
    words="Four bars, each about half as long as the one above.",
)

# %% [markdown]
# Now the second half of the claim: two 3×3 in place of one 5×5, at 64 channels.

# %%
pair = nn.Sequential(*(nn.Conv2d(64, 64, 3, padding=1, bias=False) for _ in range(2)))
single = nn.Conv2d(64, 64, 5, padding=2, bias=False)
pair_table, single_table = (anatomy(net, (64, 56, 56)) for net in (pair, single))
sees = [table.output.receptive_field for table in (pair_table, single_table)]
sees, pair_table.parameters, single_table.parameters

# %% tags=["verdict"]
verdict(
    "C77",
    cases={
        "a block by hand = a block rehearsed, to the byte": known == counted,
        "the next stage's block keeps half, within 2 %": all(
            abs(counted[s + 1] / counted[s] - 0.5) < 0.01 for s in (1, 2, 3)
        ),
        "two 3×3 see what one 5×5 sees": sees[0] == sees[1],
        "with fewer weights": pair_table.parameters < single_table.parameters,
    },
    measured={
        **{f"stage {s}, a block (MB)": size / 1e6 for s, size in counted.items()},
        "weights of two 3×3": pair_table.parameters,
        "weights of one 5×5": single_table.parameters,
    },
    predicted=reveal("06-memory", counted[2] / counted[1]),
    why="Equal maps make equal blocks: memory is blocks times maps times bytes.",
)

# %% [markdown]
# See the same, not *are* the same: session 01 showed that most 5×5 kernels are no
# product of two 3×3.
#
# ## 2 · No dense layers, and bottlenecks

# %%
claim("C78")

# %% [markdown]
# Deep ImageNet nets squeeze first: a 1×1 down to few channels, the 3×3 there, a 1×1 up
# again. By hand, 4 channels through 2: 4·2 + 9·2·2 + 2·4 = 52 weights; two 3×3 on all
# four have 2·9·4·4 = 288.
#
# **Exercise 06.4 (6 minutes).** Count both for any number of channels.


# %%
def block_weights(channels, reduced):
    """Return the weights of (two 3×3 on all channels, 1×1–3×3–1×1), no biases."""
    ### BEGIN SOLUTION
    basic = 2 * 9 * channels**2
    return basic, channels * reduced + 9 * reduced**2 + reduced * channels
    ### END SOLUTION


# %% tags=["check"]
check("06.4", block_weights)

# %% [markdown]
# **Predict:** VGG-16 keeps 89 % of its parameters in dense layers. ResNet-50 has one
# dense layer, the classifier. How many percent of its parameters are there?

# %%
guess = 30  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("06-dense", guess, options=(8, 30, 60), unit="%", sure=sure)

# %%
with torch.device("meta"):
    resnets = {18: resnet18(), 34: resnet34(), 50: resnet50(), 101: resnet101()}
    resnets[152] = resnet152()
    named = {f"ResNet-{depth}": net for depth, net in resnets.items()}
    named |= {"CIFAR's 56 layers": cifar_resnet(56), "CIFAR's 110": cifar_resnet(110)}
    named |= {"VGG-16": vgg16()}
kinds = {name: parameters_by_kind(net) for name, net in named.items()}
dense = {name: 100 * kind.dense / kind.total for name, kind in kinds.items()}
figures.bars(
    dense,
    xlabel="share of the parameters in dense layers (%)",
    title=f"ResNet-50: {dense['ResNet-50']:.0f} % in its classifier",
    words="One bar a network, in percent: "
    + "; ".join(f"{name} {share:.1f}" for name, share in dense.items()),
)

# %% [markdown]
# Which blocks, and how many dense layers?


# %%
def count(net, kind):
    return sum(isinstance(module, kind) for module in net.modules())


kinds_of_module = (BasicBlock, Bottleneck, nn.Linear)
inside = {
    name: {kind.__name__: count(net, kind) for kind in kinds_of_module}
    for name, net in named.items()
}
inside

# %% tags=["verdict"]
shallow, deep = ("ResNet-18", "ResNet-34"), ("ResNet-50", "ResNet-101", "ResNet-152")
verdict(
    "C78",
    cases={
        "one dense layer, the classifier": all(
            inside[name]["Linear"] == 1 for name in inside if name != "VGG-16"
        ),
        "ImageNet's 18 and 34: basic blocks only": all(
            inside[name]["Bottleneck"] == 0 for name in shallow
        ),
        "ImageNet's 50, 101, 152: bottlenecks only": all(
            inside[name]["BasicBlock"] == 0 for name in deep
        ),
    },
    measured={
        "ResNet-50, dense (%)": dense["ResNet-50"],
        "VGG-16, dense (%)": dense["VGG-16"],
        "basic blocks in CIFAR's 110 layers": inside["CIFAR's 110"]["BasicBlock"],
    },
    predicted=reveal("06-dense", dense["ResNet-50"]),
    why="GAP leaves one number a channel; 1×1s make the wide maps affordable.",
)

# %% [markdown]
# "From 50 layers on" is about ImageNet's nets. CIFAR's nets of 56 and 110 layers have
# narrow maps and no bottleneck.
#
# ## 3 · A crowd of paths

# %%
claim("C79")

# %% [markdown]
# A path takes each block or its shortcut. By hand, two blocks of two 3×3 each: skip
# both (field 1), take one of them (5, in two ways), take both (9).
#
# **Exercise 06.3 (12 minutes).** List the different fields for any blocks of stride 1.
# Tiny case: `path_fields([[3, 3], [3, 3]])` is `[1, 5, 9]`.


# %%
def path_fields(blocks):
    """Return the sorted distinct fields of all paths; a block lists its kernels."""
    ### BEGIN SOLUTION
    fields = {1}
    for kernels in blocks:
        wider = sum(kernel_size - 1 for kernel_size in kernels)
        fields |= {field + wider for field in fields}
    return sorted(fields)
    ### END SOLUTION


# %% tags=["check"]
check("06.3", path_fields)

# %% [markdown]
# ResNet-50's whole field is wider than its picture of 224 pixels. It has 16 blocks: 2
# to the 16th, 65,536 paths.
#
# **Predict:** how many percent of the paths see 224 pixels or more: about 10, 50, 90 or
# all of them?

# %%
guess = 90  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("06-paths", guess, options=(10, 50, 90, 100), unit="%", sure=sure)

# %% [markdown]
# Counting needs no list of paths: every block doubles them, one half as they are, one
# half wider. Strides make later kernels count more (session 01).


# %%
def blocks_of(net):
    stages = (net.layer1, net.layer2, net.layer3, net.layer4)
    return [block for stage in stages for block in stage]


def growths(net):
    """Return a stem's field, and by how many pixels each block widens a path."""
    stem = anatomy(net, (3, 224, 224))["maxpool"]
    jump, wider = stem.stride[0], []
    for block in blocks_of(net):
        wider.append(0)
        for name, layer in block.named_children():
            if name.startswith("conv"):
                wider[-1] += (layer.kernel_size[0] - 1) * jump
                jump *= layer.stride[0]
    return stem.receptive_field[0], wider


def count_fields(net):
    """Return field → number of paths that have it."""
    stem, wider = growths(net)
    counts = Counter({stem: 1})
    for pixels in wider:
        counts += Counter({field + pixels: n for field, n in counts.items()})
    return counts


# %%
with torch.device("meta"):
    fifty = {"torchvision's": resnet50(), "the paper's": resnet50(stride_on="1x1")}
fields = {name: count_fields(net) for name, net in fifty.items()}
seeing = {
    name: 100 * sum(n for f, n in found.items() if f >= 224) / found.total()
    for name, found in fields.items()
}
middle = {name: median(sorted(found.elements())) for name, found in fields.items()}

# %% [markdown]
# Torchvision puts the stride of a bottleneck on its 3×3, the paper on its first 1×1.
# We count both.

# %%
grid = list(range(0, 500, 4))
paths = fields["torchvision's"].total()
figures.curves(
    grid,
    {
        name: [100 * sum(n for f, n in found.items() if f >= at) / paths for at in grid]
        for name, found in fields.items()
    },
    xlabel="pixels",
    ylabel="paths that see them (%)",
    mark={"the picture": 224},
    title="See 224 pixels: "
    + ", ".join(f"{share:.0f} % of {name} paths" for name, share in seeing.items()),
    words="Share of the paths against the field, falling from 100 % to 0; the paper's "
    "net, with its stride on the 1×1, lies to the right of torchvision's.",
)

# %%
reveal("06-paths", seeing["torchvision's"])

# %% [markdown]
# Is the count right? Build some random paths for real, as plain chains of layers, and
# let the course's calculator look at them. It knows nothing of paths.


# %%
def one_path(net, taken):
    """Return one path as a net of its own: each block's layers or its shortcut."""
    steps = [net.conv1, net.bn1, net.relu, net.maxpool]
    for block, yes in zip(blocks_of(net), taken, strict=True):
        if yes:
            block = copy.deepcopy(block)
            block.adds_input = False
            steps.append(block)
        else:
            steps.append(block.downsample or nn.Identity())
    return nn.Sequential(*steps)


def tried(net, random):
    """Return a random path's field, by the rule and by the calculator."""
    stem, wider = growths(net)
    taken = random.choices((True, False), k=len(wider))
    chain = one_path(net, taken)
    by_rule = stem + sum(p for p, yes in zip(wider, taken, strict=True) if yes)
    return by_rule, anatomy(chain, (3, 224, 224)).output.receptive_field[0]


random = Random(0)
compared = [
    tried(net, random)
    for name, net in track(list(fifty.items()) * PATHS, "building paths")
]
whole = {name: anatomy(net, (3, 224, 224))["layer4"] for name, net in fifty.items()}
whole = {name: row.receptive_field[0] for name, row in whole.items()}
compared[:6], whole

# %% [markdown]
# Each block is on half of the paths: take it out, and the other half is left. Take one
# block out of the trained nets of 20 layers, put a shortcut in its place, and train
# nothing.
#
# **Predict:** in the residual net, the typical block (the median of nine) costs how
# many points of accuracy on new digits?

# %%
guess = 20  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("06-lesion", guess, options=(3, 20, 80), unit="points", sure=sure)


# %% [markdown]
# First the nets, as in session 06: 20 layers on the digits, plain and residual.

# %%
data = digits()
parts = [data.split(seed=seed) for seed in range(RUNS)]


def train(shortcut, seed):
    """Return a trained net of 20 layers and the record of its training."""
    torch.manual_seed(seed)
    net = cifar_resnet(20, 10, 1, shortcut=shortcut, width=WIDTH)
    how = {"epochs": EPOCHS, "batch_size": 64, "lr": RATE, "seed": seed}
    return net, fit(net, parts[seed].train, progress=False, **how)


def wrong(net, images, like):
    """Return how many percent of the images get the wrong answer."""
    return 100 * (1 - evaluate(net, images, like=like).accuracy)


kinds_trained = {"plain": "none", "residual": "padded"}
trained = {
    kind: [train(shortcut, seed) for seed in range(RUNS)]
    for kind, shortcut in track(list(kinds_trained.items()), "training")
}

# %% [markdown]
# Where the shape changes, the padded shortcut stays in the block's place:


# %%
def without(net, stage, place):
    """Return a copy with one block replaced by a shortcut."""
    copied = copy.deepcopy(net)
    block = copied[stage][place]
    before, after = block.conv1.in_channels, block.conv1.out_channels
    same = nn.Identity() if before == after else Padded(before, after, 2)
    copied[stage][place] = same
    return copied


def losses(net, like, images):
    """Return the points of accuracy that each block's absence costs."""
    base = wrong(net, images, like)
    places = [(stage, place) for stage in (3, 4, 5) for place in range(len(net[stage]))]
    return [wrong(without(net, *where), images, like) - base for where in places]


# %%
lost = {
    kind: [
        losses(net, like, part.test)
        for (net, like), part in zip(nets, parts, strict=True)
    ]
    for kind, nets in trained.items()
}
by_block = {k: [fmean(c) for c in zip(*runs, strict=True)] for k, runs in lost.items()}
typical_loss = {kind: [median(run) for run in runs] for kind, runs in lost.items()}

# %% [markdown]
# Nine blocks, each taken out alone:

# %%
figures.curves(
    range(1, 10),
    by_block,
    xlabel="block taken out",
    ylabel="accuracy lost on new digits (points)",
    title="Typical loss: "
    + ", ".join(f"{k} {fmean(v):.0f} points" for k, v in typical_loss.items()),
    words=f"Loss for each of nine blocks, mean of {RUNS} runs. The plain net loses "
    "nearly everything at every block; the residual net loses most at its first block "
    "and little at its last ones.",
)

# %% tags=["verdict"]
verdict(
    "C79",
    cases={
        "ResNet-18 to -152: the field exceeds 224": all(
            anatomy(net, (3, 224, 224))["layer4"].receptive_field[0] > 224
            for net in resnets.values()
        ),
        "paths differ in field": all(len(found) > 1 for found in fields.values()),
        f"{len(compared)} random paths: rule = calculator": all(
            a == b for a, b in compared
        ),
        "the longest path has the net's field": all(
            max(found) == whole[name] for name, found in fields.items()
        ),
        "a block less costs a residual net less than a plain one": paired(
            typical_loss["residual"], typical_loss["plain"]
        ).below(0),
    },
    measured={
        **{f"field, {name} ResNet-50": side for name, side in whole.items()},
        **{f"paths that see 224, {name} (%)": share for name, share in seeing.items()},
        **{f"middle path, {name} (pixels)": side for name, side in middle.items()},
        "residual, typical block (points)": typical_loss["residual"],
        "residual, first block (points)": [run[0] for run in lost["residual"]],
        "plain, typical block (points)": typical_loss["plain"],
    },
    predicted=reveal("06-lesion", interval(typical_loss["residual"])),
    why="Every block doubles the paths; the longest has the net's field, others less.",
)

# %% [markdown]
# The longest path has the field of the whole net. Of the crowd, about half exceed the
# image, more in the paper's net than in torchvision's; and what a path sees is a bell
# on top of that (session 01). The first block is an exception to the small loss:
# session 06 showed that it changes more than it keeps.

# %% [markdown]
# ## Quiz
#
# Answer first, on paper; then open the answer.
#
# **1.** A stage has 6 blocks on maps of 128×28×28. How many bytes does it keep for
# backward in float32, for one image?
#
# <details><summary>Answer</summary>
#
# 6 · 4 · 128 · 28 · 28 · 4 = 9.6 million bytes, four maps a block.
#
# </details>

# %% [markdown]
# **2.** 10 residual blocks. How many paths? How many of them take exactly one block?
#
# <details><summary>Answer</summary>
#
# 2 to the 10th, 1,024; ten of them take one block. Most take about five.
#
# </details>

# %% [markdown]
# ## Things to remember
#
# 1. Blocks times maps times bytes: memory is known before you train.
# 2. Two 3×3 see what a 5×5 sees, with fewer weights.
# 3. GAP and bottlenecks: nearly all of a ResNet's weights are convolutions.
# 4. One net, many paths: the field of the whole is the field of the longest.
# 5. Half of the paths are left when a block goes; a plain net has one path.

# %% [markdown]
# ## What this notebook measured
#
# One line for every verdict card shown in this run, then your predictions.

# %%
verdict_table("06")

# %%
prediction_table("06")

# %% [markdown]
# ## Exercises, from easy to open
#
# 1. How much does a whole stage of ResNet-34 keep? In stages 2 to 4 the first block has
#    one map more.
# 2. Count the paths of ResNet-18 that see 224 pixels.
# 3. Take two blocks out at once. Is the loss the sum of the two losses?
# 4. Open: weigh each path by the gradient that flows through it. Which lengths count?

# %% [markdown]
# ## Further reading
#
# - Veit, Wilber, Belongie (2016), *Residual networks behave like ensembles of
#   relatively shallow networks*, [arXiv 1605.06431](https://arxiv.org/abs/1605.06431):
#   lesions and paths.
# - He, Zhang, Ren, Sun (2015), *Deep residual learning for image recognition*,
#   [arXiv 1512.03385](https://arxiv.org/abs/1512.03385): Table 1.
