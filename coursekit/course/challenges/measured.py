"""What a rule is judged by: the model, its history, its answers, collected once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import nn

from coursekit.anatomy.arguments import checked_model
from coursekit.anatomy.rules.operators import UnknownOperatorError
from coursekit.course.challenges.census import census
from coursekit.course.challenges.count_learnt import Learnt, count
from coursekit.course.challenges.layer_rules import is_dense
from coursekit.course.challenges.notes import Census
from coursekit.course.network_file.count import Count
from coursekit.metrics.proportion import Proportion
from coursekit.training import History
from coursekit.training.history import Epoch


@dataclass(frozen=True)
class Measured:
    """All that is known about a hand-in.

    Args:
        model: the network.
        input_shape: (c, h, w) of one image.
        census: what it does, operator by operator; None where that is not known.
        problem: why there is no census.
        count: the numbers it has learnt.
        description: bytes of its graph without the weights, packed; 0 where the network
            was not judged as a file.
        notes: what there is to say about the count.
        epochs: the rows of its training; None where no history was given.
        no_file: why the network was not judged as a file.
        test: the accuracy on the test images; None where it was not measured.
        no_test: why it was not.
        baseline: the same of the network it is compared with.
    """

    model: nn.Module
    input_shape: tuple[int, ...]
    census: Census | None
    problem: str
    count: Learnt | Count
    description: int = 0
    notes: tuple[str, ...] = ()
    epochs: tuple[Epoch, ...] | None = None
    no_history: str = "no history was given: `report(model, history)`"
    test: Proportion | None = None
    no_file: str = "the hand-in file needs onnx: pip install onnx onnxruntime"
    no_test: str = "the test images come with `report`"
    baseline: Measured | None = None

    @property
    def seconds(self) -> float:
        """Seconds of training."""
        return sum(row.seconds for row in self.epochs)


def examine(model: nn.Module, input_shape: tuple[int, ...], **more) -> Measured:
    """Collect what can be told from the model alone; `more` are further fields.

    Raises:
        ValueError: no module, or images of this shape do not go through it.
    """
    seen, problem = None, ""
    try:
        seen = census(checked_model(model), input_shape)
    except UnknownOperatorError as error:
        problem = str(error)
    counted = count(model, seen)
    return Measured(model, input_shape, seen, problem, counted, **more)


def of_file(written: bytes, **more) -> Measured:
    """Collect what can be told from a network as it would be handed in.

    This is the one judge: the student's `check` and the inspection of a hand-in both
    look at the file, so that they see the same.

    Args:
        written: an ONNX file; no part of it is trusted.
        more: further fields of `Measured`.

    Raises:
        ValueError: the file is refused; one sentence.
    """
    from coursekit.course.challenges.neighbours import mixed_in_a_file
    from coursekit.course.network_file.allow_list import Misfit, Unrecognised
    from coursekit.course.network_file.graph import read_graph
    from coursekit.course.network_file.replay import Replay

    graph = read_graph(written)
    replay, seen, problem = Replay(graph), None, ""
    try:
        seen = census(replay, graph.input_shape)
        doubts = *replay.ledger.doubts, *seen.doubts
        mixed = () if doubts else mixed_in_a_file(Replay(graph), seen.multiply_adds)
        seen = _moved(replay, replace(seen, doubts=(*doubts, *mixed)))
    except Misfit as error:
        raise ValueError(str(error)) from error
    except (Unrecognised, UnknownOperatorError) as error:
        problem = str(error)
        replay.ledger.use_everything()
    counted = replay.ledger.count()
    return Measured(
        replay,
        graph.input_shape,
        seen,
        problem,
        counted,
        graph.description,
        tuple(counted.notes()),
        **more,
    )


def _moved(replay, seen: Census) -> Census:
    """Try out whether answers move along, where nothing speaks against it so far."""
    from coursekit.course.challenges.shifting import still_layers
    from coursekit.course.network_file.allow_list import Unrecognised

    if seen.doubts or any(map(is_dense, seen.steps)):
        return seen
    try:
        return replace(seen, still=still_layers(replay, seen))
    except Unrecognised as error:
        return replace(seen, doubts=(str(error),))


def rows_of(history: object) -> tuple[Epoch, ...] | None:
    """Return the rows of one history, or of several runs of one model in order.

    Raises:
        ValueError: neither.
    """
    if history is None:
        return None
    several = [history] if isinstance(history, History) else history
    if (
        not isinstance(several, Sequence)
        or not several
        or not all(isinstance(one, History) for one in several)
    ):
        kind = type(history).__name__
        raise ValueError(
            "`history` must be what `fit` returned, or a list of those if it was "
            f"called several times; got {kind}"
        )
    return tuple(row for one in several for row in one)
