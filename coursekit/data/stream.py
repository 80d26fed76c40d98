"""Random numbers that are the same on every platform and with every library version.

numpy and torch keep the right to change their random streams, so the bytes of a
generated data set would depend on the version installed. Here a number is a hash of
(seed, purpose, position): splitmix64 (Steele, Lea and Flood, "Fast Splittable
Pseudorandom Number Generators", OOPSLA 2014, https://doi.org/10.1145/2660193.2660195),
64-bit integer arithmetic only. Position i never depends on how many numbers are drawn,
so the first 100 samples of a large set are the small set.
"""

import numpy as np

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1


def mix(value: np.ndarray) -> np.ndarray:
    """Return the splitmix64 hash of each 64-bit number.

    Args:
        value: any shape, uint64.
    """
    value = value + np.uint64(_GOLDEN)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def words(seed: int, purpose: str, indices: np.ndarray, count: int) -> np.ndarray:
    """Return `count` random 64-bit words for each index.

    Args:
        seed: 0 to 2⁶³ - 1.
        purpose: names the stream; different purposes are independent.
        indices: (n,) which positions of the stream, 0 or larger.
        count: words per position.

    Shape:
        (n, count) uint64.
    """
    key = seed & _MASK
    for letter in purpose.encode():
        key = int(mix(np.array([key ^ letter], np.uint64))[0])
    row = mix(np.asarray(indices).astype(np.uint64) ^ np.uint64(key))
    column = np.arange(count, dtype=np.uint64) * np.uint64(_GOLDEN)
    return mix(row[:, None] + column[None, :])


def below(
    seed: int, purpose: str, indices: np.ndarray, high: np.ndarray | int
) -> np.ndarray:
    """Return for each index a whole number from 0 to `high` - 1, all equally likely.

    The high half of the word is multiplied by `high` (Lemire 2019,
    https://arxiv.org/abs/1805.10941); the bias is below high / 2³².

    Args:
        seed, purpose, indices: see `words`.
        high: 1 to 2³¹, one number or one for each index.

    Shape:
        (n,) int64.
    """
    top = words(seed, purpose, indices, 1)[:, 0] >> np.uint64(32)
    product = top * np.asarray(high).astype(np.uint64)
    return (product >> np.uint64(32)).astype(np.int64)


def bytes_of(seed: int, purpose: str, indices: np.ndarray, count: int) -> np.ndarray:
    """Return `count` random bytes for each index.

    Shape:
        (n, count) uint8.
    """
    table = words(seed, purpose, indices, -(-count // 8))
    return table.astype("<u8").view(np.uint8)[:, :count]


def permutation(seed: int, purpose: str, n: int) -> np.ndarray:
    """Return the numbers 0 to n - 1 in random order.

    Shape:
        (n,) int64.
    """
    keys = words(seed, purpose, np.arange(n), 1)[:, 0]
    return np.argsort(keys, kind="stable").astype(np.int64)
