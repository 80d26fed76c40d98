"""How a report card looks: text for a terminal, HTML for a notebook, and its figures.

The figures keep their white ground in a dark notebook; all text takes the colour of the
page.
"""

from __future__ import annotations

import base64
import io
import textwrap
from dataclasses import dataclass
from html import escape

from torch import Tensor

from coursekit._base.card import GREEN, VERMILLION, frame
from coursekit._base.validate import choice
from coursekit._base.words import many
from coursekit.anatomy import Anatomy
from coursekit.course.challenges.rule_table import RuleTable
from coursekit.course.challenges.task import Task
from coursekit.metrics import confusion_matrix
from coursekit.metrics.proportion import Proportion
from coursekit.training import Evaluation, Gallery, History
from coursekit.training.by_class import pairs_text
from coursekit.training.curves import curves_html, curves_text

FIGURES = ("curves", "confusion", "gallery")
MOST_ROWS = 80  # of the table of layers
SHOWN = 0.8  # of a figure's own width, so that the card fits a screen


@dataclass(frozen=True, eq=False, repr=False)
class ReportCard:
    """What `Challenge.report` found; every part can be shown on its own.

    Args:
        challenge: what was asked.
        rules: each rule with its verdict and the cheapest way to meet it.
        history: what the rows of all runs say, None without a history.
        answers: of the model on the test images, None where there were none.
        accuracy: their share of right answers with its 95 % interval.
        wrong: the most wrong answers with Grad-CAM.
        anatomy: shapes, parameters and receptive fields, layer by layer.
    """

    challenge: Task
    rules: RuleTable
    history: History | None
    answers: Evaluation | None
    accuracy: Proportion | None
    wrong: Gallery | None
    anatomy: Anatomy | None

    @property
    def met(self) -> bool:
        """Whether every rule was judged and is met."""
        return self.rules.met

    @property
    def confusion(self) -> Tensor | None:
        """How often each class (row) was answered as each class (column)."""
        if self.answers is None:
            return None
        found = self.answers
        return confusion_matrix(found.predictions, found.labels, len(found.classes))

    def figure(self, name: str):
        """Draw "curves", "confusion" or "gallery".

        Raises:
            ValueError: no such figure, or nothing to draw; the sentence says why.
        """
        choice("name", name, FIGURES)
        return figure(self, name)

    def __repr__(self) -> str:
        return text(self)

    def _repr_html_(self) -> str:
        return html(self)


def figure(card: ReportCard, name: str):
    """Draw one of the figures of a card."""
    missing = _missing(card)[name]
    if missing:
        raise ValueError(f"`name` {name!r}: {missing}")
    return {"curves": _curves, "confusion": _confusion, "gallery": _gallery}[name](card)


def _missing(card: ReportCard) -> dict[str, str]:
    """Return figure → why it cannot be drawn, "" where it can."""
    no_test = "there are no answers to test images"
    rows = len(card.history.epochs) if card.history is not None else 0
    wrong = "" if card.wrong else no_test
    if card.wrong is not None and not len(card.wrong):
        wrong = "no answer is wrong"
    if card.wrong is None and card.answers is not None:
        wrong = "an Evaluation holds no images; give the set"
    return {
        "curves": "" if rows > 1 else "there is no history of two epochs or more",
        "confusion": "" if card.answers is not None else no_test,
        "gallery": wrong,
    }


def _curves(card: ReportCard):
    from coursekit.figures import curves

    rows = card.history.epochs
    lines = {"train": [100 * row.train_accuracy for row in rows]}
    if all(row.valid_accuracy is not None for row in rows):
        lines["validation"] = [100 * row.valid_accuracy for row in rows]
    bars = [f.rule.limit for f in card.rules if f.rule.key.endswith("_accuracy")]
    bars = [limit for limit in bars if limit is not True]
    best = max(lines.get("validation", lines["train"]))
    return curves(
        range(1, len(rows) + 1),
        lines,
        xlabel="epoch",
        ylabel="accuracy in %",
        title=f"Best accuracy {best:.2f} % in {len(rows)} epochs",
        level={f"{limit:g} %": limit for limit in dict.fromkeys(bars)},
    )


def _confusion(card: ReportCard):
    from coursekit.figures import heatmap

    counts, names = card.confusion, list(card.answers.classes)
    wrong = counts.clone().fill_diagonal_(0)
    first = card.answers.by_class.pairs[:1]
    finding = f"Most often: {pairs_text(first)}" if first else "Every answer is right"
    return heatmap(
        wrong,
        title=f"{int(wrong.sum())} wrong of {card.answers.n:,}. {finding}",
        xlabel="answered as",
        ylabel="is",
        label="wrong answers",
        values=True,
        xticks=names,
        yticks=names,
    )


def _gallery(card: ReportCard):
    return card.wrong.figure()


def text(card: ReportCard) -> str:
    """Write a report card as text."""
    parts = [f"{card.challenge.name} · {card.rules!r}"]
    if card.accuracy is not None:
        pairs = pairs_text(card.answers.by_class.pairs)
        lines = [f"accuracy: {card.accuracy!r}", f"confusions: {pairs}"]
        parts.append("\n".join(textwrap.fill(line, 88) for line in lines))
    if card.history is not None and len(card.history) > 1:
        parts.append(f"{_training(card)}\n{curves_text(card.history)}")
    if card.wrong is not None and len(card.wrong):
        parts.append(repr(card.wrong))
    if card.anatomy is not None:
        parts.append(repr(card.anatomy))
    return "\n\n".join(parts)


def html(card: ReportCard) -> str:
    """Write a report card as HTML that stands on its own."""
    colour = GREEN if card.met else VERMILLION
    word = "✓ every rule is met" if card.met else "✗ not every rule is met"
    parts = [
        f"<b>{escape(card.challenge.name)}</b> · {word}",
        card.rules._repr_html_(),
        _accuracy_html(card),
        _training_html(card),
        _picture(card, "confusion"),
        _picture(card, "gallery"),
        _layers_html(card),
    ]
    label = f"Report card of {card.challenge.name}"
    gap = "margin:.6em 0"
    inside = "".join(f'<div style="{gap}">{part}</div>' for part in parts if part)
    return frame(inside, colour, label)


def _training(card: ReportCard) -> str:
    """Say how the network was trained, as its history has it."""
    history = card.history
    settings = " · ".join(f"{name} {value}" for name, value in history.settings.items())
    epochs = many(len(history), "epoch")
    return f"{epochs} in {history.seconds:,.0f} s · {settings}".rstrip(" ·")


def _training_html(card: ReportCard) -> str:
    if card.history is None:
        return ""
    drawn = curves_html(card.history)
    return f"<b>Training</b> {escape(_training(card))}{drawn}"


def _accuracy_html(card: ReportCard) -> str:
    if card.accuracy is None:
        return ""
    pairs = pairs_text(card.answers.by_class.pairs)
    return (
        f"<b>Accuracy</b> {escape(repr(card.accuracy))}<br>"
        f"<b>Confusions</b> {escape(pairs)}"
    )


def _picture(card: ReportCard, name: str) -> str:
    if _missing(card)[name]:
        return ""
    drawn = figure(card, name)
    code = base64.b64encode(_small(drawn.png())).decode()
    width = int(96 * drawn.get_size_inches()[0] * SHOWN)
    return (
        f'<img alt="{escape(drawn.alt, quote=True)}" width="{width}" '
        f'style="max-width:100%" src="data:image/png;base64,{code}">'
    )


def _small(png: bytes) -> bytes:
    """Return a picture with at most 256 colours: a third of the bytes."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256).save(
        buffer, "PNG", optimize=True
    )
    return buffer.getvalue()


def _layers_html(card: ReportCard) -> str:
    if card.anatomy is None:
        return ""
    if len(card.anatomy) > MOST_ROWS:
        table = f"<pre>{escape(repr(card.anatomy).splitlines()[-1])}</pre>"
    else:
        table = card.anatomy._repr_html_()
    return f"<details><summary>Layers and receptive fields</summary>{table}</details>"
