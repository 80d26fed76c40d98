"""AlexNet in its two forms, and ZFNet.

Krizhevsky, Sutskever, Hinton (NIPS 2012), section 3.5 and Figure 2: two towers on two
GPUs, hence the groups. Krizhevsky, "One weird trick for parallelizing convolutional
neural networks" (arXiv 1404.5997): the one-tower form torchvision has. Zeiler and
Fergus, "Visualizing and Understanding Convolutional Networks" (arXiv 1311.2901).
"""

from torch import Tensor, nn

from coursekit._base.validate import integer
from coursekit.blocks import local_response_norm


class FeaturesAndClassifier(nn.Module):
    """Convolutions, then dense layers on the flattened map.

    Shape:
        (n, c, h, w) → (n, num_classes); h and w are fixed by the dense layers
    """

    def __init__(
        self,
        features: nn.Module,
        classifier: nn.Module,
        avgpool: nn.Module | None = None,
    ):
        super().__init__()
        self.features = features
        self.avgpool = avgpool or nn.Identity()
        self.classifier = classifier

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)  # n c' h' w'
        x = self.avgpool(x)
        x = x.flatten(1)  # n c'·h'·w'
        x = self.classifier(x)  # n classes
        return x


def dense_stack(features: int, num_classes: int) -> nn.Sequential:
    """Return the three dense layers of AlexNet, dropout in front of the first two."""
    integer("num_classes", num_classes, low=1)
    return nn.Sequential(
        nn.Dropout(), nn.Linear(features, 4096), nn.ReLU(),
        nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
        nn.Linear(4096, num_classes),
    )  # fmt: skip


def alexnet(num_classes: int = 1000, in_channels: int = 3) -> FeaturesAndClassifier:
    """Return AlexNet as published: grouped convolutions, 60,965,224 parameters.

    Shape:
        (n, in_channels, 227, 227) → (n, num_classes). The paper says 224, with which
        the first layer would have (224 − 11) / 4 + 1 = 54.25 columns.
    """
    features = nn.Sequential(
        nn.Conv2d(integer("in_channels", in_channels, low=1), 96, 11, 4), nn.ReLU(),
        local_response_norm(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(),
        local_response_norm(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(),
        nn.MaxPool2d(3, 2),
    )  # fmt: skip
    return FeaturesAndClassifier(features, dense_stack(256 * 6 * 6, num_classes))


def alexnet_one_tower(
    num_classes: int = 1000, in_channels: int = 3
) -> FeaturesAndClassifier:
    """Return the one-tower AlexNet, layer for layer torchvision's: 61,100,840.

    Shape:
        (n, in_channels, 224, 224) → (n, num_classes); other sizes from 63 pixels are
        pooled to 6×6
    """
    features = nn.Sequential(
        nn.Conv2d(integer("in_channels", in_channels, low=1), 64, 11, 4, 2), nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
    )  # fmt: skip
    head = dense_stack(256 * 6 * 6, num_classes)
    return FeaturesAndClassifier(features, head, nn.AdaptiveAvgPool2d(6))


def zfnet(
    num_classes: int = 1000,
    in_channels: int = 3,
    *,
    widths: tuple[int, int, int] = (512, 1024, 512),
) -> FeaturesAndClassifier:
    """Return ZFNet: AlexNet with a 7×7 stride-2 start and no groups.

    Args:
        num_classes, in_channels: ≥ 1.
        widths: channels of CONV3, 4, 5: those of lectures and of the paper's enlarged
            variant; (384, 384, 256) is the network of its Figure 3.

    Shape:
        (n, in_channels, 224, 224) → (n, num_classes)
    """
    three, four, five = widths
    features = nn.Sequential(
        nn.Conv2d(integer("in_channels", in_channels, low=1), 96, 7, 2, 1), nn.ReLU(),
        nn.MaxPool2d(3, 2, 1), local_response_norm(),
        nn.Conv2d(96, 256, 5, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
        local_response_norm(),
        nn.Conv2d(256, three, 3, padding=1), nn.ReLU(),
        nn.Conv2d(three, four, 3, padding=1), nn.ReLU(),
        nn.Conv2d(four, five, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
    )  # fmt: skip
    return FeaturesAndClassifier(features, dense_stack(five * 6 * 6, num_classes))
