"""Train and measure networks: `fit`, `evaluate` and what they return."""

from coursekit._base.lasting import checkpoint_folder
from coursekit.training.evaluation import Evaluation, evaluate
from coursekit.training.history import Epoch, History
from coursekit.training.loop import fit
from coursekit.training.rate_test import RateTest, rate_test
from coursekit.training.schedule import constant, one_cycle, sgd
from coursekit.training.state import Diverged
from coursekit.training.track import track

__all__ = [
    "Diverged",
    "Epoch",
    "Evaluation",
    "History",
    "RateTest",
    "checkpoint_folder",
    "constant",
    "evaluate",
    "fit",
    "one_cycle",
    "rate_test",
    "sgd",
    "track",
]
