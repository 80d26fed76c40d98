# %% [markdown]
# # 03b Softmax and the loss
#
# **How do a network's last numbers become an answer, and how is it marked?**
#
# Afterwards you can write softmax, log-softmax and the loss so that they do not break,
# and read a loss.
#
# About 70 minutes of work · comes after *03 Global average pooling* · runs offline,
# without a GPU · *03c How sure* goes on from here.

# %% tags=["setup"]
# setup

# %% tags=["fold"]
import torch
from torch import nn
from torch.nn import functional as F

from coursekit import anatomy, check, claim, digits, evaluate, figures, fit, hint
from coursekit import predict, reveal, solution, verdict
from coursekit.blocks import ConvNormAct, DenseHead
from coursekit.course import prediction_table, verdict_table
from coursekit.explore import explore_softmax

# %%
SEED = 0
TEMPERATURES = (0.1, 0.5, 1.0, 2.0)  # keep 0.1 and 1
FAR = 200.0  # two logits, plus and minus this

# %% [markdown]
# ## 1 · From scores to shares

# %%
claim("C48")

# %% [markdown]
# The last layer gives one number a class, any number: a *logit*. By hand: three logits
# become shares of a whole.

# %%
logits = torch.tensor([2.0, 1, 0])
powers = logits.exp()
figures.matrices(
    {
        "input: logits": logits,
        "e to the logit": powers,
        "output: shares": powers / powers.sum(),
    },
    title="Make them positive, then divide by the sum",
    words="The logits 2 1 0, their powers 7.39 2.72 1, and the shares 0.67 0.24 0.09.",
)

# %% [markdown]
# Now add 100 to all three, as a bias of the last layer might.

# %%
raised = (logits + 100).softmax(0)
constant_changes = (raised - logits.softmax(0)).abs().max().item()
raised, constant_changes

# %% [markdown]
# **Exercise 03.2 (8 minutes).** Write it for a batch, so that logits of ±1000 work too:
# e to the 1000 is more than any float. Tiny case: `[[0, 0]]` gives `[[0.5, 0.5]]`.
# Stuck? Run `hint("03.2")` in a new cell, later `solution("03.2")`.


# %%
def softmax(logits):
    """Turn logits (n, classes) into probabilities, row by row."""
    ### BEGIN SOLUTION
    shifted = logits - logits.amax(1, keepdim=True)
    powers = shifted.exp()
    return powers / powers.sum(1, keepdim=True)
    ### END SOLUTION


# %% tags=["check"]
check("03.2", softmax)

# %% [markdown]
# “Softmax widens the gaps”, people say. **Predict:** two classes, logits 1 and 0, a gap
# of 1. How large is the gap between their two shares: 2.7, 1, 0.46 or 0.1?

# %%
guess = 2.7  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-gap", guess, options=(2.7, 1, 0.46, 0.1), sure=sure)


# %%
def share_gap(gap, temperature=1.0):
    """Return the gap between the shares of two classes, for each gap of logits."""
    pairs = torch.stack([gap, torch.zeros_like(gap)], dim=1)
    first, second = (pairs / temperature).softmax(1).T
    return first - second


of_one = share_gap(torch.tensor([1.0])).item()

# %% [markdown]
# For every gap, and with a *temperature*: the logits are divided by it before softmax.

# %%
gaps = torch.linspace(0, 3, 31)
figures.curves(
    gaps,
    {
        "gap of the logits": gaps,
        **{f"shares, T = {t}": share_gap(gaps, t) for t in TEMPERATURES},
    },
    xlabel="gap between two logits",
    ylabel="gap between the two shares",
    title=f"At T = 1 a gap of 1 becomes {of_one:.2f}; cold, small gaps grow",
    words="Gap of the shares against gap of the logits. For temperature 0.5 and above "
    "the curves stay below the diagonal; for 0.1 the curve begins above it and levels "
    "off at 1.",
)

# %% [markdown]
# What does grow is the *ratio*: it becomes e to the gap. Ten random classes, all pairs
# of them, a thousand times:

# %%
generator = torch.Generator().manual_seed(0)
many = 2 * torch.randn(1000, 10, generator=generator, dtype=torch.double)


def all_gaps(values):
    return (values[:, :, None] - values[:, None, :]).abs().flatten()


apart = all_gaps(many)
some = apart > 1e-6  # a class has no gap to itself
stretched = {
    t: all_gaps((many / t).softmax(1))[some] / apart[some] for t in TEMPERATURES
}
ratios = all_gaps(many.softmax(1).log()).exp()
small, big = apart[some] < 0.5, apart[some] > 1
cold = stretched[0.1]

# %% tags=["verdict"]
verdict(
    "C48",
    cases={
        "adding a constant changes nothing": constant_changes < 1e-6,
        "ratios become e to the gap": torch.allclose(ratios, apart.exp()),
        "T = 1: some gap of shares is wider than that of the logits": bool(
            (stretched[1.0] > 1).any()
        ),
        "T = 0.1: some gap below 0.5 gets wider": bool((cold[small] > 1).any()),
        "T = 0.1: some gap above 1 gets wider": bool((cold[big] > 1).any()),
    },
    measured={
        "pairs of classes": int(some.sum()) // 2,
        "widest, T = 1 (times the logits' gap)": stretched[1.0].max(),
        "widest, T = 0.1": cold.max(),
        "shares of logits 1 apart": of_one,
    },
    predicted=reveal("03-gap", of_one),
    why="Shares lie between 0 and 1, so differences shrink; their ratio is e to the "
    "gap, and the temperature divides that gap first.",
)

# %% [markdown]
# So: ratios are widened; differences are not, unless it is cold and they are small.
#
# **Exercise 03.5 (5 minutes).** Softmax with a temperature. Tiny case: at a very high
# temperature `[[2, 1, 0]]` gives three equal shares.


# %%
def tempered(logits, temperature):
    """Return the shares of each row of (n, classes) at a temperature."""
    ### BEGIN SOLUTION
    return (logits / temperature).softmax(1)
    ### END SOLUTION


# %% tags=["check"]
check("03.5", tempered)

# %% [markdown]
# ## 2 · What softmax forgets

# %%
claim("C50")

# %% [markdown]
# By hand: two very different answers of a network.

# %%
quiet, loud = torch.tensor([[2.0, 1, 0], [102, 101, 100]], dtype=torch.double)
figures.matrices(
    {
        "input: logits": quiet,
        "output: shares": quiet.softmax(0),
        "input: other logits": loud,
        "output: their shares": loud.softmax(0),
    },
    title="Different logits, the same shares",
    words="The logits 2 1 0 and 102 101 100 both become the shares 0.67 0.24 0.09.",
)

# %% [markdown]
# **Predict:** a network gives ten logits an image. You are told the ten shares, with
# all their digits. How many more numbers do you need to know the logits: 0, 1, 5 or 10?

# %%
guess = 0  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-lost", guess, options=(0, 1, 5, 10), sure=sure)

# %% [markdown]
# Move the logits a little in every direction and count the directions in which the
# shares do not move at all.

# %%
moves = torch.autograd.functional.jacobian(lambda z: z.softmax(0), many[0])
lost = 10 - int(torch.linalg.matrix_rank(moves))

# %% [markdown]
# The number one needs is the *level*, log Σ e^logit. Give it back, and the logits are
# there again.

# %%
levels = many.logsumexp(1, keepdim=True)
rebuilt = many.softmax(1).log() + levels
comes_back = (rebuilt - many).abs().max().item()
comes_back

# %% [markdown]
# Does a real network use this freedom? A small one learns digits:

# %%
parts = digits(8).split(0.6, 0.4, 0.0)
train, new = parts.train, parts.valid


def network(seed):
    """Return two convolutions, each before a pooling, and a dense head."""
    torch.manual_seed(seed)
    steps = [ConvNormAct(1, 16), nn.MaxPool2d(2), ConvNormAct(16, 32), nn.MaxPool2d(2)]
    return nn.Sequential(*steps, DenseHead(32, 2, 10))


reader = network(SEED)
how = {"epochs": 6, "batch_size": 32, "lr": 0.1, "seed": SEED, "progress": False}
fit(reader, train, format="contiguous", **how)
answers = evaluate(reader, new)
print(answers)
anatomy(reader, (1, 8, 8))

# %% [markdown]
# Among new digits with almost equal confidence, which two differ most in level?

# %%
confidence = answers.probabilities.amax(1)
level = answers.logits.logsumexp(1)
alike = ((confidence[:, None] - confidence).abs() < 0.001) & (confidence < 0.99)
differ = torch.where(alike, level[:, None] - level, torch.tensor(0.0))
high, low = divmod(int(differ.argmax()), len(new))
figures.images(
    [new.images[high], new.images[low]],
    [
        f"confidence {100 * confidence[i]:.1f} %\nlevel {level[i]:.1f}"
        for i in (high, low)
    ],
    title="Equally sure, at different levels",
    words=f"Two digits, a {new.labels[high]} and a {new.labels[low]}, that the "
    "network answers with almost the same confidence but different levels.",
)

# %% [markdown]
# In float32 more goes: far behind the winner, every share is rounded to 0.

# %%
near, far = torch.tensor([[FAR, 0, -FAR], [FAR, -FAR, 0]]).softmax(1)
same_rounded = torch.equal(near, far)
near, far

# %% tags=["verdict"]
verdict(
    "C50",
    cases={
        "different logits, the same shares": torch.allclose(
            quiet.softmax(0), loud.softmax(0)
        ),
        "with the level the logits come back": comes_back < 1e-9,
        "digits equally sure lie at different levels": float(differ.max()) > 0.1,
        "float32: the order behind the winner is lost too": same_rounded,
    },
    measured={
        "numbers lost of ten": lost,
        "largest difference of level, equally sure": differ.max(),
        "logits rebuilt to": comes_back,
    },
    predicted=reveal("03-lost", lost),
    why="Softmax sees differences only: ten logits hold ten numbers, ten shares nine.",
)

# %% [markdown]
# The shares say who is ahead, not how loud the network was.
#
# ## 3 · The logarithm of softmax

# %%
claim("C51")

# %% [markdown]
# The loss needs the *logarithm* of the right class's share. By hand, for the logits
# 2, 1, 0. The logarithm of a quotient is a difference, so one can also do without the
# quotient.

# %%
two_steps = quiet.softmax(0).log()
one_step = quiet.log_softmax(0)
figures.matrices(
    {
        "input: logits": quiet,
        "output: softmax, then log": two_steps,
        "output: log-softmax": one_step,
    },
    title="On small numbers both ways give the same",
    words="The logits 2 1 0; both ways give −0.41 −1.41 −2.41.",
)

# %% [markdown]
# **Exercise 03.3 (8 minutes).** Write log-softmax in one go, so that logits of ±1000
# give finite numbers. Tiny case: `[[0, 0]]` gives `[[-0.693, -0.693]]`.


# %%
def log_softmax(logits):
    """Return the natural logarithm of the softmax of each row of (n, classes)."""
    ### BEGIN SOLUTION
    shifted = logits - logits.amax(1, keepdim=True)
    return shifted - shifted.exp().sum(1, keepdim=True).log()
    ### END SOLUTION


# %% tags=["check"]
check("03.3", log_softmax)

# %% [markdown]
# Two classes whose logits are d apart. In float32, softmax first, then the logarithm.
#
# **Predict:** from which d on is the answer for the smaller one −∞: 10, 50, 104 or
# 1,000?

# %%
guess = 50  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-infinite", guess, options=(10, 50, 104, 1000), sure=sure)


# %%
def of_smaller(apart, dtype):
    """Return log(softmax) and log-softmax of the smaller of two logits."""
    pairs = torch.stack([apart, torch.zeros_like(apart)], dim=1).to(dtype)
    return pairs.softmax(1).log()[:, 1], pairs.log_softmax(1)[:, 1]


whole = torch.arange(1.0, 1001)
names = {"float16": torch.float16, "float32": torch.float32, "float64": torch.float64}
breaks = {
    name: int(whole[of_smaller(whole, dtype)[0].isinf()].min())
    for name, dtype in names.items()
}

# %% [markdown]
# Both ways against the gap, as far as they give a finite number:

# %%
apart = torch.arange(1.0, 131)
lines = {"log-softmax, float32": of_smaller(apart, torch.float32)[1]}
for name in ("float32", "float16"):
    two = of_smaller(apart, names[name])[0].float()
    lines[f"softmax, then log, {name}"] = torch.where(two.isinf(), torch.nan, two)
figures.curves(
    apart,
    lines,
    xlabel="gap between the logits",
    ylabel="logarithm of the smaller share",
    mark={"float16 ends": breaks["float16"], "float32 ends": breaks["float32"]},
    title=f"In two steps float32 ends at {breaks['float32']}, "
    f"float16 at {breaks['float16']}",
    words="Three lines fall along the diagonal. The two-step ways stop where the "
    "share is rounded to zero; log-softmax goes on.",
)

# %% [markdown]
# What does training notice? The loss of a wrong answer at ±200, and its gradient:


# %%
def loss_and_gradient(way, dtype=torch.float32):
    """Return the loss and its gradient where the network is utterly wrong."""
    logits = torch.tensor([FAR, -FAR], dtype=dtype, requires_grad=True)
    loss = -way(logits)[1]
    loss.backward()
    return loss.item(), logits.grad.tolist()


def in_two(logits):
    return logits.softmax(0).log()


def in_one(logits):
    return logits.log_softmax(0)


two, one = loss_and_gradient(in_two), loss_and_gradient(in_one)
exact = loss_and_gradient(in_one, torch.float64)
two_in_64 = loss_and_gradient(in_two, torch.float64)
print("two steps", two, "one step", one, sep="\n")

# %% [markdown]
# One such image in a batch, and every weight of the network becomes “not a number”. And
# why *natural* logarithms? Because the powers of softmax are powers of e: turn the loss
# round and the share is back.

# %%
share = quiet.softmax(0)[0]
by_e = (-F.cross_entropy(quiet[None], torch.tensor([0]))).exp()
by_two = 2 ** -F.cross_entropy(quiet[None], torch.tensor([0]))
share.item(), by_e.item(), by_two.item()

# %% tags=["verdict"]
verdict(
    "C51",
    cases={
        "float32, two steps: the loss is infinite": two[0] == float("inf"),
        "float32, two steps: the gradient is no number": two[1][0] != two[1][0],
        "float32, one step: right": one == exact,
        "float64, two steps: still right": two_in_64[0] == exact[0],
        "e to the minus loss is the share": torch.allclose(by_e, share),
        "2 to the minus loss is not": not torch.allclose(by_two, share),
    },
    measured={
        **{f"{name} breaks at a gap of": gap for name, gap in breaks.items()},
        "loss at ±200, one step": one[0],
    },
    predicted=reveal("03-infinite", breaks["float32"]),
    why="A share below the smallest float becomes 0, and log 0 is −∞; the difference "
    "of logits never gets that small.",
)

# %% [markdown]
# Now with sliders. **One question to settle:** in float16, from which gap on is the
# loss in two steps infinite, and is it still right one step before?

# %%
explore_softmax()

# %% [markdown]
# The same without a slider, in float32: the last steps before the end.

# %%
last_steps = torch.tensor([80.0, 88, 95, 100, 103])
two, one = of_smaller(last_steps, torch.float32)
figures.bars(
    {f"gap {g:.0f}": abs(e) for g, e in zip(last_steps, two - one, strict=True)},
    xlabel="error of softmax, then log",
    title="The last few numbers before the end are rough",
    words="Error of the two-step way at gaps of 80, 88, 95, 100 and 103: nothing at "
    "first, then growing.",
)

# %% [markdown]
# ## 4 · The loss

# %%
claim("C52")

# %% [markdown]
# By hand: three images, two classes. The loss looks at one share per image, that of the
# right class, and takes minus its logarithm.

# %%
scores = torch.tensor([[2.0, 0], [0, 1], [3, 0]], dtype=torch.double)
right = torch.tensor([0, 1, 1])
of_right = scores.softmax(1)[range(3), right]
figures.matrices(
    {
        "input: logits": scores,
        "share of the right class": of_right[:, None],
        "output: loss": -of_right.log()[:, None],
    },
    title="Nearly right costs little, confidently wrong costs much",
    words="Logits 2 0, 0 1 and 3 0 with the right classes 0, 1, 1: shares 0.88, 0.73, "
    "0.05, losses 0.13, 0.31, 3.05.",
)

# %% [markdown]
# A batch has one number, the sum or the mean of these. Which of the two does torch give
# unless told otherwise?

# %%
by_hand = -of_right.log()
default = F.cross_entropy(scores, right)
summed = F.cross_entropy(scores, right, reduction="sum")
by_hand.sum(), summed, default

# %% [markdown]
# The loss pulls on the logits. Look at three rows: shares, target, and the gradient of
# each image's loss. What is the rule?

# %%
leaf = scores.clone().requires_grad_()
F.cross_entropy(leaf, right, reduction="sum").backward()
target = F.one_hot(right, 2).double()
figures.matrices(
    {
        "output: shares": scores.softmax(1),
        "truth": target,
        "gradient": leaf.grad,
    },
    title="Three tables, one rule",
    words="For the three images: shares 0.88 0.12, 0.27 0.73, 0.95 0.05; targets 1 0, "
    "0 1, 0 1; gradients −0.12 0.12, 0.27 −0.27, 0.95 −0.95.",
)

# %% [markdown]
# **Exercise 03.4 (15 minutes).** Mean loss and its gradient, without autograd. Tiny
# case: logits `[[0, 0]]` with label 0 give a loss of 0.693 and `[[-0.5, 0.5]]`.


# %%
def nll(logits, labels):
    """Return (mean loss of the right classes, gradient with respect to logits)."""
    ### BEGIN SOLUTION
    rows = torch.arange(len(labels), device=logits.device)
    loss = -logits.log_softmax(1)[rows, labels].mean()
    gradient = logits.softmax(1)
    gradient[rows, labels] -= 1
    return loss, gradient / len(labels)
    ### END SOLUTION


# %% tags=["check"]
check("03.4", nll)

# %% [markdown]
# A high loss means an unhappy network. A network with many mistakes?
#
# **Predict:** ten images, ten classes. Network A: nine right with a share of 99 %, one
# wrong, where the right class got one millionth. Network B: all ten wrong, the right
# class always got 30 %. Whose mean loss is higher: “A” or “B”?

# %%
guess = "B"  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("03-unhappier", guess, options=("A", "B"), sure=sure)


# %%
def answer_of(share_of_right, best_other):
    """Return ten logits: class 0 is right, class 1 the strongest of the others."""
    rest = (1 - share_of_right - best_other) / 8
    shares = torch.tensor([share_of_right, best_other, *[rest] * 8])
    return shares.double().log()


zeros = torch.zeros(10, dtype=torch.long)
a = torch.stack([answer_of(0.99, 0.002)] * 9 + [answer_of(1e-6, 0.99)])
b = torch.stack([answer_of(0.3, 0.4)] * 10)
both = {"A": a, "B": b}
losses = {name: F.cross_entropy(z, zeros).item() for name, z in both.items()}
hits = {name: int((z.argmax(1) == 0).sum()) for name, z in both.items()}

# %% [markdown]
# Nothing but the share of the right class counts, and the price of a small one has no
# upper end:

# %%
shares_seen = torch.linspace(0.001, 1, 200)
figures.curves(
    shares_seen,
    {"loss": -shares_seen.log()},
    xlabel="share of the right class",
    ylabel="loss (nats)",
    level={"ten classes, no idea: ln 10": torch.tensor(10.0).log().item()},
    title=f"A: {hits['A']} of 10 right, loss {losses['A']:.2f}. "
    f"B: {hits['B']} right, loss {losses['B']:.2f}",
    words="The loss against the share of the right class: zero at a share of 1, "
    "growing without bound towards 0. A dashed line marks ln 10, 2.30.",
)

# %% [markdown]
# On real digits: a network's loss and accuracy on new images, and the loss of the same
# answers at another temperature. The answers, and so the accuracy, stay the same.

# %%
colder = F.cross_entropy(answers.logits / 0.2, answers.labels).item()
same_answers = (answers.logits / 0.2).argmax(1).equal(answers.predictions)
falling = (-shares_seen.log()).diff() < 0
gradient_by_rule = scores.softmax(1) - target
answers.loss, colder, same_answers

# %% tags=["verdict"]
verdict(
    "C52",
    cases={
        "sum by hand = torch with reduction='sum'": torch.allclose(
            by_hand.sum(), summed
        ),
        "gradient of a row = share − target": torch.allclose(
            leaf.grad, gradient_by_rule
        ),
        "smaller share of the right class, higher loss": bool(falling.all()),
    },
    measured={
        "torch unless told otherwise, share of the sum": default / summed,
        "loss of A, 9 of 10 right": losses["A"],
        "loss of B, none right": losses["B"],
        "digits: loss": answers.loss,
        "same answers, five times colder": colder,
    },
    predicted=reveal("03-unhappier", max(losses, key=losses.get)),
    why="The loss counts how little the right class was believed; that is not how "
    "often the answer was wrong. The sum is the definition, torch's default the mean.",
)

# %% [markdown]
# So unhappy is one thing, wrong another: A and B. The loss is what training feels, the
# accuracy is what you get: watch both.
#
# ## Quiz
#
# Answer first, on paper; then open the answer.
#
# **1.** What is log-softmax for, if softmax and log are both there?
#
# <details><summary>Answer</summary>
#
# For the loss of answers that are far off. In two steps a small share is rounded to 0,
# the loss is infinite and its gradient no number. In one step the difference of logits
# is kept.
#
# </details>

# %% [markdown]
# **2.** A network ends in softmax, and you train it with `F.cross_entropy`. What
# happens?
#
# <details><summary>Answer</summary>
#
# Softmax is taken twice. The second one sees numbers between 0 and 1, at most 1 apart,
# so no class can get a share near 1: with ten classes at most e/(e + 9) = 23 %.
#
# </details>

# %% [markdown]
# **3.** Does softmax widen the gaps between numbers?
#
# <details><summary>Answer</summary>
#
# Ratios yes, they become e to the gap. Differences no, at temperature 1 they get
# smaller, always. At low temperatures small differences grow.
#
# </details>

# %% [markdown]
# **4.** A new network with 100 classes: which loss do you expect at the first step?
#
# <details><summary>Answer</summary>
#
# ln 100 = 4.6: every class gets about 1 %. A much larger number means that the logits
# start too large.
#
# </details>

# %% [markdown]
# **5.** You double the batch and use the *sum* of the losses. What must you change?
#
# <details><summary>Answer</summary>
#
# The learning rate: the gradient doubles as well. With the mean, torch's default, it
# stays as it is.
#
# </details>

# %% [markdown]
# ## Things to remember
#
# 1. Softmax: e to the logit over the sum; subtract the largest logit first.
# 2. It sees differences only; the level of the logits is lost.
# 3. Loss: log-softmax in one step, raw logits into `F.cross_entropy`.
# 4. The gradient is share minus target.
# 5. The loss is what training feels, the accuracy what you get: watch both.

# %% [markdown]
# ## What this notebook measured

# %%
verdict_table("03")

# %%
prediction_table("03")

# %% [markdown]
# ## Exercises, from easy to open
#
# 1. At which temperature does a logit gap of 2 give a share gap of exactly 0.5?
# 2. Write the sum of powers of softmax with base 2. Which temperature is that?
# 3. Train with the sum of the losses instead of the mean. Which learning rate works?
# 4. Open: at which share of right answers does a network's loss pass ln 10?

# %% [markdown]
# ## Further reading
#
# - Bridle (1990), *Probabilistic interpretation of feedforward classification network
#   outputs*, in *Neurocomputing*: where softmax has its name from.
