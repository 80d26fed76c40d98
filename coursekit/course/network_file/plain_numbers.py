"""Numbers that say no more than one number, or a first one and a step."""

import numpy as np

ROUNDINGS = 4  # of the largest number; more could hide numbers in the last digits


def is_uniform(array: np.ndarray) -> bool:
    """Tell whether all numbers are the same."""
    return bool(array.size) and bool((array == array.reshape(-1)[0]).all())


def is_even(array: np.ndarray) -> bool:
    """Tell whether the numbers grow by one step along an axis, and along no other."""
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        return False
    line = array[tuple(slice(1) if _is_same(array, k) else slice(None)
                       for k in range(array.ndim))]  # fmt: skip
    if line.size != max(line.shape, default=1):
        return False
    wide = line.reshape(-1).astype(np.float64)
    unit = np.finfo(array.dtype).eps if array.dtype.kind == "f" else 0
    near = ROUNDINGS * unit * float(np.abs(wide).max(initial=0))
    return bool(np.ptp(np.diff(wide)) <= near) if wide.size > 2 else True


def _is_same(array: np.ndarray, axis: int) -> bool:
    first = array.take([0], axis) if array.shape[axis] else array
    return bool((array == first).all())
