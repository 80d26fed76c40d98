"""Ways through the course: what can be done in an evening, a weekend, a term.

A route is where it leads to; its notebooks are those and what they build on, as the
sessions themselves say. `coursekit build` writes the table of `README.md`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coursekit import course
from coursekit.course.outline import Sitting, outline

# name → (weeks, notebooks it leads to; none for all); 0 weeks: in one go, not graded.
GOALS = {
    "one evening": (0, ("01",)),
    "only 1×1 and GAP": (0, ("03",)),
    "one weekend": (0, ("04b",)),
    "six weeks": (6, ("08",)),
    "twelve weeks": (12, ()),
}
HEAD = "| route | notebooks | time | exercises | an instructor hands out |\n"


@dataclass(frozen=True)
class Route:
    """A way through the course.

    Args:
        name: "six weeks".
        weeks: the notebooks of each week, or all of them in one go.
        graded: the exercises that an instructor asks for, one a week; may be empty.
    """

    name: str
    weeks: tuple[tuple[Sitting, ...], ...]
    graded: tuple[str, ...]

    @property
    def sittings(self) -> tuple[Sitting, ...]:
        """The notebooks in their order."""
        return tuple(one for week in self.weeks for one in week)

    @property
    def minutes(self) -> int:
        """Minutes of work, those of the exercises too."""
        return sum(one.minutes for one in self.sittings)

    @property
    def exercises(self) -> tuple[str, ...]:
        """The exercises of all its notebooks."""
        return tuple(id for one in self.sittings for id in one.exercises)

    @property
    def most(self) -> int:
        """Minutes of its longest week."""
        return max(sum(one.minutes for one in week) for week in self.weeks)

    @property
    def time(self) -> str:
        """The minutes in words: "17 h, up to 250 min a week"."""
        whole = f"{self.minutes / 60:.0f} h" if len(self.weeks) > 1 else ""
        return f"{whole}, up to {self.most} min a week" if whole else _hours(self.most)

    @property
    def handed_out(self) -> str:
        """What an instructor hands out, in words."""
        if not self.graded:
            return "nothing: checks answer at once"
        asked = f"{', '.join(self.graded)}: one a week"
        return f"{asked}; the capstone" if self.sittings[-1].number == "08" else asked


def routes(sittings: Sequence[Sitting] = ()) -> tuple[Route, ...]:
    """Return the routes, the shortest first.

    Args:
        sittings: none means the course's.
    """
    shown = tuple(sittings) or outline()
    return tuple(_route(name, *goal, shown) for name, goal in GOALS.items())


def _route(name: str, weeks: int, goals: Sequence[str], shown: tuple) -> Route:
    chosen = needed(goals, shown) if goals else shown
    planned = spread(chosen, weeks or 1)
    asked = [_longest(week) for week in planned] if weeks else []
    return Route(name, planned, tuple(id for id in asked if id))


def needed(goals: Iterable[str], shown: Sequence[Sitting]) -> tuple[Sitting, ...]:
    """Return notebooks and all that they come after, in the order of the course.

    Args:
        goals: numbers, such as "04b".
        shown: the notebooks there are, in order.
    """
    wanted = set(goals)
    for one in reversed(shown):
        if one.number in wanted:
            wanted |= set(one.after)
    return tuple(one for one in shown if one.number in wanted)


def spread(sittings: Sequence[Sitting], weeks: int) -> tuple[tuple[Sitting, ...], ...]:
    """Spread notebooks over weeks so that the longest week is as short as it can be.

    Args:
        sittings: in order; a notebook is not divided.
        weeks: at most this many.
    """
    limit = max(one.minutes for one in sittings)
    while len(found := _filled(sittings, limit)) > weeks:
        limit += 5
    while len(found) < min(weeks, len(sittings)):
        found = _divided(found)
    return tuple(map(tuple, found))


def _filled(sittings: Sequence[Sitting], limit: int) -> list[list[Sitting]]:
    """Fill one week after the other up to a limit of minutes."""
    weeks: list[list[Sitting]] = [[]]
    for one in sittings:
        if sum(other.minutes for other in weeks[-1]) + one.minutes > limit:
            weeks.append([])
        weeks[-1].append(one)
    return weeks


def _divided(weeks: list[list[Sitting]]) -> list[list[Sitting]]:
    """Divide the longest week that has several notebooks, as evenly as it goes."""
    loads = {n: sum(one.minutes for one in week) for n, week in enumerate(weeks)}
    n = max((n for n, week in enumerate(weeks) if len(week) > 1), key=loads.get)
    week = weeks[n]
    cuts = {k: sum(one.minutes for one in week[:k]) for k in range(1, len(week))}
    k = min(cuts, key=lambda k: abs(2 * cuts[k] - loads[n]))
    return [*weeks[:n], week[:k], week[k:], *weeks[n + 1 :]]


def _longest(week: Sequence[Sitting]) -> str | None:
    """Return the exercise of a week that takes longest; the first of several."""
    ids = [id for one in week for id in one.exercises if one.number != "00"]
    return max(ids, key=lambda id: course.exercise(id).minutes) if ids else None


def _hours(minutes: int) -> str:
    return f"{minutes // 60} h {minutes % 60:02} min"


def table(found: Sequence[Route]) -> str:
    """Write routes as a table in Markdown, a week's notebooks in brackets.

    Args:
        found: what `routes` returned.
    """
    rows = [
        f"| {one.name} | {_weeks(one)} | {one.time} | {len(one.exercises)} | "
        f"{one.handed_out} |\n"
        for one in found
    ]
    return HEAD + "|---|---|---|---|---|\n" + "".join(rows)


def _weeks(route: Route) -> str:
    weeks = [", ".join(one.number for one in week) for week in route.weeks]
    return " · ".join(weeks)
