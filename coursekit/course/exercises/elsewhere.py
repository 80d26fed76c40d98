"""An answer that lives in another process, where a student's code cannot reach us."""

from coursekit.course.exercises.non_results import Raised


class Elsewhere:
    """Called like an answer; asked for the whole record where its code is watched.

    `record(exercise, call)` returns what `observe.run` returns for an answer here.
    """

    def __call__(self, *args: object) -> object:
        """Return the result of a call, or raise `RaisedElsewhere`."""
        raise NotImplementedError

    def record(self, exercise: object, call: object) -> object:
        """Return the `Record` of a call."""
        raise NotImplementedError


class RaisedElsewhere(Exception):  # noqa: N818 (carries another process's exception)
    """An exception of the other process, as text."""

    def __init__(self, raised: Raised) -> None:
        super().__init__(raised.text)
        self.raised = raised
