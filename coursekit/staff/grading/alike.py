"""Hand-ins whose code is nearly the same, for a person to look at.

Compared are the sets of six-token runs of all answers' code, names included: a Jaccard
index of 1 is the same code but for comments and blanks. Two sets whose index reaches t
share one of their ⌈(1 − t)·size⌉ + 1 rarest runs, whichever order "rare" is (prefix
filter: Chaudhuri, Ganti and Kaushik 2006, https://doi.org/10.1109/ICDE.2006.9), so only
those that do are compared:

    runs, rare first    a b │ c d e f …     of 20 runs and t = 0.9 the first 3 at most
                        b x │ c d e f …     shares b: compare
                        y z │ c d e f …     shares only what all have: never compared
"""

import math
import re
from collections import Counter

RUN = 6  # tokens
FEWEST = 60  # runs: shorter right answers are alike by nature


def alike(grades: list[dict], *, least: float = 0.9) -> list[tuple[str, ...]]:
    """Return groups of students; whoever is alike to one of a group belongs to it.

    Args:
        least: Jaccard index from which two are alike, in (0, 1].
    """
    same: dict[frozenset, list[str]] = {}
    for grade in sorted(grades, key=lambda grade: grade["student"]):
        same.setdefault(_runs(grade), []).append(grade["student"])
    sets = sorted((runs for runs in same if len(runs) >= FEWEST), key=len)
    home = list(range(len(sets)))  # of each set, another of its group
    for one, other in _candidates(sets, least):
        if _root(home, one) != _root(home, other):
            both = len(sets[one] & sets[other])
            if both >= least * (len(sets[one]) + len(sets[other]) - both):
                home[_root(home, one)] = _root(home, other)
    groups: dict[int, list[str]] = {}
    for place, runs in enumerate(sets):
        groups.setdefault(_root(home, place), []).extend(same[runs])
    return sorted(tuple(sorted(one)) for one in groups.values() if len(one) > 1)


def _candidates(sets: list[frozenset], least: float) -> set[tuple[int, int]]:
    """Return the pairs, smaller set first, that share a rare run."""
    common = Counter(run for runs in sets for run in runs)
    seen: dict[tuple, list[int]] = {}
    pairs = set()
    for place, runs in enumerate(sets):
        first = len(runs) - math.ceil(least * len(runs)) + 1
        for run in sorted(runs, key=lambda run: (common[run], run))[:first]:
            fits = (o for o in seen.get(run, ()) if len(sets[o]) >= least * len(runs))
            pairs.update((other, place) for other in fits)
            seen.setdefault(run, []).append(place)
    return pairs


def _root(home: list[int], place: int) -> int:
    while home[place] != place:
        home[place] = home[home[place]]
        place = home[place]
    return place


def _runs(grade: dict) -> frozenset[tuple[str, ...]]:
    code = "\n".join(part["code"] for part in grade["parts"])
    own = re.sub(r"#.*|^(import|from)\b.*", "", code, flags=re.MULTILINE)
    tokens = re.findall(r"\w+|[^\w\s]", own)
    return frozenset(tuple(tokens[i : i + RUN]) for i in range(len(tokens) - RUN + 1))
