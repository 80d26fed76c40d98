"""The manifest of a class: one row a file, and which files belong together."""

import csv
import io
from collections import Counter
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit.staff.grading.network_zip import NETWORK

SAME = "same file as another student's"


@dataclass(frozen=True)
class Row:
    """One hand-in of the manifest.

    Args:
        student: an id of the roster; "" where nobody could be found.
        file: its name in the folder of collected files.
        came_as: where it was, for a person.
        time: of the last change, ISO with zone.
        flags: "late", "superseded", "unnamed", "not on the roster", "link" …
    """

    student: str
    file: str
    sha256: str
    came_as: str
    time: str
    flags: str = ""


def read_manifest(folder: Path) -> list[Row]:
    """Return the rows of a manifest; none where there is none yet."""
    path = folder / "manifest.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file)]


def write_manifest(folder: Path, rows: list[Row]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([one.name for one in fields(Row)])
    writer.writerows(map(astuple, rows))
    write_whole(folder / "manifest.csv", text.getvalue())


def with_superseded(rows: list[Row]) -> list[Row]:
    """Mark all but a student's latest notebook and networks; the files stay."""
    latest: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda row: row.time):
        if row.student:
            latest[_slot(row)] = row
    counts = Counter(row.sha256 for row in rows)
    marked = []
    for row in rows:
        flags = [
            f for f in row.flags.split(" · ") if f and f not in ("superseded", SAME)
        ]
        if row.student and latest[_slot(row)] is not row:
            flags.append("superseded")
        if counts[row.sha256] > 1:
            flags.append(SAME)
        marked.append(replace(row, flags=" · ".join(flags)))
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
        if "superseded" not in row.flags:
            people.setdefault(row.student or row.file, []).append(row)
    found = []
    for mine in people.values():
        networks = tuple(row for row in mine if row.file.endswith(NETWORK))
        notebooks = [row for row in mine if row not in networks]
        found.append(((*notebooks, *networks)[0], networks))
    return found
