"""01.2 Two-dimensional convolution in loops (claims C01, C02)."""

import torch
from torch.nn import functional as F

from coursekit.course.exercises.draw import corner_shapes, scattered
from coursekit.course.exercises.exercise import Exercise, slip


def conv2d(image, kernel):
    """Slide `kernel` (kh, kw) over `image` (h, w): stride 1, no padding."""
    (h, w), (kh, kw) = image.shape, kernel.shape
    result = image.new_zeros(h - kh + 1, w - kw + 1)
    for y in range(h - kh + 1):
        for x in range(w - kw + 1):
            result[y, x] = (image[y : y + kh, x : x + kw] * kernel).sum()
    return result


def by_torch(image, kernel):
    return F.conv2d(image[None, None], kernel[None, None])[0, 0]


def by_shifting(image, kernel):
    rows = image.shape[0] - kernel.shape[0] + 1
    columns = image.shape[1] - kernel.shape[1] + 1
    total = 0
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            total = total + kernel[i, j] * image[i : i + rows, j : j + columns]
    return total


def by_unfold(image, kernel):
    windows = image.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1)
    return torch.einsum("yxij,ij->yx", windows, kernel)


def by_stacking(image, kernel):
    kh, kw = kernel.shape
    rows = []
    for y in range(len(image) - kh + 1):
        row = [
            (image[y : y + kh, x : x + kw] * kernel).sum()
            for x in range(image.shape[1] - kw + 1)
        ]
        rows.append(torch.stack(row))
    return torch.stack(rows)


@slip("order")
def flips_the_kernel(image, kernel):
    """You turn the kernel by 180°, as mathematicians do; deep learning's convolution is
    cross-correlation: the kernel stays as it is."""
    return by_torch(image, kernel.flip(0, 1))


@slip("order")
def transposes_the_kernel(image, kernel):
    """You swap the kernel's rows and columns: `kernel[i, j]` belongs to the pixel i
    rows down and j columns to the right."""
    if kernel.shape[0] != kernel.shape[1]:
        return by_torch(image, kernel)
    return by_torch(image, kernel.T)


@slip("one axis")
def takes_height_for_width(image, kernel):
    """You use the kernel's height for its width; kernels need not be square."""
    kh = min(kernel.shape[0], kernel.shape[1])
    return by_torch(image, kernel[:kh, :kh])


@slip("border")
def pads_with_zeros(image, kernel):
    """Your result is as large as the image, so you padded; without padding it loses
    kernel size − 1 rows and columns."""
    kh, kw = kernel.shape
    image = F.pad(image, ((kw - 1) // 2, kw // 2, (kh - 1) // 2, kh // 2))
    return by_torch(image, kernel)


@slip("off by one")
def stops_one_early(image, kernel):
    """Your loops stop one position early: there are h − kh + 1 rows, the last one
    included."""
    return by_torch(image, kernel)[:-1, :-1]


@slip("mean or sum")
def averages(image, kernel):
    """You take the mean of the products; a convolution takes their sum."""
    return by_torch(image, kernel) / kernel.numel()


@slip("divisor")
def divides_by_the_weights(image, kernel):
    """You divide by the sum of the kernel; a convolution only multiplies and adds."""
    return by_torch(image, kernel) / kernel.sum()


@slip("stride")
def strides_by_the_kernel(image, kernel):
    """Your kernel jumps by its own size; with stride 1 it moves by one pixel."""
    return F.conv2d(image[None, None], kernel[None, None], stride=kernel.shape)[0, 0]


@slip("mean or sum")
def takes_the_maximum(image, kernel):
    """You take the largest product; that is closer to pooling. Add the products up."""
    windows = image.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1)
    return (windows * kernel).amax((2, 3))


@slip("length one")
def keeps_two_axes_more(image, kernel):
    """Your result has axes of length 1 left over; the image was (h, w), so the result
    has two axes as well."""
    return F.conv2d(image[None, None], kernel[None, None])


def makes_single_precision(image, kernel):
    """Your result is float32 whatever the image is: `torch.zeros(...)` is float32
    unless told otherwise, so pass `dtype=image.dtype` or use `image.new_zeros(...)`."""
    return by_torch(image, kernel).float()


def cases(draw):
    yield draw.normal(5, 5), draw.normal(3, 3)
    for dtype in (torch.float64, torch.float32):
        for _ in range(4):
            kh, kw = draw.integer(1, 4), draw.integer(1, 5)
            image = draw.normal(kh + draw.integer(1, 6), kw + draw.integer(1, 7))
            kernel = draw.normal(kh, kw)
            yield image.to(dtype), kernel.to(dtype)
    yield scattered(draw.normal(6, 9)), scattered(draw.normal(3, 2))
    yield draw.normal(7, 4).T, draw.normal(2, 3).T


def corners(draw):
    for style, (h, w) in corner_shapes(4, 4):
        kernel = draw.unusual(style, h, w)
        yield draw.unusual(style, h, w), kernel
        yield draw.unusual(style, h + 2, w + 1), kernel


EXERCISE = Exercise(
    id="01.2",
    title="2-D convolution in loops",
    statement=(
        "Slide `kernel` (kh, kw) over `image` (h, w) with stride 1 and no padding. "
        "At every position multiply the kernel with the pixels under it and add up. "
        "Return a tensor (h − kh + 1, w − kw + 1) with the image's dtype. Do not "
        "turn the kernel round."
    ),
    minutes=15,
    difficulty=3,
    importance=5,
    solution=conv2d,
    oracle=by_torch,
    right=(by_shifting, by_unfold, by_stacking),
    wrong=(
        flips_the_kernel,
        transposes_the_kernel,
        takes_height_for_width,
        pads_with_zeros,
        stops_one_early,
        averages,
        divides_by_the_weights,
        strides_by_the_kernel,
        takes_the_maximum,
        keeps_two_axes_more,
        makes_single_precision,
    ),
    hints=(
        "Start with one position: which part of the image lies under the kernel when "
        "its top left corner is at row y, column x?",
        "`image[y : y + kh, x : x + kw]` is that part. Multiply it with the kernel, "
        "take the sum, and store it at `result[y, x]`.",
        "There are h − kh + 1 rows and w − kw + 1 columns of positions: two loops, and "
        "`image.new_zeros(...)` gives a result of the right dtype.",
    ),
    takeaway=(
        "A convolution is a list of sums of products, and deep learning does not turn "
        "the kernel round."
    ),
    cases=cases,
    device=True,
    corners=corners,
    never={
        "`kernel` larger than the image": "the kernel fits: h − kh + 1 rows",
    },
    gradient=(0, 1),
    equivalents={
        "image.new_zeros → image.new_ones": "every value is written afterwards",
    },
)
