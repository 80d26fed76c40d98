"""Sentences for answers of the wrong sort: text, a class, too few parameters."""

import dis
import inspect

from torch import nn

from coursekit.course.exercises.describe import kind_of, shown
from coursekit.course.exercises.exercise import Exercise
from coursekit.course.exercises.tried_calls import calls


def unsuitable(exercise: Exercise, answer: object) -> str:
    """Say why an answer cannot even be called, or return ""."""
    if exercise.kind == "module":
        return _unsuitable_class(exercise, answer)
    name = exercise.answer_name
    call = f'`check("{exercise.id}", {name})`'
    if isinstance(answer, type):
        return f"You gave {kind_of(answer)}; give the function `{name}`: {call}."
    if isinstance(answer, str):
        return f"You gave text; give the function without quotes: {call}."
    if not callable(answer):
        return (
            f"You gave {kind_of(answer)}, {shown(answer, longest=40)}; give the "
            f"function itself, without calling it: {call}."
        )
    if inspect.iscoroutinefunction(answer):
        return "Your function is `async`; write a plain `def`."
    return _parameters(exercise, answer)


def _parameters(exercise: Exercise, answer: object) -> str:
    """Say whether every call of the exercise fits the parameters of the answer."""
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # built-ins without a signature
        return ""
    for count in sorted({len(call.args) for call in calls(exercise, 0)}):
        try:
            signature.bind(*[None] * count)
        except TypeError:
            return (
                f"Your function takes `{signature}`; it must take "
                f"`{inspect.signature(exercise.solution)}`."
            )
    return ""


def _unsuitable_class(exercise: Exercise, answer: object) -> str:
    name = exercise.answer_name
    call = f'`check("{exercise.id}", {name})`'
    if isinstance(answer, nn.Module):
        return (
            f"You gave an instance; give the class itself, without calling it: {call}."
        )
    if isinstance(answer, str):
        return f"You gave text; give the class without quotes: {call}."
    if isinstance(answer, type) and not issubclass(answer, nn.Module):
        return f"Your class must be an `nn.Module`: `class {name}(nn.Module):`."
    if not callable(answer):
        return f"You gave {kind_of(answer)}; give the class `{name}` itself: {call}."
    return ""


# What a body of `...`, `pass` or `return None` compiles to.
IDLE = {
    *("RESUME", "NOP", "CACHE", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"),
    *("POP_TOP", "COPY_FREE_VARS", "MAKE_CELL", "LOAD_SMALL_INT", "NOT_TAKEN"),
}


def is_stub(answer: object) -> bool:
    """Say whether the body of a function, or of a class's `forward`, does nothing."""
    if isinstance(answer, type):
        answer = getattr(answer, "forward", answer)
    code = getattr(inspect.unwrap(answer), "__code__", None)
    if code is None:
        return False
    return {one.opname for one in dis.get_instructions(code)} <= IDLE
