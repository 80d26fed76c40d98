"""A zip that `submit` wrote, told from one that holds hand-ins."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import IO

from coursekit.course.handin import plain_json
from coursekit.course.network_file.layout import LIMITS, MANIFEST, MODEL

NETWORK = ".zip"  # the ending of both
UNSAID = "network"  # where a file does not say which challenge it is for


def is_network(file: Path | IO[bytes]) -> bool:
    """Say whether this is a zip that `submit` may have written."""
    try:
        with zipfile.ZipFile(file) as archive:
            return {MODEL, MANIFEST} <= set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return False


def challenge_of(data: bytes) -> str:
    """Return which challenge a network says it is for; nothing rests on it but names.

    Args:
        data: of a file that `is_network`.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive, archive.open(MANIFEST) as file:
            said = plain_json.load(MANIFEST, file.read(LIMITS[MANIFEST]))
    except Exception:  # noqa: BLE001 (whatever a broken zip raises; the judge says why)
        return UNSAID
    return str(said.get("challenge") or UNSAID)[:40]
