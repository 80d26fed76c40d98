"""Train and measure networks: `fit`, `evaluate` and what they return."""

from coursekit._base.lasting import checkpoint_folder
from coursekit.training.compare_runs import RunComparison, compare_runs
from coursekit.training.evaluation import Evaluation, evaluate
from coursekit.training.gallery import Gallery, gallery
from coursekit.training.history import Epoch, History
from coursekit.training.loop import fit
from coursekit.training.optimizers import sgd
from coursekit.training.patience import EarlyStop, Plateau
from coursekit.training.rate_test import RateTest, rate_test
from coursekit.training.schedule import (
    OneCycle,
    constant,
    cosine,
    multi_step,
    one_cycle,
    step_decay,
    triangular,
)
from coursekit.training.schedule_plot import plot_schedule
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
    "EarlyStop",
    "Epoch",
    "Evaluation",
    "Gallery",
    "History",
    "OneCycle",
    "Plateau",
    "RateTest",
    "RunComparison",
    "SplitBatch",
    "SplitNet",
    "Step",
    "checkpoint_folder",
    "compare_runs",
    "constant",
    "cosine",
    "evaluate",
    "fit",
    "gallery",
    "gradient_of",
    "in_two_processes",
    "multi_step",
    "one_cycle",
    "plot_schedule",
    "rate_test",
    "sgd",
    "step_decay",
    "track",
    "triangular",
]
