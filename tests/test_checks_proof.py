"""Every exercise tells right answers from wrong ones, and says which one it is."""

import ast
from functools import cache
from pathlib import Path

import pytest

from coursekit.course.exercises import Exercise, check, exercise_ids
from coursekit.course.exercises.checker import judge
from coursekit.course.exercises.registry import load
from coursekit.course.exercises.values import is_value
from coursekit.staff.proof.score import Proof, prove, total_score

IDS = exercise_ids()
FILES = sorted(Path(judge.__code__.co_filename).parent.glob("bank/s*.py"))


@cache
def proof_of(exercise_id: str) -> Proof:
    return prove(load(exercise_id))


@pytest.mark.parametrize("exercise_id", IDS)
def test_right_answers_pass_and_wrong_ones_get_their_own_sentence(exercise_id):
    assert proof_of(exercise_id).faults == ()


@pytest.mark.parametrize("exercise_id", IDS)
def test_mutants_listed_as_right_are_right(exercise_id):
    assert proof_of(exercise_id).stale == ()


@pytest.mark.parametrize("exercise_id", IDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_tell_the_same_answers_apart(exercise_id, seed):
    exercise = load(exercise_id)
    for answer in (exercise.solution, *exercise.right):
        assert judge(exercise, answer, seed=seed).status == "right"
    for mistake in exercise.mistakes:
        outcome = judge(exercise, mistake.answer, seed=seed)
        assert (outcome.status, outcome.message) == ("wrong", mistake.message)


def test_at_least_98_percent_of_the_mutants_are_caught():
    assert total_score(map(proof_of, IDS)) >= 0.98


def test_at_least_98_percent_of_the_mutants_that_give_a_result_are_caught():
    assert total_score(map(proof_of, IDS), quiet=True) >= 0.98


def test_there_are_at_least_forty_exercises_in_sessions_one_to_seven():
    assert len(IDS) >= 40
    assert {one.split(".")[0] for one in IDS} >= {f"0{n}" for n in range(1, 8)}


@pytest.mark.parametrize("exercise_id", IDS)
def test_an_exercise_is_complete(exercise_id):
    exercise = load(exercise_id)
    assert exercise.id == exercise_id
    assert len(exercise.right) >= 2
    assert len(exercise.wrong) >= 3
    assert len(exercise.hints) >= 2
    assert 1 <= exercise.difficulty <= 5
    assert 1 <= exercise.importance <= 5
    assert 1 <= exercise.minutes <= 30
    assert exercise.oracle is not exercise.solution or is_value(exercise)
    assert all(exercise.equivalents.values())


@pytest.mark.parametrize("exercise_id", IDS)
def test_every_mistake_has_a_sentence_of_its_own(exercise_id):
    exercise = load(exercise_id)
    messages = [mistake.message for mistake in exercise.mistakes]
    assert len(set(messages)) == len(messages) or is_value(exercise)


@pytest.mark.parametrize("exercise_id", IDS)
def test_sentences_are_sentences(exercise_id):
    exercise = load(exercise_id)
    messages = [mistake.message for mistake in exercise.mistakes]
    for text in (exercise.statement, exercise.takeaway, *exercise.hints, *messages):
        assert text == " ".join(text.split())
        assert text[-1] in ".?)`…", text


@pytest.mark.parametrize("exercise_id", IDS)
def test_a_stub_left_alone_is_not_yet_an_answer(exercise_id):
    assert check(exercise_id, _untouched(load(exercise_id))).status == "not yet"


def _untouched(exercise: Exercise) -> object:
    scope = {"nn": __import__("torch").nn}
    exec(exercise.stub, scope)
    return scope[exercise.answer_name]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_exercise_never_imports_the_code_that_is_shown_to_students(path):
    allowed = "coursekit.course.exercises"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            assert not name.startswith("coursekit") or name.startswith(allowed)
