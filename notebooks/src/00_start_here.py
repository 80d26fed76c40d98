# %% [markdown]
# # 00 Start here
#
# **Does everything work on this machine, and what does a network look like from
# inside?**
#
# Afterwards you know how a notebook of this course works, and you have trained a first
# network, read its table and looked at what it computes.
#
# About 20 minutes · nothing comes before · runs offline, without a GPU.

# %% tags=["setup"]
# setup

# %%
import torch
from torch import nn
from torch.nn import functional as F

from coursekit import anatomy, check, digits, evaluate, figures, fit, hint, solution
from coursekit.setup import show
from coursekit.explore import explore_kernel

# %% [markdown]
# Every session keeps the numbers that steer its experiments in one cell. Change them
# and run again.

# %%
SEED = 0
EPOCHS = 8  # rounds through the training set
CHANNELS = 16  # maps of the first layer

# %% [markdown]
# ## 1 · What works here?
#
# The report below asks this machine what it has. Every line is fine, a note you can
# ignore, or a sentence that says what to do.

# %%
show()

# %% [markdown]
# ## 2 · How a notebook of this course works
#
# Run a cell with **Shift + Enter**. Cells come in a rhythm: a question, your
# **prediction**, the experiment, and a verdict that the code computes. Predict before
# you run: being wrong is how you notice what you did not know.
#
# Where a cell shows `...`, you fill in.

# %% [markdown]
# **Predict:** a colour picture of 100×100 pixels. How many numbers does it hold?

# %%
numbers_guess = 30_000  # answer

# %%
picture = torch.zeros(3, 100, 100)
{"predicted": numbers_guess, "measured": picture.numel()}

# %% [markdown]
# Three numbers a pixel: red, green and blue. torch writes the shape as `(c, h, w)`, a
# batch of n pictures as `(n, c, h, w)`.
#
# **Exercises** have a stub and a `check`. It answers *right*, *not yet*, or *wrong*
# with the first thing that differs. Try one that session 01 will explain in full.

# %% [markdown]
# **Exercise 01.4 (6 minutes).** A 3×3 kernel has 9 weights, a 5×5 has 25. A layer from
# C channels to C channels has C·C kernels. Count the weights of one 5×5 layer and of
# two 3×3 layers. Tiny case: `parameters(1)` is `(25, 18)`.


# %%
def parameters(channels):
    """Return (weights of one 5×5 layer, weights of two 3×3 layers), without biases."""
    ### BEGIN SOLUTION
    pair = channels * channels
    return 25 * pair, 2 * 9 * pair
    ### END SOLUTION


# %% tags=["check"]
check("01.4", parameters)

# %% [markdown]
# Stuck? `hint` helps a little, a second hint helps more, `solution` shows an answer.
# Nothing later depends on your answer, so you can always go on.

# %% tags=["check"]
hint("01.4")

# %% [markdown]
# ## 3 · A first network
#
# 1,797 handwritten digits of 8×8 pixels travel with the course. We split them in three:
# *train* to learn from, *valid* to watch, *test* to be used once, at the end.

# %%
data = digits(size=8)
parts = data.split(seed=SEED)
figures.images(
    data.images[:20],
    data.labels[:20].tolist(),
    columns=10,
    title="Eight pixels are enough for a digit",
)

# %% [markdown]
# *Figure: twenty grey digits of 8×8 pixels with their labels, 0 to 9 twice.*
#
# Two convolutions find strokes, a pooling layer halves the map, a third combines
# strokes, and an average and a linear layer vote for one of ten classes.


# %%
def small_network(channels):
    """Return a network from (n, 1, 8, 8) to ten scores."""
    return nn.Sequential(
        nn.Conv2d(1, channels, 3, padding=1), nn.ReLU(),
        nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(channels, 2 * channels, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2 * channels, 10),
    )  # fmt: skip


# %%
torch.manual_seed(SEED)
network = small_network(CHANNELS)
anatomy(network, (1, 8, 8))

# %% [markdown]
# Read the table from top to bottom: the shape of each layer's output, how many numbers
# it learns, how many multiplications it costs, and how many pixels one of its units can
# see (*field*). Session 01 is about that column.
#
# **Predict:** after 8 rounds through 1,078 digits, how many percent of *unseen* digits
# are right: 10, 50, 80 or 95?

# %%
accuracy_guess = 95  # answer

# %%
history = fit(
    network, parts.train, parts.valid,
    epochs=EPOCHS, batch_size=16, lr=0.05, seed=SEED,
)  # fmt: skip
history

# %% [markdown]
# Blue is the set it learns from, orange-red the one it only watches: both losses fall,
# both accuracies rise. Now the test set, once.

# %%
result = evaluate(network, parts.test, like=history)
{"predicted %": accuracy_guess, "measured %": round(100 * result.accuracy, 1)}

# %% [markdown]
# Which ones did it find hardest? Look at them before you judge the network.

# %%
of_the_truth = result.probabilities.gather(1, result.labels[:, None])[:, 0]
hardest = of_the_truth.argsort()[:8]
answers = zip(result.labels[hardest], result.predictions[hardest], strict=True)
figures.images(
    parts.test.images[hardest],
    [f"{int(label)}, said {int(said)}" for label, said in answers],
    title="The eight digits of the test set that it believed in least",
)

# %% [markdown]
# *Figure: eight digits with the right label and the network's answer; several are
# hard for a reader too.*
#
# ## 4 · A first look inside
#
# The first layer answers a digit with one map for each of its kernels. The network has
# learned on standardised pixels, so the digit gets the same treatment.

# %%
digit = parts.test.images[:1] / 255
with torch.no_grad():
    maps = network[:2]((digit - history.mean[0]) / history.std[0])
figures.images(
    maps[0, :, None],
    range(CHANNELS),
    scale="shared",
    title="Each kernel of the first layer answers to something else",
)

# %% [markdown]
# *Figure: the 16 maps of layer 1, bright where a kernel answers; some follow edges on
# one side of the strokes, some the strokes or the background, some stay dark.*
#
# Now step one learned kernel over the digit. **One question to settle:** at which
# position is the sum largest, and what does the digit look like there?

# %%
strongest = int(maps[0].amax((1, 2)).argmax())
learned = network[0].weight[strongest].detach()  # 1 3 3
explore_kernel(image=digit[0, 0], kernel=learned[0])

# %% [markdown]
# The same without controls: the digit, the kernel that answers most, and its sums. The
# frames mark the largest sum and the pixels it comes from.

# %%
sums = F.conv2d(digit, learned[None], padding=1)[0, 0]  # 8 8
y, x = divmod(int(sums.argmax()), 8)
window = (max(y - 1, 0), min(y + 2, 8)), (max(x - 1, 0), min(x + 2, 8))
figures.matrices(
    {"input": digit[0, 0], "kernel": learned[0], "output": sums},
    highlight={"input": window, "output": ((y, y + 1), (x, x + 1))},
    title="One learned kernel, and where it answers most",
)

# %% [markdown]
# *Figure: the 8×8 numbers of the digit, the 3×3 kernel and its 8×8 sums; frames around
# the largest sum and the window it comes from.*

# %% [markdown]
# ## Things to remember
#
# - Predict first, then run; the verdict is computed, never typed in.
# - `check`, then `hint`, then `solution`; nothing depends on an exercise.
# - Pictures are `(n, c, h, w)` tensors.
# - After a network is built, read its table.
# - The test set is for the end.
#
# Next: **01 Receptive fields**.
