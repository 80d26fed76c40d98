"""Runs one answer of a student inside the sandbox: it answers calls, nothing else.

What is right is not known here: tests, seeds and labels stay with the judge. What a
student's code does to this process, it does to its own answers.
"""

import inspect
import socket
from collections.abc import Iterator
from types import SimpleNamespace

import torch
from torch import nn

from coursekit.course.exercises.describe import cut
from coursekit.course.exercises.draw import derived_seed
from coursekit.course.exercises.guard import guarded
from coursekit.course.exercises.modules import Ways, observe_module
from coursekit.course.exercises.non_results import Stopped
from coursekit.course.exercises.observe import run
from coursekit.course.exercises.suitable import is_stub
from coursekit.course.exercises.tried_calls import Call
from coursekit.staff.grading import notebook_answers, wire

SEED = derived_seed("answer")  # of what is not a call


def serve(connection: socket.socket, seconds: float) -> None:
    """Answer the judge's questions until it says "end"; then tell the notes.

    Args:
        connection: to the judge.
        seconds: time for all questions together.
    """
    stream = connection.makefile("rwb")
    notes: list[str] = []
    try:
        with guarded(SEED, seconds=seconds) as notes:
            session = Session()
            for name, content in _questions(stream):
                _send(stream, getattr(session, f"on_{name}")(content))
    except Stopped as stop:
        _send(stream, {"stopped": str(stop)})
    except MemoryError:
        _send(stream, {"stopped": "it needs more memory than the check allows"})
    _send(stream, [*dict.fromkeys(notes)][:5])


def _questions(stream) -> Iterator[tuple]:
    while head := stream.read(wire.LENGTH.size):
        question = wire.decode(stream.read(*wire.LENGTH.unpack(head)))
        if question[0] == "end":
            return
        yield question


def _send(stream, value: object) -> None:
    stream.write(wire.encode(value))
    stream.flush()


class Session:
    """One hand-in: its answer is found, built, and then called."""

    def __init__(self) -> None:
        self.answer: object = None
        self.task = SimpleNamespace()
        self.ways: Iterator = iter(())

    def on_read(self, content: dict) -> dict:
        """Find the code of every answer that is asked for; no code is run."""
        return notebook_answers.read(content["data"], content["names"])

    def on_build(self, content: dict) -> dict:
        """Run the statements, take the answer, say of what sort it is."""
        self.task = SimpleNamespace(**content["task"])
        self.task.observe = observe_module if self.task.kind == "module" else None
        names, sentence = run_statements(content["code"])
        for expression in content["expressions"]:
            try:
                value = eval(expression, names)  # what the sandbox is for
            except Exception as error:  # noqa: BLE001 (whatever students raise)
                sentence = sentence or _said(error)
                continue
            if not _is_empty(value):
                self.answer = value
        return {"sentence": sentence} | described(self.answer)

    def on_value(self, content: dict) -> dict:
        """Send the answer itself: a number, a choice, a design."""
        return {"value": self.answer}

    def on_call(self, content: dict) -> dict:
        """Call the answer once and send what a check records."""
        torch.default_generator.manual_seed(content["seed"])
        call = Call(tuple(content["args"]), content["mode"])
        record = run(self.task, self.answer, call)
        if torch.initial_seed() == content["seed"]:  # else the answer set its own
            torch.default_generator.manual_seed(SEED)
        value = record.value
        several = isinstance(value, Ways)
        if several:
            self.ways = iter(value)
            value = next(self.ways)
        return {
            "value": value,
            "several": several,
            "changed": record.changed,
            "replaced": list(record.replaced),
        }

    def on_way(self, content: dict) -> dict:
        """Send what a module does when it is filled in the next way; None: no more."""
        return {"value": next(self.ways, None)}


def run_statements(code: list[str]) -> tuple[dict, str]:
    """Run statements one by one in one namespace.

    One that misses a name waits until the others have run: cells may have been moved.

    Returns:
        The namespace, and a sentence on the first statement that failed, or "".
    """
    names: dict[str, object] = {"__name__": "__main__"}
    waiting, sentence = list(code), ""
    while waiting:
        late, sentence = [], ""
        for text in waiting:
            try:
                exec(compile(text, "hand-in", "exec"), names)  # what it is for
            except NameError as error:
                late.append(text)
                sentence = sentence or _said(error)
            except Exception as error:  # noqa: BLE001 (whatever students raise)
                sentence = sentence or _said(error)
        if len(late) == len(waiting):
            break
        waiting = late
    return names, sentence


def _said(error: Exception) -> str:
    return cut(f"{type(error).__name__}: {error}", 200)


def _is_empty(value: object) -> bool:
    return value is None or value is ... or (callable(value) and is_stub(value))


def described(answer: object) -> dict:
    """Say of what sort an answer is, in words that `remote_answer` reads."""
    if isinstance(answer, nn.Module):
        return {"sort": "instance", "name": type(answer).__name__}
    if isinstance(answer, type):
        module = issubclass(answer, nn.Module)
        return {"sort": "module" if module else "class", "name": answer.__name__}
    if not callable(answer):
        return {"sort": "value", "value": answer}
    if inspect.iscoroutinefunction(answer):
        return {"sort": "async"}
    return {"sort": "function", "parameters": _parameters(answer)}


def _parameters(answer: object) -> list | None:
    """Return (name, kind, has a default) of each parameter; None if nobody knows."""
    try:
        parameters = inspect.signature(answer).parameters.values()
    except (TypeError, ValueError):  # built-ins without a signature
        return None
    empty = inspect.Parameter.empty
    return [(p.name, int(p.kind), p.default is not empty) for p in parameters]
