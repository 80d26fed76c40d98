# %% [markdown]
# # 04 Regularise
#
# **What do batch norm and dropout do to the numbers inside a network, and how do you
# see that a network needs them?**
#
# Afterwards you can normalise a batch by hand, explain why the same network answers
# differently in training and in evaluation, and tell over- from underfitting.
#
# About 90 minutes of work, and 12 that can wait · comes after *03 Global average
# pooling* · runs offline, without a GPU · *04b Look* and *04c Fair races* go on from
# here.

# %% tags=["setup"]
# setup

# %% tags=["fold"]
import copy
from functools import partial
from statistics import fmean

import torch
from torch import nn
from torch.nn import functional as F

from coursekit import Batches, anatomy, check, claim, digits, evaluate, figures, fit
from coursekit import hint, predict, reveal, solution, verdict
from coursekit.augment import compose, random_shift
from coursekit.blocks import ConvNormAct, GAPHead
from coursekit.course import prediction_table, verdict_table
from coursekit.explore import explore_batch_norm, explore_hiding
from coursekit.metrics import interval, paired
from coursekit.training import track

# %% [markdown]
# The numbers that steer the experiments stand in one cell. Change one, run the session
# again, and see which verdicts move. (Keep 0.3 and 1 among the rates, 2 and 256 among
# the sizes, 0, 0.1 and 0.5 among the dropouts: the cards name them.)

# %%
SEEDS = (0, 1, 2)  # each trained network is trained with each
RATES = (0.003, 0.03, 0.3, 1.0)  # learning rates with and without batch norm
SIZES = (2, 4, 8, 16, 64, 256)  # images a batch, for a network left in train mode
NORMS = ("batch", "ghost", "group", "layer", "instance", None)
DROPPERS = range(5)  # seeds of the sweep of dropout
FEW = 60  # digits to train on
MANY = 1_000
DROPOUTS = (0.0, 0.1, 0.2, 0.5)

# %% [markdown]
# We train on the 8×8 digits, split once: most for training, some to choose by, the rest
# to judge by. `learn` trains a network in place.

# %%
parts = digits().split(0.6, 0.15, 0.25)


def learn(model, data, seed, *, epochs=5, batch_size=64, lr=0.3, **how):
    """Train `model` in place; return the record of its training."""
    how |= {"epochs": epochs, "batch_size": batch_size, "lr": lr, "seed": seed}
    return fit(model, data, progress=False, **how)


def percent(model, data, history):
    """Return how many percent of the images get the right answer."""
    return 100 * evaluate(model, data, like=history).accuracy


parts

# %% [markdown]
# ## 1 · What batch norm does to a batch

# %%
claim("C54")

# %% [markdown]
# By hand: one channel, two images of 1×2 pixels. Batch norm takes **one** mean and
# **one** deviation over all four numbers, images and pixels together.

# %%
channel = torch.tensor([[1.0, 3.0], [5.0, 7.0]])  # two images of two pixels
normal = (channel - channel.mean()) / channel.std(correction=0)
figures.matrices(
    {"input": channel, "output": normal},
    title=f"Mean {channel.mean():.0f}, deviation {channel.std(correction=0):.2f}: "
    "subtract one, divide by the other",
    words="Left the numbers 1 3 and 5 7, one image a row; right the same after batch "
    f"norm, from {normal.min():.2f} to {normal.max():.2f}.",
)

# %% [markdown]
# **Predict:** the maps of a convolution on 64 digits go through batch norm, freshly
# built. How many percent of the numbers lie between 0 and 1 afterwards: 100, 70, 35 or
# 10?

# %%
guess = 100  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("04-between", guess, options=(100, 70, 35, 10), unit="%", sure=sure)

# %%
torch.manual_seed(SEEDS[0])
images, _ = next(iter(Batches(parts.train, 64, shuffle=False)))
convolution, norm = nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8)
with torch.no_grad():
    before = convolution(images)  # n 8 h w
    after = norm(before)
inside = 100 * ((after > 0) & (after < 1)).double().mean().item()

# %% [markdown]
# All 64 · 8 · 8 numbers of each of two channels, before and after, in 40 bins:

# %%
edges = torch.linspace(-4, 4, 41)
shares = {
    f"channel {c}, {name}": torch.histogram(x[:, c].flatten(), edges).hist
    / x[:, c].numel()
    for c in (0, 1)
    for name, x in {"before": before, "after": after}.items()
}
figures.curves(
    (edges[:-1] + edges[1:]) / 2,
    {name: 100 * share for name, share in shares.items()},
    xlabel="value",
    ylabel="share of the values (%)",
    title=f"Afterwards {inside:.0f} % lie between 0 and 1, the rest do not",
    mark={"0": 0, "1": 1},
    words="Histograms of two channels. Before, each has its own middle and width; "
    "after, both lie around 0 with the same width.",
)

# %%
seen_between = reveal("04-between", inside)
seen_between

# %% [markdown]
# **Exercise 04.1 (15 minutes).** Write it for all channels at once. `scale` and `shift`
# are learnt: they start at 1 and 0. Tiny case: the channel above becomes
# −1.34 −0.45 0.45 1.34. Stuck? `hint("04.1")` in a new cell, later `solution("04.1")`.


# %%
def batch_norm(images, scale, shift, eps=1e-5):
    """Normalise each channel of (n, c, h, w) over the batch, then scale and shift."""
    ### BEGIN SOLUTION
    mean = images.mean((0, 2, 3), keepdim=True)
    variance = images.var((0, 2, 3), correction=0, keepdim=True)
    normal = (images - mean) / torch.sqrt(variance + eps)
    return normal * scale[None, :, None, None] + shift[None, :, None, None]
    ### END SOLUTION


# %% tags=["check"]
check("04.1", batch_norm)

# %% [markdown]
# So in training the answer for one image depends on the others in its batch. In
# evaluation there may be no others: batch norm then uses a mean and a variance that it
# has averaged over the batches of the training.
#
# **Exercise 04.2 (12 minutes).** One step of that average. Tiny case: an old mean of 0,
# a batch with the mean 10, momentum 0.1: the new mean is 1. The variance that torch
# remembers is the unbiased one (divided by count − 1).


# %%
def update_running(running_mean, running_var, images, momentum=0.1):
    """Return (running mean, running variance) after a batch (n, c, h, w)."""
    ### BEGIN SOLUTION
    mean, variance = images.mean((0, 2, 3)), images.var((0, 2, 3))
    new_mean = (1 - momentum) * running_mean + momentum * mean
    return new_mean, (1 - momentum) * running_var + momentum * variance
    ### END SOLUTION


# %% tags=["check"]
check("04.2", update_running)

# %% [markdown]
# Now a network with four such layers. Its table:


# %%
def four_layers(seed, norm="batch"):
    """Return four 3×3 convolutions, each with a norm, and a GAP head."""
    torch.manual_seed(seed)
    return nn.Sequential(
        ConvNormAct(1, 8, norm=norm),
        ConvNormAct(8, 8, norm=norm),
        nn.MaxPool2d(2),
        ConvNormAct(8, 16, norm=norm),
        ConvNormAct(16, 16, norm=norm),
        GAPHead(16, 10),
    )


anatomy(four_layers(SEEDS[0]), (1, 8, 8))

# %% [markdown]
# **Predict:** trained, it gets about 98 % of new digits right. Somebody forgets
# `model.eval()` and tests it in train mode, two digits at a time. How many percent are
# right: 98, 80, 50 or 10?

# %%
guess = 98  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("04-forgotten-eval", guess, options=(98, 80, 50, 10), unit="%", sure=sure)


# %%
@torch.no_grad()
def in_train_mode(model, history, batch_size):
    """Return the accuracy (%) when every batch is normalised by its own numbers."""
    twin = copy.deepcopy(model).train()
    draw = torch.Generator().manual_seed(0)
    norm = {"mean": history.mean, "std": history.std}
    batches = Batches(parts.test, batch_size, generator=draw, drop_last=True, **norm)
    right = [(twin(x).argmax(1) == y).float().mean().item() for x, y in batches]
    return 100 * fmean(right)


nets = {seed: four_layers(seed) for seed in SEEDS}
records = {
    seed: learn(net, parts.train, seed) for seed, net in track(nets.items(), "training")
}

# %% [markdown]
# The same networks, in batches of several sizes. Every batch is normalised by its own
# numbers; the weights do not change.

# %%
in_eval = [percent(nets[seed], parts.test, records[seed]) for seed in SEEDS]
by_size = {
    size: [in_train_mode(nets[seed], records[seed], size) for seed in SEEDS]
    for size in SIZES
}
figures.curves(
    SIZES,
    {"train mode": [fmean(runs) for runs in by_size.values()]},
    xlabel="images a batch",
    ylabel="right answers (%)",
    level={f"eval mode: {fmean(in_eval):.0f} %": fmean(in_eval)},
    log_x=True,
    title=f"Left in train mode: {fmean(by_size[2]):.0f} % right in batches of two, "
    f"{fmean(by_size[256]):.0f} % in batches of 256",
    words=f"Accuracy against batch size, mean of {len(SEEDS)} networks; a dashed line "
    "marks evaluation mode. Small batches lie far below it, large ones reach it.",
)

# %%
seen_forgotten_eval = reveal("04-forgotten-eval", interval(by_size[2]))
seen_forgotten_eval

# %% [markdown]
# Nothing in the network changed, only the company each digit was judged in. Take the
# sliders yourself. **One question to settle:** from which batch size on does the answer
# for the first digit hardly depend on its companions?

# %%
explore_batch_norm(nets[SEEDS[0]], parts.test)

# %% [markdown]
# The same without a slider: one digit, a hundred different companies.


# %%
def answers_of_one(model, history, batch_size, times=100):
    """Return the probability of the right class for the first digit, many times."""
    draw = torch.Generator().manual_seed(0)
    norm = {"mean": history.mean, "std": history.std}
    pool, labels = next(iter(Batches(parts.test, 400, shuffle=False, **norm)))
    twin, found = copy.deepcopy(model).train(), []
    for _ in range(times):
        company = 1 + torch.randperm(len(pool) - 1, generator=draw)[: batch_size - 1]
        with torch.no_grad():
            logits = twin(torch.cat([pool[:1], pool[company]]))
        found.append(logits.softmax(1)[0, labels[0]].item())
    return torch.tensor(found)


companies = {n: answers_of_one(nets[SEEDS[0]], records[SEEDS[0]], n) for n in SIZES}
spreads = {n: 100 * found.std().item() for n, found in companies.items()}
figures.bars(
    {f"{n} images": spread for n, spread in spreads.items()},
    xlabel="deviation of the probability of the right class (percentage points)",
    title="The smaller the batch, the more the company counts",
    words="Bars of the spread of one digit's probability over a hundred random "
    "batches, for six batch sizes.",
)

# %% [markdown]
# In evaluation batch norm is a fixed scale and a fixed shift per channel, and so is a
# convolution's work on a channel: the two can be one.
#
# **Exercise 04.3 (12 minutes, can wait).** Fold batch norm into the convolution before
# it. Tiny case: scale 2, shift 5, mean 3, variance 4 (and eps 0): the kernel is
# multiplied by 1, the bias is 2.


# %%
def fold(kernel, scale, shift, mean, variance, eps=1e-5):
    """Return (kernel, bias) of the one convolution that does both."""
    ### BEGIN SOLUTION
    factor = scale / torch.sqrt(variance + eps)
    return kernel * factor[:, None, None, None], shift - mean * factor
    ### END SOLUTION


# %% tags=["check"]
check("04.3", fold)

# %% [markdown]
# The parts of the claim, one by one. One mean per channel: each channel of the output
# has mean 0 over batch and map, but a single image has not.

# %%
moments = after.mean((0, 2, 3)).abs().max(), (after.std((0, 2, 3)) - 1).abs().max()
of_one_image = after.mean((2, 3)).abs().max().item()
small_gap = paired(in_eval, by_size[2])
large_gap = paired(in_eval, by_size[256])

# %% tags=["verdict"]
verdict(
    "C54",
    cases={
        "one mean and deviation per channel, over batch and map": max(moments) < 1e-3,
        "not per image": of_one_image > 0.01,
        "the values lie between 0 and 1": inside > 99,
        "in evaluation it does the same as in training": small_gap.within(1),
    },
    measured={
        "between 0 and 1 (%)": inside,
        "smallest value": after.min().item(),
        "largest value": after.max().item(),
        "eval mode, right (%)": in_eval,
        "train mode, batches of 2 (%)": by_size[2],
        "eval − train mode, batches of 256 (points)": large_gap,
    },
    predicted=f"{seen_between} {seen_forgotten_eval}",
    why="Mean 0 and deviation 1 set no bounds; training and evaluation use different "
    "means.",
)

# %% [markdown]
# Mean 0 and deviation 1 is the rule, “between 0 and 1” is rescaling (session 01). And
# `model.eval()` is no detail.
#
# ## 2 · Does batch norm amplify?

# %%
claim("C55")

# %% [markdown]
# By hand: batch norm multiplies a channel by scale / deviation, its *gain*. A quiet
# channel is made louder, a loud one quieter, with the scale still at 1.

# %%
quiet, loud = torch.tensor([0.1, 0.3]), torch.tensor([10.0, 30.0])
gains = [1 / x.std(correction=0) for x in (quiet, loud)]
figures.matrices(
    {
        "input, quiet": quiet,
        "output": (quiet - quiet.mean()) * gains[0],
        "input, loud": loud,
        "output ": (loud - loud.mean()) * gains[1],
    },
    title=f"Gain {gains[0]:.0f} for the quiet channel, {gains[1]:.1f} for the loud one",
    words="The channels 0.1 0.3 and 10 30; both become −1 and 1.",
)

# %% [markdown]
# Whether it amplifies is thus a question about the numbers that come in. We measure the
# gain of all four layers before and after training, at four learning rates, and train
# the same network without any norm beside it.
#
# **Predict:** with batch norm the network gets about 98 % of new digits right at rate
# 0.3, after five epochs. How many percent without it: 98, 80, 50 or 10?

# %%
guess = 80  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("04-no-norm", guess, options=(98, 80, 50, 10), unit="%", sure=sure)


# %%
@torch.no_grad()
def gains_of(model, data, history):
    """Return the mean gain (scale / deviation) of each batch norm, on fresh batches."""
    norm = {"mean": history.mean, "std": history.std}
    images, _ = next(iter(Batches(data, 512, shuffle=False, **norm)))
    found = []
    for layer in model[:-1]:
        if isinstance(layer, ConvNormAct):
            deviation = layer[0](images).std((0, 2, 3))
            found.append((layer[1].weight / deviation).mean().item())
        images = layer(images)
    return found


def trial(norm, rate, seed):
    """Return accuracy (%) and gains of one network trained at one rate."""
    model = four_layers(seed, norm)
    history = learn(model, parts.train, seed, lr=rate)
    gains = gains_of(model, parts.valid, history) if norm else []
    return percent(model, parts.test, history), gains


plan = [
    (norm, rate, seed) for norm in ("batch", None) for rate in RATES for seed in SEEDS
]
trials = {key: trial(*key) for key in track(plan, "training")}

# %% [markdown]
# Accuracy first, then the gains. Both networks, all rates, all seeds:

# %%
new = [gains_of(four_layers(seed), parts.valid, records[seed]) for seed in SEEDS]
right = {
    (norm, rate): [trials[norm, rate, seed][0] for seed in SEEDS]
    for norm in ("batch", None)
    for rate in RATES
}
figures.curves(
    RATES,
    {
        name: [fmean(right[norm, rate]) for rate in RATES]
        for name, norm in {"with batch norm": "batch", "without": None}.items()
    },
    xlabel="learning rate",
    ylabel="right answers (%)",
    level={"guessing": 10},
    log_x=True,
    title=f"At rate 0.3: {fmean(right['batch', 0.3]):.0f} % with batch norm, "
    f"{fmean(right[None, 0.3]):.0f} % without",
    words=f"Accuracy on new digits against the learning rate, mean of {len(SEEDS)} "
    "runs, with and without batch norm.",
)

# %%
seen_no_norm = reveal("04-no-norm", interval(right[None, 0.3]))
seen_no_norm

# %% [markdown]
# The network without norm starts with torch's default weights, whose signal fades from
# layer to layer. Batch norm does not care how loud its input is. Here are its gains:

# %%
gain = {
    "new": [fmean(column) for column in zip(*new, strict=True)],
    **{
        f"rate {rate:g}": [
            fmean(column)
            for column in zip(
                *(trials["batch", rate, s][1] for s in SEEDS), strict=True
            )
        ]
        for rate in RATES
    },
}
figures.heatmap(
    list(gain.values()),
    title="Gains of four layers: above 1 it amplifies, below 1 it damps",
    xlabel="layer",
    ylabel="network",
    label="gain",
    values=True,
    xticks=[1, 2, 3, 4],
    yticks=list(gain),
    words="Table of the mean gains; new networks in the first row, trained ones below, "
    f"from {min(map(min, gain.values())):.2f} to {max(map(max, gain.values())):.2f}.",
)

# %% [markdown]
# Batch norm has relatives that take their means elsewhere: over parts of the batch
# (*ghost*), groups of channels, all channels of an image (*layer*), one channel of an
# image (*instance*). One argument chooses. Batches of 64, then of 4, at rate 0.1:

# %%
plan = [(norm, size, seed) for norm in NORMS for size in (64, 4) for seed in SEEDS]
rows = {norm: {64: [], 4: []} for norm in NORMS}
some = parts.train.subset(range(400))
for norm, size, seed in track(plan, "training"):
    model = four_layers(seed, norm)
    how = {"batch_size": size, "epochs": 12 if size == 64 else 2, "lr": 0.1}
    history = learn(model, some, seed, **how)
    rows[norm][size].append(percent(model, parts.test, history))

# %%
figures.heatmap(
    [[fmean(rows[norm][size]) for size in (64, 4)] for norm in NORMS],
    title="Right answers (%): the norms in large and in small batches",
    xlabel="images a batch",
    ylabel="norm",
    label="right (%)",
    values=True,
    xticks=[64, 4],
    yticks=[norm or "no norm" for norm in NORMS],
    words="; ".join(
        f"{norm or 'none'}: {fmean(runs[64]):.0f} and {fmean(runs[4]):.0f} %"
        for norm, runs in rows.items()
    ),
)

# %% [markdown]
# These runs are short and few; do not rank the middle of the table. And the distance
# from the prediction? Keep a *single* batch norm and move it: behind layer 1, 2, 3 or
# 4, or right behind the ten logits. All other layers have none.


# %%
def with_one_norm(place, seed):
    """Return the network with one batch norm: behind layer 1 to 4, or 5: the logits."""
    torch.manual_seed(seed)
    at = ["batch" if place == layer else None for layer in (1, 2, 3, 4)]
    return nn.Sequential(
        ConvNormAct(1, 8, norm=at[0]),
        ConvNormAct(8, 8, norm=at[1]),
        nn.MaxPool2d(2),
        ConvNormAct(8, 16, norm=at[2]),
        ConvNormAct(16, 16, norm=at[3]),
        GAPHead(16, 10),
        nn.BatchNorm1d(10) if place == 5 else nn.Identity(),
    )


by_place = {place: [] for place in range(1, 6)}
for place, seed in track([(p, s) for p in by_place for s in SEEDS], "training"):
    model = with_one_norm(place, seed)
    history = learn(model, parts.train, seed)
    by_place[place].append(percent(model, parts.test, history))

# %%
names = {p: f"behind layer {p}" if p < 5 else "behind the logits" for p in by_place}
figures.bars(
    {names[place]: fmean(runs) for place, runs in by_place.items()},
    xlabel=f"right answers (%), mean of {len(SEEDS)} runs",
    title="One batch norm, five places: best "
    + names[max(by_place, key=lambda place: fmean(by_place[place]))],
    words="Bars of the accuracy: "
    + ", ".join(f"{names[p]} {fmean(by_place[p]):.0f} %" for p in by_place),
)


# %% [markdown]
# Three questions for the verdict: does it amplify, does it help, and does its place
# matter?


# %%
def separated(difference):
    """Say that two arms differ; None where these runs leave it open."""
    return None if difference.above(0) is None else True


far_near = paired(by_place[1], by_place[5])
gain_new = interval([min(row) for row in new])
gain_trained = interval([max(trials["batch", 1.0, seed][1]) for seed in SEEDS])

# %% tags=["verdict"]
verdict(
    "C55",
    cases={
        "new network: every layer amplifies": gain_new.above(1),
        "trained at rate 1: some layer amplifies": gain_trained.above(1),
        "rate 0.3: more right answers with batch norm": paired(
            right["batch", 0.3], right[None, 0.3]
        ).above(0),
        "one norm: its distance from the logits matters": separated(far_near),
        "one norm: far from the logits is better": far_near.above(0),
    },
    measured={
        "smallest gain, new": gain_new,
        "largest gain, trained at rate 1": gain_trained,
        "right with batch norm, rate 0.3 (%)": right["batch", 0.3],
        "right without (%)": right[None, 0.3],
        "one norm, layer 1 (%)": by_place[1],
        "one norm, logits (%)": by_place[5],
        "difference (points)": far_near,
    },
    predicted=seen_no_norm,
    why="It multiplies by scale / deviation: above 1 for quiet input, below for loud.",
)

# %% [markdown]
# “Amplifies” describes the start, not the law. What batch norm buys is that the
# loudness of a layer no longer matters, for most rates you are likely to try.
#
# ## 3 · Over- and underfitting

# %%
claim("C63")

# %% [markdown]
# Two questions, two numbers: how well does it do on the digits it was trained on, and
# how much worse on new ones? Here are few and many digits, for a small network and a
# wide one: four combinations, and the training curves of two.
#
# **Predict:** the wide network learns 60 digits by heart, all right. How many percent
# of new digits: 100, 80, 60 or 30?

# %%
guess = 60  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("04-by-heart", guess, options=(100, 80, 60, 30), unit="%", sure=sure)


# %%
def wide(width, seed, dropout=0.0):
    """Return four convolutions of `width` and 2 · `width` channels, with dropout."""
    torch.manual_seed(seed)
    return nn.Sequential(
        ConvNormAct(1, width), nn.Dropout(dropout),
        ConvNormAct(width, width), nn.Dropout(dropout), nn.MaxPool2d(2),
        ConvNormAct(width, 2 * width), nn.Dropout(dropout),
        ConvNormAct(2 * width, 2 * width), nn.Dropout(dropout),
        GAPHead(2 * width, 10),
    )  # fmt: skip


def both(width, count, seed, dropout=0.0, augment=None, steps=120):
    """Return accuracy on trained and new digits (%), and the record of the training."""
    data = parts.train.subset(range(count))
    model, size = wide(width, seed, dropout), min(count, 60)
    epochs = round(steps / -(-count // size))
    how = {"epochs": epochs, "batch_size": size, "lr": 0.1, "augment": augment}
    history = learn(model, data, seed, **how)
    return percent(model, data, history), percent(model, parts.test, history), history


few, many, tiny = (
    f"wide, {FEW} digits",
    f"wide, {MANY:,} digits",
    f"tiny, {MANY:,} digits",
)
CASES = {few: (12, FEW), many: (12, MANY)}
CASES |= {f"tiny, {FEW} digits": (2, FEW), tiny: (2, MANY)}
fits = {
    name: [both(*case, seed)[:2] for seed in SEEDS]
    for name, case in track(CASES.items(), "training")
}

# %% [markdown]
# Each network gives two numbers, and their difference:

# %%
trained = {name: [run[0] for run in runs] for name, runs in fits.items()}
tested = {name: [run[1] for run in runs] for name, runs in fits.items()}
gaps = {name: paired(trained[name], tested[name]) for name in fits}
figures.heatmap(
    [[fmean(trained[n]), fmean(tested[n]), gaps[n].mean] for n in fits],
    title=f"{FEW} digits by heart: {fmean(tested[few]):.0f} % of new ones",
    xlabel="right answers (%), and their difference",
    ylabel="network and data",
    label="percent",
    values=True,
    xticks=["trained digits", "new digits", "gap"],
    yticks=list(fits),
    words="; ".join(
        f"{n}: trained {fmean(trained[n]):.0f}, new {fmean(tested[n]):.0f}"
        for n in fits
    ),
)

# %%
seen_by_heart = reveal("04-by-heart", interval(tested[few]))
seen_by_heart

# %% [markdown]
# In practice you see it while it trains: the loss on validation digits beside that on
# the training digits.

# %%
curves = {}
done = torch.arange(1, 8) / 7  # of the training: 17 of 120 epochs, or 1 of 7
for name in (few, tiny):
    width, count = CASES[name]
    data, model = parts.train.subset(range(count)), wide(width, SEEDS[0])
    how = {"epochs": 120 // -(-count // 60), "batch_size": 60, "lr": 0.1}
    record = fit(model, data, parts.valid, progress=False, seed=SEEDS[0], **how)
    at = (done * len(record)).round().long() - 1
    for what in ("train_loss", "valid_loss"):
        curves[f"{name}, {what[:5]}"] = torch.tensor(record[what])[at]
figures.curves(
    100 * done,
    curves,
    xlabel="training done (%)",
    ylabel="loss (nats)",
    title="Ends: "
    + ", ".join(f"{line[-1]:.2f}" for line in curves.values())
    + " (in the order of the legend)",
    words="Loss on trained and on validation digits for two networks: "
    + ", ".join(f"{name} ends at {line[-1]:.2f}" for name, line in curves.items()),
)

# %% [markdown]
# Now the cures. Dropout of 0.2 and random shifts by one pixel, in the case that
# overfits and in two that do not, at equal steps:

# %%
shifts = compose(partial(random_shift, most=1))
CURES = {"dropout 0.2": {"dropout": 0.2}, "shifts": {"augment": shifts}}
cured = {
    (cure, name): [both(*CASES[name], seed, **how)[1] for seed in SEEDS]
    for name in track((few, many, tiny), "curing")
    for cure, how in CURES.items()
}
helped = {key: paired(runs, tested[key[1]]) for key, runs in cured.items()}
gap_runs = {
    name: [a - b for a, b in zip(trained[name], tested[name], strict=True)]
    for name in (few, tiny)
}
narrower = paired(gap_runs[tiny], gap_runs[few])
{f"{cure}: {name}": gain for (cure, name), gain in helped.items()}

# %% tags=["verdict"]
verdict(
    "C63",
    cases={
        "overfitting: trained digits above 99 %": interval(trained[few]).above(99),
        "overfitting: a gap above 10 points": gaps[few].above(10),
        "underfitting: trained digits below 90 %": interval(trained[tiny]).below(90),
        "underfitting: a smaller gap": narrower.below(0),
        "overfitting: dropout helps": helped["dropout 0.2", few].above(0),
        "overfitting: shifts help": helped["shifts", few].above(0),
        "underfitting: dropout hurts": helped["dropout 0.2", tiny].below(0),
    },
    measured={
        f"trained, {few} (%)": trained[few],
        f"gap, {few} (points)": gaps[few],
        f"trained, {tiny} (%)": trained[tiny],
        f"gap, {tiny} (points)": gaps[tiny],
        **{f"{c} on {n} (points)": gain for (c, n), gain in helped.items()},
        "runs to tell dropout's help": str(helped["dropout 0.2", few].runs_needed()),
    },
    predicted=seen_by_heart,
    why="The gap says that it learnt by heart; low numbers on both say that it cannot.",
)

# %% [markdown]
# The two diagnoses are easy to tell apart. That the cure works is another claim, and at
# this size its gain has to be looked for. Underfitting wants a wider network or longer
# training, never dropout.
#
# ## 4 · Dropout

# %%
claim("C56")

# %% [markdown]
# By hand: eight values of 1 and p = 0.5. In training half of them are set to zero, and
# those that stay are doubled. In evaluation nothing happens.

# %%
torch.manual_seed(5)
drop, ones = nn.Dropout(0.5), torch.ones(8)
figures.matrices(
    {
        "input": ones,
        "output, train": drop.train()(ones),
        "output, eval": drop.eval()(ones),
    },
    title="Training: some 0, the rest 2. Evaluation: all 1",
    words="Three rows of eight numbers: all 1; zeros and twos; all 1.",
)

# %% [markdown]
# **Exercise 04.4 (8 minutes).** With the random numbers given. Tiny case: the values 1
# and 1 with the random numbers 0.1 and 0.7 and p = 0.5 become 0 and 2.


# %%
def dropout(values, uniform, p, training=True):
    """Drop `values` where `uniform` < p in training and scale the rest up."""
    ### BEGIN SOLUTION
    if not training:
        return values
    return values * (uniform >= p) / (1 - p)
    ### END SOLUTION


# %% tags=["check"]
check("04.4", dropout)

# %% [markdown]
# Why scaled? So that the next layer sees the same mean in both modes. Its *spread* is
# not the same. Choose the way *dropout* below. **One question to settle:** at which
# rate can you no longer read the digit, although the mean has hardly changed?

# %%
explore_hiding(parts.test)

# %% [markdown]
# The same without a slider: a digit at four rates.

# %%
picture = parts.test.images[:1] / 255
torch.manual_seed(SEEDS[0])
dropped = [F.dropout(picture, rate)[0] for rate in DROPOUTS]
figures.images(
    [image.clamp(max=1) for image in dropped],
    [f"p = {p:g}, mean {x.mean():.2f}" for p, x in zip(DROPOUTS, dropped, strict=True)],
    title="More and more is missing, the rest is brighter, the mean stays near",
    words="One digit four times, with more pixels black from left to right; what is "
    "left is brighter (cut off at white here).",
)

# %% [markdown]
# **Predict:** dropout after every layer, 1,000 digits, some 120 steps. Without it about
# 99 % of new digits are right. How many percent with p = 0.5 everywhere: 99, 97, 90 or
# 70?

# %%
guess = 97  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("04-half-dropped", guess, options=(99, 97, 90, 70), unit="%", sure=sure)

# %%
plan = [(count, p) for count in (FEW, MANY) for p in DROPOUTS]
swept = {
    (count, p): [both(12, count, seed, dropout=p)[:2] for seed in DROPPERS]
    for count, p in track(plan, "training")
}

# %% [markdown]
# For each rate the answers on trained and on new digits, for few digits and for many:

# %%
on = {
    (what, n, p): [run[what == "new"] for run in swept[n, p]]
    for what in ("trained", "new")
    for n, p in swept
}
figures.curves(
    DROPOUTS,
    {
        f"{what} digits, {n:,}": [fmean(on[what, n, p]) for p in DROPOUTS]
        for n in (FEW, MANY)
        for what in ("trained", "new")
    },
    xlabel="dropout rate after every layer",
    ylabel="right answers (%)",
    title=f"Half dropped: {fmean(on['new', MANY, 0.5]):.0f} % of new digits",
    words=f"Accuracy against the dropout rate for {FEW} and {MANY:,} training digits, "
    f"on trained and on new ones, mean of {len(DROPPERS)} runs.",
)

# %%
seen_half_dropped = reveal("04-half-dropped", interval(on["new", MANY, 0.5]))
seen_half_dropped

# %% [markdown]
# Is a small amount on every layer worth it? The differences to no dropout, seed by
# seed, and the modes of a trained network:

# %%
against = {(n, p): paired(on["new", n, p], on["new", n, 0.0]) for n, p in swept if p}
values = torch.ones(100_000)
same_mean = abs(F.dropout(values, 0.2).mean().item() - 1)
unchanged = torch.equal(F.dropout(values, 0.2, training=False), values)
{f"{n} digits, p = {p:g}": gain for (n, p), gain in against.items()}

# %% tags=["verdict"]
verdict(
    "C56",
    cases={
        "evaluation: nothing is dropped": unchanged,
        "training: the mean is kept": same_mean < 0.02,
        f"0.1 on every layer helps on {FEW} digits": against[FEW, 0.1].above(0),
        f"0.1 on every layer helps on {MANY:,} digits": against[MANY, 0.1].above(0),
        f"small means small: 0.5 hurts on {MANY:,}": against[MANY, 0.5].below(0),
    },
    measured={
        **{f"p = {p:g}, {n} digits (points)": g for (n, p), g in against.items()},
        f"trained digits at p = 0.5, {MANY:,} (%)": on["trained", MANY, 0.5],
        f"runs to tell 0.1 from none, {FEW} digits": str(
            against[FEW, 0.1].runs_needed()
        ),
    },
    predicted=seen_half_dropped,
    why="It makes training harder; that pays only where training was too easy.",
)

# %% [markdown]
# When to add dropout, then: when the training digits are all right, new ones are not,
# and there are steps to spare. Start small.
#
# ## Quiz
#
# Answer first, on paper; then open the answer.
#
# **1.** A batch of 32 maps of 16×10×10 goes through batch norm. How many means does it
# take, over how many numbers each?
#
# <details><summary>Answer</summary>
#
# 16 means, one a channel, each over 32 · 10 · 10 = 3,200 numbers.
#
# </details>

# %% [markdown]
# **2.** Your network is right in a batch of 256 and wrong on a single image. What did
# you forget?
#
# <details><summary>Answer</summary>
#
# `model.eval()`. In train mode every batch is normalised by its own numbers, and a
# batch of one is normalised by itself.
#
# </details>

# %% [markdown]
# **3.** How far should batch norm stay from the prediction?
#
# <details><summary>Answer</summary>
#
# Look at the card of C55: it compares one batch norm far from the logits with one on
# them, run by run. Where its interval contains 0, this session gives no reason for
# a rule. (Session 03 asks the same with C53.)
#
# </details>

# %% [markdown]
# **4.** When do you add dropout, and when never?
#
# <details><summary>Answer</summary>
#
# When trained digits are (nearly) all right and new ones are not. Never when the
# trained ones are wrong too: it makes fitting harder. How much it helps is on the cards
# of C56 and C63.
#
# </details>

# %% [markdown]
# **5.** A layer gets the values 2 and 4. With dropout 0.5 in training, which values can
# the next layer see?
#
# <details><summary>Answer</summary>
#
# 0 or 4 for the first, 0 or 8 for the second, each half of the time: the mean is 2 and
# 4 again.
#
# </details>

# %% [markdown]
# ## Things to remember
#
# 1. Batch norm: mean 0, deviation 1 per channel, over batch and map; no bounds.
# 2. Train mode uses the batch, eval mode the running average: call `model.eval()`.
# 3. Its gain is scale / deviation: quiet channels louder, loud ones quieter.
# 4. Diagnose with two numbers: trained images, new images.
# 5. Dropout is for nets that learn by heart; the others it only slows down.

# %% [markdown]
# ## What this notebook measured
#
# One line for every verdict card, then your predictions.

# %%
verdict_table("04")

# %%
prediction_table("04")

# %% [markdown]
# ## Exercises, from easy to open
#
# 1. Give `in_train_mode` batches of one kind of digit only. What happens, and why?
# 2. Train `four_layers` in batches of 2. Does eval mode still match train mode?
# 3. Put dropout before a batch norm. How do the running variances change?
# 4. Open: which of the norms still learns in batches of one image?

# %% [markdown]
# ## Further reading
#
# - Ioffe, Szegedy (2015), *Batch normalization*, [arXiv
#   1502.03167](https://arxiv.org/abs/1502.03167).
# - Santurkar and others (2018), *How does batch normalization help optimization?*,
#   [arXiv 1805.11604](https://arxiv.org/abs/1805.11604): not by what its inventors
#   thought.
# - Hoffer, Hubara, Soudry (2017), *Train longer, generalize better*, [arXiv
#   1705.08741](https://arxiv.org/abs/1705.08741): ghost batch norm.

# %% [markdown]
# - Wu, He (2018), *Group normalization*, [arXiv
#   1803.08494](https://arxiv.org/abs/1803.08494).
# - Srivastava and others (2014), *Dropout*, Journal of Machine Learning Research 15.
# - Li, Chen, Hu, Yang (2019), *Understanding the disharmony between dropout and batch
#   normalization by variance shift*, [arXiv
#   1801.05134](https://arxiv.org/abs/1801.05134).
