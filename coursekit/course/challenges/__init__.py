"""Budget challenges as data, and the report card of a hand-in.

    task = challenge("mnist-8k")       # what is asked
    task.check(model)                  # the rules that need no images, at once
    task.report(model, history)        # all of them, with the cheapest way to meet each

The challenges stand in `challenges.toml`; a cohort with other rules brings a file of
its own (`path`, or the environment variable COURSEKIT_CHALLENGES).
"""

from coursekit.course.challenges.challenge import Challenge, all_challenges, challenge
from coursekit.course.challenges.cheapest_way import Way
from coursekit.course.challenges.network_judge import Finding
from coursekit.course.challenges.report import ReportCard
from coursekit.course.challenges.requirements import Rule
from coursekit.course.challenges.rule_table import RuleTable

__all__ = [
    "Challenge",
    "Finding",
    "ReportCard",
    "Rule",
    "RuleTable",
    "Way",
    "all_challenges",
    "challenge",
]
