"""05.6 Intersection over union of two boxes (claim C71)."""

import torch

from coursekit.course.exercises.exercise import Exercise, slip


def box_iou(one, other):
    """Return intersection / union of boxes (x1, y1, x2, y2), x2 and y2 exclusive."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0) * max(height, 0)
    areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (one, other)]
    return common / (sum(areas) - common)


def by_masks(one, other):
    """Paint both boxes, from pixel −20 on, and count pixels."""
    masks = torch.zeros(2, 64, 64, dtype=torch.bool)
    for mask, (x1, y1, x2, y2) in zip(masks, (one, other), strict=True):
        mask[y1 + 20 : y2 + 20, x1 + 20 : x2 + 20] = True
    common, union = (masks[0] & masks[1]).sum(), (masks[0] | masks[1]).sum()
    return common.item() / union.item()


def by_sets(one, other):
    pixels = [
        {(x, y) for x in range(x1, x2) for y in range(y1, y2)}
        for x1, y1, x2, y2 in (one, other)
    ]
    return len(pixels[0] & pixels[1]) / len(pixels[0] | pixels[1])


def by_tensors(one, other):
    boxes = torch.tensor([one, other], dtype=torch.float64)
    sides = boxes[:, 2:] - boxes[:, :2]
    shared = (boxes[:, 2:].amin(0) - boxes[:, :2].amax(0)).clamp(min=0).prod()
    return (shared / (sides.prod(1).sum() - shared)).item()


def _parts(one, other):
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (one, other)]
    return width, height, areas


@slip("border")
def negative_overlap(one, other):
    """Boxes that do not touch give a negative side, and two negative sides a positive
    area: cut both off at 0."""
    width, height, areas = _parts(one, other)
    return width * height / (sum(areas) - width * height)


@slip("border")
def clamps_the_area(one, other):
    """You cut the area off at 0; two negative sides multiply to a positive area, so cut
    off each side."""
    width, height, areas = _parts(one, other)
    common = max(width * height, 0)
    return common / (sum(areas) - common)


@slip("divisor")
def counts_common_twice(one, other):
    """You divide by the sum of both areas; the common part is in it twice: subtract it
    once."""
    width, height, areas = _parts(one, other)
    return max(width, 0) * max(height, 0) / sum(areas)


@slip("off by one")
def inclusive_ends(one, other):
    """You add 1 to the sides; x2 and y2 lie just outside the box, so a side is
    x2 − x1."""
    first = (*one[:2], one[2] + 1, one[3] + 1)
    return by_sets(first, (*other[:2], other[2] + 1, other[3] + 1))


@slip("divisor")
def over_the_first(one, other):
    """You divide by the area of the first box; divide by that of the union."""
    width, height, areas = _parts(one, other)
    return max(width, 0) * max(height, 0) / areas[0]


@slip("divisor")
def over_the_smaller(one, other):
    """You divide by the smaller area; divide by that of the union."""
    width, height, areas = _parts(one, other)
    return max(width, 0) * max(height, 0) / min(areas)


@slip("divisor")
def enclosing_box(one, other):
    """You divide by the box around both; the union is smaller: the sum of the areas
    minus the common part."""
    width, height, _ = _parts(one, other)
    around = (max(one[2], other[2]) - min(one[0], other[0])) * (
        max(one[3], other[3]) - min(one[1], other[1])
    )
    return max(width, 0) * max(height, 0) / around


@slip("divisor")
def intersection_only(one, other):
    """You return the common area; divide it by the area of the union."""
    width, height, _ = _parts(one, other)
    return max(width, 0) * max(height, 0)


@slip("question")
def dice(one, other):
    """You return twice the common area over the sum of both; that is the Dice score."""
    width, height, areas = _parts(one, other)
    return 2 * max(width, 0) * max(height, 0) / sum(areas)


@slip("order")
def width_and_height(one, other):
    """You read the boxes as (x, y, width, height); they are (x1, y1, x2, y2)."""
    boxes = [(x, y, x + w, y + h) for x, y, w, h in (one, other)]
    return box_iou(*boxes)


@slip("order")
def rows_first(one, other):
    """You read the boxes as (x1, x2, y1, y2) or so; they are (x1, y1, x2, y2)."""
    boxes = [(a, c, b, d) for a, b, c, d in (one, other)]
    width, height, areas = _parts(*boxes)
    common = max(width, 0) * max(height, 0)
    union = sum(areas) - common
    return common / union if union else 0.0


def cases(draw):
    yield (0, 0, 2, 2), (1, 1, 3, 3)
    yield (0, 0, 4, 4), (10, 12, 14, 20)
    yield (3, 4, 9, 8), (3, 4, 9, 8)
    yield (0, 0, 5, 5), (5, 0, 9, 5)
    for _ in range(25):
        boxes = []
        for _ in range(2):
            x, y = draw.integers(2, 0, 14)
            boxes.append((x, y, x + draw.integer(1, 20), y + draw.integer(1, 20)))
        yield tuple(boxes)


def corners(draw):
    yield from [((-3, -2, 2, 4), (-1, 0, 3, 5)), ((-9, -9, -5, -4), (-7, -8, -2, -5))]


EXERCISE = Exercise(
    id="05.6",
    title="Intersection over union",
    statement=(
        "Two boxes (x1, y1, x2, y2) with whole numbers; x2 and y2 are exclusive, so "
        "a box is x2 − x1 wide. Return the area they share divided by the area they "
        "cover together. Tiny case: (0, 0, 2, 2) and (1, 1, 3, 3): 1/7."
    ),
    minutes=8,
    difficulty=2,
    importance=4,
    solution=box_iou,
    oracle=by_masks,
    right=(by_sets, by_tensors),
    wrong=(
        negative_overlap,
        clamps_the_area,
        counts_common_twice,
        inclusive_ends,
        over_the_first,
        over_the_smaller,
        enclosing_box,
        intersection_only,
        dice,
        width_and_height,
        rows_first,
    ),
    hints=(
        "Where does the common part start and end along x? Draw two overlapping boxes.",
        "It goes from the larger x1 to the smaller x2; if that is negative, nothing is "
        "shared.",
        "Union = both areas − common part, which would otherwise count twice.",
    ),
    takeaway="1 for the same box, 0 for boxes apart; 0.5 is already a good hit.",
    cases=cases,
    corners=corners,
    equivalents={
        "(one, other) → (other, one)": "a sum does not depend on the order",
    },
)
