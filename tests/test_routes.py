"""The ways through the course: their notebooks, their weeks, what is handed out."""

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.course.exercises import exercise
from coursekit.course.outline import Sitting, outline
from coursekit.course.routes import needed, routes, spread, table

ROOT = Path(__file__).resolve().parent.parent
ROUTES = {route.name: route for route in routes()}


def numbers(route: str) -> list[str]:
    return [one.number for one in ROUTES[route].sittings]


def sitting(number: str, minutes: int = 30, after: tuple[str, ...] = ()) -> Sitting:
    return Sitting(number, f"{number}_x", "X", "Why?", minutes, after=after)


def test_a_notebook_brings_what_it_comes_after_and_nothing_else():
    shown = [sitting("00"), sitting("01", after=("00",)), sitting("01b", after=("01",))]
    shown += [sitting("02", after=("01",))]
    assert [one.number for one in needed(["02"], shown)] == ["00", "01", "02"]


def test_the_short_routes_are_those_that_their_names_say():
    assert numbers("one evening") == ["00", "01"]
    assert numbers("only 1×1 and GAP") == ["00", "01", "02", "03"]
    assert numbers("twelve weeks") == [one.number for one in outline()]
    assert numbers("six weeks")[-1] == "08"


@pytest.mark.parametrize(("route", "weeks"), [("six weeks", 6), ("twelve weeks", 12)])
def test_a_route_of_weeks_fills_each_of_them(route: str, weeks: int):
    assert len(ROUTES[route].weeks) == weeks
    assert all(ROUTES[route].weeks)


@pytest.mark.parametrize("route", ROUTES)
def test_the_minutes_and_exercises_are_those_of_the_notebooks(route: str):
    mine = [one for one in outline() if one.number in numbers(route)]
    assert ROUTES[route].minutes == sum(one.minutes for one in mine)
    assert len(ROUTES[route].exercises) == sum(len(one.exercises) for one in mine)


@pytest.mark.parametrize("route", ["six weeks", "twelve weeks"])
def test_one_exercise_a_week_is_handed_out_and_none_of_it_is_longer(route: str):
    graded = ROUTES[route].graded
    for week in ROUTES[route].weeks:
        ids = [id for one in week for id in one.exercises if one.number != "00"]
        (asked,) = set(graded) & set(ids)
        assert exercise(asked).minutes == max(exercise(id).minutes for id in ids)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=9), st.integers(1, 9))
def test_the_longest_week_is_as_short_as_it_can_be(minutes: list[int], weeks: int):
    """Compared with every way of cutting a list into weeks."""
    shown = [sitting(f"{n:02}", 5 * one) for n, one in enumerate(minutes)]
    found = spread(shown, weeks)
    assert [one for week in found for one in week] == shown
    assert len(found) == min(weeks, len(shown))
    cuts = combinations(range(1, len(shown)), len(found) - 1)
    ways = [zip((0, *cut), (*cut, len(shown)), strict=True) for cut in cuts]
    loads = [max(sum(5 * m for m in minutes[a:b]) for a, b in way) for way in ways]
    assert max(sum(one.minutes for one in week) for week in found) == min(loads)


def test_the_readme_has_the_table():
    assert table(routes()) in (ROOT / "README.md").read_text(encoding="utf-8")
