"""Budget challenges as data, and the report card of a hand-in.

    task = challenge("mnist-8k")       # what is asked
    task.check(model)                  # the rules that need no images, at once
    task.report(model, history)        # all of them, with the cheapest way to meet each

The challenges stand in `challenges.toml`; a cohort with other rules brings a file of
its own (`path`, or the environment variable COURSEKIT_CHALLENGES).
"""

from coursekit.checks.challenges.advice import Way
from coursekit.checks.challenges.challenge import Challenge, challenge, challenges
from coursekit.checks.challenges.interval import Interval, wilson
from coursekit.checks.challenges.judging import Finding
from coursekit.checks.challenges.report import ReportCard
from coursekit.checks.challenges.rules import Rule
from coursekit.checks.challenges.table import RuleTable

__all__ = [
    "Challenge",
    "Finding",
    "Interval",
    "ReportCard",
    "Rule",
    "RuleTable",
    "Way",
    "challenge",
    "challenges",
    "wilson",
]
