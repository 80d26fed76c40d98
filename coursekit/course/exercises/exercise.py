"""What an exercise is: one frozen record per file of the `bank`."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from coursekit._base.card import inline
from coursekit.course.exercises.draw import Draw

KINDS = ("function", "module", "number", "choice", "design")


@dataclass(frozen=True)
class Mistake:
    """A wrong answer students really give, and the sentence they should read.

    `slip` is the key of the misconception behind it, "" for one of its own.
    """

    name: str
    answer: object
    message: str
    slip: str = ""


def slip(key: str) -> Callable[[Callable], Callable]:
    """Label a wrong answer with the key of the misconception behind it."""

    def labelled(answer: Callable) -> Callable:
        answer.slip = key
        return answer

    return labelled


@dataclass(frozen=True, repr=False, eq=False)
class Exercise:
    """An exercise together with the proof that its check works.

    Args:
        id: session and number, such as "01.3".
        kind: "function" or "module" (an `nn.Module` class): compared with `oracle` on
            `cases`; "number" or "choice": compared with the value `oracle`;
            "design": `oracle` returns the sentence of the first broken rule, or "".
        solution: the right answer shown to students; its docstring is in the stub.
        oracle: what answers are compared with; shares no code with `solution`.
        right: at least two more right answers, written differently.
        wrong: functions whose docstring is the sentence to read, or `Mistake`s.
        hints: from gentle to strong.
        takeaway: one sentence read by those who got it right.
        cases: draws the argument tuples of the calls.
        corners: draws calls that only decide whether an answer is right: batches of
            one, ties, stride 3 …; a known mistake need not behave alike there.
        never: kinds or labels of places (`coursekit checks --cases`) that the
            statement does not allow, with the reason.
        observe: `observe(answer, *args)` returns what is compared; default: the result.
        inputs: names of what `cases` draws; default: the answer's own arguments.
        gradient: positions of arguments (tensors, or lists of them) whose gradient must
            agree with the oracle's.
        device: whether the result must come out on the device of the input.
        forbids: what the statement forbids, found by watching operators: "pooling",
            "convolution", "autograd", "shared memory".
        tolerance: factor on the tolerance of the dtype; for a number: relative error.
        equivalents: mutants of `solution` that are still right, with the reason.
    """

    id: str
    title: str
    statement: str
    minutes: int
    difficulty: int
    importance: int
    solution: object
    oracle: object
    right: tuple
    wrong: tuple
    hints: tuple[str, ...]
    takeaway: str
    kind: str = "function"
    cases: Callable[[Draw], Iterable[tuple]] | None = None
    corners: Callable[[Draw], Iterable[tuple]] | None = None
    never: Mapping[str, str] = field(default_factory=dict)
    observe: Callable | None = None
    inputs: tuple[str, ...] = ()
    gradient: tuple[int, ...] = ()
    device: bool = False
    forbids: tuple[str, ...] = ()
    tolerance: float = 1.0
    options: Mapping[str, str] = field(default_factory=dict)
    equivalents: Mapping[str, str] = field(default_factory=dict)

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """Return the wrong answers with their sentences."""
        return tuple(map(as_mistake, self.wrong))

    @property
    def answer_name(self) -> str:
        """Return the name the statement gives to the answer."""
        return getattr(self.solution, "__name__", "answer")

    @property
    def solution_text(self) -> str:
        """Return the source, or the value, of the right answer shown to students."""
        if callable(self.solution):
            return textwrap.dedent(inspect.getsource(self.solution)).strip()
        return repr(self.solution)

    @property
    def argument_names(self) -> tuple[str, ...]:
        """Return the names of what an answer is tried on."""
        return self.inputs or tuple(inspect.signature(self.solution).parameters)

    @property
    def signature(self) -> str:
        """Return the call as text: `output_size(size, kernel_size, stride=1)`."""
        return f"{self.answer_name}{inspect.signature(self.solution)}"

    @property
    def stub(self) -> str:
        """Return what students start from: signature, docstring, `...`."""
        if self.kind in ("number", "choice", "design"):
            return "answer = ..."
        return stub_of(self.solution_text)

    def __repr__(self) -> str:
        effort = f"{self.minutes} min, difficulty {self.difficulty} of 5"
        return f"{self.id} · {self.title} · {effort}\n{self.statement}\n\n{self.stub}"

    def _repr_html_(self) -> str:
        effort = f"{self.minutes} min, difficulty {self.difficulty} of 5"
        return (
            f"<b>{self.id} {inline(self.title)}</b> ({effort})<br>"
            f"{inline(self.statement)}<pre>{inline(self.stub)}</pre>"
        )


def as_mistake(wrong: object) -> Mistake:
    """Read a wrong answer's name and sentence from the function itself."""
    if isinstance(wrong, Mistake):
        return wrong
    message = " ".join((wrong.__doc__ or "").split())
    return Mistake(wrong.__name__, wrong, message, vars(wrong).get("slip", ""))


def stub_of(source: str) -> str:
    """Keep the signatures and docstrings of a source; bodies become `...`."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            doc = node.body[:1] if ast.get_docstring(node) else []
            kept = [line for line in node.body if _is_super_init(line)]
            node.body = [*doc, *kept, ast.Expr(ast.Constant(...))]
    return ast.unparse(tree)


def _is_super_init(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and "super().__init__()" in ast.unparse(line)
