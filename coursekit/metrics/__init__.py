"""Numbers that say how good an answer is: accuracy, confidence and place."""

from coursekit.metrics.answers import confusion_matrix, most_wrong, top_k
from coursekit.metrics.calibration import (
    Reliability,
    best_temperature,
    expected_calibration_error,
    reliability,
)
from coursekit.metrics.place import (
    best_threshold,
    box_iou,
    boxes_of,
    energy_inside,
    mask_iou,
    pointing_game,
)

__all__ = [
    "Reliability",
    "best_temperature",
    "best_threshold",
    "box_iou",
    "boxes_of",
    "confusion_matrix",
    "energy_inside",
    "expected_calibration_error",
    "mask_iou",
    "most_wrong",
    "pointing_game",
    "reliability",
    "top_k",
]
