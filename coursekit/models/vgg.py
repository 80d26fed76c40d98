"""VGG: only 3×3 convolutions and 2×2 pooling.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition" (arXiv 1409.1556), Table 1: configurations A (11), D (16) and E (19).
"""

from torch import nn

from coursekit._base.validate import integer
from coursekit.models.alexnet import FeaturesAndClassifier

CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
WIDTHS = (64, 128, 256, 512, 512)


def vgg(depth: int, num_classes: int, in_channels: int) -> FeaturesAndClassifier:
    """Return the VGG with `depth` weight layers, named as torchvision names them.

    Shape:
        (n, in_channels, 224, 224) → (n, num_classes)
    """
    if depth not in CONVOLUTIONS:
        raise ValueError(f"`depth` must be one of {list(CONVOLUTIONS)}; got {depth}")
    channels = integer("in_channels", in_channels, low=1)
    layers: list[nn.Module] = []
    for count, width in zip(CONVOLUTIONS[depth], WIDTHS, strict=True):
        for _ in range(count):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    classifier = nn.Sequential(
        nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, integer("num_classes", num_classes, low=1)),
    )  # fmt: skip
    features = nn.Sequential(*layers)
    return FeaturesAndClassifier(features, classifier, nn.AdaptiveAvgPool2d(7))


def vgg11(num_classes: int = 1000, in_channels: int = 3) -> FeaturesAndClassifier:
    """Return VGG-11 (configuration A): 132,863,336 parameters for 1000 classes."""
    return vgg(11, num_classes, in_channels)


def vgg16(num_classes: int = 1000, in_channels: int = 3) -> FeaturesAndClassifier:
    """Return VGG-16 (configuration D): 138,357,544 parameters for 1000 classes."""
    return vgg(16, num_classes, in_channels)


def vgg19(num_classes: int = 1000, in_channels: int = 3) -> FeaturesAndClassifier:
    """Return VGG-19 (configuration E): 143,667,240 parameters for 1000 classes."""
    return vgg(19, num_classes, in_channels)
