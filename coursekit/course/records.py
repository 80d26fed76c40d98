"""What a student has done, in one small file that is theirs; `progress()` shows it.

The file lies beside the checkpoints (`coursekit.training.checkpoint_folder`), so it
outlives the kernel, and on Colab the session where Drive is mounted. It holds ids,
outcomes and guesses, never code or a name; nothing leaves the machine. Only notebooks
write it, and not where COURSEKIT_PROGRESS is "off", as in tests, builds and
`coursekit run`.
"""

import json
import os
from pathlib import Path

from coursekit import __version__
from coursekit._base.files import write_whole
from coursekit._base.lasting import checkpoint_folder
from coursekit._base.notebook import in_notebook

FILE = "progress.json"
KINDS = ("checks", "predictions", "verdicts")

Records = dict[str, dict[str, object]]  # kind → name → what became of it


def forget_progress(*, folder: Path | None = None) -> bool:
    """Delete the file of `progress()`; say whether there was one.

    Args:
        folder: where the file lies; None for the place of the checkpoints.
    """
    file = record_file(folder)
    there = file.exists()
    file.unlink(missing_ok=True)
    return there


def recorded(folder: Path | None = None) -> Records:
    """Return what the file holds; nothing where it is missing or damaged.

    Args:
        folder: as for `forget_progress`.
    """
    try:
        stored = json.loads(record_file(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stored = {}
    stored = stored if isinstance(stored, dict) else {}
    kinds = {kind: stored.get(kind) for kind in KINDS}
    whole = {k: dict(v) if isinstance(v, dict) else {} for k, v in kinds.items()}
    guesses = whole["predictions"].items()
    whole["predictions"] = {n: one for n, one in guesses if isinstance(one, dict)}
    return whole


def note(kind: str, name: str, outcome: object, *, folder: Path | None = None) -> None:
    """Write down what became of something; a check that was right once stays right.

    Nothing is written outside a notebook (unless a folder is given), nor where the
    place cannot be written to: a full disk must not stop a lesson.

    Args:
        kind: one of `KINDS`. name: of the exercise, prediction or claim.
        outcome: as JSON has it.
        folder: as for `forget_progress`.
    """
    if folder is None and not is_kept():
        return
    kept = recorded(folder)
    before = kept[kind].get(name)
    if before == outcome or (kind == "checks" and before == "right"):
        return
    kept[kind][name] = outcome
    try:
        content = {"coursekit": __version__, **kept}
        text = json.dumps(content, ensure_ascii=False, indent=1)
        write_whole(record_file(folder), text)
    except OSError:
        return


def is_kept() -> bool:
    """Say whether what happens here is written down: in a notebook of a student."""
    return in_notebook() and os.environ.get("COURSEKIT_PROGRESS") != "off"


def record_file(folder: Path | None = None) -> Path:
    """Return where the file lies; see `recorded`."""
    if folder is None:
        folder = checkpoint_folder()
    return Path(folder) / FILE
