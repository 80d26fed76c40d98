"""Run the code on standard input as one cell of a fresh kernel; print JSON.

Runs inside the environment on trial, with nothing but what Colab has.
"""

import json
import sys
import time

from jupyter_client.manager import start_new_kernel

MINUTES = 15
# Runs before the cell. `%pip` and what the package starts take their time: it is noted.
CLOCK = """
import subprocess as _subprocess, time as _time
def _timed(real):
    def run(*given, **named):
        begun = _time.perf_counter()
        try:
            return real(*given, **named)
        finally:
            _pip.append(_time.perf_counter() - begun)
    return run
_pip, _shell = [], get_ipython()
_subprocess.run, _shell.system = _timed(_subprocess.run), _timed(_shell.system)
"""
WHERE = (
    "import sys, coursekit; print(sum(_pip), sys.prefix, coursekit.__file__, sep='\\n')"
)


def run_cell(code: str) -> dict[str, object]:
    """Return what the cell printed, its error, its seconds, and where it all lies."""
    manager, client = start_new_kernel(kernel_name="python3")
    printed, error = [], []

    def keep(message: dict) -> None:
        content = message["content"]
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            printed.append(content["text"])
        if message["msg_type"] == "error":
            error.append("\n".join(content["traceback"]))

    try:
        client.execute_interactive(CLOCK, output_hook=keep, timeout=60)
        start = time.perf_counter()
        client.execute_interactive(code, output_hook=keep, timeout=60 * MINUTES)
        seconds = time.perf_counter() - start
        text = "".join(printed)
        printed.clear()
        client.execute_interactive(WHERE, output_hook=keep, timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    pip, *where = "".join(printed).splitlines() or ["0"]
    return {
        "text": text,
        "error": "\n".join(error),
        "seconds": seconds,
        "pip": float(pip),
        "where": where,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run_cell(sys.stdin.read())))
