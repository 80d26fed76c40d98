"""What one operator reads, along one axis: an interval of outputs → one of inputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coursekit.course.handin.graph import Graph, Node
from coursekit.course.handin.onnx_operators import GLOBAL_POOLS, SOFTMAX
from coursekit.course.handin.products import einsum_terms

Interval = tuple[int, int]  # first and last unit, both inclusive


class Unknown(Exception):  # noqa: N818 (names an operator, nothing went wrong)
    """An operator whose units cannot be followed."""


@dataclass(frozen=True)
class Call:
    """What a rule gets to see: the node, the sides' sizes, and the axis in question."""

    node: Node
    graph: Graph
    axis: int  # of the input
    size: int  # of the input along it
    out_size: int


Rule = Callable[[Interval, Call], Interval | None]


def same(interval: Interval, call: Call) -> Interval:
    """Each unit reads the one at its place; a single one is read by all."""
    return (0, 0) if call.size == 1 < call.out_size else interval


def same_or_all(interval: Interval, call: Call) -> Interval:
    """Along an axis that is kept a unit reads its own place; softmax reads it all."""
    if call.node.op in SOFTMAX:
        rank = len(call.graph.shapes[call.node.inputs[0]])
        if call.node.attributes.get("axis", -1) % rank == call.axis:
            return 0, call.size - 1
    return interval


def _window(call: Call) -> tuple[int, int, int, int]:
    """Return kernel, stride, padding before and dilation along the axis."""
    settings, k = call.node.attributes, call.axis - 2
    if k < 0:
        raise Unknown(call.node.op)
    kernel = settings.get("kernel_shape")
    if kernel is None:
        weight = {"QLinearConv": 3}.get(call.node.op, 1)
        kernel = call.graph.shapes[call.node.inputs[weight]][2:]
    stride = settings.get("strides", (1,) * len(kernel))[k]
    dilation = settings.get("dilations", (1,) * len(kernel))[k]
    padding = settings.get("pads", (0,) * 2 * len(kernel))[k]
    auto = settings.get("auto_pad", "NOTSET")
    if auto.startswith("SAME"):
        reach = (call.out_size - 1) * stride + (kernel[k] - 1) * dilation + 1
        total = max(0, reach - call.size)
        padding = total // 2 if auto == "SAME_UPPER" else total - total // 2
    return kernel[k], stride, padding, dilation


def slide(interval: Interval, call: Call) -> Interval:
    """Convolution and pooling: the units below the window."""
    kernel, stride, padding, dilation = _window(call)
    first, last = interval
    return first * stride - padding, last * stride - padding + (kernel - 1) * dilation


def _spread(interval: Interval, call: Call) -> Interval | None:
    """Transposed convolution: input i reaches the outputs i·stride − padding + taps."""
    kernel, stride, padding, dilation = _window(call)
    taps = range(0, kernel * dilation, dilation)
    first, last = interval
    edge = range(first, min(last, first + stride) + 1)
    other = range(max(first, last - stride), last + 1)
    read = [
        (out + padding - tap) // stride
        for out in {*edge, *other}
        for tap in taps
        if (out + padding - tap) % stride == 0
    ]
    return (min(read), max(read)) if read else None


def _pad(interval: Interval, call: Call) -> Interval:
    node, small = call.node, call.graph.small
    pads = node.attributes.get("pads")
    if pads is None:
        pads = small[node.inputs[1]].reshape(-1) if node.inputs[1] in small else None
    rank = len(call.graph.shapes[node.inputs[0]])
    if pads is None or len(pads) != 2 * rank:
        raise Unknown("Pad")
    before = int(pads[call.axis])
    return interval[0] - before, interval[1] - before


def _slice(interval: Interval, call: Call) -> Interval:
    node, small = call.node, call.graph.small
    names = [name for name in node.inputs[1:] if name]
    if len(names) < 2 or not all(name in small for name in names):
        raise Unknown("Slice")
    lists = [small[name].reshape(-1).tolist() for name in names]
    starts, _, axes, steps = (*lists, None, None)[:4]
    rank = len(call.graph.shapes[node.inputs[0]])
    axes = list(range(len(starts))) if axes is None else [a % rank for a in axes]
    if call.axis not in axes:
        return interval
    place = axes.index(call.axis)
    start, step = starts[place], 1 if steps is None else steps[place]
    start = start + call.size if start < 0 else start
    start = max(0, min(start, call.size - (step < 0)))
    ends = [start + step * unit for unit in interval]
    return min(ends), max(ends)


def _concat(interval: Interval, call: Call) -> Interval:
    rank = len(call.graph.shapes[call.node.outputs[0]])
    if call.node.attributes["axis"] % rank == call.axis:
        raise Unknown("Concat")
    return interval


def _elsewhere(interval: Interval, call: Call) -> Interval:
    """Split and Gather along channels leave the map alone."""
    rank = len(call.graph.shapes[call.node.inputs[0]])
    if call.node.attributes.get("axis", 0) % rank == call.axis:
        raise Unknown(call.node.op)
    return interval


def _resize(interval: Interval, call: Call) -> Interval:
    settings = call.node.attributes
    mode = settings.get("mode", "nearest")
    how = settings.get("coordinate_transformation_mode", "half_pixel")
    scale = call.out_size / call.size
    rounds = settings.get("nearest_mode", "round_prefer_floor")
    if mode == "nearest" and (how, rounds) == ("asymmetric", "floor"):
        return tuple(int(unit // scale) for unit in interval)
    if mode == "linear" and how in ("half_pixel", "pytorch_half_pixel"):
        low, high = ((unit + 0.5) / scale - 0.5 for unit in interval)
        return int(low // 1), int(-(-high // 1))
    raise Unknown(call.node.op)


def _blocks(interval: Interval, call: Call) -> Interval:
    size = call.node.attributes["blocksize"]
    if call.node.op == "DepthToSpace":
        return interval[0] // size, interval[1] // size
    return interval[0] * size, interval[1] * size + size - 1


def _einsum(interval: Interval, call: Call) -> Interval:
    if not einsum_terms(call.node)[1]:
        raise Unknown("Einsum")
    return interval


RULES: Mapping[str, Rule] = {
    "ConvTranspose": _spread,
    "Pad": _pad,
    "Slice": _slice,
    "Concat": _concat,
    "Split": _elsewhere,
    "Gather": _elsewhere,
    "Resize": _resize,
    "Upsample": _resize,
    "DepthToSpace": _blocks,
    "SpaceToDepth": _blocks,
    "Einsum": _einsum,
    **dict.fromkeys(GLOBAL_POOLS, lambda interval, call: (0, call.size - 1)),
}
