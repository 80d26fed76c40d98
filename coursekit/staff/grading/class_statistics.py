"""What the grades of a class say together: tables of words and numbers."""

from collections import Counter
from math import ceil

from coursekit.staff.grading.alike import alike
from coursekit.staff.grading.assignment import Assignment
from coursekit.staff.grading.gradebooks import part_of


def spread(grades: list[dict]) -> list[list[str]]:
    """Return how many have how many points, with a bar."""
    totals = Counter(grade["points"] for grade in grades)
    unit = max(1, max(totals.values(), default=1) / 40)  # hand-ins a block of a bar
    return [
        [str(points), "█" * ceil(totals[points] / unit), str(totals[points])]
        for points in sorted(totals)
    ]


def mistakes(grades: list[dict]) -> list[list[str]]:
    """Return the known mistakes that most made."""
    wrong = Counter(
        (part["id"], part["mistake"])
        for grade in grades
        for part in grade["parts"]
        if part["mistake"]
    )
    return [[*key, str(count)] for key, count in wrong.most_common(12)]


def groups(grades: list[dict]) -> list[list[str]]:
    """Return whose code is nearly the same, eight students a line."""
    return [
        [str(number), ", ".join(group[place : place + 8])]
        for number, group in enumerate(alike(grades), 1)
        for place in range(0, len(group), 8)
    ]


def separation(grades: list[dict], assignment: Assignment) -> list[list[str]]:
    """Return for each exercise how many had it right, and what it separates."""
    rows = []
    for part in assignment.judged:
        own = [(part_of(grade, part.id), grade["points"]) for grade in grades]
        tried = [(p["status"] == "right", total - p["points"]) for p, total in own]
        index = discrimination(tried)
        right = f"{sum(right for right, _ in tried)} of {len(tried)}"
        rows.append([part.id, right, "–" if index is None else f"{index:+.2f}"])
    return rows


def discrimination(tried: list[tuple[bool, int]]) -> float | None:
    """Return an exercise's discrimination index, −1 to 1.

    The share right among the best 27 % less that among the last 27 % (Kelley 1939,
    https://doi.org/10.1037/h0057123), by the points elsewhere; of equals, all count by
    their share. None for fewer than 8 hand-ins.

    Args:
        tried: of each hand-in, whether it was right and its points elsewhere.
    """
    if len(tried) < 8:
        return None
    size = round(0.27 * len(tried))
    mean: dict[int, list[bool]] = {}
    for right, points in tried:
        mean.setdefault(points, []).append(right)
    shares = {points: sum(right) / len(right) for points, right in mean.items()}
    ordered = sorted(points for _, points in tried)
    ends = ordered[-size:], ordered[:size]
    best, last = (sum(shares[points] for points in end) / size for end in ends)
    return best - last
