# %% [markdown]
# # 05b Networks at work
#
# **What changed from net to net, how do two computers train one, and what is a trained
# net good for besides its answer?**
#
# Afterwards you can read a net's history from its numbers, divide a training step over
# two processes, turn a Grad-CAM map into a box and score it, and use a net as a feature
# extractor.
#
# About 70 minutes of work · comes after *05 Classic networks* · runs offline, without a
# GPU.

# %% tags=["setup"]
# setup

# %% tags=["fold"]
from statistics import fmean

import torch
from torch import nn
from torch.nn import functional as F

from coursekit import anatomy, check, claim, digits, evaluate, figures, fit, hint
from coursekit import predict, reveal, shapes, solution, verdict
from coursekit.anatomy import parameters_by_kind, weight_layers
from coursekit.blocks import ConvNormAct, GAPHead
from coursekit.course import prediction_table, stored, verdict_table
from coursekit.gradcam import grad_cam, outlined, overlay
from coursekit.metrics import best_threshold, box_iou, boxes_of, interval, paired
from coursekit.models import alexnet, googlenet, lenet5, pretrained, resnet50
from coursekit.models import resnet152, vgg16, vgg19, zfnet
from coursekit.training import CannotStartError, SplitBatch, SplitNet, Step
from coursekit.training import gradient_of, in_two_processes, track

# %% [markdown]
# The numbers that steer the experiments stand in one cell.

# %%
SEEDS = (0, 1, 2)  # each network, and each split of a batch, with each
SAME = 1e-6  # gradients closer than that are equal, for float32
COUNTS = (60, 300, 1200)  # pictures to learn from
STEPS = 180  # of training, about, whatever the number of pictures
FEW = 80  # pictures of new classes
STARTS = 4  # untrained nets beside each trained one
FETCH = False  # True: download the weights of ResNet-18 (47 MB) where they are missing
EASY = {
    "object_size": (12, 20),
    "colours": ("red", "yellow"),
    "backgrounds": ("clouds", "stripes"),
}
NEW = ("ring", "star", "diamond", "crescent")

# %% [markdown]
# ## 1 · Seventeen years in one table

# %%
claim("C70")

# %% [markdown]
# All but two columns are counted from the networks themselves. The year and the top-5
# error on ImageNet's challenge are the papers' (the winners' entries join several nets;
# ZFNet's and VGG's rows too).


# %%
with torch.device("meta"):
    history = {
        "LeNet-5": (lenet5(original=True), (1, 32, 32), 1998, None),
        "AlexNet": (alexnet(), (3, 227, 227), 2012, 15.3),
        "ZFNet": (zfnet(), (3, 224, 224), 2013, 14.8),
        "VGG-16": (vgg16(), (3, 224, 224), 2014, None),
        "VGG-19": (vgg19(), (3, 224, 224), 2014, 7.3),
        "GoogLeNet": (googlenet(), (3, 224, 224), 2014, 6.7),
        "ResNet-50": (resnet50(), (3, 224, 224), 2015, None),
        "ResNet-152": (resnet152(), (3, 224, 224), 2015, 3.6),
    }

# %% [markdown]
# **Predict:** which of these nets has the most parameters?

# %%
guess = "ResNet-152"  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
names = ("AlexNet", "VGG-19", "GoogLeNet", "ResNet-152")
predict("05-largest", guess, options=names, sure=sure)

# %% [markdown]
# Count:

# %%
counted = {}
for name, (net, shape, year, error) in track(history.items(), "counting"):
    table = anatomy(net, shape)
    local = [row for row in table if row.kind in ("Conv2d", "MaxPool2d")]
    counted[name] = {
        "year": year,
        "depth": weight_layers(net, shape),
        "parameters": table.parameters,
        "multiply-adds": table.multiply_adds,
        "field": max(row.receptive_field[0] for row in local),
        "dense": 100 * parameters_by_kind(net).dense / table.parameters,
        "top-5 error (%)": error,
    }
counted

# %% [markdown]
# The history in one picture. The net with the most parameters is in its title.

# %%
columns = ("parameters", "multiply-adds", "depth", "field", "top-5 error (%)")
largest = max(counted, key=lambda name: counted[name]["parameters"])
at_least = min((r["top-5 error (%)"], n) for n, r in counted.items() if r[columns[-1]])
figures.profiles(
    {
        f"{row['year']} {name}": {column: row[column] for column in columns}
        for name, row in counted.items()
    },
    log=("parameters", "multiply-adds", "depth", "field"),
    title=f"Most parameters: {largest}; least error: {at_least[1]}",
    words="Eight nets from top to bottom in the order of their years: parameters and "
    "work rise to VGG-19, drop at GoogLeNet and rise again with ResNet, but stay below "
    "VGG-19; depth never falls; the field grows, though not from each net to the next; "
    "the error of the entries on ImageNet's challenge, cited, falls "
    + ", ".join(f"{r[columns[-1]]:g}" for r in counted.values() if r[columns[-1]]),
)

# %%
seen_largest = reveal("05-largest", largest)
seen_largest

# %% [markdown]
# What is a block? Here is what each net does up to its first pooling, and the layer
# after it, read from the order in which its layers run:

# %%
KINDS = {"Conv2d": "convolve", "ReLU": "bend", "Tanh": "bend", "MaxPool2d": "pool"}
KINDS |= {"SubSampling": "pool", "LocalResponseNorm": "normalise"}
KINDS |= {"BatchNorm2d": "normalise"}


def first_block(net, shape):
    """Return what a net does up to its first pooling and the layer after it."""
    rows = [row.kind for row in anatomy(net, shape) if row.is_leaf]
    words = [KINDS[kind] for kind in rows if kind in KINDS]
    return tuple(words[: words.index("pool") + 2])


blocks = {name: first_block(net, shape) for name, (net, shape, *_) in history.items()}
blocks

# %% tags=["verdict"]
everybody = list(blocks.values())
verdict(
    "C70",
    cases={
        "all convolve, bend and pool": all(
            {"convolve", "bend", "pool"} <= set(block) for block in everybody
        ),
        "all normalise as well": all("normalise" in block for block in everybody),
        "the order is not always the same": len(set(everybody)) > 1,
    },
    measured={
        "different orders": len(set(everybody)),
        "nets that normalise there": sum("normalise" in block for block in everybody),
        "nets": len(everybody),
        "VGG-16's work, times LeNet-5's": counted["VGG-16"]["multiply-adds"]
        / counted["LeNet-5"]["multiply-adds"],
    },
    predicted=seen_largest,
    why="Convolution and bend stay; norms came, went, and came back elsewhere.",
)

# %% [markdown]
# ## 2 · Two processes, one step of training

# %%
claim("C69")

# %% [markdown]
# *Data parallelism*: both processes hold the whole net, each gets a part of the batch,
# and the gradients are averaged. By hand: one worker with three images finds a mean
# gradient of 2, the other with one image finds 6.
#
# **Exercise 05.5 (8 minutes).** The gradient of the mean loss over all images, for any
# workers. Tiny case: gradients 2 and 6, counts 3 and 1: 3.


# %%
def average_gradients(gradients, counts):
    """Return the gradient of the mean loss over all samples of all workers."""
    ### BEGIN SOLUTION
    pairs = zip(gradients, counts, strict=True)
    return sum(gradient * count for gradient, count in pairs) / sum(counts)
    ### END SOLUTION


# %% tags=["check"]
check("05.5", average_gradients)

# %% [markdown]
# *Model parallelism*: one process holds the first layers, the other one the last. It
# sends maps forward and the gradient of the maps back. This is what each process does,
# in the course's package:

# %%
# show coursekit.training.two_processes.SplitBatch.run

# %%
# show coursekit.training.two_processes.SplitNet.run

# %% [markdown]
# **Predict:** when does the shared gradient equal that of one process: with equal
# halves, with 48 and 16 images *averaged plainly*, with equal halves and batch norm in
# the net? In how many of the three?

# %%
guess = 3  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("05-equal", guess, options=(0, 1, 2, 3), sure=sure)


# %%
def step_net(norm, seed):
    """Return a small net, with batch norm or without."""
    torch.manual_seed(seed)
    middle = nn.BatchNorm2d(16) if norm else nn.Identity()
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), middle, nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip


BATCH = 64  # images; the names below say how two processes share them


def batch_of(seed):
    data = digits().split(seed=seed).train
    return data.images[:BATCH] / 255, data.labels[:BATCH]


def jobs_of(seed):
    """Return name → what two processes shall do with the same batch."""
    batch, plain = batch_of(seed), step_net(False, seed)
    half = BATCH // 2
    return {
        "equal halves": SplitBatch(plain, *batch, half),
        "48 and 16, by images": SplitBatch(plain, *batch, 48),
        "48 and 16, plainly": SplitBatch(plain, *batch, 48, weighted=False),
        "batch norm": SplitBatch(step_net(True, seed), *batch, half),
        "split net": SplitNet(plain[:4], plain[4:], *batch),
    }


# %% [markdown]
# Each shared gradient is compared with that of one process:


# %%
def apart(name, seed, steps):
    """Return the largest difference of the gradient from that of one process."""
    net = step_net(name == "batch norm", seed)
    images, labels = batch_of(seed)
    F.cross_entropy(net(images), labels).backward()
    got = steps[0].gradient
    if name == "split net":  # each process has the gradient of its own layers
        got = torch.cat([step.gradient for step in steps])
    return (got - gradient_of(net)).abs().max().item()


def measure():
    """Start two processes once for all seeds; return differences and bytes by name."""
    jobs = {(n, s): job for s in SEEDS for n, job in jobs_of(s).items()}
    done = in_two_processes(jobs)
    runs = {n: [apart(n, s, done[n, s]) for s in SEEDS] for n in jobs_of(0)}
    return runs, {n: done[n, 0][0].sent for n in runs}


# %% [markdown]
# Some notebook hosts forbid processes to talk. Then the stored numbers of an earlier
# run stand in, and the next line says so.

# %%
try:
    differences, sent = measure()
    source = "two processes, started by this notebook"
except CannotStartError as reason:
    before = stored("two_processes")
    differences = {name: before.runs(name, "apart") for name in before.arms}
    sent = {name: before.runs(name, "sent")[0] for name in before.arms}
    source = f"{reason}; stored instead: {before.where}"
source

# %%
furthest = {name: max(runs) for name, runs in differences.items()}
figures.bars(
    {name: max(value, 1e-9) for name, value in furthest.items()},
    xlabel="largest difference from one process's gradient",
    log=True,
    title=f"Equal halves {furthest['equal halves']:.0e}, "
    f"batch norm {furthest['batch norm']:.0e}",
    words="Largest difference in the gradient of any weight over "
    f"{len(SEEDS)} seeds, logarithmic (nothing below 1e-9 is drawn): equal halves, "
    "unequal ones counted by images, and the split net are at rounding error; plain "
    "averages and batch norm are far from it.",
)

# %% [markdown]
# Batch norm takes mean and spread from its own half of the batch, so the two processes
# do not compute the same function as one. And what had to be sent?

# %%
figures.bars(
    {name: sent[name] for name in ("equal halves", "split net")},
    xlabel="bytes a process hands over in one step",
    title="The gradient of all weights, or the maps at the cut",
    words="Bytes of the averaged gradient, which depends on the net only, and of the "
    f"maps at the cut for {BATCH} images, which grow with the batch.",
)

# %% tags=["verdict"]
asked = ("equal halves", "48 and 16, plainly", "batch norm")
verdict(
    "C69",
    cases={
        "equal halves": furthest["equal halves"] < SAME,
        "unequal parts, counted by images": furthest["48 and 16, by images"] < SAME,
        "unequal parts, averaged plainly": furthest["48 and 16, plainly"] < SAME,
        "equal halves with batch norm": furthest["batch norm"] < SAME,
        "model parallelism, split layers": furthest["split net"] < SAME,
    },
    measured={
        **{f"largest difference, {n}": f"{v:.1e}" for n, v in furthest.items()},
        "bytes, data parallel": sent["equal halves"],
        "bytes, model parallel": sent["split net"],
    },
    predicted=reveal("05-equal", sum(furthest[name] < SAME for name in asked)),
    why="A mean of means is the mean only for equal parts; batch norm mixes images.",
)

# %% [markdown]
# ## 3 · Where is it?

# %%
claim("C71")

# %% [markdown]
# To classify is to name; to localise is to say where, as a box. Two boxes are compared
# by what they share over what they cover together. By hand: (0, 0, 2, 2) and (1, 1, 3,
# 3) share 1 pixel of 7.
#
# **Exercise 05.6 (8 minutes).** Write it.


# %%
def overlap(one, other):
    """Return intersection / union of boxes (x1, y1, x2, y2), x2 and y2 exclusive."""
    ### BEGIN SOLUTION
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0) * max(height, 0)
    areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (one, other)]
    return common / (sum(areas) - common)
    ### END SOLUTION


# %% tags=["check"]
check("05.6", overlap)

# %% [markdown]
# A net that was only told *what* is in a picture leaves a Grad-CAM map (session 04b).
# Keep what is bright enough, and draw a box around it.
#
# **Exercise 05.7 (8 minutes).** The box around a mask. Tiny case: one True in row 3,
# column 2: (2, 3, 3, 4).


# %%
def box_of(mask):
    """Return (x1, y1, x2, y2) of the smallest box around True, x2 and y2 exclusive."""
    ### BEGIN SOLUTION
    rows = mask.any(1).nonzero().flatten().tolist()
    columns = mask.any(0).nonzero().flatten().tolist()
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    ### END SOLUTION


# %% tags=["check"]
check("05.7", box_of)

# %% [markdown]
# Shapes come with their true box. One net per seed and number of pictures, for this
# section and the next; beside it one dense layer on the pixels.


# %%
def shape_net(seed):
    """Return an untrained net for four shapes."""
    torch.manual_seed(seed)
    return nn.Sequential(
        ConvNormAct(3, 12), nn.MaxPool2d(2), ConvNormAct(12, 24), ConvNormAct(24, 24),
        nn.MaxPool2d(2), ConvNormAct(24, 48), GAPHead(48, 4),
    )  # fmt: skip


def taught(net, data, seed, lr):
    """Train for about the same steps on however many pictures; return the net."""
    epochs = round(STEPS / -(-len(data) // 32))  # 180, 180 and 190 steps
    fit(net, data, epochs=epochs, batch_size=32, lr=lr, seed=seed, progress=False)
    return net


nets, dense = {}, {}
pictures = {seed: shapes(max(COUNTS), seed=seed, **EASY) for seed in SEEDS}
jobs = [(count, seed) for seed in SEEDS for count in COUNTS]
for count, seed in track(jobs, "training nets"):
    part = pictures[seed].subset(range(count))
    nets[count, seed] = taught(shape_net(seed), part, seed, 0.1)
    flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 4))
    dense[count, seed] = taught(flat, part, seed, 0.003)

# %% [markdown]
# The threshold, what is bright enough, is chosen on other pictures than those that
# count. So is the side of the *centre box*, the guess of somebody who does not look.


# %%
def standardised(data, seed, count=None):
    """Return pictures as the net that learnt from so many (None: all) sees them."""
    like = pictures[seed].images[:count].float()
    mean, spread = (f((0, 2, 3))[:, None, None] for f in (like.mean, like.std))
    return (data.images - mean) / spread


def maps_of(net, data, seed):
    return grad_cam(net, standardised(data, seed), "5").maps


def centre(data, side):
    edge = (32 - side) // 2
    box = torch.tensor([edge, edge, edge + side, edge + side])
    return box_iou(box.expand(len(data), 4), data.boxes)


def boxed(net, choose, judge, seed):
    """Return the best threshold on `choose` and the overlaps it gives on `judge`."""
    threshold = best_threshold(maps_of(net, choose, seed), choose.boxes)
    found = boxes_of(maps_of(net, judge, seed), threshold)
    return threshold, box_iou(found, judge.boxes)


# %% [markdown]
# **Predict:** a box that overlaps the true one by half or more is a hit. A net that
# names nearly every shape right: how many percent of its boxes are hits?

# %%
guess = 50  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("05-hits", guess, options=(10, 50, 90), unit="%", sure=sure)

# %%
most = max(COUNTS)
scores = {name: [] for name in ("trained", "untrained", "centre box", "named", "hits")}
thresholds = []
for seed in track(SEEDS, "drawing boxes"):
    choose = shapes(200, seed=50 + seed, **EASY)
    judge = shapes(400, seed=100 + seed, **EASY)
    threshold, shared = boxed(nets[most, seed], choose, judge, seed)
    thresholds.append(threshold)
    scores["trained"].append(shared.mean().item())
    scores["hits"].append(100 * (shared >= 0.5).double().mean().item())
    fresh = [shape_net(STARTS * seed + start) for start in range(STARTS)]
    blind = [boxed(net, choose, judge, seed)[1].mean().item() for net in fresh]
    scores["untrained"].append(fmean(blind))
    side = max(range(8, 32, 2), key=lambda side: centre(choose, side).mean().item())
    scores["centre box"].append(centre(judge, side).mean().item())
    named = evaluate(nets[most, seed], judge, like=pictures[seed]).accuracy
    scores["named"].append(100 * named)

# %% [markdown]
# Eight of them:

# %%
few = shapes(8, seed=100, **EASY)
heat = maps_of(nets[most, 0], few, 0)
drawn = outlined(overlay(few.images, heat), boxes_of(heat, thresholds[0]))
figures.images(
    drawn,
    [few.classes[label] for label in few.labels],
    columns=4,
    title="Grad-CAM as a box",
    words="Eight shapes in grey with their maps in vermillion to yellow and the box "
    "around the bright part in blue.",
)

# %% [markdown]
# And all of them, on average:

# %%
figures.bars(
    {n: fmean(scores[n]) for n in ("trained", "centre box", "untrained")},
    xlabel="overlap with the true box",
    title=f"The trained net's boxes overlap by {fmean(scores['trained']):.2f}",
    words="Mean overlap of boxes from a trained net, of a fixed box in the centre, and "
    f"of boxes from untrained nets ({STARTS} a run), {len(SEEDS)} runs each.",
)

# %% tags=["verdict"]
verdict(
    "C71",
    cases={
        "boxes better than the centre box": paired(
            scores["trained"], scores["centre box"]
        ).above(0),
        "boxes better than an untrained net's": paired(
            scores["trained"], scores["untrained"]
        ).above(0),
        "a box is not yet exact (overlap under 0.9)": interval(scores["trained"]).below(
            0.9
        ),
    },
    measured={
        "shapes named right (%)": scores["named"],
        "boxes that hit (%)": scores["hits"],
        "overlap, trained": scores["trained"],
        "overlap, centre box": scores["centre box"],
        "overlap, untrained": scores["untrained"],
        "threshold": thresholds,
    },
    predicted=reveal("05-hits", interval(scores["hits"])),
    why="What was learnt from names alone points at the place, but not at its edges.",
)

# %% [markdown]
# Detection is harder still: several objects, and nobody says how many.
#
# ## 4 · Features, and how much data they need

# %%
claim("C72")

# %% [markdown]
# First the accuracy against the number of pictures, with as many steps each, to within
# ten:

# %%
right = {}
for seed in SEEDS:
    judge = shapes(400, seed=100 + seed, **EASY)
    for count in COUNTS:
        for name, group in (("conv", nets), ("pixels", dense)):
            like = pictures[seed].subset(range(count))
            found = evaluate(group[count, seed], judge, like=like).accuracy
            right.setdefault((name, count), []).append(100 * found)
figures.curves(
    COUNTS,
    {n: [fmean(right[n, count]) for count in COUNTS] for n in ("conv", "pixels")},
    xlabel="pictures to learn from",
    ylabel="new shapes right (%)",
    log_x=True,
    level={"guessing": 25},
    title=f"{most:,} pictures: conv {fmean(right['conv', most]):.0f} %, pixels "
    f"{fmean(right['pixels', most]):.0f} %",
    words="Accuracy against the number of pictures for the convolutional net and for "
    f"one dense layer on pixels, mean of {len(SEEDS)} runs; pixels stay close to "
    "guessing.",
)

# %% [markdown]
# Now four *new* classes, rings, stars, diamonds and crescents, with few pictures. The
# net stays frozen; its 48 numbers before the classifier are the *features*, and one
# dense layer on top, the *linear probe*, is all that learns.
#
# **Predict:** features from a net that saw 1,200 pictures of the old classes: how many
# percent of the new shapes does the probe name right (guessing: 25)?

# %%
guess = 50  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("05-probe", guess, options=(30, 50, 90), unit="%", sure=sure)


# %%
@torch.no_grad()
def features(net, images):
    """Return what stands before the classifier, one row a picture."""
    maps = net.eval()[:-1](images)
    return maps.mean((2, 3))


def probe(train, train_labels, test, test_labels):
    """Return how many percent one dense layer gets right on standardised features."""
    mean, spread = train.mean(0), train.std(0) + 1e-5
    train, test = (train - mean) / spread, (test - mean) / spread
    layer = nn.Linear(train.shape[1], len(NEW))
    nn.init.zeros_(layer.weight)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=60)

    def loss():
        optimizer.zero_grad()
        penalty = 0.01 * layer.weight.square().sum()
        value = F.cross_entropy(layer(train), train_labels) + penalty
        value.backward()
        return value

    optimizer.step(loss)
    return 100 * (layer(test).argmax(1) == test_labels).double().mean().item()


# %% [markdown]
# Five kinds of features, one probe each. Where the weights of ResNet-18 lie on this
# machine, a sixth: what it learnt on a million photographs of other things.

# %%
big = pretrained("resnet18", download=FETCH)
photograph = nn.Sequential(*list(big.model.children())[:-2])  # without its head
big

# %%
probed = {}
for seed in track(SEEDS, "probing"):
    train = shapes(FEW, seed=200 + seed, classes=NEW, **EASY)
    test = shapes(400, seed=300 + seed, classes=NEW, **EASY)
    looked = standardised(train, seed), standardised(test, seed)
    rows = {"pixels": [images.flatten(1) for images in looked]}
    rows["untrained"] = [features(shape_net(seed), images) for images in looked]
    for count in COUNTS:
        shown = [standardised(data, seed, count) for data in (train, test)]
        rows[count] = [features(nets[count, seed], images) for images in shown]
    if big.trained:
        both = [big.prepare(data.images, 64) for data in (train, test)]
        rows["ResNet-18"] = [photograph(x).mean((2, 3)).detach() for x in both]
    for name, (a, b) in rows.items():
        score = probe(a, train.labels, b, test.labels)
        probed.setdefault(name, []).append(score)

# %% [markdown]
# Pixels, no training at all, and more and more of it:

# %%
figures.bars(
    {
        n if isinstance(n, str) else f"net that saw {n:,}": fmean(runs)
        for n, runs in probed.items()
    },
    xlabel="new classes right (%)",
    title=f"Features of {most:,} pictures: {fmean(probed[most]):.0f} %, pixels "
    f"{fmean(probed['pixels']):.0f} %",
    words=f"A linear probe on {FEW} pictures of four new classes, {len(SEEDS)} runs: "
    "on pixels, on features of an untrained net, of nets that saw more and more"
    + (", and of ResNet-18." if big.trained else "."),
)

# %% [markdown]
# The lead over pixels, run by run:

# %%
low = min(COUNTS)
gain = {
    count: [
        a - b for a, b in zip(right["conv", count], right["pixels", count], strict=True)
    ]
    for count in (low, most)
}
gain

# %% tags=["verdict"]
verdict(
    "C72",
    cases={
        f"better than pixels with {most:,} pictures": interval(gain[most]).above(0),
        f"the lead grows from {low} to {most:,}": paired(gain[most], gain[low]).above(
            0
        ),
        "features serve new classes better than pixels": paired(
            probed[most], probed["pixels"]
        ).above(0),
        f"features of {most:,} better than of {low}": paired(
            probed[most], probed[low]
        ).above(0),
    },
    measured={
        **{f"conv, {count} pictures (%)": right["conv", count] for count in COUNTS},
        f"pixels, {most} pictures (%)": right["pixels", most],
        "probe on pixels (%)": probed["pixels"],
        "probe on an untrained net (%)": probed["untrained"],
        **{f"probe, net that saw {c} (%)": probed[c] for c in COUNTS},
    },
    predicted=reveal("05-probe", interval(probed[most])),
    why="Shapes differ in edges at any place; that is what kernels learn, given data.",
)

# %% [markdown]
# "A lot" is relative: here a few hundred pictures do. And on digits this experiment
# would show nothing, because there the pixels themselves are good features.
#
# ## Quiz
#
# Answer first, on paper; then open the answer.
#
# **1.** Four workers, 16 images each, batch norm in the net. How large is the batch
# that a norm sees?
#
# <details><summary>Answer</summary>
#
# 16. Only a synchronised batch norm sees 64.
#
# </details>

# %% [markdown]
# **2.** You double the batch. What happens to the bytes sent by data and by model
# parallelism?
#
# <details><summary>Answer</summary>
#
# Data: nothing, the gradient is as large as the net. Model: they double.
#
# </details>

# %% [markdown]
# **3.** A box that covers the whole picture, an object on a quarter of it: overlap?
#
# <details><summary>Answer</summary>
#
# 0.25: all of the object is shared, and the union is the picture.
#
# </details>

# %% [markdown]
# **4.** 50 pictures of a new class and a net trained on others. What do you train?
#
# <details><summary>Answer</summary>
#
# One dense layer on its frozen features; the rest has seen more pictures than you have.
#
# </details>

# %% [markdown]
# ## Things to remember
#
# 1. Nets grew deeper and cheaper in parameters at once, after VGG.
# 2. Average gradients by images, not by workers; mind batch norm.
# 3. Data parallelism sends weights' gradients, model parallelism sends maps.
# 4. Naming is not locating; score boxes against a box that does not look.
# 5. Test features where pixels fail, on classes the net has not seen.

# %% [markdown]
# ## What this notebook measured

# %%
verdict_table("05", first="C69")

# %%
prediction_table("05")

# %% [markdown]
# ## Exercises, from easy to open
#
# 1. Cut the net of section 2 at another layer. Which cut sends least?
# 2. Set `FEW` to 16. Which features still do?
# 3. Put group norm in the place of batch norm in section 2.
# 4. Open: how would you find two shapes in one picture?

# %% [markdown]
# ## Further reading
#
# - Krizhevsky (2014), *One weird trick for parallelizing convolutional neural
#   networks*, [arXiv 1404.5997](https://arxiv.org/abs/1404.5997).
# - Goyal et al. (2017), *Accurate, large minibatch SGD*,
#   [arXiv 1706.02677](https://arxiv.org/abs/1706.02677): section 3.
# - Szegedy et al. (2014), *Going deeper with convolutions*,
#   [arXiv 1409.4842](https://arxiv.org/abs/1409.4842).
