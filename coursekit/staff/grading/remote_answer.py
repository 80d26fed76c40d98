"""An answer in the sandbox, which the exercises' checker calls like any other."""

import inspect
from collections.abc import Iterator

import torch
from torch import nn

from coursekit.course.exercises.elsewhere import Elsewhere, RaisedElsewhere
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.modules import Ways
from coursekit.course.exercises.non_results import Raised, Stopped
from coursekit.course.exercises.observe import Record
from coursekit.course.exercises.tried_calls import Call
from coursekit.staff.grading.sandbox import AnswerProcess


class RemoteAnswer(Elsewhere):
    """A function or class in the sandbox; only plain values come back from it."""

    def __init__(self, process: AnswerProcess, parameters: list | None) -> None:
        self._process = process
        if parameters is not None:
            self.__signature__ = _signature(parameters)

    def __call__(self, *args: object) -> object:
        """Call the answer; what it raises is raised here as text."""
        said = self._asked(args, "value")
        if isinstance(said["value"], Raised):
            raise RaisedElsewhere(said["value"])
        return said["value"]

    def record(self, exercise: Exercise, call: Call) -> Record:
        """Return what a call did; what is watched is watched over there."""
        said = self._asked(call.args, call.mode)
        value = said["value"]
        if said["several"] is True:
            value = Ways(self._ways(value))
        replaced = tuple(str(name)[:80] for name in said["replaced"])
        return Record(call, value, str(said["changed"])[:80], replaced)

    def _asked(self, args: tuple, mode: str) -> dict:
        seed = torch.default_generator.initial_seed()
        question = {"args": list(args), "mode": mode, "seed": seed}
        said = self._process.ask("call", question)
        whole = said.keys() >= {"value", "several", "changed", "replaced"}
        if not whole or not isinstance(said["replaced"], list):
            raise Stopped("it sent something that is no result")
        return said

    def _ways(self, first: dict) -> Iterator[dict]:
        yield first
        while (value := self._process.ask("way", {}).get("value")) is not None:
            yield value


def stand_in(process: AnswerProcess, described: dict) -> object:
    """Return what the checker gets in place of an answer in the sandbox.

    Functions and module classes are called over there; a value is sent; of anything
    else an object of the same sort is enough for the sentence that refuses it.

    Args:
        described: what `answer_process.described` said.
    """
    sort, name = described.get("sort"), str(described.get("name", "answer"))[:40]
    if sort == "value":
        return described.get("value")
    if sort == "class":
        return type(name, (), {})
    if sort == "instance":
        return type(name, (nn.Module,), {})()
    if sort == "async":
        return _coroutine
    return RemoteAnswer(process, described.get("parameters"))


async def _coroutine() -> None:
    """Stand for an `async` function."""


def _signature(parameters: list) -> inspect.Signature:
    """Build a signature from (name, kind, has a default).

    Raises:
        ValueError: there is no such signature.
    """
    made = []
    for name, kind, has_default in parameters:
        default = ... if has_default else inspect.Parameter.empty
        made.append(inspect.Parameter(str(name), kind, default=default))
    return inspect.Signature(made)
