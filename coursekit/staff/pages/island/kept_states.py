"""What an island holds, kept between builds: the same sources, the same letters.

The file's name is a checksum of everything the states follow from: the source of the
explorer and of all it imports from the package, what it shows, and the versions of
numpy and torch. It lies in the checkout's `build` folder, which git ignores.
"""

import ast
import hashlib
import io
import pickle
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit.explore.live import LiveExplorer

PACKAGE = "coursekit"
_ROOT = Path(__file__).resolve().parents[4]


def kept(explorer: LiveExplorer, make: Callable[[], str]) -> str:
    """Return what `make` returns, from a file where it was made before.

    Args:
        explorer: what is shown; one whose subject cannot be told apart is made anew.
        make: computes it.
    """
    name = _checksum(explorer)
    if not name or not (_ROOT / "pyproject.toml").exists():
        return make()
    path = _ROOT / "build" / "islands" / f"{name}.txt"
    if not path.exists():
        write_whole(path, make())
    return path.read_text(encoding="utf-8")


def _checksum(explorer: LiveExplorer) -> str:
    """Return a name for all that the states of an explorer follow from, or ""."""
    module = explorer.declared.draw.__module__
    if not module.startswith(f"{PACKAGE}."):
        return ""
    found = hashlib.sha256()
    try:
        found.update(_bytes_of((explorer.subject, explorer.state)))
    except (pickle.PicklingError, TypeError, AttributeError):
        return ""  # such as a model with a function of its own in it
    for own in sorted({*sources(module), *sources(__package__)}):
        found.update(Path(own).read_bytes())
    for needed in ("numpy", "torch"):
        found.update(metadata.version(needed).encode())
    return f"{module.rpartition('.')[2]}-{found.hexdigest()[:16]}"


class _Plain(pickle.Pickler):
    """Write what a subject is, and no more: the same bytes in another process.

    Torch writes addresses with a tensor; a field that a dataclass does not show
    (`repr=False`) keeps what was drawn last.
    """

    def reducer_override(self, value: object) -> object:
        import torch

        if is_dataclass(value) and not isinstance(value, type):
            shown = [(f.name, getattr(value, f.name)) for f in fields(value) if f.repr]
            return dict, ([("type", type(value).__name__), *shown],)
        if not isinstance(value, torch.Tensor):
            return NotImplemented
        numbers = value.detach().cpu().contiguous().numpy()
        return bytes, (numbers.tobytes() + f"{value.dtype}{value.shape}".encode(),)


def _bytes_of(value: object) -> bytes:
    written = io.BytesIO()
    _Plain(written, protocol=4).dump(value)
    return written.getvalue()


@cache
def sources(module: str) -> frozenset[str]:
    """Return the files of a module and of all it imports from the package."""
    found, todo = {}, [module]
    while todo:
        name = todo.pop()
        if name in found or (file := _file_of(name)) is None:
            continue
        found[name] = file
        todo += _imported(Path(file).read_text(encoding="utf-8"))
    return frozenset(found.values())


def _file_of(module: str) -> str | None:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:  # `a.b` where b is a function of a
        return None
    return spec.origin if spec else None


def _imported(source: str) -> list[str]:
    """Return the names a source imports from the package; some are no modules."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return [name for name in names if name.partition(".")[0] == PACKAGE]
