"""Grad-CAM of ResNet-18 at 224 pixels, batches of 8, beside the packages of the field.

- pytorch-grad-cam: a whole backward pass, then NumPy and OpenCV image by image
- captum's LayerGradCam: the gradient only as far as the layer, as ours; also given
  images with channels last, the order in which ours computes
- a forward pass alone, without gradients, in either order: with channels last it is
  what no method can go below

The maps of all three are compared in the same run; random weights cost what learnt
ones do.

usage: python benchmarks/grad_cam.py [--rounds 30] [--json FILE]
"""

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import Tensor, nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parent))
from rounds import Floor, group_alone

from coursekit.gradcam import grad_cam

LAYER = "layer4.1"
CLASSES = (1, 2, 3, 5, 8)
FLOORS = [
    Floor("coursekit", "pytorch-grad-cam", 3.3),
    Floor("coursekit", "captum", 1.0),
    Floor("coursekit", "captum, channels last", 0.95),
    Floor("coursekit", "forward pass", 0.97),
    Floor("coursekit", "forward pass, channels last", 0.85),
    Floor("coursekit, five classes", "coursekit", 1.1, most=True),
]


def scaled(maps: Tensor) -> Tensor:
    """Return maps (n, h, w) with the smallest value 0 and the largest 1, as the package
    scales them."""
    maps = maps - maps.amin((1, 2), keepdim=True)
    return maps / maps.amax((1, 2), keepdim=True).clamp(min=1e-7)


def packaged(model: nn.Module, images: Tensor, target: int) -> Callable | None:
    """Return pytorch-grad-cam's run, if it is installed."""
    if find_spec("pytorch_grad_cam") is None:
        return None
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    cam = GradCAM(model, [model.get_submodule(LAYER)])
    targets = [ClassifierOutputTarget(target)] * len(images)
    return lambda: torch.from_numpy(cam(images, targets))


def captums(model: nn.Module, images: Tensor, target: int) -> Callable | None:
    """Return captum's run with its maps brought to size and scale, if installed."""
    if find_spec("captum") is None:
        return None
    from captum.attr import LayerGradCam

    cam = LayerGradCam(model, model.get_submodule(LAYER))

    def run() -> Tensor:
        raw = cam.attribute(images, target, relu_attributions=True)
        return scaled(F.interpolate(raw, images.shape[2:], mode="bilinear")[:, 0])

    return run


def variants() -> dict[str, Callable | None]:
    """Return all runs, on the same network and images."""
    from torchvision.models import resnet18

    torch.manual_seed(0)
    model, images = resnet18().eval(), torch.randn(8, 3, 224, 224)
    several = torch.tensor([CLASSES] * len(images))

    last = images.contiguous(memory_format=torch.channels_last)

    return {
        "coursekit": lambda: grad_cam(model, images, LAYER, CLASSES[0]).maps,
        "coursekit, five classes": lambda: grad_cam(model, images, LAYER, several),
        "pytorch-grad-cam": packaged(model, images, CLASSES[0]),
        "captum": captums(model, images, CLASSES[0]),
        "captum, channels last": captums(model, last, CLASSES[0]),
        "forward pass": lambda: forward(model, images),
        "forward pass, channels last": lambda: forward(model, last),
    }


@torch.inference_mode()
def forward(model: nn.Module, images: Tensor) -> Tensor:
    """Return the logits, without what a backward pass would need."""
    return model(images)


def differences(runs: dict[str, Callable]) -> dict[str, dict[str, float]]:
    """Return the largest difference of our maps from each peer's, on the scale 0 to 1.

    The package scales each map from its smallest value, we from 0: scaled alike here.
    """
    ours = scaled(runs["coursekit"]())
    peers = {"pytorch-grad-cam", "captum"} & runs.keys()
    apart = {name: (scaled(runs[name]()) - ours).abs().max().item() for name in peers}
    return {"largest difference of a map": dict(sorted(apart.items()))}


if __name__ == "__main__":
    group_alone("grad_cam", __doc__.splitlines()[0], variants, FLOORS, 30, differences)
