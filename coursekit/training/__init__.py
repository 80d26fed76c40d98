"""Train and measure networks: `fit`, `evaluate` and what they return."""

from coursekit._base.lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coursekit._base.lasting": "checkpoint_folder",
        ".run_comparison": "RunComparison compare_runs",
        ".evaluation": "Evaluation evaluate",
        ".picture_gallery": "Gallery gallery",
        ".history": "Epoch History",
        ".loop": "fit",
        ".optimizers": "sgd",
        ".patience": "EarlyStop Plateau",
        ".rate_trial": "RateTest rate_test",
        ".schedule": (
            "OneCycle constant cosine multi_step one_cycle step_decay triangular"
        ),
        ".schedule_plot": "plot_schedule",
        ".state": "Diverged",
        ".tracking": "track",
        ".two_processes": (
            "CannotStartError SplitBatch SplitNet Step gradient_of in_two_processes"
        ),
    },
)
