"""Put the members of a hand-in file into one zip, whole or not at all."""

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coursekit._base.files import whole
from coursekit.course.handin import plain_json as jsons
from coursekit.course.network_file.layout import MANIFEST


@dataclass(frozen=True)
class Submission:
    """A hand-in file that was written.

    Args:
        path: where it lies.
        size: bytes.
        sha256: of the whole file; it tells two versions apart.
        manifest: what the file says about itself.
    """

    path: Path
    size: int
    sha256: str
    manifest: Mapping[str, object]

    def __repr__(self) -> str:
        agreed = self.manifest["agreement"]
        return "\n".join(
            [
                f"{self.path.name} · {self.size:,} bytes · sha256 {self.sha256[:12]}…",
                f"  parameters  {self.manifest['parameters']:,}",
                f"  epochs      {self.manifest['epochs'] or 'no history given'}",
                f"  compared    {agreed['images']} random images: logits differ by at "
                f"most {agreed['largest_difference']:.1e} of the largest",
                "  hand in this one file; `inspect_submission` shows what a judge sees",
            ]
        )


def seal(data: bytes) -> dict[str, object]:
    """Return what the manifest says of a member."""
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def write(path: Path, members: Mapping[str, bytes], manifest: dict) -> Submission:
    """Write beside the goal, then move: the file is whole or not there.

    Args:
        path: of the zip.
        members: name → bytes, the manifest left out.
        manifest: plain JSON.

    Raises:
        OSError: the file cannot be written.
    """
    with whole(path) as part:
        _pack(part, {**members, MANIFEST: jsons.dump(manifest)})
        data = part.read_bytes()
    return Submission(path, len(data), hashlib.sha256(data).hexdigest(), manifest)


def _pack(file: Path, members: Mapping[str, bytes]) -> None:
    """Write a zip that says nothing about this machine: no dates, no system."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
