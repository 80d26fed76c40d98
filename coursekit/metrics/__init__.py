"""Numbers that say how good an answer is: accuracy, confidence, place, and spread.

Each name loads when it is first used: intervals, which need no torch, bring none.
"""

from coursekit._base.lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        ".answers": "confusion_matrix most_wrong top_k worst_pairs",
        ".calibration": (
            "Reliability best_temperature expected_calibration_error reliability"
        ),
        ".gradients": "gradient_norms",
        ".place": (
            "best_threshold box_iou boxes_of energy_inside mask_iou pointing_game"
        ),
        ".proportion": "Proportion wilson",
        ".runs": "Interval interval paired",
    },
)
