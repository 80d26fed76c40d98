"""Kernels for the notebooks of a test run: imports are paid for once, then forked.

```
nbval ── starts ──► client.py ─── door, a Unix socket ───► server.py, torch imported
  │                    │ waits, passes interrupts on          │ forks
  └───── messages ─────┼──────────────────────────────►   kernel, as ipykernel starts it
                       └─ ends ─► the kernel is killed
```

A fork is sound while the server has one thread and has run nothing but imports of other
people's packages. The course's own package is not among them: a kernel imports it by
itself, in the environment, folder and with the code of its notebook.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
POSSIBLE = sys.platform == "linux"


class ForkServer:
    """A process that has imported what notebooks need and forks a kernel when asked.

    It is started by the first `command` and ends with this process at the latest.

    Attributes:
        worth_it: whether there are notebooks enough to pay for its imports.
    """

    def __init__(self):
        self.worth_it = False
        self._process: subprocess.Popen | None = None
        self._folder = ""

    def command(self, **_: object) -> list[str]:
        """Return what starts a kernel, as `ipykernel.kernelspec.make_ipkernel_cmd`."""
        if self._process is None:
            self._start()
        client = str(HERE / "client.py")
        return [sys.executable, "-ISE", client, self.door, "-f", "{connection_file}"]

    @property
    def door(self) -> str:
        """The path of the server's socket."""
        return str(Path(self._folder) / "door")

    def _start(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="coursekit-kernels-")
        self._process = subprocess.Popen(
            [sys.executable, HERE / "server.py", self.door],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ
            | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
        )
        if self._process.stdout.readline() != b"open\n":
            raise RuntimeError("the server of kernels did not start")

    def close(self) -> None:
        """End the server and the kernels that are left."""
        if self._process is not None:
            self._process.stdin.close()
            self._process.stdout.close()
            self._process.wait()
            shutil.rmtree(self._folder)
            self._process = None
