# %% [markdown]
# # 06 Residuals
#
# **Why can a network get worse when layers are added, and what does one plus sign
# change?**
#
# Afterwards you can build a residual block with its shortcuts, and say when depth harms
# and what becomes of the gradient on its way back.
#
# About 80 minutes of work · comes after *05 Classic networks* · runs offline, without a
# GPU · *06b Memory and paths* goes on from here.

# %% tags=["setup"]
# setup

# %% tags=["fold"]
from statistics import fmean, median

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit import anatomy, check, claim, digits, evaluate, figures, fit, hint
from coursekit import photos, predict, reveal, solution, verdict
from coursekit.anatomy import weight_layers
from coursekit.blocks import BasicBlock, Bottleneck, Padded
from coursekit.course import prediction_table, stored, verdict_table
from coursekit.explore import explore_depth
from coursekit.metrics import gradient_norms, interval, paired
from coursekit.models import cifar_resnet, depth_net, resnet18, resnet34, resnet50
from coursekit.models import resnet101, resnet152
from coursekit.training import track

# %% [markdown]
# The numbers that steer the experiments stand in one cell. Change one, run the session
# again, and see which verdicts move.

# %%
RUNS = 3  # each draws its own split of the digits and its own start
DEPTHS = (8, 20, 38, 56)  # weight layers: 6n + 2; keep 8, 20 and 56, add others
WIDTH = 8  # channels of the first stage; the second has twice, the third four times
EPOCHS = 5
RATE = 0.05  # highest learning rate
STARTS = 4  # how many untrained nets of each kind in section 4

# %% [markdown]
# We train on the 8×8 digits, several splits of them: networks of 56 layers stay quick
# there.

# %%
data = digits()
parts = [data.split(seed=seed) for seed in range(RUNS)]
figures.images(
    data.images[:10],
    data.labels[:10].tolist(),
    columns=10,
    title=f"{len(parts[0].train):,} digits to learn from, {len(parts[0].test)} to test",
    words="Ten handwritten digits of 8×8 pixels with their labels.",
)

# %% [markdown]
# ## 1 · Deeper and worse

# %%
claim("C73")

# %% [markdown]
# A deeper net can do all that a shallow one can: its extra layers only have to hand on
# what they get. By hand: a 3×3 kernel with a single 1 in the middle does that.

# %%
picture = torch.tensor([[4.0, 0, 1], [2, 7, 3], [0, 5, 6]])
hand_on = nn.init.dirac_(torch.empty(1, 1, 3, 3))
handed = F.conv2d(picture[None, None], hand_on, padding=1)[0, 0]
figures.matrices(
    {"input": picture, "kernel": hand_on[0, 0], "output": handed},
    title="A layer that changes nothing",
    words="Nine numbers, a kernel with 1 in the middle and zeros around it, and the "
    "same nine numbers again.",
)

# %% [markdown]
# So 56 layers can be no worse than 20, if training finds the right weights. Here is the
# family: a first layer, three stages of blocks with two 3×3 each, GAP, a dense layer.
# The smallest member:

# %%
anatomy(cifar_resnet(8, 10, 1, shortcut="none", width=WIDTH), (1, 8, 8))


# %%
def train(depth, shortcut, seed):
    """Return a trained net of this depth and the record of its training."""
    torch.manual_seed(seed)
    net = cifar_resnet(depth, 10, 1, shortcut=shortcut, width=WIDTH)
    how = {"epochs": EPOCHS, "batch_size": 64, "lr": RATE, "seed": seed}
    return net, fit(net, parts[seed].train, progress=False, **how)


def wrong(net, images, like):
    """Return how many percent of the images get the wrong answer."""
    return 100 * (1 - evaluate(net, images, like=like).accuracy)


# %% [markdown]
# **Predict:** a *plain* net (no plus sign anywhere) of 20 layers gets a few percent of
# the digits wrong that it was **trained on**. A plain net of 56 layers, trained in the
# same way: how many percent?

# %%
guess = 5  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("06-deeper", guess, options=(0, 5, 20, 80), unit="% wrong", sure=sure)

# %% [markdown]
# All depths, several runs each:

# %%
plain = {
    depth: [train(depth, "none", seed) for seed in range(RUNS)]
    for depth in track(DEPTHS, "training plain nets")
}
learnt, new = {}, {}
for depth, runs in plain.items():
    pairs = list(zip(runs, parts, strict=True))
    learnt["plain", depth] = [wrong(net, p.train, like) for (net, like), p in pairs]
    new["plain", depth] = [wrong(net, p.test, like) for (net, like), p in pairs]

# %%
shown = {
    "digits it was trained on": [fmean(learnt["plain", d]) for d in DEPTHS],
    "new digits": [fmean(new["plain", d]) for d in DEPTHS],
}
figures.curves(
    DEPTHS,
    shown,
    xlabel="layers of the plain net",
    ylabel="wrong (%)",
    level={"guessing": 90},
    title=f"Trained digits: {fmean(learnt['plain', 20]):.0f} % wrong with 20 layers, "
    f"{fmean(learnt['plain', 56]):.0f} % with 56",
    words=f"Errors against depth, mean of {RUNS} runs. The errors on trained and on "
    "new digits lie close together at every depth.",
)

# %% [markdown]
# Overfitting looks different: few errors on trained digits, many on new ones. But is a
# good plain net of 56 layers possible at all? Build one: the trained net of 20 layers
# and 18 blocks that hand on what they get.


# %%
def hands_on(channels):
    """Return a plain block that gives back what it gets (nothing negative)."""
    block = BasicBlock(channels, channels, shortcut="none")
    for layer in (block.conv1, block.conv2):
        nn.init.dirac_(layer.weight)
    for norm in (block.bn1, block.bn2):
        norm.running_var.fill_(1 - norm.eps)  # so that it divides by exactly 1
    return block.eval()


def lengthened(net):
    """Return a plain net with six more blocks at the end of each stage."""
    stages = []
    for stage in net[3:6]:
        channels = stage[-1].conv2.out_channels
        stages.append(nn.Sequential(*stage, *(hands_on(channels) for _ in range(6))))
    return nn.Sequential(*net[:3], *stages, *net[6:])


# %%
long_nets = [lengthened(net) for net, _ in plain[20]]
built = [
    wrong(net, part.train, like)
    for net, part, (_, like) in zip(long_nets, parts, plain[20], strict=True)
]
layers_built = weight_layers(long_nets[0], (1, 8, 8))
layers_built, built, learnt["plain", 20]

# %% [markdown]
# The layers; how many percent of the trained digits the lengthened nets get wrong; and
# the nets of 20 layers that they were made from.

# %% tags=["verdict"]
verdict(
    "C73",
    cases={
        "trained digits: 56 layers worse than 20": paired(
            learnt["plain", 56], learnt["plain", 20]
        ).above(0),
        "new digits: the same": paired(new["plain", 56], new["plain", 20]).above(0),
        "a net of 56 layers as good as 20 exists": layers_built == 56
        and built == learnt["plain", 20],
    },
    measured={
        "20 layers, trained digits wrong (%)": learnt["plain", 20],
        "56 layers, trained digits wrong (%)": learnt["plain", 56],
        "20 layers, new digits wrong (%)": new["plain", 20],
        "56 layers, new digits wrong (%)": new["plain", 56],
    },
    predicted=reveal("06-deeper", interval(learnt["plain", 56])),
    why="The good deep net exists, but these steps of training do not find it.",
)

# %% [markdown]
# Five epochs are short; with more the deep plain nets get better too. What depth harms
# is how *quickly* a plain net learns. The paper conjectures the same. In its runs of
# 64,000 steps the gap is there, in the training error, to the end.
#
# ## 2 · One plus sign

# %%
claim("C74")

# %% [markdown]
# If handing on is hard to learn, give it away for free: let the layers compute F(x) and
# add the input again.

# %%
x = torch.tensor([3.0, 1, 0, 2])
added = torch.tensor([-1.0, 0, 2, 0.5])
figures.matrices(
    {"input x": x, "F(x), from the layers": added, "output x + F(x)": x + added},
    title="The layers say what to change, not what the answer is",
    words="Four numbers x, four numbers F(x), and their sums 2 1 2 2.5.",
)

# %% [markdown]
# As the course's package writes it:

# %%
# show coursekit.blocks.BasicBlock.forward

# %% [markdown]
# **Exercise 06.1 (20 minutes).** Write the whole module. Where the shape changes, the
# shortcut is a 1×1 convolution with the stride, and a batch norm. Tiny case:
# `ResidualBlock(3, 3)` has no parameter in its shortcut.


# %%
class ResidualBlock(nn.Module):
    """conv3×3 – norm – ReLU – conv3×3 – norm, plus shortcut, then ReLU; no biases."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )
        ### END SOLUTION

    def forward(self, images):
        ### BEGIN SOLUTION
        x = self.norm1(self.conv1(images)).relu()
        x = self.norm2(self.conv2(x))
        return (x + self.shortcut(images)).relu()
        ### END SOLUTION


# %% tags=["check"]
check("06.1", ResidualBlock)

# %% [markdown]
# Now the same nets as in section 1 with the plus sign in every block. Same layers, same
# number of parameters, same training.
#
# **Predict:** 56 layers with the plus sign: how many percent of the trained digits are
# wrong?

# %%
guess = 40  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("06-plus", guess, options=(1, 10, 40, 80), unit="% wrong", sure=sure)

# %% [markdown]
# The same four depths, with shortcuts that need no weights (section 3):

# %%
residual = {
    depth: [train(depth, "padded", seed) for seed in range(RUNS)]
    for depth in track(DEPTHS, "training residual nets")
}
for depth, runs in residual.items():
    pairs = list(zip(runs, parts, strict=True))
    learnt["residual", depth] = [wrong(net, p.train, like) for (net, like), p in pairs]
    new["residual", depth] = [wrong(net, p.test, like) for (net, like), p in pairs]

# %% [markdown]
# Both families in one picture:

# %%
figures.curves(
    DEPTHS,
    {
        kind: [fmean(learnt[kind, depth]) for depth in DEPTHS]
        for kind in ("plain", "residual")
    },
    xlabel="layers",
    ylabel="trained digits wrong (%)",
    title=f"56 layers: {fmean(learnt['plain', 56]):.0f} % wrong without the plus sign, "
    f"{fmean(learnt['residual', 56]):.0f} % with it",
    words=f"Error on trained digits against depth, mean of {RUNS} runs: the plain "
    "nets' line climbs, the residual nets' line stays low.",
)

# %%
seen_plus = reveal("06-plus", interval(learnt["residual", 56]))
seen_plus

# %% [markdown]
# Does the deeper residual net beat the shallower one? On digits there is little left to
# win. Compare the two yourself:

# %%
paired(learnt["residual", 56], learnt["residual", 20])

# %% [markdown]
# ### The same on photographs
#
# Digits are small. The paper's own nets on CIFAR-10 take too long for a notebook: a
# script (`benchmarks/depth_cifar.py`) trained them with a very short schedule, two
# passes over 10,000 photographs of a JPEG copy, where the paper makes about 180 over
# 45,000.

# %%
on_cifar = stored("depth_cifar")
arms = [
    f"{kind}, {depth} layers" for depth in (20, 56) for kind in ("plain", "residual")
]
errors = {arm: on_cifar.interval(arm, "train error (%)") for arm in arms}
figures.bars(
    {arm: error.mean for arm, error in errors.items()},
    xlabel="learnt photographs wrong (%)",
    highlight=[arm for arm in arms if arm.startswith("residual")],
    title="CIFAR-10, 56 layers: plain "
    f"{errors['plain, 56 layers'].mean:.0f} % wrong, residual "
    f"{errors['residual, 56 layers'].mean:.0f} %",
    words="; ".join(f"{arm}: {error}" for arm, error in errors.items()) + ".",
)

# %%
on_cifar

# %% [markdown]
# Stored results, not run here. With this little training the deeper residual net does
# not beat the shallower one either; that takes the paper's long schedule.

# %% [markdown]
# ### The identity for free?
#
# Set every weight of the layers to 0: then F(x) = 0. There are two places for the last
# ReLU: inside F, so that the block ends with the sum, or after the sum.
#
# **Predict:** the ReLU stands *after* the sum, as in ResNet. A unit of the input holds
# −2. What comes out?

# %%
guess = -2  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("06-zeros", guess, options=(-2, 0, 2), sure=sure)


# %% [markdown]
# In code, F(x) is the block without its sum. Here is one whose kernels are zero:


# %%
def change(block, x):
    """Return F(x): what the layers of a block compute before the sum."""
    x = F.relu(block.bn1(block.conv1(x)))
    return block.bn2(block.conv2(x))


zeroed = BasicBlock(1, 1).eval()
for layer in (zeroed.conv1, zeroed.conv2):
    nn.init.zeros_(layer.weight)

# %% [markdown]
# Seven numbers through both orders:

# %%
x = torch.arange(-3.0, 4)[None, None, None]  # 1 1 1 7
with torch.no_grad():
    before_sum, after_sum = x + change(zeroed, x), zeroed(x)
figures.matrices(
    {
        "input": x[0, 0],
        "output, ReLU inside F": before_sum[0, 0],
        "output, ReLU after the sum": after_sum[0, 0],
    },
    title="With zero weights only one of the two is the identity",
    words="The numbers −3 to 3; the block with the ReLU inside F gives them back; with "
    "the ReLU after the sum the negative ones become 0.",
)

# %%
seen_zeros = reveal("06-zeros", after_sum[0, 0, 0, 1].item())
seen_zeros

# %% [markdown]
# The same on a photo, standardised, so that dark pixels are negative:

# %%
grey = photos().images[0].float().mean(0)[40:168, 220:348]
scene = ((grey - grey.mean()) / grey.std())[None, None]
with torch.no_grad():
    kept, cut = scene + change(zeroed, scene), zeroed(scene)
figures.images(
    [scene[0], kept[0], cut[0]],
    ["input", "ReLU inside F", "ReLU after the sum"],
    scale="shared",
    title="A block of zeros hands on the picture, or its bright half",
    words="The roof of the temple three times: as it was, unchanged, and with "
    "everything darker than average in one even grey.",
)

# %% [markdown]
# Then how can ResNet, with its ReLU after the sum, hand anything on? Look at what its
# blocks get, and at how large the change is that a trained block makes: the norm of
# F(x) over the norm of what it is added to.


# %%
@torch.no_grad()
def block_by_block(net, images):
    """Return each block's smallest input and the size of its change."""
    x, lowest, sizes = net[:3](images), [], []
    for block in (block for stage in net[3:6] for block in stage):
        shortcut = x if block.downsample is None else block.downsample(x)
        lowest.append(x.min().item())
        sizes.append((change(block, x).norm() / shortcut.norm()).item())
        x = block(x)
    return lowest, sizes


def standardised(images, like):
    return (images / 255 - like.mean[0]) / like.std[0]


# %%
looked = {
    depth: [
        block_by_block(net, standardised(part.test.images, like))
        for (net, like), part in zip(residual[depth], parts, strict=True)
    ]
    for depth in DEPTHS
}
lowest = min(min(low) for runs in looked.values() for low, _ in runs)
sizes = [fmean(column) for column in zip(*(s for _, s in looked[56]), strict=True)]
typical = {d: [median(s) for _, s in runs] for d, runs in looked.items()}

# %% [markdown]
# The 56-layer nets block by block, and the median over the blocks for every depth:

# %%
figures.curves(
    range(1, len(sizes) + 1),
    {"56 layers": sizes},
    xlabel="block",
    ylabel="change, F(x) / x",
    level={"as large as its input": 1},
    title=f"First block {sizes[0]:.2f}, last block {sizes[-1]:.2f}",
    words="Size of F(x) relative to the shortcut for the 27 blocks of the residual "
    f"nets of 56 layers, mean of {RUNS} runs: large in the first blocks, then small.",
)

# %%
figures.bars(
    {f"{depth} layers": fmean(values) for depth, values in typical.items()},
    xlabel="typical change of a block (median), F(x) over x",
    title=f"Typical change of a block: {fmean(typical[8]):.2f} with 8 layers, "
    f"{fmean(typical[56]):.2f} with 56",
    words="One bar for each depth: the more blocks, the less each of them changes.",
)

# %% [markdown]
# How small must F be to call it "only the difference"? We ask that a typical block of
# the deepest net changes its input by less than its size.

# %% tags=["verdict"]
positive = x >= 0
verdict(
    "C74",
    cases={
        "ReLU inside F, zero weights: the identity": torch.equal(before_sum, x),
        "ReLU after the sum: the identity for x ≥ 0": torch.equal(
            after_sum[positive], x[positive]
        ),
        "ReLU after the sum: the identity for every x": torch.equal(after_sum, x),
        "56 layers: a typical block changes less than it keeps": interval(
            typical[56]
        ).below(1),
    },
    measured={
        "smallest input of any block": lowest,
        **{f"typical change, {d} layers": values for d, values in typical.items()},
    },
    predicted=f"{seen_plus} {seen_zeros}",
    why="ReLU(x + 0) is x only where x is not negative.",
)

# %% [markdown]
# Inside ResNet this costs nothing: what a block gets comes out of a ReLU, so it is
# never negative. He et al. (2016), *Identity mappings*, moved it into F anyway, in
# front of the convolutions: so they could train 1,001 layers.
#
# ## 3 · Three shortcuts

# %%
claim("C75")

# %% [markdown]
# Where a stage begins, the map is halved and the channels are doubled: x and F(x) no
# longer fit. One way out has no weights at all. By hand, one channel of 4×4 becomes two
# of 2×2:

# %%
one = torch.arange(1.0, 17).reshape(1, 1, 4, 4)
two = Padded(1, 2, stride=2)(one)[0]
figures.matrices(
    {"input": one[0, 0], "output channel 1": two[0], "output channel 2": two[1]},
    title="Every second pixel, and a channel of zeros",
    words="The numbers 1 to 16 in a square; 1 3 / 9 11; and four zeros.",
)

# %% [markdown]
# **Exercise 06.2 (8 minutes).** Write it for any number of channels. Tiny case: shape
# (1, 1, 4, 4) with `out_channels=2` becomes (1, 2, 2, 2).


# %%
def padded_shortcut(images, out_channels, stride=2):
    """Keep every `stride`-th row and column; add channels of zeros at the end."""
    ### BEGIN SOLUTION
    kept = images[:, :, ::stride, ::stride]
    missing = out_channels - images.shape[1]
    return F.pad(kept, (0, 0, 0, 0, 0, missing))
    ### END SOLUTION


# %% tags=["check"]
check("06.2", padded_shortcut)

# %% [markdown]
# The other way is a 1×1 convolution with stride 2, the *projection*. What do the three
# kinds cost, and does the dearer one learn better?

# %%
KINDS = {"plain": "none", "padded": "padded", "projection": "projection"}
cost = {
    name: anatomy(cifar_resnet(20, 10, 1, shortcut=kind, width=WIDTH), (1, 8, 8))
    for name, kind in KINDS.items()
}
figures.bars(
    {name: table.parameters for name, table in cost.items()},
    xlabel="parameters of the net of 20 layers",
    title="The plus sign is free, two projections cost "
    f"{cost['projection'].parameters - cost['plain'].parameters}",
    words="Three bars: the plain and the padded net are equal, the one with "
    "projections is a little larger.",
)

# %%
projected = [train(20, "projection", seed) for seed in track(range(RUNS), "training")]
new["projection", 20] = [
    wrong(net, part.test, like)
    for (net, like), part in zip(projected, parts, strict=True)
]
gain = paired(new["residual", 20], new["projection", 20])
gain

# %% [markdown]
# Where do the real ones have projections? Ask every block whether its shape changes and
# whether it has one.


# %%
def projection(block):
    """Return whether a block changes the shape, and whether it has a projection."""
    last = block.conv3 if isinstance(block, Bottleneck) else block.conv2
    strides = {layer.stride for layer in (block.conv1, block.conv2)}
    same = block.conv1.in_channels == last.out_channels and strides == {(1, 1)}
    return not same, block.downsample is not None


def projections(net):
    blocks = [b for b in net.modules() if isinstance(b, BasicBlock | Bottleneck)]
    return [projection(block) for block in blocks]


with torch.device("meta"):
    resnets = {18: resnet18(), 34: resnet34(), 50: resnet50(), 101: resnet101()}
    resnets[152] = resnet152()
where = {depth: projections(net) for depth, net in resnets.items()}
agree = [all(a == b for a, b in found) for found in where.values()]
{d: f"{sum(has for _, has in w)} of {len(w)} blocks" for d, w in where.items()}

# %% [markdown]
# And is x added as it is, without a learnt weight? Then the block's slope in x is
# exactly 1 when F is zero and x is positive, so that the last ReLU is open.

# %%
inputs = (1 + torch.rand(1, 1, 4, 4)).requires_grad_()
slope = torch.autograd.grad(zeroed(inputs).sum(), inputs)[0]
slope.unique().tolist()

# %% tags=["verdict"]
verdict(
    "C75",
    cases={
        "the sum has no parameter": cost["padded"].parameters
        == cost["plain"].parameters,
        "x is added with weight 1": slope.unique().tolist() == [1],
        "ResNet-18 to -152: projections exactly where shapes change": all(agree),
    },
    measured={
        "parameters, plain = padded": cost["padded"].parameters,
        "parameters, projections": cost["projection"].parameters,
        "new digits wrong, padded − projection (points)": gain,
    },
    why="Adding needs no weights; only another shape needs another shortcut.",
)

# %% [markdown]
# ## 4 · The gradient's way back

# %%
claim("C76")

# %% [markdown]
# By hand: a chain of layers, each of slope w. Backward multiplies the slopes. With a
# plus sign each layer has slope 1 + w.

# %%
slopes = torch.tensor([-0.5, 0.1, 0.5])[:, None]
layers = torch.tensor([1, 5, 20])
figures.matrices(
    {
        "input: w to the 1, 5, 20": slopes**layers,
        "output: (1 + w) to the 1, 5, 20": (1 + slopes) ** layers,
    },
    title="Products of many slopes vanish; with a plus sign they can also explode",
    words="Rows w = −0.5, 0.1, 0.5; columns 1, 5 and 20 layers. Left w to that power, "
    "soon near 0; right 1 + w to that power, up to 3325.",
)

# %% [markdown]
# **Exercise 06.5 (3 minutes).** y = x + F(x) without a ReLU after the sum, all weights
# of F are 0. The loss's gradient with respect to x is: **A** 0, **B** the gradient with
# respect to y, **C** half of it, **D** twice of it?

# %%
answer = ...  # "A", "B", "C" or "D"
### BEGIN SOLUTION
answer = "B"
### END SOLUTION

# %% tags=["check"]
check("06.5", answer)

# %% [markdown]
# Now real nets, before any training: one step backward on 32 digits of 16×16 pixels.
# How large is the gradient at each block?


# %%
larger = digits(16)
drawn = torch.randperm(len(larger), generator=torch.Generator().manual_seed(0))
some = larger.subset(drawn[:32])
batch, labels = some.images / 255, some.labels
batch = (batch - batch.mean()) / batch.std()


def profile(depth, shortcut, norm, start, seed):
    """Return the gradient's norm after the first layer and after each block."""
    net = depth_net(depth, shortcut=shortcut, norm=norm, start=start, seed=seed)
    blocks = [n for n, m in net.named_modules() if isinstance(m, BasicBlock)]
    return list(gradient_norms(net, batch, labels, ["2", *blocks]).values())


# %% [markdown]
# **Predict:** a plain net of 56 layers *with* batch norm, untrained. The gradient at
# the first layer, compared with the one at the last block, is …

# %%
guess = "a thousandth"  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict(
    "06-gradient",
    guess,
    options=("a thousandth", "about equal", "a thousand times"),
    sure=sure,
)

# %% [markdown]
# Two kinds of net, four settings, three depths, a few starts each:

# %%
SETTINGS = {
    "no norm, torch's start": ("none", "torch"),
    "no norm, He's start": ("none", "he"),
    "batch norm, torch's start": ("batch", "torch"),
    "batch norm, He's start": ("batch", "he"),
}
both = {"plain": "none", "residual": "padded"}
keys = [(kind, name) for name in SETTINGS for kind in both]
profiles = {
    (kind, name, depth): torch.tensor(
        [profile(depth, both[kind], *SETTINGS[name], seed) for seed in range(STARTS)]
    ).log10()
    for kind, name in track(keys, "gradients")
    for depth in (8, 20, 56)
}
ratio = {key: logs[:, 0] - logs[:, -1] for key, logs in profiles.items()}


# %%
def against_depth(kind):
    """Draw the mean ratio against depth, a line for each setting."""
    lines = {
        name: [ratio[kind, name, depth].mean().item() for depth in (8, 20, 56)]
        for name in SETTINGS
    }
    said = ", ".join(f"{name} {values[-1]:+.1f}" for name, values in lines.items())
    return figures.curves(
        (8, 20, 56),
        lines,
        xlabel="layers",
        ylabel="log10, first over last",
        level={"equal": 0},
        title=f"{kind.capitalize()} nets: the first gradient over the last",
        words=f"Powers of ten at 56 layers, mean of {STARTS} starts: {said}.",
    )


against_depth("plain")

# %% [markdown]
# The same for residual nets. Mind the scale on the left:

# %%
against_depth("residual")

# %% [markdown]
# −3 means: the first layer's gradient is a thousandth of the last one's. Block by
# block, 56 layers, torch's start:


# %%
def through(name):
    """Return the mean profile of both kinds, relative to the last block."""
    logs = {kind: profiles[kind, name, 56].mean(0) for kind in both}
    return {kind: 10 ** (values - values[-1]) for kind, values in logs.items()}


without, with_norm = (
    through(name) for name in ("no norm, torch's start", "batch norm, torch's start")
)
figures.curves(
    range(28),
    {f"{k}, no norm": v for k, v in without.items()}
    | {f"{k}, batch norm": v for k, v in with_norm.items()},
    xlabel="block (0 = the first layer)",
    ylabel="gradient / the last block's",
    log_y=True,
    title=f"Plain net, first over last: {without['plain'][0]:.0e} without norm, "
    f"{with_norm['plain'][0]:.0e} with it",
    words="Four lines from the first layer to the last block, logarithmic: the plain "
    "net without norm far below 1, the plain net with norm far above, the two residual "
    "nets nearer to 1.",
)

# %% tags=["verdict"]
measured_ratio = ratio["plain", "batch norm, torch's start", 56].mean().item()
named_sizes = {-3: "a thousandth", 0: "about equal", 3: "a thousand times"}
nearest = min(named_sizes, key=lambda power: abs(power - measured_ratio))
nearer = {
    name: paired(ratio["residual", name, 56].abs(), ratio["plain", name, 56].abs())
    for name in SETTINGS
}
verdict(
    "C76",
    cases={
        f"{name}: the residual net is nearer to equal": difference.below(0)
        for name, difference in nearer.items()
    },
    measured={
        f"{kind}, {name}: log10": ratio[kind, name, 56].tolist() for kind, name in keys
    },
    predicted=reveal("06-gradient", named_sizes[nearest]),
    why="Norm and start decide whether the products of slopes shrink or grow.",
)

# %% [markdown]
# The verdict compares distances from "equal", whatever the sign: a gradient that
# explodes is no better than one that vanishes. Look at the row where the plus sign
# makes it worse.
#
# **One question to settle** with the controls: which shortcut costs parameters, and
# does it change the gradient?

# %%
explore_depth()

# %% [markdown]
# The same without controls, for projections: the three ways at 56 layers with batch
# norm.

# %%
ways = {
    way: profile(56, way, "batch", "he", 0) for way in ("none", "padded", "projection")
}
figures.curves(
    range(28),
    {way: [value / norms[-1] for value in norms] for way, norms in ways.items()},
    xlabel="block (0 = the first layer)",
    ylabel="gradient / the last block's",
    log_y=True,
    title="First over last: "
    + ", ".join(f"{norms[0] / norms[-1]:,.0f} ({way})" for way, norms in ways.items()),
    words="Gradient against block for the plain net and for the two kinds of shortcut.",
)

# %% [markdown]
# ## Quiz
#
# Answer first, on paper; then open the answer.
#
# **1.** Training error 30 %, test error 31 %. A colleague says: overfitting, take a
# shallower net. What do you say?
#
# <details><summary>Answer</summary>
#
# Not overfitting: the two errors are alike. The net does not learn what it is shown;
# help its optimisation (shortcuts, norm, rate) before you take layers away.
#
# </details>

# %% [markdown]
# **2.** How many more parameters has a residual net than its plain twin, with padded
# shortcuts, and with projections?
#
# <details><summary>Answer</summary>
#
# None with padded ones. With projections, one 1×1 kernel per pair of channels (and two
# numbers a channel for its norm) where the shape changes, nothing elsewhere.
#
# </details>

# %% [markdown]
# **3.** A block ends with ReLU(x + F(x)). Which inputs can it hand on unchanged?
#
# <details><summary>Answer</summary>
#
# Those without negative numbers. Inside ResNet all are: they come out of a ReLU.
#
# </details>

# %% [markdown]
# **4.** Why is it no good test of residual nets to ask whether the first layer's
# gradient is *larger* than in the plain net?
#
# <details><summary>Answer</summary>
#
# With batch norm the plain net's early gradient is far larger than its last one. Too
# large is as bad as too small: compare the distance of the logarithm from 0.
#
# </details>

# %% [markdown]
# ## Things to remember
#
# 1. Degradation is not overfitting: look at the training error.
# 2. H(x) = F(x) + x: the layers say what to change; handing on is free.
# 3. A shortcut costs weights only where the shape changes.
# 4. Gradients explode as well as vanish: look at |log ratio|, with your norm and start.
# 5. The deeper the net, the less each block changes.

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
# 1. Set `EPOCHS` to 12. Does the gap of section 1 close?
# 2. Which depth gives a plain net half of its digits wrong? Find it with `DEPTHS`.
# 3. Set each block's last batch norm scale to 0 before training (Goyal et al. 2017).
#    What happens to the profile of section 4?
# 4. Open: where should the norm stand so that a net of 110 layers needs no warm-up?

# %% [markdown]
# ## Further reading
#
# - He, Zhang, Ren, Sun (2015), *Deep residual learning for image recognition*,
#   [arXiv 1512.03385](https://arxiv.org/abs/1512.03385): sections 1, 3 and 4.2.
# - He, Zhang, Ren, Sun (2016), *Identity mappings in deep residual networks*,
#   [arXiv 1603.05027](https://arxiv.org/abs/1603.05027): the ReLU inside F.
# - Zhang, Dauphin, Ma (2019), *Fixup initialization*,
#   [arXiv 1901.09321](https://arxiv.org/abs/1901.09321): residual nets without norm.
