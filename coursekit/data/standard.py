"""MNIST, Fashion-MNIST and CIFAR-10 as image sets, in torchvision's layout on disk.

Files that lie in the data folder are used as they lie; what is missing is downloaded
(`coursekit.data.download`).
"""

import os

import numpy as np
import torch

from coursekit.data.catalogue import entry
from coursekit.data.class_folders import folder
from coursekit.data.formats import read_cifar_batch, read_idx
from coursekit.data.image_set import ImageSet, Splits, splits
from coursekit.data.storage_folder import data_folder
from coursekit.data.store import get

_JPEG_COPY = "cifar10-jpeg.tar.gz"

Root = str | os.PathLike | None


def mnist(
    root: Root = None,
    *,
    valid: int = 5_000,
    seed: int = 0,
    download: bool = True,
    progress: bool = True,
) -> Splits:
    """Return MNIST: 70,000 handwritten digits, 1×28×28.

    The test part is the official one; `valid` images are taken out of the official
    training part at random, every class in its proportion.

    Args:
        root: data folder; None is COURSEKIT_DATA or the course's own.
        valid: number of images to choose by; 0 leaves them all for training.
        seed: of the choice of `valid`, 0 or larger.
        download: fetch what is missing.
        progress: show a progress bar while downloading.

    Raises:
        DownloadError: the files are missing and no mirror gave them.
        FileNotFoundError: the files are missing and `download` is off.
        ValueError: a bad argument, or a damaged file.
    """
    return _idx_splits("mnist", root, valid, seed, download, progress)


def fashion_mnist(
    root: Root = None,
    *,
    valid: int = 5_000,
    seed: int = 0,
    download: bool = True,
    progress: bool = True,
) -> Splits:
    """Return Fashion-MNIST: 70,000 pictures of clothes, 1×28×28; see `mnist`."""
    return _idx_splits("fashion-mnist", root, valid, seed, download, progress)


def cifar10(
    root: Root = None,
    *,
    valid: int = 5_000,
    seed: int = 0,
    download: bool = True,
    progress: bool = True,
) -> Splits:
    """Return CIFAR-10: 60,000 small photographs, 3×32×32; see `mnist`.

    Where the original files are missing but a copy as JPEG files lies in the data
    folder (cifar10-jpeg.tar.gz with train/CLASS/*.jpg and test/CLASS/*.jpg), that copy
    is used and the sets are named "CIFAR-10 (JPEG copy)": accuracies on it are close
    to, not equal to, those on the original files.
    """
    root_folder = data_folder(root)
    wanted = entry("cifar10")
    copy = root_folder / _JPEG_COPY
    if copy.exists() and not (root_folder / wanted.folder).is_dir():
        parts = [folder(copy, part=part) for part in ("train", "test")]
        sets = [_jpeg_copy(part) for part in parts]
    else:
        path = get("cifar10", root, download=download, progress=progress)
        names = [f"data_batch_{k}" for k in range(1, 6)], ["test_batch"]
        sets = [_cifar_set([path / name for name in part]) for part in names]
    return splits(*sets, valid, seed)


def _idx_splits(name, root, valid, seed, download, progress) -> Splits:
    path = get(name, root, download=download, progress=progress)
    wanted, sets = entry(name), []
    for part in ("train", "t10k"):
        images = read_idx(_present(path / f"{part}-images-idx3-ubyte"))
        labels = read_idx(_present(path / f"{part}-labels-idx1-ubyte"))
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise ValueError(
                f"{path} must hold pictures and one label for each; got the shapes "
                f"{images.shape} and {labels.shape}"
            )
        sets.append(
            ImageSet(
                torch.from_numpy(images).unsqueeze(1),
                torch.from_numpy(labels.astype(np.int64)),
                wanted.classes,
                wanted.title,
                wanted.source,
            )
        )
    return splits(*sets, valid, seed)


def _present(path):
    """Return the file, or its packed form where only that lies there."""
    return path if path.exists() else path.with_name(path.name + ".gz")


def _cifar_set(paths) -> ImageSet:
    parts = [read_cifar_batch(path) for path in paths]
    images, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    wanted = entry("cifar10")
    return ImageSet(
        torch.from_numpy(images),
        torch.from_numpy(labels),
        wanted.classes,
        wanted.title,
        wanted.source,
    )


def _jpeg_copy(part: ImageSet) -> ImageSet:
    wanted = entry("cifar10")
    if part.classes != wanted.classes:
        raise ValueError(
            f"{_JPEG_COPY} must have the classes {', '.join(wanted.classes)}; got "
            f"{', '.join(part.classes)}"
        )
    source = f"{wanted.source}; pixels went through JPEG"
    name = "CIFAR-10 (JPEG copy)"
    return ImageSet(part.images, part.labels, part.classes, name, source)
