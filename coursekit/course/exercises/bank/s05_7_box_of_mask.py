"""05.7 The box around a mask (claim C71)."""

import torch

from coursekit.course.exercises.draw import scattered
from coursekit.course.exercises.exercise import Exercise, slip


def box_of(mask):
    """Return (x1, y1, x2, y2) of the smallest box around True, x2 and y2 exclusive."""
    rows = mask.any(1).nonzero().flatten().tolist()
    columns = mask.any(0).nonzero().flatten().tolist()
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def by_extremes(mask):
    y, x = mask.nonzero().T
    low, high = (x.min(), y.min()), (x.max(), y.max())
    return [int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1]


def by_python(mask):
    places = [
        (x, y)
        for y, row in enumerate(mask.tolist())
        for x, yes in enumerate(row)
        if yes
    ]
    xs, ys = zip(*places, strict=True)
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


def by_argmax(mask):
    box = []
    for line in (mask.any(0).int(), mask.any(1).int()):
        first, last = line.argmax().item(), line.flip(0).argmax().item()
        box.append((first, len(line) - last))
    return box[0][0], box[1][0], box[0][1], box[1][1]


@slip("off by one")
def inclusive_ends(mask):
    """Your x2 and y2 are the last True column and row; they are exclusive: one
    further."""
    x1, y1, x2, y2 = by_python(mask)
    return x1, y1, x2 - 1, y2 - 1


@slip("order")
def rows_first(mask):
    """You return rows first, (y1, x1, y2, x2); a box is (x1, y1, x2, y2)."""
    x1, y1, x2, y2 = by_python(mask)
    return y1, x1, y2, x2


@slip("order")
def width_and_height(mask):
    """You return (x, y, width, height); asked are both corners."""
    x1, y1, x2, y2 = by_python(mask)
    return x1, y1, x2 - x1, y2 - y1


@slip("order")
def corners_apart(mask):
    """You return (x1, x2, y1, y2); asked is (x1, y1, x2, y2)."""
    x1, y1, x2, y2 = by_python(mask)
    return x1, x2, y1, y2


def whole_image(mask):
    """You return the whole picture; the box is the smallest one around True."""
    return 0, 0, mask.shape[1], mask.shape[0]


def first_true(mask):
    """You take the first and last True in reading order; the leftmost pixel may lie in
    another row."""
    y, x = mask.nonzero().T
    return x[0].item(), y[0].item(), x[-1].item() + 1, y[-1].item() + 1


@slip("off by one")
def one_too_wide(mask):
    """Your box is one pixel too large on every side."""
    x1, y1, x2, y2 = by_python(mask)
    return x1 - 1, y1 - 1, x2 + 1, y2 + 1


def cases(draw):
    for _ in range(12):
        h, w = draw.integer(8, 14), draw.integer(8, 14)
        mask = torch.zeros(h, w, dtype=torch.bool)
        y, x = draw.integer(1, h - 4), draw.integer(1, w - 4)
        part = mask[y : y + draw.integer(2, 3), x : x + draw.integer(2, 3)]
        part[draw.integer(0, part.shape[0] - 1), 0] = True
        part[0, draw.integer(0, part.shape[1] - 1)] = True
        part[-1, draw.integer(0, part.shape[1] - 1)] = True
        yield (mask,)
    one = torch.zeros(5, 7, dtype=torch.bool)
    one[3, 2] = True
    yield (one,)
    yield (draw.uniform(6, 9).T > 0.8,)
    yield (scattered((draw.uniform(5, 6) > 0.7).double()) > 0,)


def corners(draw):
    for shape in ((1, 17), (17, 1), (1, 1)):
        mask = draw.uniform(*shape) < 0.4
        mask[-1, -1] = True
        yield from [(mask,), (torch.ones(shape, dtype=torch.bool),)]


EXERCISE = Exercise(
    id="05.7",
    title="The box around a mask",
    statement=(
        "`mask` (h, w) is a bool tensor with at least one True. Return the smallest "
        "box (x1, y1, x2, y2) around all True values as four ints; x2 and y2 are "
        "exclusive."
    ),
    minutes=8,
    difficulty=2,
    importance=3,
    solution=box_of,
    oracle=by_python,
    right=(by_extremes, by_argmax),
    wrong=(
        inclusive_ends,
        rows_first,
        width_and_height,
        corners_apart,
        whole_image,
        first_true,
        one_too_wide,
    ),
    hints=(
        "Which columns contain a True at all? `mask.any(0)`.",
        "`mask.any(0).nonzero()` lists these columns: take the first and the last.",
        "x comes from the columns, y from the rows; add 1 to the last of each.",
    ),
    takeaway="A thresholded Grad-CAM map becomes a box, and a box can be scored.",
    cases=cases,
    corners=corners,
    never={
        "flags all off": "the mask has at least one True",
    },
)
