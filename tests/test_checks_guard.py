"""Whatever a student's function does, the kernel stays usable and is told about it."""

import builtins
import contextlib
import os
import random
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
import torch

from coursekit.course.exercises import Outcome, check
from coursekit.course.exercises.checker import judge
from coursekit.course.exercises.guard import Printed, Stopped, limited_memory
from coursekit.course.exercises.registry import load


def right(size, kernel_size, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


def doing(action):
    """A right answer that does something else besides."""

    def output_size(size, kernel_size, stride=1, padding=0, dilation=1):
        action()
        return right(size, kernel_size, stride, padding, dilation)

    return output_size


def judged(answer, seconds: float = 10.0) -> Outcome:
    return judge(load("01.1"), answer, seconds=seconds)


def never_ends(*_):
    while True:
        pass


def swallows_everything(*_):
    while True:
        try:
            sum(range(100))
        except:  # noqa: E722 (as students write it)
            continue


@pytest.mark.parametrize("answer", [never_ends, swallows_everything])
def test_an_endless_loop_is_stopped(answer):
    outcome = judged(answer, 0.3)
    assert outcome.status == "could not be checked"
    assert "did not end within 0.3 seconds" in outcome.message


def test_an_endless_loop_is_stopped_outside_the_main_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(judged(never_ends, 0.3)))
    thread.start()
    thread.join()
    assert "did not end within 0.3 seconds" in found[0].message


def test_a_right_answer_is_right_outside_the_main_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(check("01.1", right)))
    thread.start()
    thread.join()
    assert found[0].status == "right"


def test_a_flood_of_text_is_stopped():
    outcome = judged(doing(lambda: sys.stdout.write("x" * 100_000)))
    assert outcome.status == "could not be checked"
    assert "printed more than 1,000,000 characters" in outcome.message


def test_a_little_printing_is_told_but_not_shown(capsys):
    outcome = judged(doing(lambda: sys.stdout.write("here I am")))
    assert outcome.status == "right"
    assert "first line: here I am" in outcome.notes[0]
    assert capsys.readouterr().out == ""


def test_standard_output_is_given_back():
    before = sys.stdout
    judged(doing(lambda: sys.stdout.write("x")))
    assert sys.stdout is before


def test_printed_text_beyond_the_limit_is_refused():
    printed = Printed(limit=5)
    printed.write("12345")
    with pytest.raises(Stopped, match="more than 5 characters"):
        printed.write("6")


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda: torch.manual_seed(3), "random seed"),
        (lambda: torch.set_default_dtype(torch.float64), "default dtype"),
        (lambda: torch.set_grad_enabled(False), "gradients"),
        (lambda: torch.set_default_device("meta"), "default device"),
        (lambda: os.chdir("/"), "working directory"),
        (lambda: os.environ.update(COURSEKIT_TEST="1"), "environment"),
        (lambda: sys.setrecursionlimit(5000), "recursion limit"),
        (lambda: np.seterr(all="raise"), "numpy's error mode"),
    ],
)
def test_global_settings_are_put_back_and_told(action, words):
    before = _settings()
    outcome = judged(doing(action))
    assert any(words in note for note in outcome.notes)
    assert _settings() == before


def test_a_variable_that_torch_sets_is_not_told_as_the_answers_doing(monkeypatch):
    name = "TORCHINDUCTOR_CACHE_DIR"  # set when torch loads its compiler, for vmap too
    monkeypatch.setenv(name, "before")  # so that it is put back
    monkeypatch.delenv(name)
    outcome = judged(doing(lambda: os.environ.update({name: "somewhere"})))
    assert outcome.notes == ()
    assert os.environ[name] == "somewhere"


def _settings() -> tuple:
    return (
        torch.initial_seed(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.empty(0).device,
        os.getcwd(),
        "COURSEKIT_TEST" in os.environ,
        sys.getrecursionlimit(),
        np.geterr(),
    )


def test_using_the_global_generators_leaves_no_trace():
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    wanted = random.random(), np.random.rand(), torch.rand(1).item()
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    outcome = judged(doing(lambda: (random.random(), np.random.rand(), torch.rand(1))))
    assert outcome.notes == ()
    assert (random.random(), np.random.rand(), torch.rand(1).item()) == wanted


def test_an_exception_is_told_without_a_traceback():
    def output_size(*_):
        return {}["width"]

    outcome = judged(output_size)
    assert outcome.status == "could not be checked"
    assert 'raises KeyError in `return {}["width"]`' in outcome.message
    assert "Traceback" not in outcome.message


def test_leaving_python_is_caught():
    outcome = judged(doing(lambda: sys.exit(3)))
    assert outcome.status == "could not be checked"
    assert "SystemExit" in outcome.message


def test_an_interrupt_by_the_student_goes_through():
    def output_size(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judged(output_size)


def test_endless_recursion_is_told():
    def output_size(*args):
        return output_size(*args)

    assert "calls itself without end" in judged(output_size).message


def test_warnings_of_an_answer_are_no_errors():
    outcome = judged(doing(lambda: warnings.warn("old", stacklevel=1)))
    assert outcome.status == "right"


class Liar:
    """Claims to be equal to everything and cannot be shown."""

    __hash__ = None

    def __eq__(self, other):
        return True

    def __repr__(self):
        raise RuntimeError


RESULTS = [Liar(), "3", [3], {3: 3}, float("nan"), True, torch.zeros(3), 10**9999]


@pytest.mark.parametrize("result", RESULTS, ids=range(len(RESULTS)))
def test_any_kind_of_result_gets_a_sentence(result):
    outcome = judged(lambda *_: result)
    assert outcome.status == "wrong"
    assert len(outcome.message) < 400


@pytest.mark.parametrize("result", [3, "x", None, [1], torch.zeros(1), Liar()])
def test_any_kind_of_result_gets_a_sentence_where_a_tensor_is_right(result):
    def pool(images):
        return result if images.shape[0] > 1 else images

    assert check("01.6", pool).status in ("wrong", "not yet")


def test_a_tensor_that_overrides_comparison_fools_nobody():
    class Fake(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            if func in (torch.isclose, torch.Tensor.eq, torch.Tensor.all):
                return torch.ones(1, dtype=torch.bool)
            return super().__torch_function__(func, types, args, kwargs or {})

    def pool(images):
        return torch.nn.functional.avg_pool2d(images, 2).as_subclass(Fake)

    assert check("01.6", pool).status == "wrong"


def test_an_answer_that_is_right_only_once_is_wrong():
    calls = []

    def output_size(size, kernel_size, stride=1, padding=0, dilation=1):
        calls.append(size)
        return right(size, kernel_size) if len(calls) == 1 else 0

    assert judged(output_size).status == "wrong"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")
@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA reserves address space")
def test_memory_is_bounded():
    outcome = judged(doing(lambda: bytearray(2**40)))
    assert outcome.status == "could not be checked"
    assert "more memory than the check allows" in outcome.message


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")
def test_the_memory_limit_is_lifted_afterwards():
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    with limited_memory():
        pass
    assert resource.getrlimit(resource.RLIMIT_AS) == before


# What outlived the limits, ended the process or fooled the check before


def swallows_for_long(*_):
    while True:
        try:
            while True:
                pass
        except BaseException:  # noqa: BLE001 (the point of it)
            pass


def swallows_in_a_finally(*_):
    while True:
        try:
            while True:
                pass
        finally:
            continue  # noqa: B012 (the point of it)


def suppresses(*_):
    while True:
        with contextlib.suppress(BaseException):
            while True:
                pass


@pytest.mark.parametrize(
    "answer", [swallows_for_long, swallows_in_a_finally, suppresses]
)
def test_a_loop_that_swallows_what_stops_it_is_stopped(answer):
    assert "did not end within 0.3 seconds" in judged(answer, 0.3).message
    assert sys.gettrace() is None or "coverage" in repr(sys.gettrace())


def test_what_is_slow_is_told_from_what_is_endless():
    def output_size(size, kernel_size, stride=1, padding=0, dilation=1):
        if dilation > 1:
            never_ends()
        return right(size, kernel_size, stride, padding, dilation)

    message = judged(output_size, 1.0).message
    assert "After " in message
    assert " calls, so either each of them is slow" in message
    assert "or the next one (size=" in message


class Leaves:
    """Ends the process when it is shown."""

    def __repr__(self):
        raise SystemExit


class Loops:
    """Never ends when it is shown."""

    def __repr__(self):
        return never_ends()


class OwnError(BaseException):
    """Is no `Exception`, and cannot be shown."""

    def __str__(self):
        raise OwnError


def raises_its_own(*_):
    raise OwnError


def holds_itself(*_):
    result = []
    result.append(result)
    return result


def tuple_in_itself(*_):
    return (holds_itself(),)


@pytest.mark.parametrize("answer", [lambda *_: Leaves(), holds_itself, tuple_in_itself])
def test_a_result_that_cannot_be_shown_is_wrong(answer):
    assert judged(answer).status == "wrong"


def test_an_exception_that_is_no_exception_is_told():
    outcome = judged(raises_its_own)
    assert outcome.status == "could not be checked"
    assert "raises OwnError" in outcome.message


def test_a_result_that_never_ends_being_shown_is_stopped():
    assert judged(lambda *_: Loops(), 0.3).status == "could not be checked"


@pytest.mark.parametrize("answer", [10**400, -(10**400), float("inf"), 200.0001])
@pytest.mark.parametrize("exercise_id", ["01.11", "04.6"])
def test_a_number_of_any_size_is_wrong(exercise_id, answer):
    assert check(exercise_id, answer).status == "wrong"


class Agreeable(str):
    """Text that is equal to everything."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other):
        return True

    def strip(self):
        return self

    def upper(self):
        return self


class AgreeableNumber(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def test_an_answer_that_says_it_is_equal_to_everything_is_not():
    assert check("02.5", Agreeable("Z")).status == "could not be checked"
    assert check("02.5", Liar()).status == "could not be checked"
    assert check("01.11", AgreeableNumber(3)).status == "wrong"
    assert judged(lambda *_: AgreeableNumber(3)).status == "wrong"
    words = [Agreeable("pool")] * 12
    assert check("01.5", words).status == "wrong"


def wrong_pool(images):
    return torch.nn.functional.avg_pool2d(images, 2)


def test_a_patched_comparison_fools_nobody(monkeypatch):
    monkeypatch.setattr(torch, "isclose", lambda one, *_, **__: torch.ones_like(one))
    assert check("01.6", wrong_pool).status == "wrong"


def test_a_comparison_patched_by_the_answer_fools_nobody():
    original = torch.isclose

    def pool(images):
        torch.isclose = lambda one, *_, **__: torch.ones_like(one) > 0
        return wrong_pool(images)

    outcome = check("01.6", pool)
    assert outcome.status == "wrong"
    assert "replaced `torch.isclose`; it was put back" in outcome.notes[0]
    assert torch.isclose is original


def test_a_patched_int_fools_nobody():
    original = builtins.int

    class Int(int):
        def __new__(cls, *_):
            return original(3)

    def output_size(*_):
        builtins.int = Int
        return 3

    assert judged(output_size).status == "wrong"
    assert builtins.int is original


def test_a_forgotten_return_is_told():
    def output_size(size, kernel_size, stride=1, padding=0, dilation=1):
        right(size, kernel_size, stride, padding, dilation)

    outcome = judged(output_size)
    assert outcome.status == "wrong"
    assert "is a `return` missing" in outcome.message


def test_a_forgotten_return_in_a_module_is_told():
    class Head(torch.nn.Module):
        def __init__(self, channels, classes):
            super().__init__()
            self.dense = torch.nn.Linear(channels, classes)

        def forward(self, images):
            self.dense(images.mean((2, 3)))

    assert "is a `return` missing" in check("03.8", Head).message


def test_a_fresh_kernel_is_not_told_of_what_torch_does_to_its_variables():
    code = (
        "import os; from coursekit import check;"
        "right = lambda *a: (os.environ.update(TORCHINDUCTOR_CACHE_DIR='x'), 3)[1];"
        "print(check('01.1', right).notes)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "()"
