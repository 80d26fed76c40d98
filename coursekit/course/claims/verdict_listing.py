"""Read verdicts back from the outputs stored in solution notebooks."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from coursekit.course.claims.verdicts import VERDICT_MIME, Verdict, verdict


def listing(notebook_paths: Iterable[str | Path]) -> tuple[Verdict, ...]:
    """Read the verdicts stored in solution notebooks, in the order of the claims.

    Args:
        notebook_paths: executed solution notebooks (`.ipynb`).

    Raises:
        ValueError: a file is no notebook, or a verdict in it is damaged.
        OSError: a file cannot be read.
    """
    verdicts = [one for path in notebook_paths for one in _verdicts_in(Path(path))]
    return tuple(sorted(verdicts, key=lambda one: one.claim.id))


def _verdicts_in(path: Path) -> list[Verdict]:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = [out for cell in cells for out in cell.get("outputs", [])]
        stored = [out.get("data", {}).get(VERDICT_MIME) for out in outputs]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"`{path}` is not a notebook that can be read: {error}"
        ) from None
    try:
        return [_rebuilt(data) for data in stored if data is not None]
    except (ValueError, TypeError) as error:
        raise ValueError(f"`{path}` holds a damaged verdict: {error}") from None


def _rebuilt(stored: Mapping) -> Verdict:
    """Compute a verdict again from `Verdict.stored`."""
    wanted = ("id", "cases", "measured", "predicted", "why", "verdict")
    if missing := [name for name in wanted if name not in stored]:
        raise ValueError(f"it has no {', '.join(missing)}")
    again = verdict(
        stored["id"],
        cases=dict(stored["cases"]),
        measured=dict(stored["measured"]),
        predicted=stored["predicted"],
        why=stored["why"],
    )
    if again.verdict != stored["verdict"]:
        raise ValueError(
            f"`verdict` of {stored['id']} is stored as {stored['verdict']!r}, but its "
            f"cases give {again.verdict!r}"
        )
    return again
