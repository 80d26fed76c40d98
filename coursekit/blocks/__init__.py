"""The building blocks of the networks in the course, each as its paper describes it."""

from coursekit.blocks.basic import (
    ConvNormAct,
    DenseHead,
    GAPHead,
    Transition,
    pointwise,
)
from coursekit.blocks.inception import (
    AuxiliaryClassifier,
    Factorised,
    Inception,
    NaiveInception,
    conv_relu,
)
from coursekit.blocks.normalise import (
    GhostBatchNorm,
    LocalContrastNorm,
    local_response_norm,
)
from coursekit.blocks.residual import BasicBlock, Bottleneck, Padded, PlainBlock
from coursekit.blocks.separable import DepthwiseSeparable, InvertedBottleneck

__all__ = [
    "AuxiliaryClassifier",
    "BasicBlock",
    "Bottleneck",
    "ConvNormAct",
    "DenseHead",
    "DepthwiseSeparable",
    "Factorised",
    "GAPHead",
    "GhostBatchNorm",
    "Inception",
    "InvertedBottleneck",
    "LocalContrastNorm",
    "NaiveInception",
    "Padded",
    "PlainBlock",
    "Transition",
    "conv_relu",
    "local_response_norm",
    "pointwise",
]
