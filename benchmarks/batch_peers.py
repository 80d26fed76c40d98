"""What `benchmarks/loading.py` and `benchmarks/cutout.py` compare with.

- PIL images through `torchvision.transforms` and a `DataLoader`: what courses do
- the batch operations of cifar10-airbench (airbench/utils.py of
  github.com/KellerJordan/cifar10-airbench, MIT licence), in our words
- kornia's augmentations of a batch, where it is installed
- the authors' cutout, image by image in numpy (util/cutout.py of
  github.com/uoguelph-mlrg/Cutout)
"""

import importlib.util
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)


class PILImages(Dataset):
    """Images as PIL images that a transform makes into tensors, one by one."""

    def __init__(self, images: Tensor, labels: Tensor, transform: Callable):
        from torchvision.transforms.functional import to_pil_image

        self.images = [to_pil_image(image) for image in images]
        self.labels, self.transform = labels.tolist(), transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return self.transform(self.images[i]), self.labels[i]


def pil_loader(images: Tensor, labels: Tensor, size: int, *steps: Callable) -> Iterator:
    """Return endless batches of PIL images: the steps, ToTensor, Normalize, erasing."""
    from torchvision import transforms

    channels = images.shape[1]
    before = [step for step in steps if not isinstance(step, transforms.RandomErasing)]
    after = [step for step in steps if isinstance(step, transforms.RandomErasing)]
    normalise = transforms.Normalize(MEAN[:channels], STD[:channels])
    transform = transforms.Compose([*before, transforms.ToTensor(), normalise, *after])
    data = PILImages(images, labels, transform)
    return endless(DataLoader(data, size, shuffle=True))


def endless(batches) -> Iterator:
    """Repeat the passes of a loader for ever."""
    while True:
        yield from batches


def airbench_loader(images: Tensor, labels: Tensor, size: int) -> Iterator:
    """Return endless batches: padded and normalised once, then crop, flip, cutout."""
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
    padded = torch.nn.functional.pad((images / 255 - mean) / std, (4,) * 4, "reflect")
    while True:
        for chosen in torch.randperm(len(images)).split(size):
            batch = airbench_flip(airbench_crop(padded[chosen], images.shape[-1]))
            yield airbench_cutout(batch, 16), labels[chosen]


def airbench_flip(images: Tensor) -> Tensor:
    chosen = (torch.rand(len(images)) < 0.5).view(-1, 1, 1, 1)
    return torch.where(chosen, images.flip(-1), images)


def airbench_crop(images: Tensor, side: int) -> Tensor:
    reach = (images.shape[-1] - side) // 2
    shifts = torch.randint(-reach, reach + 1, (len(images), 2))
    n, c = images.shape[:2]
    rows = images.new_empty(n, c, side, side + 2 * reach)
    cropped = images.new_empty(n, c, side, side)
    for s in range(-reach, reach + 1):
        chosen, first = shifts[:, 0] == s, reach + s
        rows[chosen] = images[chosen, :, first : first + side, :]
    for s in range(-reach, reach + 1):
        chosen, first = shifts[:, 1] == s, reach + s
        cropped[chosen] = rows[chosen, :, :, first : first + side]
    return cropped


def airbench_cutout(images: Tensor, side: int) -> Tensor:
    """Fill a square that lies inside the image: not the paper's distribution."""
    n, _, h, w = images.shape
    top, left = (
        torch.randint(0, h - side + 1, (n,)),
        torch.randint(0, w - side + 1, (n,)),
    )
    down = torch.arange(h).view(1, 1, h, 1) - top.view(-1, 1, 1, 1)
    right = torch.arange(w).view(1, 1, 1, w) - left.view(-1, 1, 1, 1)
    hole = (down >= 0) * (down < side) * ((right >= 0) * (right < side))
    return images.masked_fill(hole, 0)


def kornia_loader(images: Tensor, labels: Tensor, size: int) -> Iterator | None:
    """Return endless batches through kornia's AugmentationSequential."""
    if importlib.util.find_spec("kornia") is None:
        return None
    from kornia import augmentation as K

    augment = K.AugmentationSequential(
        K.RandomCrop((32, 32), padding=4),
        K.RandomHorizontalFlip(),
        K.Normalize(torch.tensor(MEAN), torch.tensor(STD)),
        K.RandomErasing(scale=(0.25, 0.25), ratio=(1.0, 1.0), p=0.5),
    )

    def batches() -> Iterator:
        while True:
            for chosen in torch.randperm(len(images)).split(size):
                batch = images.index_select(0, chosen).float().div_(255)
                yield augment(batch), labels[chosen]

    return batches()


def kornia_cutout(images: Tensor) -> Callable[[], Tensor] | None:
    """Return kornia's erasing of a 16×16 square on every image."""
    if importlib.util.find_spec("kornia") is None:
        return None
    from kornia.augmentation import RandomErasing

    erase = RandomErasing(scale=(0.25, 0.25), ratio=(1.0, 1.0), p=1.0)
    return lambda: erase(images)


def paper_cutout(image: Tensor, length: int) -> Tensor:
    """Cut one image as the authors' code does."""
    h, w = image.shape[1:]
    mask = np.ones((h, w), np.float32)
    y, x = np.random.randint(h), np.random.randint(w)
    y1, y2 = np.clip(y - length // 2, 0, h), np.clip(y + length // 2, 0, h)
    x1, x2 = np.clip(x - length // 2, 0, w), np.clip(x + length // 2, 0, w)
    mask[y1:y2, x1:x2] = 0.0
    return image * torch.from_numpy(mask).expand_as(image)
