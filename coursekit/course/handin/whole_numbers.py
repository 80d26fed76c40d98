"""Compute a node's result where it is a small tensor of known numbers."""

import operator
from collections.abc import Callable, Mapping
from math import prod

import numpy as np
from onnx import NodeProto, TensorProto, helper

SMALL = 1024  # numbers; larger tensors are not computed

BINARY: Mapping[str, Callable] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Equal": operator.eq,
    "Less": operator.lt,
    "Greater": operator.gt,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Min": np.minimum,
    "Max": np.maximum,
}
UNARY: Mapping[str, Callable] = {
    "Identity": np.asarray,
    "Not": np.logical_not,
    "Neg": operator.neg,
    "Floor": np.floor,
    "Ceil": np.ceil,
}


def computed(
    node: NodeProto,
    shapes: Mapping[str, tuple[int, ...]],
    known: Mapping[str, np.ndarray],
) -> np.ndarray | None:
    """Return the first output of `node`, None where it is not known or not small.

    Args:
        node: an operator.
        shapes: of tensors, as far as known.
        known: numbers of small tensors.
    """
    if node.op_type in ("Shape", "Size"):
        return _of_shape(node, shapes)
    if not node.input or not all(name in known for name in node.input if name):
        return None
    given = [known[name] if name else None for name in node.input]
    settings = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    try:
        with np.errstate(all="ignore"):
            value = _apply(node.op_type, given, settings)
    except (ValueError, IndexError, TypeError, KeyError, OverflowError):
        return None  # what does not fit together is for the checker to name
    if value is None or not 0 <= np.size(value) <= SMALL:
        return None
    return np.ascontiguousarray(value).reshape(np.shape(value))


def _of_shape(node: NodeProto, shapes: Mapping) -> np.ndarray | None:
    shape = shapes.get(node.input[0])
    if shape is None:
        return None
    if node.op_type == "Size":
        return np.array(prod(shape), dtype=np.int64)
    settings = {a.name: a.i for a in node.attribute}
    end = settings.get("end", len(shape))
    return np.array(shape[settings.get("start", 0) : end], dtype=np.int64)


def _apply(op: str, given: list, settings: Mapping) -> np.ndarray | None:
    if op in BINARY and len(given) == 2:
        return BINARY[op](*given)
    if op in UNARY:
        return UNARY[op](given[0])
    own = globals().get(f"_{op.lower()}")
    return own(given, settings) if own and op in NAMED else None


def _div(given: list, settings: Mapping) -> np.ndarray:
    one, two = given
    if not np.issubdtype(one.dtype, np.integer):
        return one / two
    if not np.all(two):
        raise ValueError("division by zero")
    return (np.abs(one) // np.abs(two)) * np.sign(one) * np.sign(two)


def _mod(given: list, settings: Mapping) -> np.ndarray:
    if not np.all(given[1]):
        raise ValueError("division by zero")
    return np.fmod(*given) if settings.get("fmod") else np.mod(*given)


def _cast(given: list, settings: Mapping) -> np.ndarray:
    kind = settings["to"]
    if kind == TensorProto.BFLOAT16:
        raise ValueError("not a type of numpy")
    return given[0].astype(helper.tensor_dtype_to_np_dtype(kind))


def _gather(given: list, settings: Mapping) -> np.ndarray:
    return np.take(given[0], given[1], axis=settings.get("axis", 0))


def _concat(given: list, settings: Mapping) -> np.ndarray:
    return np.concatenate(given, axis=settings["axis"])


def _unsqueeze(given: list, settings: Mapping) -> np.ndarray:
    axes = settings["axes"] if len(given) < 2 else given[1].tolist()
    return np.expand_dims(given[0], tuple(axes))


def _squeeze(given: list, settings: Mapping) -> np.ndarray:
    axes = settings.get("axes") if len(given) < 2 else given[1].tolist()
    return np.squeeze(given[0], None if axes is None else tuple(axes))


def _reshape(given: list, settings: Mapping) -> np.ndarray:
    return given[0].reshape(given[1].tolist())


def _transpose(given: list, settings: Mapping) -> np.ndarray:
    return np.transpose(given[0], settings.get("perm"))


def _where(given: list, settings: Mapping) -> np.ndarray:
    return np.where(*given)


def _slice(given: list, settings: Mapping) -> np.ndarray:
    data, starts, ends, axes, steps = (*given, None, None)[:5]
    axes = range(len(starts)) if axes is None else axes.tolist()
    steps = [1] * len(starts) if steps is None else steps.tolist()
    index = [slice(None)] * data.ndim
    for axis, first, end, step in zip(axes, starts, ends, steps, strict=True):
        whole = step < 0 and end < -data.shape[axis]
        index[axis] = slice(int(first), None if whole else int(end), step)
    return data[tuple(index)]


def _constantofshape(given: list, settings: Mapping) -> np.ndarray | None:
    from onnx import numpy_helper

    if prod(given[0].tolist()) > SMALL:
        return None
    fill = settings.get("value")
    fill = np.zeros(1, np.float32) if fill is None else numpy_helper.to_array(fill)
    return np.full(given[0].tolist(), fill[0], fill.dtype)


def _range(given: list, settings: Mapping) -> np.ndarray | None:
    first, end, step = (one.item() for one in given)
    if step == 0 or (end - first) / step > SMALL:
        return None
    return np.arange(first, end, step, dtype=given[0].dtype)


def _expand(given: list, settings: Mapping) -> np.ndarray | None:
    shape = np.broadcast_shapes(given[0].shape, tuple(given[1].tolist()))
    return np.broadcast_to(given[0], shape) if prod(shape) <= SMALL else None


def _reduceprod(given: list, settings: Mapping) -> np.ndarray:
    return np.prod(given[0], keepdims=bool(settings.get("keepdims", 1)))


NAMED = {
    *("Div", "Mod", "Cast", "Gather", "Concat", "Unsqueeze", "Squeeze", "Reshape"),
    *("Transpose", "Where", "Slice", "ConstantOfShape", "Range", "Expand"),
    "ReduceProd",
}
