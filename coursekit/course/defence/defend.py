"""Questions about a network of one's own, with exact answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from torch import nn

from coursekit._base.card import BLUE, Card, Displayed
from coursekit._base.kept_widget import show_kept
from coursekit._base.validate import integer
from coursekit._base.words import many
from coursekit.course.defence import own_network as own
from coursekit.course.defence.layer_facts import Facts
from coursekit.course.defence.own_network import LETTERS, Question

COUNT = 5
TITLE = "Your own network"
Maker = Callable[[Facts, Random], Iterator[Question]]
MAKERS: tuple[Maker, ...] = (
    own.field_questions,
    own.weight_questions,
    own.work_questions,
    own.byte_questions,
    own.most_questions,
    own.pooling_questions,
    own.half_questions,
)


@dataclass(frozen=True, repr=False)
class Defence(Displayed):
    """The questions of one network, a quiz in a notebook; `key` is for who asks them.

    Without ipywidgets, and in a saved notebook, the questions are a card.
    """

    questions: tuple[Question, ...]

    @property
    def _shown(self) -> Card:
        rows = [(f"{n}", asked(one)) for n, one in enumerate(self.questions, 1)]
        return Card(TITLE, rows, BLUE)

    def _ipython_display_(self) -> None:
        show_kept(self.quiz().widget, self._shown.html(), repr(self))

    def quiz(self):
        """Return the questions with buttons: a `Quiz`, whose `widget` is shown."""
        from coursekit.course.defence.quiz import Quiz

        return Quiz(TITLE, self.questions)

    @property
    def key(self) -> str:
        """Return the right letters, and where the wrong choices come from."""
        rows = []
        for number, one in enumerate(self.questions, 1):
            wrong = [f"   {letter}: {why}" for letter, why in sorted(one.why.items())]
            rows += [f"{number}. {one.right}", *wrong]
        return "\n".join(rows)

    def judge(self, *letters: str) -> str:
        """Say which answers are right.

        Args:
            letters: one for each question, such as "A", "C", "B", "B", "D".

        Raises:
            ValueError: another number of letters, or other letters.
        """
        allowed = len(letters) == len(self.questions) and all(
            str(letter).upper() in LETTERS and len(str(letter)) == 1
            for letter in letters
        )
        if not allowed:
            raise ValueError(
                f"`letters` must be {len(self.questions)} of {', '.join(LETTERS)}; "
                f"got {letters!r}"
            )
        rows = []
        for number, (one, given) in enumerate(
            zip(self.questions, letters, strict=True)
        ):
            letter = str(given).upper()
            said = "right" if letter == one.right else f"no: {one.why[letter]}"
            rows.append(f"{number + 1}. {said}")
        return "\n".join(rows)


def asked(question: Question) -> str:
    """Write a question with its choices in one line."""
    pairs = zip(LETTERS, question.choices, strict=False)
    return f"{question.text} " + "  ".join(f"{one}) {text}" for one, text in pairs)


def defend(model: nn.Module, input_shape: Sequence[int], *, seed: int = 0) -> Defence:
    """Ask five questions about a network, with exact answers.

    Args:
        model: any network that `anatomy` can read.
        input_shape: (channels, height, width) of one image.
        seed: other layers, other questions.

    Raises:
        ValueError: as `anatomy`; or the network is too small to be asked about.
    """
    draw = Random(integer("seed", seed, low=0))
    network = Facts(model, tuple(input_shape))
    questions = [one for make in MAKERS for one in _best(make, network, draw)]
    if len(questions) < COUNT:
        raise ValueError(
            f"`model` is too small: {many(len(questions), 'question')} can be asked "
            f"about it, {COUNT} are needed"
        )
    questions.sort(key=lambda one: one.spread)
    return Defence(tuple(questions[:COUNT]))


def _best(make: Maker, network: Facts, draw: Random) -> list[Question]:
    """Return the question of a kind whose wrong choices lie nearest to each other."""
    return sorted(make(network, draw), key=lambda one: one.spread)[:1]
