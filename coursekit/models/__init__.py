"""The networks of the lectures, each as its paper has it, and small relatives."""

from coursekit.models.alexnet import alexnet, alexnet_one_tower, zfnet
from coursekit.models.depth_net import depth_net
from coursekit.models.googlenet import GoogLeNetOutput, googlenet
from coursekit.models.lenet import lenet5
from coursekit.models.resnet import (
    cifar_plain,
    cifar_resnet,
    plain18,
    plain34,
    resnet18,
    resnet34,
    resnet50,
    resnet101,
    resnet152,
)
from coursekit.models.small import separable_net, squeeze_expand, tiny_net
from coursekit.models.vgg import vgg11, vgg16, vgg19

__all__ = [
    "GoogLeNetOutput",
    "alexnet",
    "alexnet_one_tower",
    "cifar_plain",
    "cifar_resnet",
    "depth_net",
    "googlenet",
    "lenet5",
    "plain18",
    "plain34",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "separable_net",
    "squeeze_expand",
    "tiny_net",
    "vgg11",
    "vgg16",
    "vgg19",
    "zfnet",
]
