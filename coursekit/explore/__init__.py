"""Explorers: small interactive pictures, each a pure function in a thin widget shell.

`explore_…` returns controls and a picture that follows them; the function beside it
makes one such picture from plain settings and needs no widgets.
"""

from coursekit.explore.augmentation import augmentation_view, explore_augmentation
from coursekit.explore.chain import ChainLayer
from coursekit.explore.kernel import explore_kernel, kernel_step
from coursekit.explore.network import explore_network, network_view
from coursekit.explore.padding import explore_padding, padding_modes
from coursekit.explore.pooling import explore_pooling, pooling_pyramid
from coursekit.explore.receptive_field import (
    explore_receptive_field,
    receptive_field_view,
)
from coursekit.explore.shell import Explorer, static
from coursekit.explore.view import View

__all__ = [
    "ChainLayer",
    "Explorer",
    "View",
    "augmentation_view",
    "explore_augmentation",
    "explore_kernel",
    "explore_network",
    "explore_padding",
    "explore_pooling",
    "explore_receptive_field",
    "kernel_step",
    "network_view",
    "padding_modes",
    "pooling_pyramid",
    "receptive_field_view",
    "static",
]
