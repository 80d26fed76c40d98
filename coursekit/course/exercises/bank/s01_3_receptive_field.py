"""01.3 Receptive field of a chain of layers (claims C10, C11)."""

import torch

from coursekit.course.exercises.exercise import Exercise, slip


def receptive_field(layers):
    """Return the field of the last of layers (kernel_size, stride, dilation)."""
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        field += dilation * (kernel_size - 1) * jump
        jump *= stride
    return field


def by_reaching_back(layers):
    """Follow one unit back to the input pixels it can see."""
    seen = {0}
    for kernel_size, stride, dilation in reversed(layers):
        seen = {
            unit * stride + dilation * k for unit in seen for k in range(kernel_size)
        }
    return max(seen) - min(seen) + 1


def by_interval(layers):
    first = last = 0
    for kernel_size, stride, dilation in layers[::-1]:
        first, last = first * stride, last * stride + dilation * (kernel_size - 1)
    return last - first + 1


def by_recursion(layers):
    if not layers:
        return 1
    kernel_size, stride, dilation = layers[0]
    return (by_recursion(layers[1:]) - 1) * stride + dilation * (kernel_size - 1) + 1


def by_sum(layers):
    strides = torch.tensor([1, *[stride for _, stride, _ in layers]])
    jumps = strides.cumprod(0)[: len(layers)].tolist()
    reaches = [dilation * (kernel - 1) for kernel, _, dilation in layers]
    return 1 + sum(jump * reach for jump, reach in zip(jumps, reaches, strict=True))


@slip("ignored")
def ignores_stride(layers):
    """You add K − 1 for every layer whatever came before; after a stride, neighbouring
    units are further apart in the input, so multiply by the jump so far."""
    return 1 + sum(dilation * (kernel - 1) for kernel, _, dilation in layers)


@slip("stride")
def jumps_too_early(layers):
    """You multiply by the stride of the layer itself; the stride of a layer moves its
    own outputs apart and so counts only for the layers after it."""
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        jump *= stride
        field += dilation * (kernel_size - 1) * jump
    return field


@slip("ignored")
def ignores_dilation(layers):
    """You ignore the dilation: K weights with dilation d reach over d(K − 1) + 1."""
    field, jump = 1, 1
    for kernel_size, stride, _ in layers:
        field += (kernel_size - 1) * jump
        jump *= stride
    return field


@slip("dilation")
def dilates_the_kernel(layers):
    """You stretch the kernel to d·K; only the K − 1 gaps between weights grow: d(K −
    1)."""
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        field += (dilation * kernel_size - 1) * jump
        jump *= stride
    return field


@slip("added")
def adds_strides(layers):
    """You add the strides up; jumps multiply: two layers of stride 2 jump by 4."""
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        field += dilation * (kernel_size - 1) * jump
        jump += stride - 1
    return field


@slip("stride")
def last_stride_only(layers):
    """You remember only the stride of the layer before; jumps multiply along the whole
    chain."""
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        field += dilation * (kernel_size - 1) * jump
        jump = stride
    return field


@slip("added")
def doubles_at_pooling(layers):
    """You double the field at a 2×2 pooling; it adds one jump only: two 3×3 and a
    pooling see 6 pixels, not 10. What it doubles is the jump of all layers after it."""
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        is_pooling = (kernel_size, stride) == (2, 2)
        field = 2 * field if is_pooling else field + dilation * (kernel_size - 1) * jump
        jump *= stride
    return field


@slip("off by one")
def starts_at_zero(layers):
    """Your field is one too small: before any layer a unit sees one pixel, itself."""
    return by_interval(layers) - 1


@slip("off by one")
def adds_whole_kernels(layers):
    """You add K per layer; a layer adds K − 1, because the windows of neighbours
    overlap."""
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        field += dilation * kernel_size * jump
        jump *= stride
    return field


@slip("added")
def multiplies_fields(layers):
    """You multiply the kernel sizes; two 3×3 layers see 5, not 9: fields grow by
    adding."""
    field = 1
    for kernel_size, _, dilation in layers:
        field *= dilation * (kernel_size - 1) + 1
    return field


@slip("question")
def local_field(layers):
    """You give the field of the last layer on its own input; asked is what it sees of
    the picture, through all layers before it."""
    if not layers:
        return 1
    kernel_size, _, dilation = layers[-1]
    return dilation * (kernel_size - 1) + 1


def two_per_layer(layers):
    """You add 2 per layer; that is the rule for 3×3 with stride 1 only."""
    return 1 + 2 * len(layers)


@slip("order")
def walks_from_the_end(layers):
    """You walk from the last layer to the first while you multiply the jumps; either
    start at the first layer, or go backwards with r = (r − 1)·s + d(K − 1) + 1."""
    field, jump = 1, 1
    for kernel_size, stride, dilation in reversed(layers):
        field += dilation * (kernel_size - 1) * jump
        jump *= stride
    return field


@slip("left out")
def refuses_no_layers(layers):
    """Your function fails for an empty list; with no layers a unit sees one pixel."""
    layers[0]
    return by_interval(layers)


def cases(draw):
    yield from [([],), ([(3, 1, 1)] * 3,), ([(3, 1, 1), (2, 2, 1), (3, 1, 1)],)]
    for _ in range(30):
        yield (
            [
                (draw.integer(1, 7), draw.integer(1, 3), draw.integer(1, 3))
                for _ in range(draw.integer(1, 5))
            ],
        )


EXERCISE = Exercise(
    id="01.3",
    title="Receptive field of a chain",
    statement=(
        "`layers` is a list of `(kernel_size, stride, dilation)`, first layer first; "
        "pooling is a layer too. Return how many input pixels in a row one unit of the "
        "last layer sees. Tiny cases: no layers: 1; two 3×3 with stride 1: 5; 3×3, "
        "then pooling 2×2 with stride 2, then 3×3: 8."
    ),
    minutes=15,
    difficulty=3,
    importance=5,
    solution=receptive_field,
    oracle=by_reaching_back,
    right=(by_interval, by_recursion, by_sum),
    wrong=(
        ignores_stride,
        jumps_too_early,
        ignores_dilation,
        dilates_the_kernel,
        adds_strides,
        last_stride_only,
        doubles_at_pooling,
        starts_at_zero,
        adds_whole_kernels,
        multiplies_fields,
        local_field,
        two_per_layer,
        walks_from_the_end,
        refuses_no_layers,
    ),
    hints=(
        "Carry two numbers through the layers: the field, and how many input pixels "
        "apart two neighbouring units are (the jump). Both start at 1.",
        "A layer widens the field by (reach − 1) jumps, where the reach of a kernel "
        "with dilation is d(K − 1) + 1.",
        "r = r + d(K − 1)·j with the jump before the layer, and only then j = j·s.",
    ),
    takeaway=(
        "r grows by d(K − 1)·j, j grows by the factor s: strides make fields large."
    ),
    cases=cases,
)
