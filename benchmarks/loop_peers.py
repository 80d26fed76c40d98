"""The loops that `benchmarks/loop.py` compares `fit` with.

Each function returns a run without arguments, or None where its package is missing.
Given ready batches a loop gets them for nothing; given a set it reads them as courses
do: PIL images through `torchvision.transforms` and a `DataLoader` without workers.
"""

import logging
import os
from collections.abc import Callable
from functools import partial

import torch
from batch_peers import paper_cutout
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from coursekit.data import ImageSet

Variant = Callable[[], object]


class PILImages(Dataset):
    """An image set as PIL images that torchvision's transforms make into tensors."""

    def __init__(
        self,
        data: ImageSet,
        augmented: bool,
        cutout: int | None = 16,
        crop: int = 4,
    ):
        from torchvision import transforms

        hole = augmented and cutout
        moves = [transforms.RandomCrop(32, crop), transforms.RandomHorizontalFlip()]
        channels = data.images.shape[1]
        self.transform = transforms.Compose(
            [
                *(moves if augmented else []),
                transforms.ToTensor(),
                transforms.Normalize([0.5] * channels, [0.25] * channels),
                *([partial(paper_cutout, length=cutout)] if hole else []),
            ]
        )
        to_image = transforms.ToPILImage()
        self.images = [to_image(image) for image in data.images]
        self.labels = data.labels.tolist()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int):
        return self.transform(self.images[i]), self.labels[i]


class Ready:
    """Ready batches; not a list, which Lightning takes for several loaders."""

    def __init__(self, batches: list):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


def supply(
    batches: list | ImageSet,
    size: int,
    augmented: bool,
    cutout: int | None = 16,
    crop: int = 4,
):
    """Return ready batches as they are, or a set behind a DataLoader."""
    if isinstance(batches, list):
        return Ready(batches)
    return DataLoader(PILImages(batches, augmented, cutout, crop), size, shuffle=True)


def classic(model: nn.Module, batches) -> Variant | None:
    """Return the loop of many courses: a bar, `.item()` and accuracy at each step."""
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0, momentum=0.9, nesterov=True)
    nowhere = open(os.devnull, "w")  # noqa: SIM115 (open as long as the process)

    def run() -> None:
        model.train()
        correct = seen = 0
        bar = tqdm(batches, file=nowhere)
        for images, labels in bar:
            optimizer.zero_grad()
            logits = model(images)
            loss = F.cross_entropy(logits, labels)
            loss.backward()
            optimizer.step()
            correct += (logits.argmax(1) == labels).sum().item()
            seen += len(labels)
            bar.set_description(f"loss {loss.item():.4f} accuracy {correct / seen:.2%}")

    return run


def classic_pil(
    model: nn.Module, data: ImageSet, size: int, augmented: bool
) -> Variant | None:
    """Return the classic loop on PIL images."""
    return classic(model, supply(data, size, augmented))


def lightning_fit(
    model: nn.Module, batches, size: int = 0, augmented: bool = False
) -> Variant | None:
    """Return one epoch of Lightning without logger, checkpoint and bar."""
    try:
        import lightning
    except ImportError:
        return None
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = model

        def training_step(self, batch, index):
            return F.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(
                self.parameters(), lr=0.0, momentum=0.9, nesterov=True
            )

    loader = supply(batches, size, augmented)

    def run() -> None:
        trainer = lightning.Trainer(
            barebones=True, max_epochs=1, accelerator="cpu", devices=1
        )
        trainer.fit(Module(), loader)

    return run


class Loader:
    """The least that fastai's Learner asks of its batches."""

    n_inp, device = 1, torch.device("cpu")

    def __init__(self, inner):
        self.inner = inner
        self.dataset = getattr(inner, "dataset", inner)

    def __iter__(self):
        return iter(self.inner)

    def __len__(self):
        return len(self.inner)

    def to(self, device):
        return self


def fastai_fit(
    model: nn.Module, batches, size: int = 0, augmented: bool = False
) -> Variant | None:
    """Return one epoch of fastai's Learner without bar and logging."""
    try:
        import fastai.callback.progress  # noqa: F401 (gives Learner its no_bar)
        from fastai.data.core import DataLoaders
        from fastai.learner import Learner
        from fastai.optimizer import OptimWrapper
    except ImportError:
        return None

    loader = Loader(supply(batches, size, augmented))
    nothing = Loader([])

    def sgd(parameters, lr):
        groups = [{"params": group} for group in parameters]
        return OptimWrapper(
            opt=torch.optim.SGD(groups, lr=1e-9, momentum=0.9, nesterov=True)
        )

    def run() -> None:
        learner = Learner(
            DataLoaders(loader, nothing), model, F.cross_entropy, opt_func=sgd
        )
        with learner.no_bar(), learner.no_logging():
            learner.fit(1, lr=0.0)

    return run
