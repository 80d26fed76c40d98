"""What a 16-pixel hole in each of 128 images of 3×32×32 floats costs.

Against the authors' numpy code image by image, torchvision's and kornia's erasing, the
speed-record form (whose hole never hangs over the border), and a copy of the batch.

usage: python benchmarks/cutout.py [--rounds 100] [--json FILE]
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

sys.path.insert(0, str(Path(__file__).parent))
from batch_peers import airbench_cutout, kornia_cutout, paper_cutout
from rounds import Floor, group_alone

from coursekit.augment import cutout

FLOORS = [
    Floor("coursekit", "numpy, image by image", 30),
    Floor("coursekit", "torchvision RandomErasing", 40),
    Floor("coursekit", "airbench's form", 3),
    Floor("coursekit", "clone", 2.3, most=True),
]


def variants() -> dict:
    """Return all forms, each as a run on the same batch."""
    from torchvision.transforms import RandomErasing

    images = torch.rand(128, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(0)
    erase = RandomErasing(1.0, (0.25, 0.25), (1.0, 1.0))
    return {
        "coursekit": lambda: cutout(images, 16, generator=generator),
        "clone": images.clone,
        "numpy, image by image": lambda: [paper_cutout(image, 16) for image in images],
        "torchvision RandomErasing": lambda: [erase(image) for image in images],
        "airbench's form": lambda: airbench_cutout(images, 16),
        "kornia RandomErasing": kornia_cutout(images),
    }


if __name__ == "__main__":
    group_alone("cutout", __doc__.splitlines()[0], variants, FLOORS, 100)
