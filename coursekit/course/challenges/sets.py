"""The images of a challenge; where they are missing, a sentence names the twin."""

from __future__ import annotations

from functools import lru_cache

from coursekit import data
from coursekit.course.challenges.task import Task
from coursekit.data import Splits

IMAGES = 6_000  # generated where the file names no number: about 2 s on one core


def load(challenge: Task) -> Splits:
    """Return the sets of a challenge; generated ones are kept for the next call.

    Raises:
        ValueError: there are none, or the data set is not at hand.
    """
    if challenge.data == "none":
        raise ValueError(
            f"`{challenge.name}` needs no images: design a network and `check` it"
        )
    if challenge.data == "digits":
        return data.digits(challenge.input_shape[1]).split()
    if challenge.data == "shapes":
        return _shapes(challenge.images or IMAGES, challenge.input_shape[1])
    read = getattr(data, challenge.data)  # mnist or cifar10
    try:
        return read(download=False)
    except FileNotFoundError as error:
        twin = challenge.twin
        advice = f'; take the offline twin: challenge("{twin}")' if twin else ""
        raise ValueError(f"{error}{advice}") from None


@lru_cache(maxsize=2)
def _shapes(count: int, size: int) -> Splits:
    return data.shapes(count, size=size).split()
