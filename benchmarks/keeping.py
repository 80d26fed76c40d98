"""Small result files of experiments with trained networks: whole at every moment.

A file holds where and when it was measured and, for each arm of the experiment, one
row for each run. A run that stands in the file with the same settings is not repeated,
so a command can be stopped and started again.
"""

import json
import platform
from datetime import date
from pathlib import Path

import torch
from torch import nn

from coursekit import __version__
from coursekit._base.files import write_whole

FOLDER = Path(__file__).resolve().parents[1] / "coursekit/course/results"


def kept(path: Path, settings: dict) -> dict[str, list[dict]]:
    """Return arm → runs of a file, none where there is no file yet.

    Raises:
        ValueError: the file was made with other settings: hours of work.
    """
    if not path.exists():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    now = json.loads(json.dumps(settings))
    if content["settings"] != now:
        raise ValueError(
            f"`{path}` holds runs made with {content['settings']}; asked for is {now}: "
            "write to another place, or move this file away first"
        )
    return content["arms"]


def write(path: Path, what: str, settings: dict, arms: dict[str, list[dict]]) -> None:
    """Write the runs with machine, versions and date."""
    content = {
        "what": what,
        "date": date.today().isoformat(),
        "machine": f"{processor()}, {torch.get_num_threads()} CPU thread",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "coursekit": __version__,
        "settings": settings,
        "arms": arms,
    }
    text = json.dumps(content, ensure_ascii=False, indent=1)
    write_whole(path, text + "\n")


def markdown(*rows: tuple) -> str:
    """Return a table of Markdown; the first row is its head."""
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def layers_of(model: nn.Module) -> str:
    """Return what a net prints, without what newer torch alone says of a norm."""
    return repr(model).replace("\n", "").replace(", bias=True", "")


def processor() -> str:
    """Return the processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()
