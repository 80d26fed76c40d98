"""Train and measure networks: `fit`, `evaluate` and what they return."""

from coursekit._base.lasting import checkpoint_folder
from coursekit.training.evaluation import Evaluation, evaluate
from coursekit.training.history import Epoch, History
from coursekit.training.loop import fit
from coursekit.training.rate_test import RateTest, rate_test
from coursekit.training.schedule import constant, one_cycle, sgd
from coursekit.training.state import Diverged
from coursekit.training.track import track
from coursekit.training.two_processes import (
    CannotStartError,
    SplitBatch,
    SplitNet,
    Step,
    gradient_of,
    in_two_processes,
)

__all__ = [
    "CannotStartError",
    "Diverged",
    "Epoch",
    "Evaluation",
    "History",
    "RateTest",
    "SplitBatch",
    "SplitNet",
    "Step",
    "checkpoint_folder",
    "constant",
    "evaluate",
    "fit",
    "gradient_of",
    "in_two_processes",
    "one_cycle",
    "rate_test",
    "sgd",
    "track",
]
