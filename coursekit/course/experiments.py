"""Results of experiments too long for a notebook, as they were measured.

A script in `benchmarks/` writes them into `coursekit/course/results/`, with machine,
versions and date; the notebook shows them beside a smaller run of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from coursekit._base import validate as _validate
from coursekit.metrics.runs import Interval, interval, paired


@dataclass(frozen=True, repr=False)
class Stored:
    """The arms of an experiment, each with its runs.

    Attributes:
        what: the experiment in a line.
        where: date, machine and versions it was measured with.
        settings: what all arms share.
        arms: name → runs, each run score → value.
        chosen: name → what was chosen for the arm beforehand; empty where nothing was.
    """

    what: str
    where: str
    settings: Mapping[str, object]
    arms: Mapping[str, list[dict]]
    chosen: Mapping[str, dict]

    def runs(self, arm: str, score: str) -> list[float]:
        """Return one number a run, in the order of the seeds.

        Raises:
            ValueError: no such arm or score.
        """
        rows = self.arms[_validate.choice("arm", arm, self.arms)]
        _validate.choice("score", score, rows[0])
        return [row[score] for row in sorted(rows, key=lambda row: row["seed"])]

    def interval(self, arm: str, score: str) -> Interval:
        """Return the mean of the runs with its 95 % interval."""
        return interval(self.runs(arm, score))

    def paired(self, arm: str, other: str, score: str) -> Interval:
        """Return the interval of arm − other, seed by seed."""
        return paired(self.runs(arm, score), self.runs(other, score))

    def __repr__(self) -> str:
        counts = sorted({len(rows) for rows in self.arms.values()})
        runs = " to ".join(map(str, {counts[0]: 0, counts[-1]: 0}))
        return f"{self.what}\n{len(self.arms)} arms, {runs} runs each; {self.where}"


def stored(name: str) -> Stored:
    """Return the stored results of an experiment.

    Args:
        name: such as "shortcut".

    Raises:
        ValueError: no such results.
    """
    folder = files("coursekit") / "course" / "results"
    files_there = [path for path in folder.iterdir() if path.name.endswith(".json")]
    paths = {path.name.removesuffix(".json"): path for path in files_there}
    path = paths[_validate.choice("name", name, sorted(paths))]
    content = json.loads(path.read_text(encoding="utf-8"))
    if "arms" not in content:
        raise ValueError(f"`name` must be an experiment with arms; got {name!r}")
    arms = content["arms"]
    chosen = {key: arm for key, arm in arms.items() if isinstance(arm, dict)}
    where = (
        f"measured {content['date']} on {content['machine']}, Python "
        f"{content['python']}, torch {content['torch']}"
    )
    return Stored(
        content["what"],
        where,
        content["settings"],
        {key: chosen[key]["runs"] if key in chosen else arms[key] for key in arms},
        {
            key: {k: v for k, v in arm.items() if k != "runs"}
            for key, arm in chosen.items()
        },
    )
