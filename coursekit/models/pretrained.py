"""torchvision's networks with the weights they learnt on ImageNet, where there are any.

Deng and others (2009), "ImageNet"; the networks are those of arXiv 1512.03385 (ResNet)
and arXiv 1409.4842 (GoogLeNet).
"""

import hashlib
import pickle
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit._base.validate import choice
from coursekit.data.storage_folder import data_folder

WEIGHTS = {"googlenet": "GoogLeNet_Weights", "resnet18": "ResNet18_Weights"}
SIDE = 224  # of the pictures they were trained on


@dataclass(frozen=True, repr=False, eq=False)
class Pretrained:
    """A network, and how pictures are prepared for it.

    Attributes:
        model: in evaluation mode.
        classes: the names of its 1,000 classes.
        mean, std: of ImageNet's pixels from 0 to 1, one a channel.
        trained: False where no weights were found; the network is a new one then.
        where: one sentence on where the weights came from, or how to get them.
    """

    model: nn.Module
    classes: tuple[str, ...]
    mean: Tensor
    std: Tensor
    trained: bool
    where: str

    def __repr__(self) -> str:
        return self.where

    def prepare(self, images: Tensor, side: int = SIDE) -> Tensor:
        """Cut out the middle square, resize and standardise it.

        Args:
            images: bytes 0..255. side: in pixels.

        Shape:
            images: (n, 3, h, w) → (n, 3, side, side)
        """
        square = min(images.shape[-2:])
        top, left = ((whole - square) // 2 for whole in images.shape[-2:])
        middle = images[..., top : top + square, left : left + square] / 255
        resized = F.interpolate(middle, (side, side), mode="bilinear", antialias=True)
        return (resized - self.mean[:, None, None]) / self.std[:, None, None]


def pretrained(name: str, *, download: bool = False, seed: int = 0) -> Pretrained:
    """Return a network trained on ImageNet, or an untrained one that says so.

    The weights are a file such as `resnet18-f37072fd.pth`, whose name ends in the first
    digits of its SHA-256. It is looked for in the data folder (COURSEKIT_DATA) and
    where torch keeps what it downloads.

    Args:
        name: "resnet18" or "googlenet".
        download: fetch the file (47 or 52 MB) where it is missing.
        seed: of the weights of an untrained network.

    Raises:
        ValueError: another name, or a file that does not fit the network.
    """
    choice("name", name, tuple(WEIGHTS))
    official = _official(name)
    file, said = _found(name), ""
    if file is None and download:
        file, said = _downloaded(official)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _network(name)
    if file is not None:
        _fill(model, file, name)
    where = f"{name}, trained on ImageNet: {file}" if file else _missing(official, said)
    if name == "googlenet":
        model.aux_logits, model.aux1, model.aux2 = False, None, None
    look = official.transforms()
    return Pretrained(
        model.eval(),
        tuple(official.meta["categories"]),
        torch.tensor(look.mean),
        torch.tensor(look.std),
        file is not None,
        where,
    )


def _official(name: str):
    """Return torchvision's own record of the weights: address, classes, pixels."""
    from torchvision import models

    return getattr(models, WEIGHTS[name]).DEFAULT


def _network(name: str) -> nn.Module:
    from torchvision import models

    if name == "googlenet":  # as torchvision builds it for its weights
        return models.googlenet(
            weights=None, transform_input=True, aux_logits=True, init_weights=False
        )
    return models.get_model(name, weights=None)


def _folders() -> tuple[Path, Path]:
    return data_folder(), Path(torch.hub.get_dir()) / "checkpoints"


def _found(name: str) -> Path | None:
    """Return a whole file of weights: one with the sum that its name promises."""
    there = [path for f in _folders() for path in sorted(f.glob(f"{name}-*.pth"))]
    return next((path for path in there if _is_whole(path)), None)


def _is_whole(path: Path) -> bool:
    promised = path.stem.rpartition("-")[2]
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(promised)


def _downloaded(official) -> tuple[Path | None, str]:
    """Return the file fetched from its address, or None and the reason."""
    target = _folders()[1] / official.url.rpartition("/")[2]
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = target.stem.rpartition("-")[2]
    try:
        torch.hub.download_url_to_file(official.url, target, prefix, progress=False)
    except OSError as error:
        return None, f"could not be downloaded ({getattr(error, 'reason', error)}); "
    return target, ""


def _missing(official, said: str) -> str:
    file, folders = official.url.rpartition("/")[2], _folders()
    return (
        f"untrained: {file} {said or 'is not here; '}put it into {folders[0]} or "
        f"{folders[1]}, or call with `download=True`"
    )


def _fill(model: nn.Module, file: Path, name: str) -> None:
    try:
        weights = torch.load(file, map_location="cpu", weights_only=True)
        model.load_state_dict(weights)
    except (RuntimeError, pickle.UnpicklingError, AttributeError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"`{file}` does not hold the weights of {name}: {reason}"
        ) from error
