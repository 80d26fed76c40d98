"""04.3 Batch norm at evaluation folded into the convolution (claims C34, C54)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import corner_shapes
from coursekit.course.exercises.exercise import Exercise, slip


def fold(kernel, scale, shift, mean, variance, eps=1e-5):
    """Return (kernel, bias) of the one convolution that does both."""
    factor = scale / torch.sqrt(variance + eps)
    return kernel * factor[:, None, None, None], shift - mean * factor


def by_torch(kernel, scale, shift, mean, variance, eps=1e-5):
    """Run a convolution and batch norm in evaluation, and read off kernel and bias."""
    out, c, kh, kw = kernel.shape
    count = c * kh * kw
    probes = torch.eye(count, dtype=kernel.dtype, device=kernel.device)
    probes = probes.reshape(count, c, kh, kw)
    probes = torch.cat([torch.zeros_like(probes[:1]), probes])
    maps = F.conv2d(probes, kernel)
    maps = F.batch_norm(maps, mean, variance, scale, shift, training=False, eps=eps)
    bias = maps[0, :, 0, 0]
    return (maps[1:, :, 0, 0] - bias).T.reshape(out, c, kh, kw), bias


def by_loop(kernel, scale, shift, mean, variance, eps=1e-5):
    kernels, biases = [], []
    for o in range(len(kernel)):
        deviation = (variance[o] + eps) ** 0.5
        kernels.append(kernel[o] / deviation * scale[o])
        biases.append(shift[o] - scale[o] * mean[o] / deviation)
    return torch.stack(kernels), torch.stack(biases)


def by_einsum(kernel, scale, shift, mean, variance, eps=1e-5):
    factor = scale * (variance + eps).rsqrt()
    folded = torch.einsum("oikl,o->oikl", kernel, factor)
    return folded, torch.addcmul(shift, mean, factor, value=-1)


@slip("bias")
def forgets_the_mean(kernel, scale, shift, mean, variance, eps=1e-5):
    """Your bias forgets the running mean: shift − mean · scale / deviation."""
    folded, _ = by_loop(kernel, scale, shift, mean, variance, eps)
    return folded, shift.clone()


@slip("bias")
def forgets_the_shift(kernel, scale, shift, mean, variance, eps=1e-5):
    """Your bias forgets the shift: shift − mean · scale / deviation."""
    folded, bias = by_loop(kernel, scale, shift, mean, variance, eps)
    return folded, bias - shift


@slip("sign")
def adds_the_mean(kernel, scale, shift, mean, variance, eps=1e-5):
    """You add the mean; batch norm subtracts it."""
    folded, _ = by_loop(kernel, scale, shift, mean, variance, eps)
    return folded, shift + mean * scale / torch.sqrt(variance + eps)


@slip("left out")
def mean_not_scaled(kernel, scale, shift, mean, variance, eps=1e-5):
    """You subtract the mean as it is; batch norm divides and scales it too."""
    folded, _ = by_loop(kernel, scale, shift, mean, variance, eps)
    return folded, shift - mean


@slip("deviation")
def divides_by_the_variance(kernel, scale, shift, mean, variance, eps=1e-5):
    """You divide by the variance; divide by its square root."""
    factor = scale / (variance + eps)
    return kernel * factor[:, None, None, None], shift - mean * factor


@slip("ignored")
def forgets_eps(kernel, scale, shift, mean, variance, eps=1e-5):
    """You forget eps: the deviation is sqrt(variance + eps)."""
    return by_loop(kernel, scale, shift, mean, variance, 0.0)


@slip("left out")
def forgets_the_scale(kernel, scale, shift, mean, variance, eps=1e-5):
    """You forget the learnt scale: the factor is scale / deviation."""
    return by_loop(kernel, torch.ones_like(scale), shift, mean, variance, eps)


@slip("axes")
def scales_the_inputs(kernel, scale, shift, mean, variance, eps=1e-5):
    """You multiply along the input channels; batch norm follows the convolution, so the
    factor belongs to the output channels: axis 0 of the kernel."""
    factor = scale / torch.sqrt(variance + eps)
    if kernel.shape[0] != kernel.shape[1]:
        return by_loop(kernel, scale, shift, mean, variance, eps)
    return kernel * factor[None, :, None, None], shift - mean * factor


@slip("left out")
def kernel_unchanged(kernel, scale, shift, mean, variance, eps=1e-5):
    """Your kernel is the old one; the factor scale / deviation goes into it."""
    return kernel.clone(), by_loop(kernel, scale, shift, mean, variance, eps)[1]


@slip("question")
def kernel_only(kernel, scale, shift, mean, variance, eps=1e-5):
    """You return the kernel alone; asked is the pair (kernel, bias)."""
    return by_loop(kernel, scale, shift, mean, variance, eps)[0]


@slip("in place")
def in_place(kernel, scale, shift, mean, variance, eps=1e-5):
    """Your function changes the kernel it was given (`*=`, `mul_`); return a new
    one."""
    factor = scale / torch.sqrt(variance + eps)
    kernel *= factor[:, None, None, None]
    return kernel, shift - mean * factor


def cases(draw):
    for dtype in (torch.float64, torch.float32):
        for eps in ((), (1e-2,), (0.5,)):
            out, c, size = draw.integer(2, 5), draw.integer(2, 4), draw.integer(1, 3)
            vectors = draw.normal(out), draw.normal(out), draw.normal(out)
            tensors = draw.normal(out, c, size, size), *vectors, draw.uniform(out) + 0.1
            yield (*(x.to(dtype) for x in tensors), *eps)
    square = draw.normal(3, 3, 2, 3), draw.normal(3), draw.normal(3), draw.normal(3)
    yield (*square, draw.uniform(3) + 0.2)


def corners(draw):
    for style, (out, c, kh, kw) in corner_shapes(3, 3, 2, 2):
        vectors = [draw.unusual(style, out) for _ in range(4)]
        vectors[3] = vectors[3].abs()
        yield draw.unusual(style, out, c, kh, kw), *vectors, draw.choice([1e-3, 1.0])
    vectors = [1 + draw.uniform(2) for _ in range(4)]
    yield draw.normal(2, 3, 3, 2), *vectors, 1.0


EXERCISE = Exercise(
    id="04.3",
    title="Batch norm folded into the convolution",
    statement=(
        "A convolution with `kernel` (out, in, kh, kw) and no bias is followed by "
        "batch norm in evaluation: running `mean` and `variance`, learnt `scale` and "
        "`shift`, all (out,). Return kernel and bias of the single convolution that "
        "gives the same."
    ),
    minutes=12,
    difficulty=4,
    importance=3,
    solution=fold,
    oracle=by_torch,
    right=(by_loop, by_einsum),
    wrong=(
        forgets_the_mean,
        forgets_the_shift,
        adds_the_mean,
        mean_not_scaled,
        divides_by_the_variance,
        forgets_eps,
        forgets_the_scale,
        scales_the_inputs,
        kernel_unchanged,
        kernel_only,
        in_place,
    ),
    hints=(
        "In evaluation batch norm is scale · (x − mean) / deviation + shift, with "
        "fixed numbers: what is it, seen as a function of x?",
        "factor = scale / sqrt(variance + eps): x · factor + (shift − mean · factor).",
        "Multiply the kernel of output channel o by factor[o].",
    ),
    takeaway="At evaluation batch norm is free: it disappears into the convolution.",
    cases=cases,
    device=True,
    corners=corners,
    never={
        "`variance`: all below -20": "a variance is never negative",
        "`eps` is 0": "eps is a small number above 0",
        "`eps` below 0": "eps is a small number above 0",
    },
)
