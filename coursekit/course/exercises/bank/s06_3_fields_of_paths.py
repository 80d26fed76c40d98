"""06.3 The receptive fields of all paths through residual blocks (claim C79)."""

from itertools import product

from coursekit.course.exercises.exercise import Exercise, slip


def path_fields(blocks):
    """Return the sorted distinct fields of all paths; a block lists its kernel
    sizes."""
    fields = {1}
    for kernels in blocks:
        widening = sum(kernel_size - 1 for kernel_size in kernels)
        fields |= {field + widening for field in fields}
    return sorted(fields)


def by_enumeration(blocks):
    """Take or skip every block: 2 to the power of blocks paths."""
    found = set()
    for taken in product([False, True], repeat=len(blocks)):
        field = 1
        for kernels, yes in zip(blocks, taken, strict=True):
            field += sum(kernels) - len(kernels) if yes else 0
        found.add(field)
    return sorted(found)


def by_recursion(blocks):
    if not blocks:
        return [1]
    rest = by_recursion(blocks[1:])
    widening = sum(size - 1 for size in blocks[0])
    return sorted({*rest, *(field + widening for field in rest)})


def by_reachable(blocks):
    most = 1 + sum(size - 1 for kernels in blocks for size in kernels)
    reachable = [True] + [False] * (most - 1)
    for kernels in blocks:
        step = sum(kernels) - len(kernels)
        for place in range(most - 1, step - 1, -1):
            reachable[place] = reachable[place] or reachable[place - step]
    return [place + 1 for place, yes in enumerate(reachable) if yes]


@slip("only one")
def longest_only(blocks):
    """You give the field of the longest path only; the shortcuts make shorter ones."""
    return by_enumeration(blocks)[-1:]


@slip("left out")
def no_shortcut_path(blocks):
    """You leave out the path that takes the shortcut everywhere; it sees one pixel."""
    return by_enumeration(blocks)[1:]


@slip("only one")
def prefixes_only(blocks):
    """You let paths stop at some block; a path may skip any block, also in the
    middle."""
    fields = [1]
    for kernels in blocks:
        fields.append(fields[-1] + sum(size - 1 for size in kernels))
    return sorted(set(fields))


@slip("only one")
def first_kernel_only(blocks):
    """You count one convolution per block; all convolutions of a block that is taken
    widen the field."""
    return by_enumeration([kernels[:1] for kernels in blocks])


@slip("only one")
def skips_single_layers(blocks):
    """You skip single convolutions; the shortcut goes round the whole block."""
    return by_enumeration([[size] for kernels in blocks for size in kernels])


@slip("off by one")
def adds_whole_kernels(blocks):
    """You add K per convolution; it widens the field by K − 1."""
    return by_enumeration([[size + 1 for size in kernels] for kernels in blocks])


def every_path(blocks):
    """You list a field once for every path; each field is listed once."""
    found = []
    for taken in product([False, True], repeat=len(blocks)):
        pairs = zip(blocks, taken, strict=True)
        found.append(1 + sum(sum(k) - len(k) for k, yes in pairs if yes))
    return sorted(found)


@slip("off by one")
def starts_at_zero(blocks):
    """Your fields are one too small: the path of shortcuts sees one pixel."""
    return [field - 1 for field in by_enumeration(blocks)]


@slip("order")
def largest_first(blocks):
    """Your list runs from large to small; sort it from small to large."""
    return by_enumeration(blocks)[::-1]


@slip("question")
def counts_paths(blocks):
    """You return the number of paths; asked are their fields."""
    return 2 ** len(blocks)


def cases(draw):
    yield from [([],), ([[3, 3]],), ([[3, 3], [3, 3], [3, 3]],)]
    yield ([[1, 3, 1], [3, 3], [1, 5, 1]],)
    for _ in range(12):
        count = draw.integer(2, 4)
        yield ([draw.integers(draw.integer(2, 3), 1, 7) for _ in range(count)],)


def corners(draw):
    yield from [([[3, 3]] * 6,), ([[2, 2, 2], [1, 4, 2]],), ([[3], [5]],)]


EXERCISE = Exercise(
    id="06.3",
    title="Many paths, many fields",
    statement=(
        "A path through residual blocks takes each block or its shortcut. `blocks` "
        "lists for each block the kernel sizes of its convolutions (stride 1). "
        "Return the sorted list of the different receptive fields over all paths. "
        "Tiny case: [[3, 3], [3, 3]]: [1, 5, 9]."
    ),
    minutes=12,
    difficulty=3,
    importance=3,
    solution=path_fields,
    oracle=by_enumeration,
    right=(by_recursion, by_reachable),
    wrong=(
        longest_only,
        no_shortcut_path,
        prefixes_only,
        first_kernel_only,
        skips_single_layers,
        adds_whole_kernels,
        every_path,
        starts_at_zero,
        largest_first,
        counts_paths,
    ),
    hints=(
        "By how much does one block widen the field of a path that takes it?",
        "By the sum of (K − 1) over its convolutions. A path that skips it stays as it "
        "is.",
        "Keep a set of fields, start with {1}; after each block it holds the old ones "
        "and the old ones plus the widening.",
    ),
    takeaway=(
        "A residual net is a crowd of shallow and deep nets with different fields."
    ),
    cases=cases,
    corners=corners,
)
