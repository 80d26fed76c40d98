"""The manifest of a class: one row a file, and which files belong together."""

import csv
import hashlib
import io
from collections import Counter
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit.staff.grading.network_zip import NETWORK

JOIN = " · "  # between flags
SAME, OLD = "same file as another student's", "superseded"
EMPTY = hashlib.sha256().hexdigest()


@dataclass(frozen=True)
class Row:
    """One hand-in of the manifest.

    Args:
        student: an id of the roster; "" where nobody could be found.
        file: its name in the folder of collected files.
        came_as: where it was, for a person.
        time: of the last change, ISO with zone.
        flags: "late", "superseded", "not on the roster", "names s1 and s2", "link" …
    """

    student: str
    file: str
    sha256: str
    came_as: str
    time: str
    flags: str = ""


def read_manifest(folder: Path) -> list[Row]:
    """Return the rows of a manifest; none where there is none yet.

    Raises:
        ValueError: its columns are others.
    """
    path = folder / "manifest.csv"
    if not path.exists():
        return []
    names = [one.name for one in fields(Row)]
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *lines = [*csv.reader(file)] or [[]]
    if head != names or any(len(line) != len(names) for line in lines):
        raise ValueError(f"`{path}` must have the columns {', '.join(names)}")
    return [Row(*line) for line in lines]


def write_manifest(folder: Path, rows: list[Row]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([one.name for one in fields(Row)])
    writer.writerows(map(astuple, rows))
    write_whole(folder / "manifest.csv", text.getvalue())


def with_superseded(rows: list[Row]) -> list[Row]:
    """Mark all but a student's latest notebook and networks; the files stay.

    A script beside a notebook never takes its place, however new.
    """
    latest: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda row: (row.file.endswith(".ipynb"), row.time)):
        if row.student:
            latest[_slot(row)] = row
    owners = Counter(digest for digest, _ in {(r.sha256, r.student) for r in rows})
    marked = []
    for row in rows:
        flags = [f for f in row.flags.split(JOIN) if f and f not in (OLD, SAME)]
        if row.student and latest[_slot(row)] is not row:
            flags.append(OLD)
        if owners[row.sha256] > 1 and row.sha256 != EMPTY:
            flags.append(SAME)
        marked.append(replace(row, flags=JOIN.join(flags)))
    return marked


def _slot(row: Row) -> tuple[str, str]:
    """Return what a later file takes the place of: the notebook, or one network."""
    is_net = row.file.endswith(NETWORK)
    return row.student, row.file.rpartition("-")[0] if is_net else "notebook"


def submissions(rows: list[Row]) -> list[tuple[Row, tuple[Row, ...]]]:
    """Return what counts of each student: a file, and the networks beside it.

    Who handed in no notebook has the first network in its place.
    """
    people: dict[str, list[Row]] = {}
    for row in rows:
        if OLD not in row.flags:
            people.setdefault(row.student or row.file, []).append(row)
    pairs = []
    for mine in people.values():
        networks = tuple(row for row in mine if row.file.endswith(NETWORK))
        notebooks = [row for row in mine if row not in networks]
        pairs.append(((*notebooks, *networks)[0], networks))
    return pairs
