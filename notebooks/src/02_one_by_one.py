# %% [markdown]
# # 02 One by one
#
# **What is a convolution good for that looks at one pixel only?**
#
# Afterwards you can say what a 1×1 convolution mixes and what it cannot see, undo one
# where that is possible, build a transition layer, and test what a channel means.
#
# About 80 minutes of work · comes after *01 Receptive fields* · runs offline, without a
# GPU.

# %% tags=["setup"]
# setup

# %% tags=["fold"]
import torch
from torch import nn
from torch.nn import functional as F

from coursekit import Batches, check, claim, digits, evaluate, figures, fit, hint
from coursekit import photos, predict, reveal, solution, verdict
from coursekit.course import prediction_table, verdict_table
from coursekit.data import mnist
from coursekit.explore import explore_desk
from coursekit.metrics import interval, paired
from coursekit.training import track

# %% [markdown]
# The numbers that steer the experiments. With `FULL` the network of section 6 learns
# MNIST, where it is at hand, instead of 8×8 digits.

# %%
SEED = 0
SEEDS = (0, 1, 2)  # every trained network is trained with each
FULL = torch.cuda.is_available()
TRACKS = 12  # channels that we make of red, green and blue
SCENES = 800  # pictures of section 5
PARTS = 4  # dots of each kind in one of them
READERS = 6  # networks of section 6, compared in pairs: an even number
CHANNELS = 24  # of their last layer, more than 20
TOP = 20  # pictures that excite a channel most
OWNED = 0.9  # share of one class among them that makes it the owner

# %% [markdown]
# ## 1 · A convolution that looks at one pixel

# %%
claim("C26")

# %% [markdown]
# By hand: two channels, one output channel with the weights 1 and 10. At each pixel:
# one times the first channel plus ten times the second. Nothing else.

# %%
first = torch.tensor([[1.0, 2], [3, 4]])
second = torch.tensor([[0.0, 1], [0, 2]])
figures.matrices(
    {
        "input, channel 1": first,
        "input, channel 2": second,
        "output": 1 * first + 10 * second,
    },
    highlight={
        "input, channel 1": ((0, 1), (1, 2)),
        "input, channel 2": ((0, 1), (1, 2)),
        "output": ((0, 1), (1, 2)),
    },
    title="One number of each channel in, from the same place",
    words="1 2 3 4 and 0 1 0 2 give 1 12 3 24: 12 is 1·2 + 10·1, the framed place.",
)

# %% [markdown]
# The claim's layer: ten channels of 32×32 in, four out. Its shapes:

# %%
torch.manual_seed(SEED)
layer = nn.Conv2d(10, 4, kernel_size=1, bias=False).double()
ten = torch.randn(1, 10, 32, 32, dtype=torch.double)
ten.shape, layer(ten).shape

# %% [markdown]
# **Predict:** how many weights has this layer: 4, 40, 4,096 or 40,960?

# %%
guess = 4096  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-weights", guess, options=(4, 40, 4_096, 40_960), sure=sure)

# %% [markdown]
# Now touch a single pixel in the middle of all ten channels. Which outputs notice? A
# 3×3 layer beside it, for comparison.


# %%
def noticed(layer, images):
    """Return which places of the output change with the middle pixel: (h, w)."""
    touched = images.clone()
    touched[:, :, 16, 16] += 1
    return (layer(touched) != layer(images)).any(1)[0]


three = nn.Conv2d(10, 4, kernel_size=3, padding=1, bias=False).double()
felt = {"output of 1×1": noticed(layer, ten), "output of 3×3": noticed(three, ten)}
felt = {name: places[13:20, 13:20].int() for name, places in felt.items()}

# %%
figures.matrices(
    felt,
    title=f"Places that notice one pixel: {felt['output of 1×1'].sum()} "
    f"and {felt['output of 3×3'].sum()}",
    words="7×7 places around the pixel; ones where an output changed: the pixel's own "
    "place under the 1×1, a 3×3 square under the 3×3.",
)

# %% [markdown]
# On a photo the weights become a mixing desk: three tracks in (red, green, blue), each
# output a mixture of your own.

# %%
photo = photos().images[0] / 255  # c h w
desk = torch.tensor([[0.3, 0.6, 0.1], [1.0, 0.0, -1.0], [-0.5, 1.0, -0.5]])
mixed = F.conv2d(photo[None], desk[:, :, None, None])[0]
figures.images(
    [photo, *mixed],
    ["photo", "0.3 R + 0.6 G + 0.1 B", "R − B", "G − (R + B) / 2"],
    columns=2,
    scale="each",
    title="Three mixtures of the same three tracks",
    words="The temple in colour; in grey; bright where it is warmer than the sky; "
    "bright where it is greener than grey.",
)

# %% [markdown]
# **Exercise 02.1 (10 minutes).** The same without `conv2d`: a dense layer at every
# pixel. Tiny case: one pixel with the channels 2 and 1, weight `[[1, 10]]`, gives 12.
# Stuck? Run `hint("02.1")` in a new cell, later `solution("02.1")`.


# %%
def pointwise(images, weight):
    """Mix the channels of (n, c, h, w) at each pixel with `weight` (out, c)."""
    ### BEGIN SOLUTION
    return torch.einsum("nchw,oc->nohw", images, weight)
    ### END SOLUTION


# %% tags=["check"]
check("02.1", pointwise)

# %% [markdown]
# Is it really the same dense layer at each of the 1,024 places? Take the pixels out one
# by one and compare.

# %%
pixels = ten[0].flatten(1).T  # 1024 10
one_by_one = F.linear(pixels, layer.weight[:, :, 0, 0])  # 1024 4
agree = torch.allclose(layer(ten)[0].flatten(1).T, one_by_one)

# %% tags=["check", "verdict"]
verdict(
    "C26",
    cases={
        "32×32×10 gives 32×32×4": layer(ten).shape == (1, 4, 32, 32),
        "no neighbour notices": felt["output of 1×1"].sum() == 1,
        "a dense layer at each pixel gives the same": agree,
    },
    measured={
        "weights": layer.weight.numel(),
        "places that notice a pixel, 1×1": felt["output of 1×1"].sum(),
        "places that notice a pixel, 3×3": felt["output of 3×3"].sum(),
    },
    predicted=reveal("02-weights", layer.weight.numel()),
    why="One weight for each pair of channels, used again at every pixel.",
)

# %% [markdown]
# The size of the picture is nowhere in the layer: the same forty weights serve 32×32
# and 1,000×1,000.
#
# ## 2 · As many channels as you like

# %%
claim("C29")

# %% [markdown]
# By hand: three input channels, and an output layer of one, three or five. Each output
# channel is one more row of weights; nothing else has to change.

# %%
rows = {
    f"kernel, 3 to {out}": torch.arange(3.0 * out).view(out, 3) for out in (1, 3, 5)
}
figures.matrices(
    rows,
    title="A row for each output channel, a column for each input channel",
    words="Three tables of weights with three columns and one, three and five rows.",
)

# %% [markdown]
# Every pair of a grid, run on a picture:

# %%
WIDTHS = (1, 3, 10, 64, 100)
depths = {}
for inputs in WIDTHS:
    image = torch.rand(1, inputs, 8, 8)
    for outputs in WIDTHS:
        depths[inputs, outputs] = nn.Conv2d(inputs, outputs, 1)(image).shape[1]
as_asked = [depth == outputs for (_, outputs), depth in depths.items()]

# %%
figures.heatmap(
    [[depths[i, o] for o in WIDTHS] for i in WIDTHS],
    title=f"{sum(as_asked)} of {len(as_asked)} pairs give the depth that was asked for",
    xlabel="output channels asked for",
    ylabel="input channels",
    label="channels that came out",
    xticks=list(WIDTHS),
    yticks=list(WIDTHS),
    values=True,
    words="A table of depths: each column holds its own number, whatever the row.",
)

# %% [markdown]
# Where the two numbers *are* tied: groups. If each input channel is to be filtered on
# its own, the outputs have to be shared out evenly.

# %% tags=["raises-exception"]
nn.Conv2d(3, 4, kernel_size=1, groups=3)

# %% [markdown]
# The error is the point: four outputs cannot be dealt to three groups. An ordinary
# convolution has one group.

# %% tags=["check", "verdict"]
verdict(
    "C29",
    cases={
        "fewer out than in": all(d == o for (i, o), d in depths.items() if o < i),
        "as many": all(d == o for (i, o), d in depths.items() if o == i),
        "more out than in": all(d == o for (i, o), d in depths.items() if o > i),
    },
    measured={"pairs": len(as_asked), "pairs that run": sum(as_asked)},
    why="An output channel is a row of weights; how many rows there are is up to you.",
)

# %% [markdown]
# ## 3 · Two ways to make a map smaller

# %%
claim("C28")

# %% [markdown]
# By hand: two channels of 4×4. A 1×1 adds them up; 2×2 max pooling keeps the largest of
# each square.

# %%
block = torch.arange(32.0).view(1, 2, 4, 4)
added = F.conv2d(block, torch.ones(1, 2, 1, 1))
pooled = F.max_pool2d(block, 2)
figures.matrices(
    {
        "input, channel 1": block[0, 0],
        "input, channel 2": block[0, 1],
        "output of 1×1": added[0, 0],
        "pooled 1": pooled[0, 0],
        "pooled 2": pooled[0, 1],
    },
    title="One map of 4×4, or two maps of 2×2",
    words="Two maps of 4×4 become one of 4×4 by adding, or two of 2×2 by maxima.",
)

# %% [markdown]
# **Exercise 02.3 (8 minutes).** Both together make a *transition layer*: depth first,
# then size. Tiny case: `Transition(8, 2)` turns 8×6×6 into 2×3×3.


# %%
class Transition(nn.Module):
    """Reduce depth by a 1×1 convolution without bias, then size by 2×2 max pooling."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        ### BEGIN SOLUTION
        self.mix = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        ### END SOLUTION

    def forward(self, images):
        ### BEGIN SOLUTION
        return F.max_pool2d(self.mix(images), 2)
        ### END SOLUTION


# %% tags=["check"]
check("02.3", Transition)

# %% [markdown]
# Shapes on a grid of maps, depth and sides separately:


# %%
def effect(step, shape):
    """Return (depth, height, width) after a step, as shares of those before."""
    after = step(torch.rand(1, *shape)).shape[1:]
    return tuple(out / before for out, before in zip(after, shape, strict=True))


MAPS = ((8, 8, 8), (16, 28, 28), (64, 14, 6), (256, 4, 4))
squeezed = [effect(nn.Conv2d(shape[0], shape[0] // 4, 1), shape) for shape in MAPS]
halved = [effect(nn.MaxPool2d(2), shape) for shape in MAPS]
set(squeezed), set(halved)

# %% [markdown]
# One more difference. Pooling *chooses*: each number that comes out was there before. A
# 1×1 *makes* new numbers.

# %%
whole = photos().images[:1].double()  # 1 c h w, whole numbers 0 to 255
from_pool = F.max_pool2d(whole, 2)
weights = torch.tensor([0.3, 0.6, 0.1], dtype=torch.double).view(1, 3, 1, 1)
from_mix = F.conv2d(whole, weights).round(decimals=6)
old = {
    "output, max pooling": torch.isin(from_pool, whole).double().mean().item(),
    "output, 1×1": torch.isin(from_mix, whole).double().mean().item(),
}
figures.bars(
    {name: 100 * share for name, share in old.items()},
    xlabel="numbers that the input held already (%)",
    title=f"Of pooling's numbers {100 * old['output, max pooling']:.0f} % were there "
    f"before, of the 1×1's {100 * old['output, 1×1']:.0f} %",
    words="Two bars, the share of output numbers that were among the input's.",
)

# %% tags=["check", "verdict"]
verdict(
    "C28",
    cases={
        "1×1: a quarter of the channels": set(squeezed) == {(0.25, 1.0, 1.0)},
        "max pooling: same channels, half the sides": set(halved) == {(1.0, 0.5, 0.5)},
        "max pooling only chooses": old["output, max pooling"] == 1,
    },
    measured={
        "maps tried": len(squeezed),
        "numbers left by max pooling (%)": 100 * from_pool.numel() / whole.numel(),
        "new numbers by 1×1 (%)": 100 * (1 - old["output, 1×1"]),
    },
    why="The two work along different axes, so neither can do the other's work.",
)

# %% [markdown]
# ## 4 · Twelve colours and back

# %%
claim("C27")

# %% [markdown]
# By hand, with two channels instead of three: the tracks a + b and a − b hold a and b,
# only mixed. Adding them gives 2a, subtracting gives 2b.

# %%
ahead = torch.tensor([[1.0, 1], [1, -1]])
back = torch.linalg.inv(ahead)
figures.matrices(
    {"kernel": ahead, "kernel of the way back": back, "both": back @ ahead},
    title="The way back is the inverse matrix",
    words="1 1 / 1 −1, its inverse 0.5 0.5 / 0.5 −0.5, and their product, 1 0 / 0 1.",
)

# %% [markdown]
# With twelve tracks the matrix is 12×3: not square, so it has no inverse in the usual
# sense.
#
# **Exercise 02.7 (8 minutes).** Find a 3×12 matrix that undoes it all the same. Tiny
# case: `[[1], [1]]` (one channel, two tracks) is undone by `[[0.5, 0.5]]`, and by
# `[[1, 0]]`.


# %%
def way_back(weight):
    """Return the (3, 12) weight that undoes a 1×1 convolution of weight (12, 3)."""
    ### BEGIN SOLUTION
    return torch.linalg.pinv(weight)
    ### END SOLUTION


# %% tags=["check"]
check("02.7", way_back)

# %% [markdown]
# The photo through twelve random mixtures and back:


# %%
def mix(images, weight):
    """Convolve (n, c, h, w) 1×1 with `weight` (out, c)."""
    return F.conv2d(images, weight[:, :, None, None])


torch.manual_seed(SEED)
colours = torch.randn(TRACKS, 3, dtype=torch.double)
scene = photos().images[:1].double() / 255  # 1 c h w
tracks = mix(scene, colours)
returned = mix(tracks, torch.linalg.pinv(colours))
lost = (returned - scene).abs().max().item()

# %%
figures.images(
    [scene[0], *tracks[0, :2], returned[0].clamp(0, 1)],
    ["RGB", f"track 1 of {TRACKS}", f"track 2 of {TRACKS}", "RGB again"],
    columns=2,
    scale="each",
    title=f"3 → {TRACKS} → 3: the largest error is {lost:.0e}",
    words="The temple, two grey mixtures of its colours, and the temple again.",
)

# %% [markdown]
# **Predict:** with how few tracks does the photo come back exactly: 1, 3, 6 or 12?

# %%
guess = 6  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-tracks", guess, options=(1, 3, 6, 12), unit="tracks", sure=sure)

# %% [markdown]
# **One question to settle** at the desk: take the fewest tracks with which the photo
# comes back. How must the last one be set so that it does *not*?

# %%
explore_desk()

# %% [markdown]
# The same without sliders: what the best way back misses, for 1 to 12 tracks.

# %%
missed = []
for count in range(1, TRACKS + 1):
    some = colours[:count]
    again = mix(mix(scene, some), torch.linalg.pinv(some))
    missed.append((100 * (again - scene).norm() / scene.norm()).item())
enough = 1 + next(i for i, share in enumerate(missed) if share < 1e-6)

# %%
figures.curves(
    range(1, TRACKS + 1),
    {"missed": missed},
    xlabel="tracks",
    ylabel="missed on the way back (%)",
    title=f"From {enough} tracks on nothing is lost",
    words="Missed share against tracks: it falls to zero as soon as there are as many "
    "tracks as colours.",
)

# %% [markdown]
# The other way round: twelve channels, squeezed into three, and back to twelve. Now it
# depends on what the twelve hold.
#
# **Predict:** a network has learnt digits; its first layer has 12 channels. The best
# three mixtures of them keep how many percent of the energy (the sum of squares): 25,
# 50, 80 or 100?

# %%
guess = 25  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-energy", guess, options=(25, 50, 80, 100), unit="%", sure=sure)

# %% [markdown]
# The best three come from the singular values, for 1×1 layers as for any matrix. Three
# small networks, three epochs each.


# %%
def first_layer(seed, train):
    """Return the first layer of a network trained on digits."""
    torch.manual_seed(seed)
    block = nn.Conv2d(1, TRACKS, 3, padding=1), nn.BatchNorm2d(TRACKS), nn.ReLU()
    end = nn.Conv2d(TRACKS, 24, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    model = nn.Sequential(nn.Sequential(*block), *end, nn.Linear(24, 10))
    fit(model, train, epochs=3, batch_size=32, seed=seed, progress=False)
    return model[0].cpu()


def kept(maps):
    """Return the share of energy that the best k mixtures keep, k = 1, 2, …"""
    columns = maps.detach().transpose(0, 1).flatten(1).T  # pixels channels
    energy = torch.linalg.svdvals(columns).square().cumsum(0)
    return energy / energy[-1]


# %%
parts = digits(16).split()
images, _ = next(iter(Batches(parts.valid, 128, shuffle=False)))
learnt = []
for seed in track(SEEDS, "training networks"):
    learnt.append(kept(first_layer(seed, parts.train)(images)))
shares = {
    "from RGB": 100 * kept(tracks),
    "trained": 100 * torch.stack(learnt).mean(0),
    "independent": 100 * kept(torch.randn(32, TRACKS, 16, 16)),
}

# %% [markdown]
# Beside them: twelve channels made of RGB, and twelve independent ones (noise).

# %%
figures.curves(
    range(1, TRACKS + 1),
    shares,
    xlabel=f"mixtures kept of {TRACKS} channels",
    ylabel="energy kept (%)",
    title=f"Three of {TRACKS} keep {shares['trained'][2]:.0f} % of trained channels",
    words="Energy kept against mixtures: channels made of RGB are complete with three; "
    "independent channels grow on a straight line; trained ones lie between.",
    mark=3,
)

# %% [markdown]
# And in one number, the rank of 12 → 3 → 12: how many independent channels can it let
# through?

# %%
down = torch.randn(3, TRACKS, dtype=torch.double)
up = torch.linalg.pinv(down)
rank = int(torch.linalg.matrix_rank(up @ down))
three_kept = interval([100 * share[2].item() for share in learnt])
rank, three_kept

# %% tags=["verdict"]
verdict(
    "C27",
    cases={
        f"3 → {TRACKS} → 3 is exact": lost < 1e-10,
        f"{TRACKS} → 3 → {TRACKS} has rank 3": rank == 3,
        f"so it loses what a trained network's {TRACKS} hold": three_kept.below(99),
    },
    measured={
        f"largest error of 3 → {TRACKS} → 3": lost,
        "tracks that are enough": enough,
        f"energy kept by 3 of {TRACKS} trained channels (%)": three_kept,
        "the same, independent channels (%)": shares["independent"][2],
    },
    predicted=f"{reveal('02-tracks', enough)} {reveal('02-energy', three_kept)}",
    why="Many mixtures of three hold three numbers; three mixtures of many too.",
)

# %% [markdown]
# A squeeze to fewer channels loses something, but channels of a network resemble each
# other: that is why bottlenecks work at all. How narrow one may be is a question of
# session 07.
#
# ## 5 · Found at the same place

# %%
claim("C30")

# %% [markdown]
# By hand: channel A says *red dot here*, channel B *blue dot here*. The weights 1 and
# 1, a bias of −1 and a ReLU answer only where both are: a logical AND.

# %%
a = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 0, 0]])
b = torch.tensor([[0.0, 0, 1], [0, 0, 1], [1, 0, 0]])
figures.matrices(
    {"input A": a, "input B": b, "output, ReLU(A + B − 1)": (a + b - 1).relu()},
    highlight=dict.fromkeys(("input A", "input B"), ((1, 2), (2, 3))),
    title="Both at one place, and only then",
    words="Maps of ones and zeros; the output is 1 at the one place where both are.",
)

# %% [markdown]
# Pictures that need exactly this: four dots of A and four of B, everywhere. In one
# class a pair lies at the same place; in the other all are apart.


# %%
def dots(n, seed, size=16):
    """Return n pictures (n, 2, size, size) and whether a pair lies together."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 2
    images = torch.zeros(n, 2, size * size)
    for image, together in zip(images, labels, strict=True):
        a, b = torch.randperm(size * size, generator=generator)[: 2 * PARTS].chunk(2)
        if together:
            b = torch.cat([a[:1], b[1:]])
        image[0, a], image[1, b] = 1, 1
    return images.view(n, 2, size, size), labels


seen, new = dots(SCENES, 0), dots(SCENES, 1)

# %%
red_and_blue = [torch.stack([i[0], 0 * i[0], i[1]]) for i in new[0][:4]]
figures.images(
    red_and_blue,
    ["together" if label else "apart" for label in new[1][:4]],
    columns=4,
    title="Red dots, blue dots; violet where both are",
    words="Four black squares with dots; two of them hold a violet one.",
)

# %% [markdown]
# Five kinds of network. All end in the strongest answer of each map and two dense
# layers; they differ in what happens before. In the first and third no channel looks at
# another.


# %%
def layers(kind, width=16):
    """Return what stands before the pooling."""
    alone = nn.Conv2d(2, width, 3, padding=1, groups=2)
    return {
        "1×1, channels apart": [nn.Conv2d(2, width, 1, groups=2)],
        "1×1": [nn.Conv2d(2, width, 1)],
        "3×3, channels apart": [alone],
        "3×3, channels apart, then 1×1": [alone, nn.ReLU(), nn.Conv2d(width, width, 1)],
        "3×3": [nn.Conv2d(2, width, 3, padding=1)],
    }[kind]


def dot_accuracy(kind, seed, steps=150):
    """Train on dots and return the share of new pictures answered rightly, in %."""
    torch.manual_seed(seed)
    head = [nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(16, 16), nn.ReLU()]
    model = nn.Sequential(*layers(kind), nn.ReLU(), *head, nn.Linear(16, 2))
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    for _ in range(steps):
        some = torch.randint(SCENES, (64,))
        F.cross_entropy(model(seen[0][some]), seen[1][some]).backward()
        optimizer.step()
        optimizer.zero_grad()
    return 100 * (model(new[0]).argmax(1) == new[1]).double().mean().item()


# %% [markdown]
# **Predict:** *3×3, channels apart* sees each dot and its surroundings, in both
# channels, and two dense layers follow. Which accuracy does it reach: 50 (guessing),
# 75, or 100 %?

# %%
guess = 75  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-apart", guess, options=(50, 75, 100), unit="%", sure=sure)

# %%
KINDS = ("1×1, channels apart", "1×1", "3×3, channels apart")
KINDS += ("3×3, channels apart, then 1×1", "3×3")
runs = {kind: [] for kind in KINDS}
for seed in track(SEEDS, "training five kinds of network"):
    for kind in KINDS:
        runs[kind].append(dot_accuracy(kind, seed))
dotted = {kind: interval(shares) for kind, shares in runs.items()}

# %% [markdown]
# Some runs of each:

# %%
figures.bars(
    {kind: found.mean for kind, found in dotted.items()},
    xlabel="accuracy on new pictures (%)",
    title="Solved by: "
    + "; ".join(kind for kind, found in dotted.items() if found.mean > 90),
    highlight=[kind for kind, found in dotted.items() if found.mean > 90],
    words="Five bars: "
    + "; ".join(f"{kind} {found.mean:.0f} %" for kind, found in dotted.items())
    + ". Guessing reaches 50 %.",
)

# %% [markdown]
# No training needed to see why: the strongest answer of channel A and that of channel B
# are 1 in *both* classes. The place is gone before anything is combined. The AND from
# above, on all pictures:

# %%
both_maxima = new[0].amax((2, 3))
same_maxima = bool((both_maxima == 1).all())
by_and = (new[0].sum(1) - 1).relu().amax((1, 2))
and_right = bool((by_and == new[1]).all())
same_maxima, and_right

# %% tags=["verdict"]
verdict(
    "C30",
    cases={
        "an AND by hand is right on every picture": and_right,
        "1×1 combines: solved": dotted["1×1"].above(90),
        "1×1 kept apart: not solved": dotted["1×1, channels apart"].below(60),
        "3×3 kept apart: not solved": dotted["3×3, channels apart"].below(60),
        "the same and a 1×1: solved": dotted["3×3, channels apart, then 1×1"].above(90),
    },
    measured={f"{kind} (%)": found for kind, found in dotted.items()},
    predicted=reveal("02-apart", dotted["3×3, channels apart"]),
    why="Only where channels are mixed before the place is forgotten can they meet.",
)

# %% [markdown]
# An ordinary 3×3 solves it as well: it mixes channels *and* looks around. A 1×1 does
# the first without paying for the second.
#
# ## 6 · What does channel 17 mean?

# %%
claim("C31")

# %% [markdown]
# By hand: swap two channels of a layer, and the matching two columns of the next. Every
# sum has the same terms, in another order.

# %%
before = torch.tensor([[1.0, 2], [3, 4], [5, 6]])
after = torch.tensor([[1.0, 10, 100]])
order = torch.tensor([2, 1, 0])
figures.matrices(
    {
        "kernel 1": before,
        "kernel 2": after,
        "output": after @ before,
        "swapped 1": before[order],
        "swapped 2": after[:, order],
        "again": after[:, order] @ before[order],
    },
    title="Renumbered channels, the same output",
    words="Rows of the first matrix and columns of the second change places; their "
    "product is 531 642 both times.",
)

# %% [markdown]
# Now trained ones: some networks, the same data, a random start each. The last layer
# has its channels averaged over the map, then ten classes.


# %%
def numbers():
    """Return MNIST where `FULL` asks for it and it is at hand, else 8×8 digits."""
    if not FULL:
        return digits().split()
    try:
        return mnist(download=False)
    except FileNotFoundError:
        return digits().split()


def reader(seed):
    """Return a network for digits, not yet trained."""
    torch.manual_seed(seed)
    first = [nn.Conv2d(1, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU()]
    second = [nn.Conv2d(12, CHANNELS, 3, padding=1), nn.BatchNorm2d(CHANNELS)]
    pool = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    steps = [*first, nn.MaxPool2d(2), *second, nn.ReLU(), *pool]
    return nn.Sequential(nn.Sequential(*steps), nn.Linear(CHANNELS, 10))


# %%
data = numbers()
readers = [reader(seed) for seed in range(READERS)]
for seed in track(range(READERS), f"training on {data.train.name}"):
    fit(readers[seed], data.train, epochs=8, batch_size=32, seed=seed, progress=False)
[evaluate(model, data.valid) for model in readers]

# %% [markdown]
# **Predict:** channel 17 of one network, channel 17 of another, on the same new
# pictures. How strongly do the two agree (correlation; 1: always, 0: not at all): 0,
# 0.4 or 0.8?

# %%
guess = 0.4  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-same-number", guess, options=(0, 0.4, 0.8), sure=sure)

# %% [markdown]
# **Predict:** take the 20 pictures that excite a channel most. For how many of the 24
# channels show at least 18 of them the same digit? (5 either way counts.)

# %%
guess = 24  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-owners", guess, unit="channels", within=5, sure=sure)

# %% [markdown]
# What each channel answers to each of the new pictures. The best of 24 partners agrees
# somewhat by luck alone: networks that learnt nothing say how much.


# %%
@torch.no_grad()
def answers(model):
    """Return what each channel says to each picture, (pictures, channels)."""
    device = next(model.parameters()).device
    batches = Batches(data.valid, 512, shuffle=False, device=device)
    return torch.cat([model[0](images) for images, _ in batches]).cpu()


def agreement(one, other):
    """Return the correlation of each channel with each of the other network's."""
    return torch.corrcoef(torch.cat([one, other], 1).T)[:CHANNELS, CHANNELS:]


def owners(said):
    """Return for each channel the largest share of a class among its top pictures."""
    top = data.valid.labels[said.topk(TOP, dim=0).indices]  # top channels
    counts = nn.functional.one_hot(top, 10).sum(0)  # channels classes
    return counts.amax(1) / TOP


# %%
said = [answers(model) for model in readers]
two = zip(said[::2], said[1::2], strict=True)
pairs = [agreement(a, b) for a, b in two]
same_number = interval([pair.diagonal().mean() for pair in pairs])
partners = [pair.amax(1).mean() for pair in pairs]

fresh = [answers(reader(seed + READERS).eval()) for seed in range(READERS)]
luck = zip(fresh[::2], fresh[1::2], strict=True)
by_luck = [agreement(a, b).amax(1).mean() for a, b in luck]
owned = interval([(owners(each) >= OWNED).sum() for each in said])

# %% [markdown]
# The pictures that excite four channels of the first network most:

# %%
shown = (3, 8, 17, 20)
top = [said[0][:, channel].topk(6).indices for channel in shown]
figures.images(
    [data.valid.images[i] for places in top for i in places],
    [
        f"channel {channel}" if i == 0 else ""
        for channel in shown
        for i in range(len(top[0]))
    ],
    columns=6,
    title=f"{owned.mean:.1f} of {CHANNELS} channels belong to one digit",
    words="Four rows of six digits. "
    + " ".join(
        f"Channel {channel}: {', '.join(str(int(data.valid.labels[i])) for i in t)}."
        for channel, t in zip(shown, top, strict=True)
    ),
)

# %%
figures.heatmap(
    pairs[0],
    title=f"Same number: correlation {same_number.mean:.2f}; "
    f"best partner: {interval(partners).mean:.2f}",
    xlabel="channel of the second network",
    ylabel="channel of the first network",
    label="correlation",
    words=f"{CHANNELS}×{CHANNELS} correlations. The diagonal does not stand out; most "
    "rows hold a strong value somewhere else.",
)

# %% [markdown]
# And the renumbering, on the trained network in float64: shuffle the channels of the
# last convolution, its batch norm and the columns of the dense layer.

# %%
model = readers[0].double().cpu().eval()
images = torch.randn(64, *data.valid.images.shape[1:], dtype=torch.double)
plain = model(images)
convolution, norm, dense = model[0][4], model[0][5], model[1]
order = torch.randperm(CHANNELS, generator=torch.Generator().manual_seed(SEED))
with torch.no_grad():
    for values in (*convolution.parameters(), *norm.state_dict().values()):
        if values.ndim:
            values.copy_(values[order])
    dense.weight.copy_(dense.weight[:, order])
renumbered = (model(images) - plain).abs().max().item()

# %% tags=["verdict"]
verdict(
    "C31",
    cases={
        "renumbered channels: the same output": renumbered < 1e-10,
        "the same number agrees less than 0.4": same_number.below(0.4),
        "a partner agrees more than luck explains": paired(partners, by_luck).above(0),
        "most channels are shared by several digits": owned.below(CHANNELS / 2),
    },
    measured={
        "largest change by renumbering": renumbered,
        "correlation, same number": same_number,
        "correlation, best partner": interval(partners),
        "the same, networks that learnt nothing": interval(by_luck),
        f"channels of {CHANNELS} that belong to one digit": owned,
    },
    predicted=f"{reveal('02-same-number', same_number)} {reveal('02-owners', owned)}",
    why="The loss sees the output only; any channel may take any part of the work.",
)

# %% [markdown]
# Look at the rows of pictures once more: what do those of one channel have in common?
# Seldom the digit, often a stroke or a curve. Digits are put together from such parts
# by the next layer.
#
# ## 7 · Two kinds of operation?

# %%
claim("C40")

# %% [markdown]
# In the lecture's words: some operations *extract features* (they have weights and look
# at a neighbourhood), the others *pass on or filter* (no weights, each number for
# itself). By hand: ReLU passes on, a 3×3 extracts. And a 1×1?
#
# **Predict:** of the ten operations below, how many fall into neither kind? (One
# either way counts.)

# %%
guess = 1  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-neither", guess, unit="operations", within=1, sure=sure)

# %% [markdown]
# *Apart* means depthwise, each channel on its own; BN is batch norm, once while it
# trains and once in use (`eval`).

# %%
OPERATIONS = {
    "3×3": nn.Conv2d(4, 4, 3, padding=1),
    "3×3 apart": nn.Conv2d(4, 4, 3, padding=1, groups=4),
    "1×1": nn.Conv2d(4, 4, 1),
    "dense": nn.Sequential(nn.Flatten(), nn.Linear(64, 8)),
    "ReLU": nn.ReLU(),
    "BN train": nn.BatchNorm2d(4),
    "BN eval": nn.BatchNorm2d(4).eval(),
    "max pool": nn.MaxPool2d(2),
    "avg pool": nn.AvgPool2d(2),
    "GAP": nn.AdaptiveAvgPool2d(1),
}

# %% [markdown]
# Do not argue, measure: nudge every number of two pictures (four channels of 4×4) by a
# lot, one at a time, and watch one output. Which kinds of neighbours move it?


# %%
@torch.no_grad()
def watches(operation):
    """Return whether an output depends on places, channels, pictures not its own."""
    operation = operation.double()
    images = torch.rand(2, 4, 4, 4, dtype=torch.double)
    unit = operation(images).flatten()[0]
    moved = torch.zeros(images.numel(), dtype=torch.bool)
    for i in range(images.numel()):
        nudged = images.clone()
        nudged.view(-1)[i] += 9
        moved[i] = operation(nudged).flatten()[0] != unit
    moved = moved.view(2, 4, 16)  # pictures channels places
    return {
        "has weights": any(p.numel() for p in operation.parameters()),
        "other places": bool(moved[0, 0, 1:].any()),
        "other channels": bool(moved[0, 1:].any()),
        "other pictures": bool(moved[1].any()),
    }


# %% [markdown]
# One table, four questions to each of the ten:

# %%
torch.manual_seed(SEED)
facts = {name: watches(operation) for name, operation in OPERATIONS.items()}
neither = [n for n, f in facts.items() if f["has weights"] != f["other places"]]
asked = list(facts["ReLU"])
figures.heatmap(
    [[int(row[question]) for row in facts.values()] for question in asked],
    title=f"{len(neither)} of {len(facts)} fit neither kind",
    xlabel="operation",
    ylabel="",
    label="1: yes, 0: no",
    xticks=[name.replace(" ", "\n") for name in facts],
    yticks=asked,
    values=True,
    words="Ones and zeros. Fitting neither kind: " + ", ".join(neither) + ".",
)

# %% tags=["verdict"]
extract = [n for n, f in facts.items() if f["has weights"] and f["other places"]]
passing = [n for n, f in facts.items() if not (f["has weights"] or f["other places"])]
verdict(
    "C40",
    cases={
        "some have weights and look around": len(extract) > 0,
        "some have neither": len(passing) > 0,
        "every operation is one of the two": len(neither) == 0,
    },
    measured={
        "extract": ", ".join(extract),
        "pass on": ", ".join(passing),
        "neither": ", ".join(neither),
    },
    predicted=reveal("02-neither", len(neither)),
    why="Having weights and looking around are two questions, with four answers.",
)

# %% [markdown]
# As a rule of thumb the two kinds help to read a network. As a law they fail: pooling
# looks around without weights, a 1×1 has weights and does not look around, and batch
# norm, while it trains, even looks at other *pictures*.
#
# ## Quiz
#
# Answer first, on paper; then open the answer.
#
# **1.** A map of 56×56×256 goes through a 1×1 convolution to 64 channels. Which shape
# comes out, and how many weights are there?
#
# <details><summary>Answer</summary>
#
# 56×56×64; 256 · 64 = 16,384 weights (and 64 biases, if there are any).
#
# </details>

# %% [markdown]
# **2.** Which of the two makes a map smaller in x and y, which in z: a 1×1 convolution
# or max pooling?
#
# <details><summary>Answer</summary>
#
# Max pooling in x and y, the 1×1 in z. Together they are a transition layer.
#
# </details>

# %% [markdown]
# **3.** By how much does a 1×1 convolution enlarge the receptive field?
#
# <details><summary>Answer</summary>
#
# Not at all: (k − 1)·j = 0. It works with what each place has already seen.
#
# </details>

# %% [markdown]
# **4.** May a layer have 7 channels in and 300 out?
#
# <details><summary>Answer</summary>
#
# Yes: 300 rows of 7 weights. But no 1×1 makes more than 7 *independent* channels of
# them; it takes a non-linearity or neighbours to add something.
#
# </details>

# %% [markdown]
# **5.** A colleague finds that channel 17 answers to tigers and looks it up in a second
# network. What will he find there?
#
# <details><summary>Answer</summary>
#
# Something else. Numbers are given by the random start; he has to search for the
# partner, and may find that several classes share it.
#
# </details>

# %% [markdown]
# **6.** Why does a 1×1 *after* global pooling not solve the dots of section 5, if the
# channels were kept apart before?
#
# <details><summary>Answer</summary>
#
# After the pooling there are no places left. *Both somewhere* and *both at one place*
# look the same.
#
# </details>

# %% [markdown]
# ## Things to remember
#
# 1. A 1×1 convolution is a dense layer over the channels, the same at each pixel.
# 2. It changes the depth; pooling changes height and width.
# 3. 3 → 12 → 3 can be undone, 12 → 3 → 12 cannot.
# 4. Combine features while they still have a place.
# 5. Channels have no names: their meaning is learnt, shared and arbitrarily numbered.

# %% [markdown]
# ## What this notebook measured

# %%
verdict_table("02")

# %%
prediction_table("02")

# %% [markdown]
# ## Exercises, from easy to open
#
# 1. At the desk, with three tracks, make yours pure red. What comes back?
# 2. Set `PARTS` to 12. Does *1×1* still solve the dots?
# 3. Give the AND a bias of −0.5. What goes wrong?

# %% [markdown]
# 4. Train section 6 for 40 epochs. Do channels become owners?
# 5. Is there a channel that nobody needs? Set one at a time to 0 and measure.
# 6. Open: what would a network lose if all its 3×3 layers kept the channels apart and
#    only 1×1 layers mixed them? Session 02b measures it.

# %% [markdown]
# ## Further reading
#
# - Lin, Chen, Yan (2013), *Network in network*, [arXiv
#   1312.4400](https://arxiv.org/abs/1312.4400): section 3.1, where 1×1 convolutions
#   come from.
# - Li, Yosinski, Clune, Lipson, Hopcroft (2016), *Convergent learning: do different
#   neural networks learn the same representations?*, [arXiv
#   1511.07543](https://arxiv.org/abs/1511.07543): section 6, with large networks.
# - Morcos, Barrett, Rabinowitz, Botvinick (2018), *On the importance of single
#   directions for generalization*, [arXiv
#   1803.06959](https://arxiv.org/abs/1803.06959).
