"""What a session says to its reader: claims, exercises, challenges, the hand-in.

The names below load on first use. `coursekit` itself gives the ones that stand in every
session; a session imports the others from here.
"""

from coursekit._base.lazy import lazy

_HOMES = {
    "Challenge": "coursekit.course.challenges",
    "Exercise": "coursekit.course.exercises",
    "Ladder": "coursekit.course.challenges.ladder",
    "Stored": "coursekit.course.experiments",
    "all_challenges": "coursekit.course.challenges",
    "challenge": "coursekit.course.challenges",
    "course_map": "coursekit.course.outline",
    "check": "coursekit.course.exercises",
    "claim": "coursekit.course.claims",
    "defend": "coursekit.course.defence",
    "exercise": "coursekit.course.exercises",
    "exercise_ids": "coursekit.course.exercises",
    "hint": "coursekit.course.exercises",
    "forget_progress": "coursekit.course.records",
    "inspect_submission": "coursekit.course.handin",
    "on_mnist": "coursekit.course.challenges.ladder",
    "predict": "coursekit.course.predictions",
    "prediction_table": "coursekit.course.predictions",
    "progress": "coursekit.course.overview",
    "reveal": "coursekit.course.predictions",
    "rung": "coursekit.course.challenges.ladder",
    "solution": "coursekit.course.exercises",
    "stored": "coursekit.course.experiments",
    "submit": "coursekit.course.handin",
    "verdict": "coursekit.course.claims",
    "verdict_table": "coursekit.course.claims",
    "whole_error": "coursekit._base.short_errors",
    "wilson": "coursekit.metrics",
}
__all__ = [*_HOMES]
__getattr__, __dir__ = lazy(__name__, _HOMES)
