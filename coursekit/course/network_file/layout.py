"""What a hand-in file is made of: names, limits and versions, for both sides."""

from importlib import metadata
from importlib.util import find_spec

FORMAT = 1
OPSET = 18  # the operator set of ONNX that the network is written in

MODEL, HISTORY, MANIFEST = "model.onnx", "history.json", "manifest.json"
MIB = 2**20
# Most bytes of each member, unpacked. A network of 60 million numbers has 240 MB.
LIMITS = {MODEL: 256 * MIB, HISTORY: 4 * MIB, MANIFEST: MIB}
MOST_BYTES = 256 * MIB  # of the whole zip

INPUT, OUTPUT = "images", "logits"


def need(*packages: str) -> None:
    """Refuse to go on without packages that only the hand-in file uses.

    Raises:
        ModuleNotFoundError: one sentence that says how to get them.
    """
    missing = [name for name in packages if not _is_there(name)]
    if missing:
        raise ModuleNotFoundError(
            f"the hand-in file needs {' and '.join(missing)}, which this Python does "
            f"not have: pip install {' '.join(missing)}",
            name=missing[0],
        )


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # switched off in sys.modules
        return False


def version(package: str) -> str | None:
    """Return the installed version of a package, None where it is missing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
