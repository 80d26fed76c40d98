"""Readers for the files of MNIST (IDX) and CIFAR-10 (pickled batches)."""

import gzip
import io
import pickle
import struct
import zlib
from pathlib import Path

import numpy as np

_IDX_BYTES = 0x08  # the type code of unsigned bytes; the low byte is the number of axes


def read_idx(path: Path) -> np.ndarray:
    """Return the array of an IDX file of bytes, as MNIST has it, packed or not.

    Args:
        path: the file; one that ends in ".gz" is unpacked on the way.

    Raises:
        ValueError: not such a file, or cut short.
    """
    blob = _unpacked(path) if path.suffix == ".gz" else path.read_bytes()
    if len(blob) < 4 or blob[:3] != bytes([0, 0, _IDX_BYTES]):
        raise ValueError(f"{path} is not an IDX file of bytes; {_REMEDY}")
    start = 4 + 4 * blob[3]
    if len(blob) < start:
        raise ValueError(f"{path} is cut short; {_REMEDY}")
    shape = struct.unpack(f">{blob[3]}I", blob[4:start])
    wanted = int(np.prod(shape, dtype=np.int64))
    if len(blob) - start != wanted:
        raise ValueError(
            f"{path} must hold {wanted:,} values but holds {len(blob) - start:,}; "
            f"{_REMEDY}"
        )
    return np.frombuffer(blob, np.uint8, offset=start).reshape(shape).copy()


def read_cifar_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return images (n, 3, 32, 32) uint8 and labels (n,) int64 of a CIFAR-10 batch.

    The file is a pickle; the reader builds numpy arrays and nothing else, so that a
    forged file cannot run code.

    Raises:
        ValueError: not such a file, or cut short.
    """
    try:
        batch = _ArraysOnly(io.BytesIO(path.read_bytes()), encoding="latin1").load()
        images = np.asarray(batch["data"], np.uint8).reshape(-1, 3, 32, 32)
        labels = np.asarray(batch["labels"], np.int64)
    except (
        pickle.UnpicklingError,
        EOFError,
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        AttributeError,
        UnicodeError,
        OverflowError,
    ) as error:
        raise ValueError(
            f"{path} is not a CIFAR-10 batch ({str(error).splitlines()[0][:90]}); "
            f"{_REMEDY}"
        ) from None
    if labels.shape != images.shape[:1]:
        raise ValueError(f"{path} must hold one label for each image; {_REMEDY}")
    return images, labels


_REMEDY = "delete it, and it will be downloaded anew"


class _ArraysOnly(pickle.Unpickler):
    """Unpickle lists, dicts, strings, numbers and numpy arrays; refuse all else."""

    def find_class(self, module: str, name: str) -> object:
        reconstruct = np.empty(0).__reduce__()[0]
        allowed = {
            ("numpy.core.multiarray", "_reconstruct"): reconstruct,
            ("numpy._core.multiarray", "_reconstruct"): reconstruct,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
        }
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return allowed[module, name]


def _unpacked(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, zlib.error, EOFError):
        raise ValueError(f"{path} is not a whole gzip file; {_REMEDY}") from None
