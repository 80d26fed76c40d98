"""Questions about the disk: the images that are here, and room for more."""

import os
import shutil
from importlib import import_module
from pathlib import Path

from coursekit._base.free_memory import GIB
from coursekit.setup.doctor.asking import BROKEN, RESTART, after_torch, why
from coursekit.setup.doctor.doctor_report import Line

ENOUGH = GIB


@after_torch("embedded data")
def embedded_data() -> Line:
    """Can the images that come with the course be read?"""
    try:
        data = import_module("coursekit.data")
        digits, photos = len(data.digits()), len(data.photos())
    except BROKEN as error:
        remedy = f"pip install --force-reinstall scikit-learn, {RESTART}"
        return Line("embedded data", False, why(error), remedy)
    return Line("embedded data", True, f"{digits:,} digits and {photos} photographs")


@after_torch("data sets")
def data_sets() -> Line:
    """Which downloaded sets lie here, every file of them with the published sum?"""
    store = import_module("coursekit.data.store")
    here, absent, wrong = [], [], []
    try:
        for name in import_module("coursekit.data.catalogue").SETS:
            findings = store.verify(name)
            wrong += [f"{name}/{one.file}" for one in findings if one.state == "wrong"]
            states = {one.state for one in findings}
            if states == {"right"}:
                here.append(name)
            elif "wrong" not in states:
                absent.append(name)
    except (OSError, ValueError) as error:
        remedy = "see the line about the data folder"
        return Line("data sets", False, why(error), remedy, needed=False)
    parts = [", ".join(here) or "none downloaded"]
    if absent:
        parts.append(f"to get when wanted: coursekit data get {' '.join(absent)}")
    if not wrong:
        return Line("data sets", True, "; ".join(parts))
    parts.append(f"damaged: {', '.join(wrong)}")
    names = " ".join(dict.fromkeys(one.partition("/")[0] for one in wrong))
    remedy = f"delete the damaged files in {_data()}, then: coursekit data get {names}"
    return Line("data sets", False, "; ".join(parts), remedy, needed=False)


@after_torch("data folder")
def data_folder() -> Line:
    """Where do data sets go, and is there room?"""
    try:
        folder = _data()
    except ValueError as error:
        remedy = "unset COURSEKIT_DATA, or name a folder there"
        return Line("data folder", False, str(error), remedy, needed=False)
    if os.environ.get("COURSEKIT_DATA") and not folder.is_dir():
        remedy = "create the folder, or unset COURSEKIT_DATA"
        return Line("data folder", False, f"no folder {folder}", remedy, needed=False)
    return _room("data folder", folder, "COURSEKIT_DATA")


@after_torch("checkpoints")
def checkpoints() -> Line:
    """Where do checkpoints go, and is there room?"""
    try:
        folder = import_module("coursekit._base.lasting").checkpoint_folder()
    except ValueError as error:
        remedy = "unset COURSEKIT_CHECKPOINTS, or name a folder there"
        return Line("checkpoints", False, str(error), remedy, needed=False)
    return _room("checkpoints", folder, "COURSEKIT_CHECKPOINTS")


def _data() -> Path:
    return import_module("coursekit.data.storage_folder").data_folder()


def _room(name: str, folder: Path, variable: str) -> Line:
    """Say whether files can be written to a folder that need not be there yet.

    Args:
        name: of the line.
        variable: the environment variable that names another folder.
    """
    there = next((one for one in (folder, *folder.parents) if one.exists()), None)
    elsewhere = f"set {variable} to a folder of yours that has room"
    if there is None or not os.access(there, os.W_OK | os.X_OK):
        detail = f"{folder} cannot be written"
        return Line(name, False, detail, elsewhere, needed=False)
    free = shutil.disk_usage(there).free
    detail = f"{folder}, {free / GIB:.1f} GiB free"
    if free >= ENOUGH:
        return Line(name, True, detail)
    remedy = f"free some room (1 GiB is enough), or {elsewhere}"
    return Line(name, False, detail, remedy, needed=False)
