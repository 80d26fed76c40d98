# %% [markdown]
# # 03c How sure
#
# **A network says “90 %”: is it right nine times in ten?**
#
# Afterwards you can tell confidence from accuracy, draw and read a reliability diagram,
# and mend a network's confidence with one number.
#
# About 50 minutes of work · comes after *03b Softmax and the loss* · runs offline,
# without a GPU.

# %% tags=["setup"]
# setup

# %% tags=["fold"]
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F

from coursekit import anatomy, check, claim, digits, evaluate, figures, fit, hint
from coursekit import predict, reveal, solution, verdict
from coursekit.blocks import ConvNormAct, DenseHead, GAPHead
from coursekit.course import prediction_table, verdict_table
from coursekit.data import mnist
from coursekit.explore import explore_reliability
from coursekit.metrics import best_temperature, interval, paired, reliability
from coursekit.training import track

# %%
SEEDS = (0, 1, 2, 3, 4)  # one network each
SET = "auto"  # "digits", "mnist", or "auto": MNIST where its files are at hand
CLOSE = 3  # percentage points: nearer than this, confidence counts as honest
BINS = 10
WRONG = 0.3  # share of labels drawn anew at random

# %% [markdown]
# ## 1 · How sure, and how right?

# %%
claim("C49")

# %% [markdown]
# The largest share of an answer is its *confidence*. If it were a probability, answers
# with 80 % confidence would be right in 80 % of the cases.

# %% [markdown]
# The networks learn digits: MNIST where its files lie in the data folder, the 8×8 scans
# that came with the course elsewhere.


# %% tags=["fold"]
def some_digits():
    """Return (train, new): a thousand digits to learn from, others to test on."""
    if SET != "digits":
        try:
            parts = mnist(download=SET == "mnist")
            return halved(parts.train.subset(range(1000))), halved(parts.valid)
        except FileNotFoundError:
            pass  # "auto", and the files are not here
    parts = digits(8).split(0.6, 0.4, 0.0)
    return parts.train, parts.valid


def halved(data):
    small = F.avg_pool2d(data.images.float(), 2).round()
    return replace(data, images=small.to(torch.uint8))


def network(head, seed):
    """Return two convolutions and a "dense" or a "GAP" head."""
    torch.manual_seed(seed)
    heads = {"dense": DenseHead(32, side // 4, 10), "GAP": GAPHead(32, 10)}
    steps = [ConvNormAct(1, 16), nn.MaxPool2d(2), ConvNormAct(16, 32)]
    pool = [nn.MaxPool2d(2)] * (head == "dense")
    return nn.Sequential(*steps, *pool, heads[head])


def trained(head, data, epochs):
    """Train one network a seed and return them."""
    nets = [network(head, seed) for seed in SEEDS]
    how = {"epochs": epochs, "batch_size": 32, "lr": 0.1, "progress": False}
    for seed, net in track(list(enumerate(nets)), "networks"):
        fit(net, data, seed=seed, format="contiguous", **how)
    return nets


# %%
train, new = some_digits()
side = train.images.shape[-1]
well = trained("dense", train, epochs=6)
anatomy(well[0], (1, side, side))

# %% [markdown]
# Three ways to train: on a thousand clean digits; on 300 of them, three labels in ten
# drawn at random, until all are learnt by heart; on 200, and not for long.

# %%
generator = torch.Generator().manual_seed(0)
few = train.subset(range(300))
drawn = torch.rand(300, generator=generator) < WRONG
anything = torch.randint(10, (300,), generator=generator)
mislabelled = replace(few, labels=torch.where(drawn, anything, few.labels))
ways = {
    "well trained": well,
    "learnt by heart": trained("dense", mislabelled, epochs=30),
    "barely trained": trained("GAP", train.subset(range(200)), epochs=8),
}
heard = {
    name: [evaluate(net, new, like=train) for net in nets]
    for name, nets in ways.items()
}
accuracy = {name: [100 * e.accuracy for e in found] for name, found in heard.items()}
{name: interval(found) for name, found in accuracy.items()}

# %% [markdown]
# Above: percent right on new digits.
#
# **Predict:** those who were barely trained: are they surer than right, less sure, or
# honest to within three points?

# %%
guess = "surer"  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
WAYS = ("surer", "less sure", "honest")
predict("03-barely", guess, options=WAYS, sure=sure)

# %% [markdown]
# **Predict:** and take those who learnt by heart. How sure are they on average, in
# percent: 50, 70, 85 or 99?

# %%
guess = 70  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-by-heart", guess, options=(50, 70, 85, 99), unit="%", sure=sure)

# %%
sureness = {
    name: [100 * e.probabilities.amax(1).mean().item() for e in found]
    for name, found in heard.items()
}
excess = {name: paired(sureness[name], accuracy[name]) for name in ways}

# %% [markdown]
# The same, sorted by confidence into ten bins: a *reliability diagram*.


# %%
def together(name):
    """Return all shares and labels that a way of training gave, all seeds in one."""
    found = heard[name]
    shares = torch.cat([e.probabilities.double() for e in found])
    return shares, torch.cat([e.labels for e in found])


middles = (torch.arange(BINS) + 0.5) / BINS
diagrams = {name: reliability(*together(name), bins=BINS) for name in ways}
enough = {
    name: torch.where(found.counts >= 20, found.accuracy, torch.nan)
    for name, found in diagrams.items()
}
figures.curves(
    middles,
    {"truth": middles, **enough},
    xlabel="confidence",
    ylabel="share of right answers",
    title="By heart: "
    f"{excess['learnt by heart'].mean:+.0f} points too sure; barely trained: "
    f"{excess['barely trained'].mean:+.0f}",
    words="Share of right answers against confidence. On the diagonal confidence is "
    "honest; below it a network is surer than right, above it the other way round.",
)

# %% [markdown]
# The barely trained first:

# %%
barely = excess["barely trained"].mean
found = "honest" if abs(barely) <= CLOSE else WAYS[barely < 0]
reveal("03-barely", found)

# %% [markdown]
# One number for the distance to the diagonal is the *expected calibration error*: in
# each bin |mean confidence − accuracy|, averaged with the number of images as weight.
#
# **Exercise 03.6 (15 minutes).** Write it. A confidence on the edge of two bins belongs
# to the upper one, 1 to the last. Tiny case: confidences 0.9 and 0.9, one of them
# right, give 0.4.


# %%
def calibration_error(confidence, correct, bins=10):
    """Return the mean gap between confidence and accuracy over equal-width bins."""
    ### BEGIN SOLUTION
    places = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for place in places.unique():
        chosen = places == place
        gap = confidence[chosen].mean() - correct[chosen].double().mean()
        error += gap.abs() * chosen.sum() / len(confidence)
    return float(error)
    ### END SOLUTION


# %% tags=["check"]
check("03.6", calibration_error)

# %% [markdown]
# A remedy: divide the logits by one temperature, chosen on one half of the new digits
# and judged on the other half.
#
# **Predict:** which temperature do those who learnt by heart need: 0.5, 1, 1.8 or 5?

# %%
guess = 1  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-temperature", guess, options=(0.5, 1, 1.8, 5), sure=sure)

# %%
half = torch.arange(len(new)) % 2 == 0


def cooled(found):
    """Return (temperature, error before, error after) on the other half."""
    warm = best_temperature(found.logits[half], found.labels[half])
    shares = [(found.logits[~half] / t).double().softmax(1) for t in (1, warm)]
    return warm, *(reliability(s, found.labels[~half], BINS).error for s in shares)


remedy = {name: [cooled(e) for e in found] for name, found in heard.items()}
before_after = {}
for name, found in remedy.items():
    _, before, after = (interval(values).mean for values in zip(*found, strict=True))
    before_after |= {name: before, f"{name}, tempered": after}
figures.bars(
    {name: round(100 * value, 1) for name, value in before_after.items()},
    xlabel="expected calibration error (points)",
    highlight=[name for name in before_after if "tempered" in name],
    title="By heart: "
    f"{100 * before_after['learnt by heart']:.0f} points of error, tempered "
    f"{100 * before_after['learnt by heart, tempered']:.0f}",
    words="Calibration error of three ways of training, before and after dividing the "
    "logits by a temperature.",
)

# %% [markdown]
# And the temperatures that did it, of those who learnt by heart:

# %%
reveal("03-temperature", interval([t for t, _, _ in remedy["learnt by heart"]]))

# %% [markdown]
# Last, a question that has no right answer. The well-trained networks look at *noise*:
# every pixel drawn at random.
#
# **Predict:** guessing among ten digits would be 10 % sure. How sure are they on
# average, in percent: 10, 30, 75 or 99?

# %%
guess = 10  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-noise", guess, options=(10, 30, 75, 99), unit="%", sure=sure)

# %%
pixels = torch.randint(256, (200, 1, side, side), generator=generator)
noise = replace(new.subset(range(200)), images=pixels.to(torch.uint8))
looks = [evaluate(net, noise, like=train) for net in well]
on_noise = [100 * e.probabilities.amax(1).mean().item() for e in looks]
surest = looks[0].probabilities.amax(1).argsort(descending=True)[:5]
figures.images(
    noise.images[surest],
    [
        f"“{looks[0].predictions[i]}”, {100 * looks[0].probabilities[i].max():.0f} %"
        for i in surest
    ],
    title="Noise, and what the first network is surest to see in it",
    words="Five squares of random grey pixels, each with the digit that the network "
    "sees in it and its confidence.",
)

# %% [markdown]
# On average over 200 squares and all networks:

# %%
reveal("03-noise", interval(on_noise))

# %% tags=["verdict"]
verdict(
    "C49",
    cases={
        "learnt by heart: more sure than right": excess["learnt by heart"].above(CLOSE),
        "barely trained: less sure than right": excess["barely trained"].below(-CLOSE),
        "noise: surer than guessing": interval(on_noise).above(10 + CLOSE),
    },
    measured={
        **{f"{name}: right (%)": accuracy[name] for name in ways},
        **{f"{name}: sure (%)": sureness[name] for name in ways},
        "well trained: sure − right (points)": excess["well trained"],
        **{f"{name}: best T": [t for t, _, _ in remedy[name]] for name in ways},
        "sure of noise (%)": on_noise,
    },
    predicted=reveal("03-by-heart", interval(sureness["learnt by heart"])),
    why="Training asks for a low loss on the training images; nothing in it ties the "
    "size of the logits to how often new answers are right.",
)

# %% [markdown]
# No case says that a network cannot be honest: on digits like those it learnt from,
# look at the well-trained one. Softmax does not make it so. **One question to settle:**
# does the temperature with the lowest calibration error change the accuracy? Does it
# give the lowest loss too?

# %%
by_heart = heard["learnt by heart"][0]
explore_reliability(by_heart.logits, by_heart.labels)

# %% [markdown]
# The same without a slider:

# %%
steps = torch.linspace(0.5, 4, 29)
tried = [by_heart.logits.double() / t for t in steps]
figures.curves(
    steps,
    {
        "loss (nats)": [F.cross_entropy(z, by_heart.labels).item() for z in tried],
        "calibration error": [
            reliability(z.softmax(1), by_heart.labels, BINS).error for z in tried
        ],
        "share of wrong answers": [
            (z.argmax(1) != by_heart.labels).double().mean().item() for z in tried
        ],
    },
    xlabel="temperature",
    ylabel="loss, error, share",
    title="Temperature moves the loss and the calibration, never the answers",
    words="Three curves against temperature: loss and calibration error fall and rise "
    "again, the share of wrong answers is a flat line.",
)

# %% [markdown]
# ## Quiz
#
# Answer first, on paper; then open the answer.
#
# **1.** Two networks have 98 % accuracy, one a loss of 0.07, the other of 0.30. What
# does it tell you?
#
# <details><summary>Answer</summary>
#
# They are wrong equally often. The second is much surer where it is wrong, or less sure
# where it is right. A temperature may repair it; the answers stay.
#
# </details>

# %% [markdown]
# **2.** A network is 99 % sure of a picture. Is it right?
#
# <details><summary>Answer</summary>
#
# Nobody knows from that number alone. Compare confidence and accuracy on new images of
# the kind you will meet; for other images, such as noise, it means nothing.
#
# </details>

# %% [markdown]
# **3.** Label noise, and a network that learnt it by heart. Is its temperature above or
# below 1, and why?
#
# <details><summary>Answer</summary>
#
# Above 1: it sounds surer than it is right, so its logits must shrink. See the row
# *best T* of the card, also for the barely trained.
#
# </details>

# %% [markdown]
# **4.** Why may a temperature be chosen on a few images only, and on which?
#
# <details><summary>Answer</summary>
#
# It is one number, so a few hundred images settle it. They must not be those the
# network was trained on, and not those you judge it by.
#
# </details>

# %% [markdown]
# ## Things to remember
#
# 1. Confidence is the largest share; accuracy is how often that is right.
# 2. The reliability diagram shows both; its mean distance is the calibration error.
# 3. Learnt by heart: too sure. Barely trained: not sure enough.
# 4. One temperature, chosen on other images, mends it; the answers stay.
# 5. On pictures of another kind, noise for one, the number means nothing.

# %% [markdown]
# ## What this notebook measured

# %%
verdict_table("03")

# %%
prediction_table("03")

# %% [markdown]
# ## Exercises, from easy to open
#
# 1. Make it one label in ten that is wrong. How does the best temperature move?
# 2. Give the networks label smoothing (`fit(..., label_smoothing=0.1)`). Are they surer
#    or less sure than right?
# 3. Does the level of 03b, section 2, tell noise from digits better than the
#    confidence?
# 4. Open: find a picture that is no digit and that a network is 99.9 % sure of.

# %% [markdown]
# ## Further reading
#
# - Guo, Pleiss, Sun, Weinberger (2017), *On calibration of modern neural networks*,
#   [arXiv 1706.04599](https://arxiv.org/abs/1706.04599): reliability diagrams,
#   temperature.
# - Hendrycks, Gimpel (2017), *A baseline for detecting misclassified and
#   out-of-distribution examples*, [arXiv
#   1610.02136](https://arxiv.org/abs/1610.02136): confidence on noise.
