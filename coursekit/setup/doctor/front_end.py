"""Questions about the program that shows the notebook, and its sliders."""

import os
import sys

from coursekit._base.hosted import hosted_by
from coursekit.setup.doctor.asking import RESTART, major, version
from coursekit.setup.doctor.doctor_report import Line

# Major version of ipywidgets → those of its halves in JupyterLab and in Notebook 6.
# github.com/jupyter-widgets/ipywidgets/issues/3558
HALVES = {
    7: {"jupyterlab_widgets": (1, 2), "widgetsnbextension": (3,)},
    8: {"jupyterlab_widgets": (3,), "widgetsnbextension": (4,)},
}
# These show sliders by themselves; what is installed beside the kernel is not used.
OWN_WIDGETS = ("Colab", "Kaggle", "VS Code")


def widgets() -> Line:
    """Can the explorers' sliders be made, and does the front end know that version?"""
    installed = version("ipywidgets")
    if installed is None:
        remedy = f'pip install "ipywidgets>=7.7.1,<9", {RESTART}'
        return Line("widgets", False, "ipywidgets missing", remedy)
    if front_end() not in OWN_WIDGETS:
        for half in _halves_needed():
            if not version(half):
                remedy = f"pip install {half}, then reload the page"
                return Line("widgets", False, f"{half} missing: no sliders", remedy)
        if wrong := _wrong_halves():
            detail = f"ipywidgets {installed} does not go with {', '.join(wrong)}"
            remedy = 'pip install -U "ipywidgets>=8,<9", then start Jupyter again'
            return Line("widgets", False, detail, remedy)
    return Line("widgets", True, f"ipywidgets {installed}")


def _halves_needed() -> list[str]:
    """Return the packages that the installed front ends show sliders with."""
    classic = (major("notebook") or 7) < 7
    lab = version("jupyterlab") or (not classic and version("notebook"))
    return ["jupyterlab_widgets"] * bool(lab) + ["widgetsnbextension"] * classic


def _wrong_halves() -> list[str]:
    fitting = HALVES.get(major("ipywidgets"), {})
    return [
        f"{half} {version(half)}"
        for half in _halves_needed()
        if half in fitting and major(half) not in fitting[half]
    ]


def notebook() -> Line:
    """Where does this run, and is there a program that opens notebooks?"""
    if (place := front_end()) is not None:
        return Line("notebook", True, f"running in {place}")
    wanted = 'pip install -U "jupyterlab>=4"'
    if installed := version("jupyterlab"):
        new = major("jupyterlab") >= 4
        detail = f"JupyterLab {installed}: coursekit lab"
        return Line("notebook", new, detail, "" if new else wanted, needed=False)
    if installed := version("notebook"):
        return Line("notebook", True, f"Jupyter Notebook {installed}: jupyter notebook")
    return Line("notebook", False, "no JupyterLab in this Python", wanted, needed=False)


def front_end() -> str | None:
    """Name the service or program that shows this kernel; None outside a kernel."""
    if (host := hosted_by()) is not None:
        return host
    if "ipykernel.kernelapp" not in sys.modules:
        return None
    if "VSCODE_PID" in os.environ or "VSCODE_CWD" in os.environ:
        return "VS Code"
    return "Jupyter"
