"""07.5 The field where branches join (claims C11, C85)."""

from coursekit.course.exercises.exercise import Exercise, slip


def joined_field(branches):
    """Return (start, size) of the window that covers all windows (start, size)."""
    first = min(start for start, _ in branches)
    end = max(start + size for start, size in branches)
    return first, end - first


def by_pixels(branches):
    """Collect the pixels that any branch sees."""
    seen = {start + step for start, size in branches for step in range(size)}
    return min(seen), max(seen) - min(seen) + 1


def by_folding(branches):
    start, size = branches[0]
    for other, length in branches[1:]:
        end = max(start + size, other + length)
        start = min(start, other)
        size = end - start
    return start, size


def by_sorting(branches):
    starts = sorted(start for start, _ in branches)
    ends = sorted(start + size - 1 for start, size in branches)
    return [starts[0], ends[-1] - starts[0] + 1]


@slip("only one")
def largest_branch(branches):
    """You take the size of the largest branch; branches may look at different places,
    so the field is the union of their windows."""
    return min(start for start, _ in branches), max(size for _, size in branches)


@slip("added")
def adds_sizes(branches):
    """You add the sizes up; windows overlap: take from the first start to the last
    end."""
    return min(start for start, _ in branches), sum(size for _, size in branches)


def common_part(branches):
    """You take what all branches see; the joined unit sees what any branch sees."""
    first = max(start for start, _ in branches)
    return first, min(start + size for start, size in branches) - first


@slip("off by one")
def inclusive_end(branches):
    """Your size is one too small: from pixel 2 to pixel 4 there are three pixels."""
    start, size = by_pixels(branches)
    return start, size - 1


@slip("question")
def end_for_size(branches):
    """You return (start, end); asked is (start, size)."""
    start, size = by_pixels(branches)
    return start, start + size


@slip("only one")
def first_branch_only(branches):
    """You return the first branch's window; all branches count."""
    return branches[0]


@slip("question")
def size_only(branches):
    """You return the size only; asked is the pair (start, size)."""
    return by_pixels(branches)[1]


@slip("off by one")
def last_start(branches):
    """You measure from the smallest to the largest start; the windows reach further
    right by their sizes."""
    starts = [start for start, _ in branches]
    return min(starts), max(starts) - min(starts) + 1


@slip("only one")
def latest_branch(branches):
    """You take the end of the branch that starts last; a longer window that starts
    before may reach further."""
    start, size = max(branches)
    first = min(start for start, _ in branches)
    return first, start + size - first


@slip("border")
def clips_at_zero(branches):
    """You cut the window off at pixel 0; padding lets it start at negative positions,
    and its size stays."""
    start, size = by_pixels(branches)
    return max(start, 0), start + size - max(start, 0)


def cases(draw):
    yield from [([(0, 3), (2, 3)],), ([(-1, 3), (-2, 5), (0, 1)],), ([(4, 2)],)]
    for _ in range(20):
        count = draw.integer(2, 5)
        yield ([(draw.integer(-6, 8), draw.integer(1, 9)) for _ in range(count)],)


def corners(draw):
    yield from [([(2, 3)] * 6,), ([(0, 1), (1, 2)],)]


EXERCISE = Exercise(
    id="07.5",
    title="The field where branches join",
    statement=(
        "`branches` lists the windows (start, size) in input pixels that the "
        "branches see of a row when they join at one unit; a start may be negative "
        "because of padding. Return (start, size) of the joined unit's receptive "
        "field. Tiny case: [(0, 3), (2, 3)]: (0, 5)."
    ),
    minutes=6,
    difficulty=2,
    importance=3,
    solution=joined_field,
    oracle=by_pixels,
    right=(by_folding, by_sorting),
    wrong=(
        largest_branch,
        adds_sizes,
        common_part,
        inclusive_end,
        end_for_size,
        first_branch_only,
        size_only,
        last_start,
        latest_branch,
        clips_at_zero,
    ),
    hints=(
        "Draw two windows of 3 pixels, one starting at 0 and one at 2. What do they "
        "see together?",
        "The union starts at the smallest start. Where does it end?",
        "End = the largest of all start + size; size = end − smallest start.",
    ),
    takeaway="Two branches of field 3, one shifted by 2, see 5: the union counts.",
    cases=cases,
    corners=corners,
    never={
        "empty list": "there is at least one branch",
    },
)
