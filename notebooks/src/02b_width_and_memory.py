# %% [markdown]
# # 02b Width and memory
#
# **How many channels can you afford, and what do they cost?**
#
# Afterwards you can count the multiply-adds and the memory of a network, place a
# transition layer with a reason, and tell a difference between two networks from an
# accident.
#
# About 90 minutes of work · comes after *02 One by one* · runs offline, without a
# GPU.

# %% tags=["setup"]
# setup

# %% tags=["fold"]
import copy
import time
from collections import defaultdict

import torch
from torch import nn
from torch.nn import functional as F

from coursekit import Batches, anatomy, check, claim, digits, evaluate, figures, fit
from coursekit import hint, predict, reveal, solution, verdict
from coursekit.anatomy import largest_batch, memory
from coursekit.blocks import ConvNormAct, DepthwiseSeparable, GAPHead
from coursekit.blocks import InvertedBottleneck
from coursekit.course import prediction_table, stored, verdict_table
from coursekit.data import cifar10
from coursekit.explore import explore_width
from coursekit.metrics import interval, paired
from coursekit.models import cifar_resnet, resnet18, resnet34, squeeze_expand, vgg16
from coursekit.training import track

# %% [markdown]
# The numbers that steer the experiments. With `FULL` the races run on CIFAR-10, where
# it is at hand; otherwise on 719 digits of 16×16.

# %%
SEED = 0
SEEDS = (0, 1, 2)  # every trained network is trained with each
FULL = torch.cuda.is_available()
EPOCHS = 30 if FULL else 4
SAME = 2  # percent: two accuracies closer than this count as equal
CHANNELS = (48, 60, 64, 65, 72, 80, 96, 128)  # of the layers with a stopwatch
SCHEDULES = {"×1": (16, 16, 16), "×2": (10, 20, 40), "×4": (4, 16, 64)}

# %% [markdown]
# The helpers of the races: data, training, and an accuracy in percent.


# %% tags=["fold"]
def pictures():
    """Return CIFAR-10 where `FULL` asks for it and it is at hand, else digits."""
    few = digits(16).split(0.4, 0.4, 0.2)
    if not FULL:
        return few
    try:
        return cifar10(download=False)
    except FileNotFoundError:
        return few


def race(networks):
    """Train each network with each seed; return name → accuracies in %."""
    runs = defaultdict(list)
    for seed in track(SEEDS, f"training {len(networks)} networks"):
        for name, make in networks.items():
            torch.manual_seed(seed)
            how = {"batch_size": 32, "seed": seed, "progress": False}
            model = make()
            fit(model, parts.train, epochs=EPOCHS, **how)
            runs[name].append(100 * evaluate(model, parts.valid).accuracy)
    return dict(runs)


def means(runs):
    return {name: interval(shares).mean for name, shares in runs.items()}


def told(runs):
    """Put the result of a race into words."""
    return "; ".join(f"{name}: {interval(shares)} %" for name, shares in runs.items())


parts = pictures()
INPUTS = parts.train.images.shape[1]

# %%
parts.train

# %% [markdown]
# ## 1 · What a layer costs

# %%
claim("C33")

# %% [markdown]
# By hand: a 3×3 layer from 1 to 1 channel on a map of 2×2 makes four numbers, nine
# products each: 36 multiply-adds.
#
# **Exercise 02.6 (8 minutes).** Count for any layer, also one whose channels are split
# into groups. Tiny cases: `multiply_adds(1, 1, 3, 2, 2)` is 36, and
# `multiply_adds(2, 4, 3, 5, 7, groups=2)` is 1,260.


# %%
def multiply_adds(in_channels, out_channels, kernel_size, height, width, groups=1):
    """Return the multiplications of a convolution with a map (height, width) out."""
    ### BEGIN SOLUTION
    per_value = in_channels // groups * kernel_size**2
    return out_channels * height * width * per_value
    ### END SOLUTION


# %% tags=["check"]
check("02.6", multiply_adds)

# %% [markdown]
# Half the side is a quarter of the places. Twice the channels, in and out, is four
# times the weights. VGG-16 does both three times, from 224×224×64 to 28×28×512.
#
# **Predict:** VGG-16's convolutions come in five stages, one for each map size. The
# dearest stage costs how many times as much as the cheapest: 1, 1.5, 3 or 16?

# %%
guess = 1  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-stages", guess, options=(1, 1.5, 3, 16), unit="times", sure=sure)

# %% [markdown]
# Each layer's cost, counted by the course's calculator on networks without numbers:


# %%
def costs(make):
    """Return side of the map → multiply-adds of its 3×3 layers, in billions."""
    with torch.device("meta"):
        table = anatomy(make(), (3, 224, 224))
    stages = defaultdict(list)
    for row in table:
        if row.kind == "Conv2d" and "downsample" not in row.name:
            stages[row.output_shape[1]].append(row.multiply_adds / 1e9)
    return dict(stages)


layers = {"VGG-16": costs(vgg16)}
layers |= {"ResNet-18": costs(resnet18), "ResNet-34": costs(resnet34)}
for net in ("ResNet-18", "ResNet-34"):
    del layers[net][112]  # the stem, one layer of 7×7
stages = {net: {s: sum(c) for s, c in at.items()} for net, at in layers.items()}
spread = {net: max(at.values()) / min(at.values()) for net, at in stages.items()}

# %%
figures.bars(
    {f"{net}, {s}×{s}": cost for net, at in stages.items() for s, cost in at.items()},
    xlabel="multiply-adds of a stage (billions)",
    title="Dearest stage against cheapest: "
    + ", ".join(f"{net} {ratio:.1f}×" for net, ratio in spread.items()),
    highlight=[f"VGG-16, {side}×{side}" for side in stages["VGG-16"]],
    words="One bar for each stage. VGG-16's rise with the number of layers in the "
    "stage and fall at 14×14; ResNet-18's are nearly equal.",
)

# %% [markdown]
# A stage is as dear as it has layers. So look at single layers: *full* ones, with as
# many channels in as out.

# %%
full = {net: {side: max(c) for side, c in at.items()} for net, at in layers.items()}
{net: {side: round(c, 3) for side, c in at.items()} for net, at in full.items()}

# %% [markdown]
# Equal, or only about equal?


# %%
def even(costs, tolerance=1.01):
    """Tell whether the dearest of some costs is at most `tolerance` × the cheapest."""
    return max(costs) <= tolerance * min(costs)


doubling = [cost for side, cost in full["VGG-16"].items() if side > 14]

# %% tags=["check", "verdict"]
verdict(
    "C33",
    cases={
        "VGG-16, full layers while channels double": even(doubling),
        "ResNet-18, full layers": even(full["ResNet-18"].values()),
        "ResNet-34, full layers": even(full["ResNet-34"].values()),
        "ResNet-18, stages within 25 %": even(stages["ResNet-18"].values(), 1.25),
        "ResNet-34, stages within 25 %": even(stages["ResNet-34"].values(), 1.25),
        "VGG-16, stages within 25 %": even(stages["VGG-16"].values(), 1.25),
    },
    measured={
        f"dearest by cheapest stage, {net}": ratio for net, ratio in spread.items()
    }
    | {"full layer of VGG-16 (billions)": full["VGG-16"][28]},
    predicted=reveal("02-stages", spread["VGG-16"]),
    why="Doubling channels makes up for halving sides; stages differ in their layers.",
)

# %% [markdown]
# So the rule is about *layers*. How many of them a stage gets is the designer's choice,
# and VGG's last stage does not double at all.
#
# ## 2 · Where a transition layer goes

# %%
claim("C38")

# %% [markdown]
# By hand, a block that ends with 512 channels on 28×28. The 1×1 to 32 needs 512
# products for each number; the 3×3 before it, 512·9, for sixteen times as many numbers.
#
# **Predict:** pooling first, then the 1×1, gives the same shape. How many times cheaper
# is the 1×1 then: 1, 2, 4 or 16?

# %%
guess = 2  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-pool-first", guess, options=(1, 2, 4, 16), unit="times", sure=sure)


# %%
def convolution(inputs, outputs, k):
    return nn.Conv2d(inputs, outputs, k, padding=k // 2, bias=False)


def cost(layer, inputs, side):
    """Return the multiply-adds of a layer on a square map."""
    return anatomy(layer, (inputs, side, side)).multiply_adds


price = {
    "3×3 before it, 512 to 512": cost(convolution(512, 512, 3), 512, 28),
    "1×1, then pooling": cost(convolution(512, 32, 1), 512, 28),
    "pooling, then 1×1": cost(convolution(512, 32, 1), 512, 14),
    "3×3 after it, 32 to 64": cost(convolution(32, 64, 3), 32, 14),
    "3×3 without it, 512 to 64": cost(convolution(512, 64, 3), 512, 14),
}

# %% [markdown]
# What each of the layers around such a transition costs:

# %%
figures.bars(
    price,
    xlabel="multiply-adds",
    log=True,
    highlight=["1×1, then pooling", "pooling, then 1×1"],
    title=f"The 1×1 costs {100 * price['1×1, then pooling'] / max(price.values()):.1f} "
    "% of the 3×3 before it",
    words="Five bars, logarithmic: "
    + "; ".join(f"{name} {count:,}" for name, count in price.items())
    + " multiply-adds.",
)

# %% [markdown]
# Same shape, but the same numbers? With *average* pooling, yes: both steps are linear.
# With max pooling each channel would choose its own pixel, before they are mixed.

# %%
torch.manual_seed(SEED)
mix = convolution(64, 8, 1).double()
maps = torch.randn(4, 64, 14, 14, dtype=torch.double)


def order_matters(pool):
    """Return the relative difference between mixing first and pooling first."""
    mixed_first, pooled_first = pool(mix(maps), 2), mix(pool(maps, 2))
    return ((mixed_first - pooled_first).norm() / mixed_first.norm()).item()


by_average, by_max = order_matters(F.avg_pool2d), order_matters(F.max_pool2d)
by_average, by_max

# %% [markdown]
# Does it matter for the result? Three networks: squeeze and pool, pool and squeeze, no
# squeeze at all.


# %%
def squeezed(order):
    """Return a network of two blocks with a transition of its own between them."""
    squeeze, pool = ConvNormAct(32, 8, 1), nn.MaxPool2d(2)
    between = {"1×1, pool": [squeeze, pool], "pool, 1×1": [pool, squeeze]}
    middle = between.get(order, [pool])
    width = 8 if order in between else 32
    first = [ConvNormAct(INPUTS, 16), ConvNormAct(16, 32)]
    second = [ConvNormAct(width, 32), ConvNormAct(32, 32)]
    return nn.Sequential(*first, *middle, *second, GAPHead(32, 10))


ORDERS = ("1×1, pool", "pool, 1×1", "pool alone")
by_order = race({order: lambda order=order: squeezed(order) for order in ORDERS})

# %% [markdown]
# Means of the runs, and the differences run by run:

# %%
figures.bars(
    means(by_order),
    xlabel="accuracy on new pictures (%)",
    title=f"With the squeeze {means(by_order)['1×1, pool']:.1f} %, "
    f"without {means(by_order)['pool alone']:.1f} %",
    words=f"Three bars. {told(by_order)}.",
)

# %% [markdown]
# The two differences, run by run, in points:

# %%
big, early, late, after, without = price.values()
order_gap = paired(by_order["1×1, pool"], by_order["pool, 1×1"])
squeeze_gap = paired(by_order["1×1, pool"], by_order["pool alone"])
order_gap, squeeze_gap

# %% tags=["verdict"]
verdict(
    "C38",
    cases={
        "the 1×1 costs under 2 % of the 3×3 before it": early < 0.02 * big,
        "with it the next 3×3 costs less, both together": early + after < without,
        "before the pooling it is cheaper than after": early < late,
        f"accuracy as without a squeeze (± {SAME})": squeeze_gap.within(SAME),
        f"either order, the same accuracy (± {SAME})": order_gap.within(SAME),
    },
    measured={
        "1×1 before the pooling (multiply-adds)": early,
        "1×1 after the pooling": late,
        "next 3×3, squeezed": after,
        "next 3×3, not squeezed": without,
        "difference by the order, max pooling (%)": 100 * by_max,
        "the same, average pooling": 100 * by_average,
        "accuracy, squeeze − none (points)": squeeze_gap,
        "accuracy, 1×1 first − pool first": order_gap,
    },
    predicted=reveal("02-pool-first", early / late),
    why="512 channels are dear for a 3×3, cheap for a 1×1, cheaper after pooling.",
)

# %% [markdown]
# An open case is an answer too: so few runs do not decide it. How many would tell the
# mean difference from zero, at this spread?

# %%
order_gap.runs_needed(), squeeze_gap.runs_needed()

# %% [markdown]
# ## 3 · Powers of two?

# %%
claim("C32")

# %% [markdown]
# By hand: doubling four times takes 32 channels to 512. 64, 128, 256 are said to "fit".
# A processor multiplies several numbers at once; how many channels fit into one such
# step?
#
# **Predict:** a 3×3 layer with 65 channels does 3 % more multiply-adds than one with
# 64. How many percent more time does it take here: 3, 10 or 35?

# %%
guess = 3  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-sixty-five", guess, options=(3, 10, 35), unit="%", sure=sure)

# %% [markdown]
# A stopwatch, every width in turn, again and again; the fastest of many runs was
# disturbed least.


# %%
@torch.inference_mode()
def fastest(layers, inputs, rounds=30):
    """Return name → seconds of the fastest of several runs, taken in turn."""
    best = dict.fromkeys(layers, float("inf"))
    for _ in range(rounds):
        for name, layer in layers.items():
            start = time.perf_counter()
            layer(inputs[name])
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def near(layer):
    """Return the layer with its channels side by side in memory, where it is quick."""
    return layer.to(memory_format=torch.channels_last)


# %%
convs = {c: near(convolution(c, c, 3)) for c in CHANNELS}
inputs = {c: near(torch.randn(8, c, 16, 16)) for c in CHANNELS}
seconds = fastest(convs, inputs)
speed = {c: 8 * 256 * 9 * c * c / t / 1e9 for c, t in seconds.items()}
step = 100 * (seconds[65] / seconds[64] - 1)
fits = [c for c in CHANNELS if c % 16 == 0]

# %% [markdown]
# Speed is work by time. Multiples of 16 are highlighted:

# %%
figures.bars(
    {f"{c} channels": s for c, s in speed.items()},
    xlabel="billion multiply-adds a second",
    highlight=[f"{c} channels" for c in fits],
    title=f"One channel more than 64 takes {step:.0f} % more time",
    words=f"{len(speed)} bars: "
    + "; ".join(f"{c} channels {s:.0f}" for c, s in speed.items())
    + ".",
)

# %% [markdown]
# "×4 is too fast" is about quality. Three schedules of equal cost (multiply-adds within
# a few percent): channels that stay, double or quadruple from stage to stage.


# %%
def staged(widths):
    """Return two 3×3 layers for each width, with pooling between the stages."""
    steps, channels = [], INPUTS
    for place, width in enumerate(widths):
        steps += [nn.MaxPool2d(2)] * (place > 0)
        steps += [ConvNormAct(channels, width), ConvNormAct(width, width)]
        channels = width
    return nn.Sequential(*steps, GAPHead(channels, 10))


shape = tuple(parts.train.images.shape[1:])
tables = {name: anatomy(staged(w), shape) for name, w in SCHEDULES.items()}
{name: (t.multiply_adds, t.parameters) for name, t in tables.items()}

# %% [markdown]
# Equal cost, but not equal parameters: late channels are cheap, so they can be many.

# %%
by_growth = race({name: lambda w=w: staged(w) for name, w in SCHEDULES.items()})
growth_gap = paired(by_growth["×2"], by_growth["×4"])
figures.bars(
    means(by_growth),
    xlabel="accuracy on new pictures (%)",
    title=f"×2 − ×4 = {growth_gap} points",
    words=f"Three bars. {told(by_growth)}.",
)

# %% tags=["verdict"]
plain = max(speed[c] for c in fits if c not in (64, 128))
verdict(
    "C32",
    cases={
        "64 channels run faster per product than 60": speed[64] > 1.02 * speed[60],
        "64 channels run faster per product than 65": speed[64] > 1.02 * speed[65],
        "powers of two beat other multiples of 16": speed[64] > 1.02 * plain,
        "doubling beats ×4 at equal cost": growth_gap.above(0),
    },
    measured={
        "65 instead of 64 channels, time (%)": step,
        "speed at 64 (billions a second)": speed[64],
        "speed at 80": speed[80],
        "speed at 96": speed[96],
        "accuracy, ×2 − ×4 (points)": growth_gap,
        "runs needed to tell": growth_gap.runs_needed() or "over 10,000",
    },
    predicted=reveal("02-sixty-five", step),
    why="A processor takes channels in packs; a pack begun costs like a full one.",
)

# %% [markdown]
# Full packs matter, powers of two do not. How large a pack is depends on the machine: 8
# or 16 numbers on a CPU, 8 to 64 on a GPU. On another machine the steps lie elsewhere.
#
# ## 4 · What has to be kept in memory

# %%
claim("C35")

# %% [markdown]
# By hand: a map of 2 channels, 3×4, holds 24 numbers. Ten images make 240, at four
# bytes each 960.
#
# **Exercise 02.4 (6 minutes).** Count for a list of maps and a batch. Tiny case:
# `activation_bytes([(2, 3, 4)], 10)` is 960.


# %%
def activation_bytes(shapes, batch_size, bytes_per_value=4):
    """Return the bytes of all maps (c, h, w) of a batch together."""
    ### BEGIN SOLUTION
    values = sum(c * h * w for c, h, w in shapes)
    return values * batch_size * bytes_per_value
    ### END SOLUTION


# %% tags=["check"]
check("02.4", activation_bytes)

# %% [markdown]
# The claim's own maps, in megabytes, with the number types that a network may use:

# %%
three_maps = [torch.rand(c, s, s) for c, s in ((3, 224), (32, 112), (6, 64))]
values = sum(one.numel() for one in three_maps)
TYPES = (torch.uint8, torch.float16, torch.float32, torch.float64)
sizes = {t: sum(one.to(t).nbytes for one in three_maps) for t in TYPES}
need = {str(t)[6:]: round(1_000 * size / 1e6) for t, size in sizes.items()}
figures.bars(
    need,
    xlabel="memory of 1,000 images (MB)",
    highlight=["float32"],
    title=f"{values:,} numbers an image: {need['float32']:,.0f} MB in float32",
    words="Four bars: "
    + "; ".join(f"{name} {size:,.0f} MB" for name, size in need.items())
    + ".",
)

# %% [markdown]
# Real networks have more than three maps, and training keeps most of them until the
# gradient has passed.
#
# **Predict:** ResNet-18 and *one* image of 224×224: how many MB of activations does a
# training step keep: 0.6, 2.3, 22 or 200?

# %%
guess = 2.3  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-activations", guess, options=(0.6, 2.3, 22, 200), unit="MB", sure=sure)

# %% [markdown]
# First see what is kept, on a small network and a batch of 32. torch lets us watch
# every tensor that backward will need.


# %%
def kept_for_backward(model, images):
    """Return the bytes that a forward pass keeps, without weights and images."""
    kept = {}

    def note(tensor):
        memory = tensor.untyped_storage()
        kept[memory.data_ptr()] = memory.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        output = model(images)
    own = [*model.parameters(), *model.buffers(), images, output]
    known = {tensor.untyped_storage().data_ptr() for tensor in own}
    return sum(size for place, size in kept.items() if place not in known)


# %%
small = nn.Sequential(
    nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
    nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), GAPHead(32, 10),
)  # fmt: skip
anatomy(small, (3, 32, 32))

# %% [markdown]
# In megabytes: watched by torch, counted map by map, and by the course's calculator.

# %%
watched = kept_for_backward(small, torch.randn(32, 3, 32, 32))
maps = [row.output_shape for row in anatomy(small, (3, 32, 32))[:5]]
by_maps = 4 * 32 * sum(c * h * w for c, h, w in maps)
by_course = memory(small, (3, 32, 32), 32, device="cpu").activations
watched / 1e6, by_maps / 1e6, by_course / 1e6

# %% [markdown]
# Counting maps is not exact. Nobody keeps batch norm's output: batch norm needs its
# input, ReLU its own output. Nor is the last map needed again. Max pooling, on the
# other hand, also keeps *where* each maximum was, as whole numbers of eight bytes. The
# course's `memory` knows such things. ResNet-18:

# %%
with torch.device("meta"):
    eighteen, sixteen = resnet18(), vgg16()
size = (3, 224, 224)
step_of_32 = memory(eighteen, size, 32)
one_image = memory(eighteen, size, 2).activations / 2e6
biggest = {"ResNet-18": largest_batch(eighteen, size, "15 GB")}
biggest["VGG-16"] = largest_batch(sixteen, size, "15 GB")
step_of_32

# %% [markdown]
# **One question to settle:** a T4 has 16 GB (15 to use). You double all widths. By how
# much does the largest batch shrink: to a half, or to a quarter?

# %%
explore_width()

# %% [markdown]
# The same as a plain figure: the parts of a training step of ResNet-18 against the
# batch.

# %%
SIZES = (1, 8, 32, 128, 512)
steps = {n: memory(eighteen, size, n) for n in SIZES}
figures.curves(
    SIZES,
    {
        "activations": [steps[n].activations / 1e9 for n in SIZES],
        "weights and gradients": [
            (steps[n].weights + steps[n].gradients) / 1e9 for n in SIZES
        ],
    },
    xlabel="images in a batch",
    ylabel="memory (GB)",
    log_x=True,
    log_y=True,
    level={"T4": 15},
    title=f"Up to {biggest['ResNet-18']} images fit a T4",
    words="Memory against batch, both logarithmic: activations rise in a straight "
    "line, weights and gradients stay where they are.",
)

# %% tags=["verdict"]
verdict(
    "C35",
    cases={
        "1,000 images need 576 MB in float32": abs(need["float32"] - 576) < 10,
        "1,000 images need 576 MB in float16": abs(need["float16"] - 576) < 10,
    },
    measured={
        "numbers of the three maps": values,
        "1,000 images in float32 (MB)": need["float32"],
        "kept by the small network, watched (MB)": watched / 1e6,
        "the same by the course's calculator": by_course / 1e6,
        "ResNet-18, one image (MB)": one_image,
        "ResNet-18, a step of 32 (MB)": step_of_32.peak / 1e6,
        "largest batch on a T4, ResNet-18": biggest["ResNet-18"],
        "largest batch on a T4, VGG-16": biggest["VGG-16"],
    },
    predicted=reveal("02-activations", one_image),
    why="The lecture counted numbers; a float32 has four bytes, a network many maps.",
)

# %% [markdown]
# 576,512 *bytes* would be right for numbers of one byte each. The picture file has
# such; the maps of a network do not.
#
# ## 5 · The bias before batch norm

# %%
claim("C34")

# %% [markdown]
# By hand: a channel holds 1, 2, 3. Its mean is 2, so batch norm starts from −1, 0, 1.
#
# **Exercise 02.5 (3 minutes).** A convolution with bias is followed by batch norm in
# training mode. You add 5 to every bias. What happens to the output? A: it grows by 5.
# B: it grows by 5 times the learnt scale. C: nothing. D: it is divided by a larger
# deviation.

# %%
choice = ...  # "A", "B", "C" or "D"
### BEGIN SOLUTION
choice = "C"
### END SOLUTION

# %% tags=["check"]
check("02.5", choice)

# %% [markdown]
# That was training. Now the network is in use (`eval`), with the mean it remembers from
# its training.
#
# **Predict:** you add 5 to every bias of the finished network. Its batch norm's output:
# "stays" or "moves"?

# %%
guess = "stays"  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-bias", guess, options=("stays", "moves"), sure=sure)


# %%
@torch.no_grad()
def moved_by(bias, dtype, mode):
    """Return the largest change of batch norm's output when a bias is added."""
    torch.manual_seed(SEED)
    block = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)).to(dtype)
    images = torch.randn(16, 3, 12, 12, dtype=dtype)
    for _ in range(50):
        block(images)  # the running mean settles
    other = copy.deepcopy(block)
    other[0].bias += bias
    block.train(mode == "train"), other.train(mode == "train")
    return (other(images) - block(images)).abs().max().item()


BIASES = (1, 10, 100)
changes = {
    "train, float64": [moved_by(b, torch.double, "train") for b in BIASES],
    "train, float32": [moved_by(b, torch.float, "train") for b in BIASES],
    "eval, float64": [moved_by(b, torch.double, "eval") for b in BIASES],
}

# %% [markdown]
# Both axes are logarithmic:

# %%
figures.curves(
    BIASES,
    changes,
    xlabel="added to every bias",
    ylabel="largest change of the output",
    log_x=True,
    log_y=True,
    title=f"Bias + 10: train {changes['train, float64'][1]:.0e}, "
    f"eval {changes['eval, float64'][1]:.1f}",
    words="Change against bias: in training near the rounding of each number type, in "
    "eval mode far above, in proportion to the bias.",
)

# %% [markdown]
# So the bias is not needed while the network learns, and would have nothing to learn.
# How many parameters does leaving it out save?

# %%
in_use = "moves" if changes["eval, float64"][0] > 0.01 else "stays"
saved = sum(m.out_channels for m in sixteen.modules() if isinstance(m, nn.Conv2d))
total = sum(p.numel() for p in sixteen.parameters())
saved, 100 * saved / total

# %% tags=["verdict"]
verdict(
    "C34",
    cases={
        "training, float64: no effect": max(changes["train, float64"]) < 1e-10,
        "training, float32: rounding only": max(changes["train, float32"]) < 1e-3,
        "in use: no effect": max(changes["eval, float64"]) < 1e-10,
    },
    measured={
        "bias + 100, training, float64": changes["train, float64"][2],
        "bias + 100, training, float32": changes["train, float32"][2],
        "bias + 1, in use": changes["eval, float64"][0],
        "biases of VGG-16's convolutions": saved,
        "share of its parameters (%)": 100 * saved / total,
    },
    predicted=reveal("02-bias", in_use),
    why="Training subtracts the batch's own mean, bias included; eval a stored one.",
)

# %% [markdown]
# In use the remembered mean contains the bias of the training. Who changes it
# afterwards moves everything behind it. `bias=False` saves little, but it saves that
# question.
#
# ## 6 · Drawn at random?

# %%
claim("C36")

# %% [markdown]
# By hand: eight pictures of two classes, batches of two. Sorted: aa, aa, bb, bb. Each
# batch pulls the network towards one answer, and the last one wins. Shuffled: ab, ba,
# ab, ba.
#
# Four orders: shuffled anew each epoch; *one* random order, the same in every epoch;
# sorted by class; sorted, with the classes in a new order each epoch.

# %%
eight = digits().split()


class Ordered(Batches):
    """Batches in an order that the experiment chooses."""

    how = "shuffled"

    def order(self):
        labels = self.data.labels
        if self.how == "one fixed order":
            fixed = torch.Generator().manual_seed(SEED)
            return torch.randperm(len(labels), generator=fixed)
        if self.how == "sorted by class":
            return labels.argsort(stable=True)
        if self.how == "sorted, classes shuffled":
            place = torch.randperm(10, generator=self.generator)
            return place[labels].argsort(stable=True)
        return super().order()


# %% [markdown]
# **Predict:** shuffled anew, this network reaches about 97 % in five epochs. What does
# the *one fixed* order reach: 10 (guessing), 60 or 97 %?

# %%
guess = 60  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-fixed-order", guess, options=(10, 60, 97), unit="%", sure=sure)


# %%
def in_order(how, seed):
    """Train on batches in this order; return accuracy in % and classes it names."""
    torch.manual_seed(seed)
    steps = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    steps += [nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten()]
    model = nn.Sequential(*steps, nn.Linear(512, 10))
    generator = torch.Generator().manual_seed(seed)
    batches = Ordered(eight.train, 50, generator=generator)
    batches.how = how
    fit(model, batches, epochs=5, lr=0.05, seed=seed, progress=False, device="cpu")
    found = evaluate(model, eight.valid)
    return 100 * found.accuracy, len(found.predictions.unique())


# %% [markdown]
# Some runs for each order:

# %%
HOWS = ("shuffled", "one fixed order", "sorted by class", "sorted, classes shuffled")
trained = {how: [] for how in HOWS}
for seed in track(SEEDS, "training in four orders"):
    for how in HOWS:
        trained[how].append(in_order(how, seed))
by_how = {how: [share for share, _ in runs] for how, runs in trained.items()}
named = {how: [count for _, count in runs] for how, runs in trained.items()}

# %%
figures.bars(
    means(by_how),
    xlabel="accuracy on new digits (%)",
    title=f"A fixed order reaches {means(by_how)['one fixed order']:.0f} %, "
    f"a sorted one {means(by_how)['sorted by class']:.0f} %",
    highlight=["one fixed order"],
    words=f"Four bars. {told(by_how)}.",
)

# %% [markdown]
# Is the fixed order worse, run by run?

# %% tags=["verdict"]
fixed_gap = paired(by_how["shuffled"], by_how["one fixed order"])
verdict(
    "C36",
    cases={
        "sorted by class: at least 30 points worse": paired(
            by_how["shuffled"], by_how["sorted by class"]
        ).above(30),
        "sorted, classes shuffled: as bad": paired(
            by_how["shuffled"], by_how["sorted, classes shuffled"]
        ).above(30),
        "one fixed order is worse than a new one": fixed_gap.above(SAME),
    },
    measured={f"{how} (%)": interval(shares) for how, shares in by_how.items()}
    | {
        "classes named after sorted batches": interval(named["sorted by class"]),
        "shuffled − fixed order (points)": fixed_gap,
    },
    predicted=reveal("02-fixed-order", interval(by_how["one fixed order"])),
    why="Each batch must look like the whole set; in which order they come is minor.",
)

# %% [markdown]
# What counts is that every batch is a *mixture*. Shuffling once does that; shuffling
# again each epoch costs nothing and protects against an unlucky draw.
#
# ## 7 · Squeeze and expand against ResNet

# %%
claim("C37")

# %% [markdown]
# Fair means equal parameters. Two networks of the course, with widths chosen so that
# they match: one squeezes with transition layers, the other adds shortcuts.

# %%
rivals = {
    "squeeze and expand": lambda: squeeze_expand(10, INPUTS, width=16, blocks=1),
    "ResNet": lambda: cifar_resnet(14, 10, INPUTS, width=6),
}
built = {name: anatomy(make(), shape) for name, make in rivals.items()}
{name: (table.parameters, table.multiply_adds) for name, table in built.items()}

# %% [markdown]
# Accuracy first, then what a training step keeps for each image:

# %%
by_rival = race(rivals)
rival_gap = paired(by_rival["squeeze and expand"], by_rival["ResNet"])
kilobytes = {
    name: memory(make(), shape, 32, device="cpu").activations / 32e3
    for name, make in rivals.items()
}
told(by_rival)

# %%
figures.bars(
    kilobytes,
    xlabel="activations kept for an image (kB)",
    title=f"Memory {kilobytes['squeeze and expand'] / kilobytes['ResNet']:.1f}×, "
    f"accuracy {rival_gap} points",
    words=f"Two bars: {kilobytes['squeeze and expand']:.0f} kB for squeeze and expand, "
    f"{kilobytes['ResNet']:.0f} kB for the ResNet. {told(by_rival)}.",
)

# %% [markdown]
# One pair proves little. More pairs of equal size, some for CIFAR-10, without training
# them: (width, blocks) of the one, (depth, width) of the other.

# %%
PAIRS = {
    1: [((17, 2), (14, 8)), ((25, 2), (8, 18)), ((34, 2), (14, 16))],
    3: [((36, 3), (20, 16)), ((38, 2), (14, 18)), ((54, 3), (14, 30))],
}


def ratios(inputs, one, other):
    """Return squeeze-and-expand by ResNet: parameters, and memory of an image."""
    size = (inputs, 16, 16) if inputs == 1 else (inputs, 32, 32)
    with torch.device("meta"):
        first = squeeze_expand(10, inputs, width=one[0], blocks=one[1])
        second = cifar_resnet(other[0], 10, inputs, width=other[1])
    weights = [sum(p.numel() for p in net.parameters()) for net in (first, second)]
    kept = [memory(net, size, 32).activations for net in (first, second)]
    return weights[0] / weights[1], kept[0] / kept[1]


matched = [ratios(i, one, other) for i, both in PAIRS.items() for one, other in both]
[(round(weights, 3), round(kept, 2)) for weights, kept in matched]

# %% [markdown]
# And the time of a training step on 32 images, in milliseconds:


# %%
def milliseconds(make, rounds=10):
    """Return the fastest of several training steps on 32 images."""
    torch.manual_seed(SEED)
    model, images = make(), torch.randn(32, *shape)
    labels, runs = torch.arange(32) % 10, []
    for _ in range(rounds):
        start = time.perf_counter()
        F.cross_entropy(model(images), labels).backward()
        runs.append(time.perf_counter() - start)
    return 1e3 * min(runs)


pace = {name: milliseconds(make) for name, make in rivals.items()}
pace

# %% tags=["verdict"]
verdict(
    "C37",
    cases={
        f"accuracy as good (± {SAME} points)": rival_gap.within(SAME),
        "takes more memory": kilobytes["squeeze and expand"]
        > 1.05 * kilobytes["ResNet"],
        "takes more memory in six other pairs": min(kept for _, kept in matched) > 1.05,
    },
    measured={
        "accuracy, squeeze and expand (%)": interval(by_rival["squeeze and expand"]),
        "accuracy, ResNet (%)": interval(by_rival["ResNet"]),
        "difference (points)": rival_gap,
        "memory, squeeze and expand by ResNet": kilobytes["squeeze and expand"]
        / kilobytes["ResNet"],
        "the same in other pairs, least": min(kept for _, kept in matched),
        "the same in other pairs, most": max(kept for _, kept in matched),
        "a step, squeeze and expand (ms)": pace["squeeze and expand"],
        "a step, ResNet (ms)": pace["ResNet"],
    },
    why="It spends its weights on wide layers at full size, where maps are large.",
)

# %% [markdown]
# Digits are an easy set: both networks do well, and a small difference stays hidden.
# The memory is a count and needs no runs.
#
# ## 8 · Cheaper blocks

# %%
claim("C39")

# %% [markdown]
# By hand: 3 channels in, 8 out, 3×3. Usual: 8·3·9 = 216 weights. Separable: three 3×3
# kernels, one for each channel, then a 1×1 that mixes: 27 + 24 = 51.
#
# **Exercise 02.2 (8 minutes).** Count both for any layer. Tiny case:
# `separable_weights(3, 8, 3)` is `(216, 51)`.


# %%
def separable_weights(in_channels, out_channels, kernel_size):
    """Return (weights of a usual convolution, of a depthwise-separable one)."""
    ### BEGIN SOLUTION
    area = kernel_size**2
    usual = out_channels * in_channels * area
    return usual, in_channels * area + in_channels * out_channels
    ### END SOLUTION


# %% tags=["check"]
check("02.2", separable_weights)

# %% [markdown]
# Four blocks, each from c to c channels. The *bottleneck* squeezes to a quarter,
# filters, and widens again; the *reversed* one widens six times, filters each channel
# alone, and squeezes.


# %%
def block(kind, c, out):
    """Return one block, with batch norm and ReLU in the usual places."""
    few = out // 4
    narrow = [ConvNormAct(c, few, 1), ConvNormAct(few, few), ConvNormAct(few, out, 1)]
    return {
        "plain 3×3": lambda: ConvNormAct(c, out),
        "bottleneck": lambda: nn.Sequential(*narrow),
        "reversed bottleneck": lambda: InvertedBottleneck(c, out, 6),
        "separable": lambda: DepthwiseSeparable(c, out),
    }[kind]()


BLOCKS = ("plain 3×3", "bottleneck", "reversed bottleneck", "separable")
on = {kind: anatomy(block(kind, 64, 64), (64, 28, 28)) for kind in BLOCKS}
work = {kind: table.multiply_adds / 1e6 for kind, table in on.items()}
{kind: (table.parameters, table.multiply_adds) for kind, table in on.items()}

# %% [markdown]
# **Predict:** at 64 channels the separable block has about 8 times fewer multiply-adds
# than the plain one. How many times faster is it here: 1, 2 or 8?

# %%
guess = 8  # answer
sure = ...  # how sure, 50 to 100 %: only if you like
predict("02-separable", guess, options=(1, 2, 8), unit="times", sure=sure)

# %%
blocks = {kind: near(block(kind, 64, 64)).eval() for kind in BLOCKS}
inputs = dict.fromkeys(BLOCKS, near(torch.randn(8, 64, 28, 28)))
took = {kind: 1e3 * s for kind, s in fastest(blocks, inputs, rounds=15).items()}
faster = took["plain 3×3"] / took["separable"]
figures.bars(
    took,
    xlabel="time of a forward pass on 8 maps (ms)",
    title=f"Separable: {work['plain 3×3'] / work['separable']:.1f}× less work, "
    f"{faster:.1f}× less time",
    words="Four bars: "
    + "; ".join(f"{kind} {ms:.1f} ms" for kind, ms in took.items())
    + ".",
)

# %% [markdown]
# And quality, with every 3×3 but the first replaced, at equal widths:


# %%
def made_of(kind, width=16):
    """Return a network of three such blocks."""
    steps = [ConvNormAct(INPUTS, width, stride=2), block(kind, width, width)]
    steps += [nn.MaxPool2d(2), block(kind, width, 2 * width)]
    steps += [block(kind, 2 * width, 2 * width), GAPHead(2 * width, 10)]
    return nn.Sequential(*steps)


by_block = race({kind: lambda kind=kind: made_of(kind) for kind in BLOCKS})
lag = {kind: paired(by_block[kind], by_block["plain 3×3"]) for kind in BLOCKS[1:]}

# %% [markdown]
# Means of the runs:

# %%
figures.bars(
    means(by_block),
    xlabel="accuracy on new pictures (%)",
    title="Against the plain 3×3: "
    + ", ".join(f"{kind} {gap.mean:+.1f}" for kind, gap in lag.items()),
    words=f"Four bars. {told(by_block)}.",
)

# %% tags=["verdict"]
verdict(
    "C39",
    cases={f"{kind}: costs less": work[kind] < work["plain 3×3"] for kind in lag}
    | {
        f"{kind}: no quality lost ({SAME} points)": gap.above(-SAME)
        for kind, gap in lag.items()
    },
    measured={f"{kind}, million multiply-adds": cost for kind, cost in work.items()}
    | {f"{kind}, time (ms)": ms for kind, ms in took.items()}
    | {f"{kind} − plain (points)": gap for kind, gap in lag.items()},
    predicted=reveal("02-separable", faster),
    why="What is saved depends on the widths, and a saved product is not saved time.",
)

# %% [markdown]
# At equal widths the reversed bottleneck is the dearest of all. Its inventors save
# elsewhere: between the blocks they keep very few channels. And a short training
# favours whoever learns quickly.

# %% [markdown]
# ## 9 · The open cases, with more runs
#
# So few runs left some cases open. A script, `benchmarks/widths.py`, trained the same
# networks from many more seeds; its results travel with the course.

# %%
many = stored("widths")
many

# %%
RIVALS = {
    "1×1, pool − pool, 1×1": ("1×1, pool", "pool, 1×1"),
    "squeeze − none": ("1×1, pool", "pool alone"),
    "×2 − ×1": ("×2", "×1"),
    "×2 − ×4": ("×2", "×4"),
    "squeeze and expand − ResNet": ("squeeze and expand", "ResNet"),
    "bottleneck − plain": ("bottleneck", "plain 3×3"),
    "reversed bottleneck − plain": ("reversed bottleneck", "plain 3×3"),
    "separable − plain": ("separable", "plain 3×3"),
}
{name: many.paired(*pair, "accuracy") for name, pair in RIVALS.items()}

# %% [markdown]
# Differences of accuracy in points, seed by seed. An interval without 0 tells the two
# apart. Whether half a point on 719 easy digits would decide anything for you is
# another question.

# %% [markdown]
# ## Quiz
#
# Answer first, on paper; then open the answer.
#
# **1.** Where do transition layers go, and why does one from 512 to 32 channels cost so
# little?
#
# <details><summary>Answer</summary>
#
# At the end of a block, next to the pooling. It is a 1×1 with few outputs: 512 products
# for each of 32 numbers a place, where the 3×3 before it needs 4,608 for each of 512.
# After the pooling it is cheaper still, by four.
#
# </details>

# %% [markdown]
# **2.** Map halved, channels doubled: what happens to the cost of a 3×3 layer? And to
# the memory of its map?
#
# <details><summary>Answer</summary>
#
# The cost stays: a quarter of the places, four times the weights. The memory halves: a
# quarter of the places, twice the channels.
#
# </details>

# %% [markdown]
# **3.** 576,512 numbers an image, a batch of 32, float32. How many MB?
#
# <details><summary>Answer</summary>
#
# 576,512 · 32 · 4 = 73.8 million bytes: 73.8 MB.
#
# </details>

# %% [markdown]
# **4.** Why is `bias=False` usual before batch norm, and when does a bias there matter
# after all?
#
# <details><summary>Answer</summary>
#
# In training the batch's mean takes it away. In eval mode the remembered mean does not
# follow: a bias changed after training moves the output.
#
# </details>

# %% [markdown]
# **5.** A colleague stored his pictures class by class and forgot to shuffle. What will
# you see?
#
# <details><summary>Answer</summary>
#
# The accuracy of guessing on new pictures, whatever the training loss does: it falls
# while one class is shown and jumps when the next begins. Each *class* undoes the one
# before; the network answers with the classes it saw last.
#
# </details>

# %% [markdown]
# **6.** Should a layer have 64 channels, because that is a power of two?
#
# <details><summary>Answer</summary>
#
# 64 is good where it fills whole packs of the processor. Then 80 and 96 do as well, and
# 65 is bad. Measure on the machine that will run it.
#
# </details>

# %% [markdown]
# ## Things to remember
#
# 1. Multiply-adds: out · (in / groups) · K² · height · width.
# 2. Half the side, twice the channels: the same cost of a layer.
# 3. Training keeps the maps: activations, not weights, fill the memory.
# 4. Every batch a mixture; `bias=False` before batch norm; full packs of channels.
# 5. A difference of a point needs more than a few runs.

# %% [markdown]
# ## What this notebook measured

# %%
verdict_table("02")

# %%
prediction_table("02")

# %% [markdown]
# ## Exercises, from easy to open
#
# 1. Add 63 and 66 to `CHANNELS`. Where is the step?
# 2. How large may a batch of VGG-16 be in mixed precision? `memory` has an option.
# 3. Set `EPOCHS` to 8 and run section 8. Who catches up?

# %% [markdown]
# 4. Give section 6 batch norm. Are sorted batches still hopeless?
# 5. Make the separable network as large as the plain one, by its width. Who wins now?
# 6. Open: design a network for 32×32 pictures that keeps at most 100 kB an image.

# %% [markdown]
# ## Further reading
#
# - Howard and others (2017), *MobileNets*, [arXiv
#   1704.04861](https://arxiv.org/abs/1704.04861): section 3.1, the separable
#   convolution.
# - Sandler and others (2018), *MobileNetV2*, [arXiv
#   1801.04381](https://arxiv.org/abs/1801.04381): section 3, the reversed bottleneck.

# %% [markdown]
# - Huang, Liu, van der Maaten, Weinberger (2016), *Densely connected convolutional
#   networks*, [arXiv 1608.06993](https://arxiv.org/abs/1608.06993): transition layers.
# - Ma, Zhang, Zheng, Sun (2018), *ShuffleNet V2*, [arXiv
#   1807.11164](https://arxiv.org/abs/1807.11164): why products are not time.
# - Ioffe, Szegedy (2015), *Batch normalization*, [arXiv
#   1502.03167](https://arxiv.org/abs/1502.03167): section 3.2, on the bias.
