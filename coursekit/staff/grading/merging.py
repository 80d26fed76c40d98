"""Puts together what several machines graded: manifests, hand-ins and grades.

laptop   fall/  manifest.csv  files/            copied to both machines
one      fall/  …  grades/  (--shard 1/2)       copied back as fall-1
other    fall/  …  grades/  (--shard 2/2)       copied back as fall-2
laptop   coursekit merge a1.toml fall fall-1 fall-2
"""

import hashlib
import json
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit.staff.grading.course_secret import MARK
from coursekit.staff.grading.manifest import (
    read_manifest,
    with_superseded,
    write_manifest,
)


def merge(folder: Path, parts: list[Path]) -> int:
    """Add what the parts hold to a class's folder; nothing there is overwritten.

    Args:
        folder: of the class; made where there is none.
        parts: folders as `collect` and `grade` left them.

    Returns:
        How many grades the folder has now.

    Raises:
        ValueError: a part that is none, another secret, a damaged hand-in, or two
            grades of one hand-in that differ; nothing has changed.
        OSError: a file cannot be read or written; the same command goes on.
    """
    rows = {(row.came_as, row.sha256): row for row in read_manifest(folder)}
    wanted: dict[Path, bytes] = {}
    for part in parts:
        found = read_manifest(part)
        if not found:
            raise ValueError(f"`{part}` has no manifest: give folders of `collect`")
        for row in found:
            rows.setdefault((row.came_as, row.sha256), row)
            _want(wanted, folder, part / "files" / row.file, row.sha256)
        for path in [*sorted(part.glob("grades/*.json")), part / MARK]:
            if path.exists():
                _want(wanted, folder, path)
    for path, data in wanted.items():
        write_whole(path, data)
    write_manifest(folder, with_superseded([*rows.values()]))
    return len(list(folder.glob("grades/*.json")))


def _want(wanted: dict, folder: Path, path: Path, sha256: str = "") -> None:
    """Note a file that the folder lacks; refuse one that differs from what it has."""
    target = folder / path.parent.name / path.name
    if path.name == MARK:
        target = folder / MARK
    data = path.read_bytes()
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError(f"`{path}` is not what was collected: copy it again")
    there = wanted.get(target) or (target.read_bytes() if target.exists() else None)
    if there is None:
        wanted[target] = data
    elif path.name == MARK and there != data:
        raise ValueError(f"`{path}`: these grades were made with another secret")
    elif path.suffix == ".json" and _told(there, path) != _told(data, path):
        raise ValueError(
            f"`{path}` differs from another grade of the same hand-in: remove one, or "
            "grade it again"
        )


def _told(data: bytes, path: Path) -> dict:
    """Return a grade without the time that it took."""
    try:
        return json.loads(data) | {"seconds": 0}
    except (ValueError, TypeError):
        raise ValueError(f"`{path}` is no grade; delete it and grade again") from None
