"""The doctor's questions: each a function without arguments that returns a `Line`.

To add one, write the function and put it into `QUESTIONS`. A question never raises,
downloads, installs or changes anything.
"""

import os
import platform
import shutil
import sys
from collections.abc import Callable
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path

from coursekit.doctor.report import Line

GIB = 2**30
OLDEST_PYTHON = (3, 11)
# What an import of a broken, half-installed or mismatched package really raises.
BROKEN = (ImportError, OSError, RuntimeError, AttributeError, ValueError, TypeError)
RESTART = "then restart the kernel"


def _why(error: BaseException) -> str:
    first = str(error).strip().splitlines()[:1]
    return f"{type(error).__name__}: {''.join(first)[:160]}"


def _version(package: str) -> str | None:
    """The installed version by its metadata, without importing the package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


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
    versions = f"torch {_version('torch')}, torchvision {_version('torchvision')}"
    try:
        torch, ops = import_module("torch"), import_module("torchvision.ops")
        boxes = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 2], [5, 5, 6, 6]])
        kept = ops.nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist()
    except ModuleNotFoundError as error:
        return Line("PyTorch", False, _why(error), "pip install torch torchvision")
    except BROKEN as error:
        return Line("PyTorch", False, *_broken_stack(versions, error))
    if kept != [0, 2]:
        return Line("PyTorch", False, *_broken_stack(versions, f"nms kept {kept}"))
    return Line("PyTorch", True, versions)


def _broken_stack(versions: str, error: BaseException | str) -> tuple[str, str]:
    """Detail and remedy; the well-known mismatch is called by its name."""
    why = error if isinstance(error, str) else _why(error)
    remedy = f"pip install -U torch torchvision, {RESTART}"
    if "torchvision::nms" in why:
        why = "they do not belong together: operator torchvision::nms does not exist"
    return f"{versions}: {why}", remedy


def device() -> Line:
    """Where will networks be trained?"""
    try:
        torch = import_module("torch")
        where, threads = _fastest_device(torch), torch.get_num_threads()
    except BROKEN as error:
        return Line("device", False, _why(error), "repair PyTorch (see above)")
    return Line("device", True, f"{where}; {threads} of {os.cpu_count()} cores in use")


def _fastest_device(torch: object) -> str:
    if torch.cuda.is_available():
        card = torch.cuda.get_device_properties(0)
        return f"CUDA: {card.name}, {card.total_memory / GIB:.0f} GiB"
    if torch.backends.mps.is_available():
        return "MPS: the GPU of this Mac"
    return "CPU (enough for every session)"


def memory() -> Line:
    """Is there room in memory for a session?"""
    free = _free_memory()
    if free is None:
        return Line("memory", True, "unknown on this system")
    remedy = "close other programs and other notebooks' kernels"
    good = free > 2 * GIB
    detail = f"{free / GIB:.1f} GiB free"
    return Line("memory", good, detail, "" if good else remedy, needed=False)


def _free_memory() -> int | None:
    """Bytes; psutil comes with every Jupyter kernel, POSIX can do without."""
    if find_spec("psutil") is not None:
        return import_module("psutil").virtual_memory().available
    if "SC_AVPHYS_PAGES" in getattr(os, "sysconf_names", {}):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def disk() -> Line:
    """Is there room on the disk for downloads and checkpoints?"""
    free = shutil.disk_usage(Path.cwd()).free
    good = free > GIB
    remedy = "" if good else "free some room: data sets and checkpoints want 1 GiB"
    return Line("disk", good, f"{free / GIB:.1f} GiB free here", remedy, needed=False)


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
    found = ", ".join(f"{w.name} {_version(w.name) or 'missing'}" for w in unmet)
    wishes = " ".join(f'"{w.name}{w.specifier}"' for w in unmet)
    return Line("packages", False, found, f"pip install {wishes}, {RESTART}")


def _requirements() -> list:
    """The base requirements of coursekit's own metadata, those of extras left out."""
    parse = import_module("packaging.requirements").Requirement
    parsed = map(parse, metadata.requires("coursekit") or [])
    return [r for r in parsed if not r.marker or r.marker.evaluate({"extra": ""})]


def _met(requirement: object) -> bool:
    found = _version(requirement.name)
    return found is not None and requirement.specifier.contains(found, prereleases=True)


def extras() -> Line:
    """Are the two packages there that stand beside the course's own tools?"""
    missing = [name for name in ("torchsummary", "grad-cam") if not _version(name)]
    detail = f"missing: {', '.join(missing)}" if missing else "torchsummary, grad-cam"
    remedy = f"pip install {' '.join(missing)}" if missing else ""
    return Line("extras", not missing, detail, remedy, needed=False)


def widgets() -> Line:
    """Can the explorers' sliders be made, and does JupyterLab know how to show them?"""
    version = _version("ipywidgets")
    if version is None:
        remedy = f'pip install "ipywidgets>=7.7.1,<9", {RESTART}'
        return Line("widgets", False, "ipywidgets missing", remedy)
    if _version("jupyterlab") and not _version("jupyterlab_widgets"):
        remedy = "pip install jupyterlab_widgets, then reload the page"
        return Line("widgets", False, "JupyterLab cannot show sliders", remedy)
    return Line("widgets", True, f"ipywidgets {version}")


def notebook() -> Line:
    """Where does this run, and is there a program that opens notebooks?"""
    if (place := _front_end()) is not None:
        return Line("notebook", True, f"running in {place}")
    for name, label in (("jupyterlab", "JupyterLab"), ("notebook", "Jupyter Notebook")):
        if _version(name):
            return Line("notebook", True, f"{label} {_version(name)}: coursekit lab")
    detail, remedy = "no JupyterLab in this Python", 'pip install "jupyterlab>=4"'
    return Line("notebook", False, detail, remedy, needed=False)


def _front_end() -> str | None:
    """Name the program this kernel belongs to; None outside a kernel."""
    if "google.colab" in sys.modules:
        return "Google Colab"
    if "ipykernel.kernelapp" not in sys.modules:
        return None
    if "VSCODE_PID" in os.environ or "VSCODE_CWD" in os.environ:
        return "VS Code"
    return "Jupyter"


def embedded_data() -> Line:
    """Can the images that come with the course be read?"""
    try:
        data = import_module("coursekit.data")
        digits, photos = len(data.digits()), len(data.photos())
    except BROKEN as error:
        remedy = f"pip install --force-reinstall scikit-learn, {RESTART}"
        return Line("embedded data", False, _why(error), remedy)
    return Line("embedded data", True, f"{digits:,} digits and {photos} photographs")


def data_folder() -> Line:
    """Is the folder of `COURSEKIT_DATA`, where it is set, a folder?"""
    folder = os.environ.get("COURSEKIT_DATA")
    if not folder:
        return Line("data folder", True, "COURSEKIT_DATA not set: not needed")
    if Path(folder).is_dir():
        return Line("data folder", True, f"COURSEKIT_DATA = {folder}")
    remedy = "create the folder, or unset COURSEKIT_DATA"
    return Line("data folder", False, f"no folder {folder}", remedy, needed=False)


QUESTIONS: tuple[Callable[[], Line], ...] = (
    python,
    stack,
    device,
    memory,
    disk,
    packages,
    extras,
    widgets,
    notebook,
    embedded_data,
    data_folder,
)
