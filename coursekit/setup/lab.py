"""`coursekit lab`: open the course in JupyterLab, at session 00 of the working copy.

JupyterLab keeps open notebooks and panels in a workspace. The course has one of its
own, so that nobody's other work is moved; when it is new, the list of contents is open.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from coursekit.setup.working_copy import (
    FIRST,
    bring,
    notebooks_folder,
    working_copy,
)

WORKSPACE = "coursekit"
CONTENTS = "coursekit.setup.contents.CourseContents"


def command(folder: Path, extra: Sequence[str] = ()) -> list[str]:
    """Return the command line that serves `folder` and opens session 00.

    Args:
        folder: where the notebooks are.
        extra: further options of JupyterLab, such as `--no-browser`.
    """
    line = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    line.append(f"--LabApp.default_url=/lab/workspaces/{WORKSPACE}/tree/{FIRST}")
    line.append(f"--ServerApp.contents_manager_class={CONTENTS}")
    # In a container one is root; Jupyter refuses that without being told.
    is_root = getattr(os, "geteuid", lambda: 1)() == 0
    return [*line, *(["--allow-root"] if is_root else []), *extra]


def prepare_workspace() -> None:
    """Open the list of contents in the course's workspace, unless there is one."""
    from jupyterlab.commands import get_workspaces_dir
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    kept = WorkspacesManager(get_workspaces_dir())
    if kept.load(WORKSPACE)["data"]:
        return
    left = {"collapsed": False, "visible": True, "current": "@jupyterlab/toc:plugin"}
    new = {
        "data": {"layout-restorer:data": {"left": left}},
        "metadata": {"id": WORKSPACE},
    }
    kept.save(WORKSPACE, json.dumps(new))


def main(argv: Sequence[str] | None = None) -> int:
    """Start JupyterLab and stay until it ends; unknown options are handed to it.

    Example:
        coursekit lab --no-browser --port=8890
    """
    parser = argparse.ArgumentParser(
        prog="coursekit lab",
        description="Open the course in JupyterLab. Other options go to JupyterLab.",
        epilog="example: coursekit lab --no-browser --port=8890",
    )
    _, extra = parser.parse_known_args(argv)
    if find_spec("jupyterlab") is None:
        sys.stderr.write('JupyterLab is missing: pip install -e ".[lab,extras]"\n')
        return 1
    try:
        folder = notebooks_folder()
        mine = working_copy(folder)
        news = bring(folder, mine)
    except (ValueError, OSError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    news += [f"Opening {mine / FIRST} in JupyterLab; Ctrl-C ends it."]
    sys.stdout.write("\n".join(news) + "\n")
    sys.stdout.flush()
    prepare_workspace()
    return _run(command(mine, extra))


def _run(line: list[str]) -> int:
    """Run JupyterLab in the foreground; Ctrl-C is its affair and a normal end."""
    server = subprocess.Popen(line)
    while True:
        try:
            return server.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    sys.exit(main())
