"""What a session says to its reader: claims, exercises, challenges, the hand-in.

The names below load on first use. `coursekit` itself gives the ones that stand in every
session; a session imports the others from here.
"""

from coursekit._base.lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coursekit._base.short_errors": "whole_error",
        ".challenges": "Challenge all_challenges challenge",
        ".challenges.ladder": "Ladder on_mnist rung",
        ".claims": "claim verdict verdict_table",
        ".defence": "defend",
        ".exercises": "Exercise check exercise exercise_ids hint solution",
        ".experiments": "Stored stored",
        ".handin": "inspect_submission submit",
        ".outline": "course_map",
        ".overview": "progress",
        ".predictions": "predict prediction_table reveal",
        ".records": "forget_progress",
        ".sharing": "share_predictions",
        "coursekit.metrics": "wilson",
    },
)
