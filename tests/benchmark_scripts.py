"""The scripts of `benchmarks/`, imported: they are no part of the package."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


def script(name: str) -> ModuleType:
    """Return a script, imported as `python benchmarks/NAME.py` does.

    Its neighbours stay on the path: some are imported only when they are needed.
    """
    if str(BENCHMARKS) not in sys.path:
        sys.path.append(str(BENCHMARKS))  # last, so that it hides no other module
    return importlib.import_module(name)
