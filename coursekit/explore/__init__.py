"""Explorers: small interactive pictures, each declared once.

`explore_…` returns controls and a picture that follows them; the function beside it
makes one such picture from plain settings and needs no widgets. A name loads when it is
first used, so an explorer that only needs numpy brings no torch.
"""

from coursekit._base.lazy import lazy

_HOME_OF = {
    "ChainLayer": "coursekit.explore.chain",
    "Explorer": "coursekit.explore.shell",
    "View": "coursekit.explore.view",
    "augmentation_view": "coursekit.explore.augmentation",
    "background_view": "coursekit.explore.background",
    "batch_norm_view": "coursekit.explore.batch_norm",
    "branches_view": "coursekit.explore.branches",
    "classics_view": "coursekit.explore.classics",
    "dense_matrix_view": "coursekit.explore.dense_matrix",
    "depth_view": "coursekit.explore.depth",
    "desk_view": "coursekit.explore.desk",
    "explore_augmentation": "coursekit.explore.augmentation",
    "explore_background": "coursekit.explore.background",
    "explore_batch_norm": "coursekit.explore.batch_norm",
    "explore_branches": "coursekit.explore.branches",
    "explore_classics": "coursekit.explore.classics",
    "explore_dense_matrix": "coursekit.explore.dense_matrix",
    "explore_depth": "coursekit.explore.depth",
    "explore_desk": "coursekit.explore.desk",
    "explore_grad_cam": "coursekit.explore.grad_cam",
    "explore_heads": "coursekit.explore.heads",
    "explore_hiding": "coursekit.explore.hiding",
    "explore_kernel": "coursekit.explore.kernel",
    "explore_network": "coursekit.explore.network.layer_view",
    "explore_padding": "coursekit.explore.padding",
    "explore_pooling": "coursekit.explore.pooling",
    "explore_receptive_field": "coursekit.explore.receptive_field",
    "explore_reliability": "coursekit.explore.reliability",
    "explore_softmax": "coursekit.explore.softmax",
    "explore_width": "coursekit.explore.width",
    "grad_cam_view": "coursekit.explore.grad_cam",
    "heads_view": "coursekit.explore.heads",
    "hiding_view": "coursekit.explore.hiding",
    "kernel_step": "coursekit.explore.kernel",
    "network_view": "coursekit.explore.network.layer_view",
    "padding_modes": "coursekit.explore.padding",
    "pooling_pyramid": "coursekit.explore.pooling",
    "receptive_field_view": "coursekit.explore.receptive_field",
    "reliability_view": "coursekit.explore.reliability",
    "softmax_view": "coursekit.explore.softmax",
    "states": "coursekit.explore.live",
    "static": "coursekit.explore.shell",
    "width_view": "coursekit.explore.width",
}
__all__ = sorted(_HOME_OF)
__getattr__, __dir__ = lazy(__name__, _HOME_OF)
