"""The questions as a quiz in the notebook: choose, then see which are right.

Only what ipywidgets 7.7 and 8 share is used.
"""

from collections.abc import Sequence

import ipywidgets as widgets

from coursekit._base.card import GREEN, ORANGE, frame, inline
from coursekit.course.defence.own_network import LETTERS, Question

WIDE = {"width": "auto", "max_width": "46em"}
OPEN = "Choose an answer to every question first."


class Quiz:
    """Radio buttons for each question and one button that judges all.

    Args:
        title: one line above.
        questions: with choices, the right letter, and why others are wrong.
    """

    def __init__(self, title: str, questions: Sequence[Question]) -> None:
        self.questions = tuple(questions)
        self.choices = [_choices(one) for one in self.questions]
        self.said = [widgets.HTML() for _ in self.questions]
        self.button = widgets.Button(description="check my answers", layout=WIDE)
        self.summary = widgets.HTML()
        self.button.on_click(lambda _: self.judge())
        rows = [widgets.HTML(f"<b>{inline(title)}</b>")]
        numbered = zip(self.questions, self.choices, self.said, strict=True)
        for number, (one, choice, said) in enumerate(numbered, 1):
            asked = widgets.HTML(f"<div>{number}. {inline(one.text)}</div>")
            rows += [asked, choice, said]
        self.widget = widgets.VBox([*rows, self.button, self.summary])

    def judge(self) -> None:
        """Say of each answer whether it is right; why, where it is not."""
        if any(choice.value is None for choice in self.choices):
            self.summary.value = frame(OPEN, ORANGE, OPEN, role="status")
            return
        right = 0
        for one, choice, said in zip(
            self.questions, self.choices, self.said, strict=True
        ):
            is_right = choice.value == one.right
            right += is_right
            text = "✓ right" if is_right else f"✗ no: {one.why[choice.value]}"
            said.value = frame(inline(text), GREEN if is_right else ORANGE, text)
        text = f"{right} of {len(self.questions)} right"
        colour = GREEN if right == len(self.questions) else ORANGE
        self.summary.value = frame(text, colour, text, role="status")


def _choices(one: Question) -> widgets.RadioButtons:
    pairs = zip(LETTERS, one.choices, strict=True)
    options = [(f"{letter}) {text.replace('`', '')}", letter) for letter, text in pairs]
    return widgets.RadioButtons(options=options, value=None, layout=WIDE)
