"""Numbers that say no more than one number, or a first one and a step."""

import numpy as np


def is_uniform(array: np.ndarray) -> bool:
    """Tell whether all numbers are the same."""
    return bool(array.size) and bool((array == array.reshape(-1)[0]).all())


def is_even(array: np.ndarray) -> bool:
    """Tell whether the numbers grow by one and the same step along each axis."""
    corner = array[(slice(3),) * array.ndim]  # most are told by their first numbers
    if corner.size < array.size and not is_even(corner):
        return False
    if not np.issubdtype(array.dtype, np.number) or not np.isfinite(array).all():
        return False
    wide = array.astype(np.float64)
    near = 1e-5 * max(1e-30, float(np.abs(wide).max(initial=0)))
    steps = [np.diff(wide, axis=axis) for axis in range(wide.ndim)]
    return all(np.ptp(step) <= near for step in steps if step.size)
