"""The networks of the lectures, each as its paper has it, and small relatives."""

from coursekit.models.alexnet import alexnet, alexnet_one_tower, zfnet
from coursekit.models.capstone import (
    budget_net,
    early_net,
    gap_net,
    late_net,
    norm_net,
    plain_net,
)
from coursekit.models.depth_net import depth_net
from coursekit.models.googlenet import GoogLeNetOutput, googlenet
from coursekit.models.lenet import lenet5
from coursekit.models.pretrained import Pretrained, pretrained
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
    tiny_imagenet_resnet,
)
from coursekit.models.resnet9 import resnet9
from coursekit.models.small import separable_net, squeeze_expand, tiny_net
from coursekit.models.vgg import vgg11, vgg16, vgg19

__all__ = [
    "GoogLeNetOutput",
    "Pretrained",
    "alexnet",
    "alexnet_one_tower",
    "budget_net",
    "cifar_plain",
    "cifar_resnet",
    "depth_net",
    "early_net",
    "gap_net",
    "googlenet",
    "late_net",
    "lenet5",
    "norm_net",
    "plain18",
    "plain34",
    "plain_net",
    "pretrained",
    "resnet9",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "separable_net",
    "squeeze_expand",
    "tiny_imagenet_resnet",
    "tiny_net",
    "vgg11",
    "vgg16",
    "vgg19",
    "zfnet",
]
