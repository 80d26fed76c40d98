"""Numbers that say how good an answer is: accuracy, confidence, place, and spread.

What needs torch is loaded on first use (PEP 562): intervals are also for programs that
read results without it.
"""

from importlib import import_module

from coursekit.metrics.proportion import Proportion, wilson
from coursekit.metrics.runs import Interval, interval, paired

_HOME_OF = {
    "Reliability": "calibration",
    "best_temperature": "calibration",
    "best_threshold": "place",
    "box_iou": "place",
    "boxes_of": "place",
    "confusion_matrix": "answers",
    "energy_inside": "place",
    "expected_calibration_error": "calibration",
    "gradient_norms": "gradients",
    "mask_iou": "place",
    "most_wrong": "answers",
    "pointing_game": "place",
    "reliability": "calibration",
    "top_k": "answers",
    "worst_pairs": "answers",
}

__all__ = ["Interval", "Proportion", "interval", "paired", "wilson", *sorted(_HOME_OF)]


def __getattr__(name: str):
    if name not in _HOME_OF:
        raise AttributeError(f"module 'coursekit.metrics' has no attribute {name!r}")
    return getattr(import_module(f"coursekit.metrics.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
