"""Where in the picture a network finds evidence, drawn and put to the test.

`grad_cam` gives the maps, `overlay` and `outlined` lay them over pictures; scores
against masks and boxes are in `coursekit.metrics`. `randomised_layers` and
`shuffled_labels` are the two sanity checks that a map must not survive.
"""

from coursekit.gradcam.cam import GradCAM, grad_cam
from coursekit.gradcam.overlay import outlined, overlay
from coursekit.gradcam.sanity import (
    Randomised,
    randomised_layers,
    rank_correlation,
    shuffled_labels,
)

__all__ = [
    "GradCAM",
    "Randomised",
    "grad_cam",
    "outlined",
    "overlay",
    "randomised_layers",
    "rank_correlation",
    "shuffled_labels",
]
