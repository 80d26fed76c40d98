"""Numbers that say how good an answer is, and how well a net can learn."""

from coursekit.metrics.answers import confusion_matrix, most_wrong, top_k
from coursekit.metrics.calibration import (
    Reliability,
    best_temperature,
    expected_calibration_error,
    reliability,
)
from coursekit.metrics.gradients import gradient_norms
from coursekit.metrics.place import box_iou, boxes_of, pointing_game

__all__ = [
    "Reliability",
    "best_temperature",
    "box_iou",
    "boxes_of",
    "confusion_matrix",
    "expected_calibration_error",
    "gradient_norms",
    "most_wrong",
    "pointing_game",
    "reliability",
    "top_k",
]
