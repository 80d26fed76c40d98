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

# %% tags=["fold"]
import torch
from torch import nn
from torch.nn import functional as F

from coursekit import anatomy, check, digits, evaluate, figures, fit, hint, predict
from coursekit import reveal, solution
from coursekit.course import course_map, prediction_table
from coursekit.setup import show
from coursekit.explore import explore_kernel, explore_network

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
# **Predict:** a colour picture of 100×100 pixels. How many numbers does it hold? Put
# your answer in place of the dots and run the cell. How sure you are may stand beside
# it, from 50 to 100 percent.

# %%
guess = 10_000  # answer
sure = ...  # how sure, 50 to 100: only if you like
predict("00-numbers", guess, sure=sure)

# %%
picture = torch.zeros(3, 100, 100)
reveal("00-numbers", picture.numel())

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
    title="Eight pixels a side are enough for a digit",
    words="Twenty grey digits of 8×8 pixels with their labels, 0 to 9 twice.",
)

# %% [markdown]
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


# %% [markdown]
# **Predict:** how many numbers does this network have to learn: about 100, 1,000,
# 10,000 or 100,000?

# %%
guess = 1_000  # answer
predict("00-parameters", guess, options=(100, 1_000, 10_000, 100_000))

# %% [markdown]
# Build it. After a network is built, this course always shows its table:

# %%
torch.manual_seed(SEED)
network = small_network(CHANNELS)
table = anatomy(network, (1, 8, 8))
table

# %%
reveal("00-parameters", table.parameters)

# %% [markdown]
# Read the table from top to bottom: the shape of each layer's output, how many numbers
# it learns, how many multiplications it costs, and how many pixels one of its units can
# see (*field*). Session 01 is about that column.
#
# **Predict:** after 8 rounds through 1,078 digits, how many percent of *unseen* digits
# are right: 10, 50, 80 or 95?

# %%
guess = 80  # answer
predict("00-accuracy", guess, options=(10, 50, 80, 95), unit="%")

# %% [markdown]
# Blue is the set it learns from, green and dashed the one it only watches. Do both
# losses fall, do both accuracies rise?

# %%
history = fit(
    network, parts.train, parts.valid,
    epochs=EPOCHS, batch_size=16, lr=0.05, seed=SEED,
)  # fmt: skip

# %% [markdown]
# Now the test set, once.

# %%
result = evaluate(network, parts.test, like=history)
reveal("00-accuracy", 100 * result.accuracy)

# %% [markdown]
# Which digits did it find hardest? Take the eight for which it gave the right answer
# the smallest probability.
#
# **Predict:** how many of these eight did it get wrong? One more or less counts too.

# %%
guess = 4  # answer
predict("00-hardest", guess, unit="digits", within=1)

# %% [markdown]
# Look at them before you judge the network.

# %%
of_the_truth = result.probabilities.gather(1, result.labels[:, None])[:, 0]
hardest = of_the_truth.argsort()[:8]
pairs = zip(result.labels[hardest], result.predictions[hardest], strict=True)
answers = [f"{int(label)}, said {int(said)}" for label, said in pairs]
wrong = int((result.labels != result.predictions)[hardest].sum())
figures.images(
    parts.test.images[hardest],
    answers,
    title=f"Of the eight digits that it believed in least, {wrong} are wrong",
    words="Eight digits with the right label and the network's answer: "
    f"{'; '.join(answers)}. Are they hard for you too?",
)

# %%
reveal("00-hardest", wrong)

# %% [markdown]
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
    words=f"The {CHANNELS} maps of layer 1, bright where a kernel answers. Some follow "
    "one side of the strokes, some the strokes themselves or the background; "
    f"{int((maps[0].amax((1, 2)) == 0).sum())} stay dark everywhere.",
)

# %% [markdown]
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
    words="The 8×8 numbers of the digit, the 3×3 kernel and its 8×8 sums; frames "
    f"around the largest sum, in row {y} and column {x}, and its window.",
)

# %% [markdown]
# ## 5 · The whole network at once
#
# Here is the network you trained as a drawing, with a test digit in it. Choose a layer
# to see its maps, and a unit to see which pixels it looks at. **One question to
# settle:** from which layer on can you no longer tell the digit from its maps?

# %%
explore_network(network, photo=digit[0], mean=history.mean, std=history.std)

# %% [markdown]
# The same without controls: the digit, then the mean of the maps of each layer that
# keeps a map.

# %%
stages, signal = {"the digit": digit[0]}, (digit - history.mean[0]) / history.std[0]
with torch.no_grad():
    for number, layer in enumerate(network[:7]):
        signal = layer(signal)
        if not isinstance(layer, nn.Conv2d):
            size = "×".join(map(str, signal.shape[2:]))
            stages[f"after layer {number}, {size}"] = signal[0].mean(0, keepdim=True)
figures.images(
    list(stages.values()),
    list(stages),
    scale="each",
    title="Layer by layer the digit turns into marks of where something was found",
    words="The digit and the mean map after each ReLU and pooling. The first still "
    "follow the strokes; after the pooling 4×4 squares are left.",
)

# %% [markdown]
# ## 6 · The way ahead
#
# Here are all notebooks of the course. Take them in the order of the arrows, each in
# one sitting or in several. The claims C01 to C86 are sentences you may have heard;
# every one of them is tested, and not all of them hold.

# %%
course_map()

# %% [markdown]
# The same as a page, with the question of each notebook, is `course_map.md` in the
# folder `notebooks`.
#
# ## Your predictions

# %%
prediction_table("00")

# %% [markdown]
# ## Things to remember
#
# - Predict first, then run; the verdict is computed, never typed in.
# - `check`, then `hint`, then `solution`; nothing depends on an exercise.
# - Pictures are `(n, c, h, w)` tensors.
# - After a network is built, read its table.
# - The test set is for the end.
#
# `from coursekit.course import progress`, then `progress()` shows what you have done in
# all sessions. It is kept in a small file on this machine and goes nowhere else;
# `forget_progress()` deletes it. An error shows your own lines and one sentence;
# `whole_error()` shows the rest.
#
# Next: [01 Receptive fields](01_receptive_fields.ipynb).
