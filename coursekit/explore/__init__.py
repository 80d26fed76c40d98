"""Explorers: small interactive pictures, each declared once.

`explore_…` returns controls and a picture that follows them; the function beside it
makes one such picture from plain settings and needs no widgets. A name loads when it is
first used, so an explorer that only needs numpy brings no torch.
"""

from coursekit._base.lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        ".augmentation": "augmentation_view explore_augmentation",
        ".background": "background_view explore_background",
        ".batch_norm": "batch_norm_view explore_batch_norm",
        ".branches": "branches_view explore_branches",
        ".chain": "ChainLayer",
        ".classics": "classics_view explore_classics",
        ".dense_matrix": "dense_matrix_view explore_dense_matrix",
        ".depth": "depth_view explore_depth",
        ".desk": "desk_view explore_desk",
        ".grad_cam": "explore_grad_cam grad_cam_view",
        ".heads": "explore_heads heads_view",
        ".hiding": "explore_hiding hiding_view",
        ".kernel": "explore_kernel kernel_step",
        ".live": "states",
        ".network.layer_view": "explore_network network_view",
        ".padding": "explore_padding padding_modes",
        ".pooling": "explore_pooling pooling_pyramid",
        ".receptive_field": "explore_receptive_field receptive_field_view",
        ".reliability": "explore_reliability reliability_view",
        ".shell": "Explorer static",
        ".softmax": "explore_softmax softmax_view",
        ".view": "View",
        ".width": "explore_width width_view",
    },
)
