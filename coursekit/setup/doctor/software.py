"""Questions about Python and its packages."""

import platform
import sys
from importlib import import_module, metadata
from pathlib import Path

import coursekit
from coursekit._base.hosted import hosted_by
from coursekit.setup.doctor.asking import BROKEN, RESTART, version, why
from coursekit.setup.doctor.doctor_report import Line

OLDEST_PYTHON = (3, 11)


def course() -> Line:
    """Which version of the course is this, and how did it come here?"""
    root = Path(coursekit.__file__).parents[1]
    origin = "from a checkout" if (root / "notebooks").is_dir() else "installed"
    return Line("coursekit", True, f"{coursekit.__version__}, {origin}")


def python() -> Line:
    """Is this Python new enough?"""
    system = f"{platform.system()} {platform.machine()}"
    detail = f"{platform.python_version()} on {system}"
    wanted = ".".join(map(str, OLDEST_PYTHON))
    remedy = f"install Python {wanted} or newer and set the course up with it"
    good = sys.version_info >= OLDEST_PYTHON
    return Line("Python", good, detail, "" if good else remedy)


def stack() -> Line:
    """Do torch and torchvision belong together? One operator of each side is run."""
    versions = f"torch {version('torch')}, torchvision {version('torchvision')}"
    try:
        torch, ops = import_module("torch"), import_module("torchvision.ops")
        boxes = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 2], [5, 5, 6, 6]])
        kept = ops.nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist()
    except ModuleNotFoundError as error:
        return Line("PyTorch", False, why(error), "pip install torch torchvision")
    except BROKEN as error:
        return Line("PyTorch", False, *_broken_stack(versions, why(error)))
    if kept != [0, 2]:
        return Line("PyTorch", False, *_broken_stack(versions, f"nms kept {kept}"))
    return Line("PyTorch", True, versions)


def _broken_stack(versions: str, reason: str) -> tuple[str, str]:
    """Detail and remedy; the well-known mismatch is called by its name."""
    if "torchvision::nms" in reason:
        reason = "they do not belong together: operator torchvision::nms does not exist"
        wanted = _torch_of_torchvision()
        reason += f" (this torchvision is made for torch {wanted})" if wanted else ""
    return f"{versions}: {reason}", _reinstall()


def _torch_of_torchvision() -> str:
    """Return the one torch that the installed torchvision names, or ""."""
    try:
        parse = import_module("packaging.requirements").Requirement
        wishes = map(parse, metadata.requires("torchvision") or [])
    except (ImportError, metadata.PackageNotFoundError):
        return ""
    pins = [str(wish.specifier) for wish in wishes if wish.name == "torch"]
    return pins[0].removeprefix("==") if pins and pins[0].startswith("==") else ""


def _reinstall() -> str:
    """Return how a matching pair is got here: pip, conda, or a new Colab runtime."""
    if hosted_by() == "Colab":
        return "menu Runtime → Disconnect and delete runtime, then run the first cell"
    kept_by_conda = (Path(sys.prefix) / "conda-meta").glob("pytorch-*.json")
    if next(kept_by_conda, None) is not None:
        return f"conda update -c conda-forge pytorch torchvision, {RESTART}"
    return f"pip install -U torch torchvision, {RESTART}"


def packages() -> Line:
    """Is every required package there, at its lower bound or above?"""
    try:
        wanted = _requirements()
    except (ImportError, metadata.PackageNotFoundError) as error:
        remedy = 'in the folder of the course: pip install -e ".[lab,extras]"'
        return Line("packages", False, f"not installed: {error}", remedy)
    unmet = [wish for wish in wanted if not _met(wish)]
    if not unmet:
        return Line("packages", True, f"all {len(wanted)} within their bounds")
    versions = ", ".join(f"{w.name} {version(w.name) or 'missing'}" for w in unmet)
    wishes = " ".join(f'"{w.name}{w.specifier}"' for w in unmet)
    return Line("packages", False, versions, f"pip install {wishes}, {RESTART}")


def _requirements() -> list:
    """The base requirements of coursekit's own metadata, those of extras left out."""
    parse = import_module("packaging.requirements").Requirement
    parsed = map(parse, metadata.requires("coursekit") or [])
    return [r for r in parsed if not r.marker or r.marker.evaluate({"extra": ""})]


def _met(requirement: object) -> bool:
    installed = version(requirement.name)
    return installed is not None and requirement.specifier.contains(
        installed, prereleases=True
    )


def extras() -> Line:
    """Are the two packages there that stand beside the course's own tools?"""
    missing = [name for name in ("torchsummary", "grad-cam") if not version(name)]
    detail = f"missing: {', '.join(missing)}" if missing else "torchsummary, grad-cam"
    remedy = f"pip install {' '.join(missing)}" if missing else ""
    return Line("extras", not missing, detail, remedy, needed=False)
