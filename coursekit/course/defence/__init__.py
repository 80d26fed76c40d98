"""Talking about a network of one's own: `defend` asks, and knows the answers."""

from coursekit.course.defence.defend import Defence, defend
from coursekit.course.defence.own_network import LETTERS, Question

__all__ = ["LETTERS", "Defence", "Question", "defend"]
