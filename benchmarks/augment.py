"""What each augmentation costs, beside torchvision's on one picture after the other.

Batches of 128 pictures of 3×32×32 bytes (erasing, noise and mixing: floats), all in one
process on one thread. The twin is torchvision's transform of the same kind on tensors,
for mixing a loop over the pictures, which leaves out the labels that ours mixes, too.

usage: python benchmarks/augment.py [--rounds 40] [--json FILE]
"""

import argparse
import os
import sys
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torchvision.transforms import v2

sys.path.insert(0, str(Path(__file__).parent))
from rounds import Floor, interleave, judged, report

from coursekit.augment import (
    cutmix,
    from_transform,
    mixup,
    random_affine,
    random_colour,
    random_crop,
    random_erasing,
    random_flip,
    random_grey,
    random_noise,
)
from coursekit.training.heap import keep_freed_memory

N = 128
DRAW = torch.Generator().manual_seed(0)
BYTES = torch.randint(0, 256, (N, 3, 32, 32), generator=DRAW, dtype=torch.uint8)
FLOATS = BYTES / 255
LABELS = torch.arange(N) % 10
# Times as fast as the twin. Where the work on the pixels outweighs the calls (random
# numbers, sampling, copies of whole batches) the batch saves less.
FLOOR = 15
FLOORS = {"grey": 7, "affine": 6, "erasing": 6, "mixup": 5, "cutmix": 1.5, "noise": 2}
FLOORS["from_transform(flip)"] = 0.5


def each(transform, images=BYTES):
    """Return a run of a transform over the pictures, one by one."""
    return lambda: torch.stack([transform(image) for image in images])


def whole(function, *args, images=BYTES, **options):
    """Return a run of one of ours on the whole batch."""
    return lambda: function(images, *args, generator=DRAW, **options)


def mixed_one_by_one():
    share = torch.distributions.Beta(0.2, 0.2).sample((N,))
    pairs = zip(FLOATS, torch.randperm(N).tolist(), share.tolist(), strict=True)
    return torch.stack([s * image + (1 - s) * FLOATS[j] for image, j, s in pairs])


def pasted_one_by_one():
    mixed = FLOATS.clone()
    for i, j in enumerate(torch.randperm(N).tolist()):
        y, x = torch.randint(0, 20, (2,)).tolist()
        mixed[i, :, y : y + 12, x : x + 12] = FLOATS[j, :, y : y + 12, x : x + 12]
    return mixed


def colour_pairs() -> dict:
    """Return the same of what changes colours, one by one and all at once."""
    one = {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1}
    changes = {name: {name: most} for name, most in one.items()} | {"all four": one}
    return {
        name: (whole(random_colour, **change), each(v2.ColorJitter(**change)))
        for name, change in changes.items()
    }


def pairs() -> dict:
    """Return name → (ours, its twin)."""
    linear = v2.InterpolationMode.BILINEAR
    affine = v2.RandomAffine(15, scale=(0.9, 1.1), shear=10, interpolation=linear)
    settings = {"degrees": 15, "scale": 0.1, "shear": 10}
    noise = v2.GaussianNoise(sigma=0.05, clip=True)
    return {
        "flip": (whole(random_flip), each(v2.RandomHorizontalFlip())),
        "crop": (whole(random_crop, 4), each(v2.RandomCrop(32, 4))),
        **colour_pairs(),
        "grey": (whole(random_grey, 0.5), each(v2.RandomGrayscale(0.5))),
        "noise": (
            whole(random_noise, 0.05, images=FLOATS),
            each(noise, images=FLOATS),
        ),
        "affine": (whole(random_affine, **settings), each(affine)),
        "erasing": (
            whole(random_erasing, 0.5, images=FLOATS),
            each(v2.RandomErasing(0.5), images=FLOATS),
        ),
        "mixup": (whole(mixup, LABELS, 10, images=FLOATS), mixed_one_by_one),
        "cutmix": (whole(cutmix, LABELS, 10, images=FLOATS), pasted_one_by_one),
        "from_transform(flip)": (
            lambda: from_transform(v2.RandomHorizontalFlip())(BYTES, DRAW),
            each(v2.RandomHorizontalFlip()),
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()  # as `fit` does
    warnings.simplefilter("ignore")
    groups = {}
    for name, (ours, twin) in pairs().items():
        found = interleave({"coursekit": ours, "one by one": twin}, options.rounds)
        for times in found.values():
            times["cpu_us_a_picture"] = times["cpu_median_us"] / N
        floor = Floor("coursekit", "one by one", FLOORS.get(name, FLOOR))
        groups[name] = {"times": found, "floors": judged(found, [floor])}
    print(report(groups, options.rounds, options.json))


if __name__ == "__main__":
    main()
