"""Questions about the computer: where networks are trained, and in how much memory."""

import os
import shutil
import subprocess
import warnings
from importlib import import_module

from coursekit._base.free_memory import ENOUGH, GIB, MORE_ROOM, free_memory, in_words
from coursekit.setup.doctor.asking import BROKEN, why
from coursekit.setup.doctor.doctor_report import Line

ENOUGH_ON_GPU = 1 * GIB


def device() -> Line:
    """Where will networks be trained?"""
    try:
        torch = import_module("torch")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the reason comes in our own words
            has_cuda = torch.cuda.is_available()
    except BROKEN as error:
        return Line("device", False, why(error), "repair PyTorch (see above)")
    if has_cuda:
        return _cuda(torch)
    if card := _unused_card():
        return _card_without_cuda(torch, card)
    where = "CPU (enough for every session)"
    if torch.backends.mps.is_available():
        where = 'CPU (the GPU of this Mac: device="mps")'
    threads = torch.get_num_threads()
    return Line("device", True, f"{where}; {threads} of {os.cpu_count()} cores in use")


def _cuda(torch: object) -> Line:
    """Let the card compute something: an old one is seen but cannot."""
    card = torch.cuda.get_device_name(0)
    try:
        good = torch.ones(8, device="cuda").sum().item() == 8
        reason = "it does not compute right"
    except BROKEN as error:
        good, reason = False, why(error)
    if good:
        return Line("device", True, f"CUDA: {card}")
    remedy = "train on the CPU: set CUDA_VISIBLE_DEVICES to nothing before you start"
    if "out of memory" in reason:
        remedy = "shut down the other kernels on this card (nvidia-smi lists them)"
    return Line("device", False, f"CUDA: {card}: {reason}", remedy)


def _unused_card() -> str:
    """Return the name of an NVIDIA card that its driver knows, or ""."""
    program = shutil.which("nvidia-smi")
    if program is None or os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return ""
    try:
        done = subprocess.run(
            [program, "-L"], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    first = done.stdout.partition("\n")[0]
    return first.partition(": ")[2].partition(" (")[0]


def _card_without_cuda(torch: object, card: str) -> Line:
    built_for = torch.version.cuda
    if built_for is None:
        reason = "this torch is the build for the CPU"
        remedy = "take the command for your card from pytorch.org/get-started/locally"
    else:
        reason = f"its driver is too old for CUDA {built_for}"
        remedy = "update the NVIDIA driver and restart the computer"
    detail = f"CPU, although {card} is here: {reason}"
    return Line("device", False, detail, remedy, needed=False)


def memory() -> Line:
    """Is there room in memory for a session, and on the card, where there is one?"""
    free, on_card = free_memory(), _free_on_card()
    if free is None and on_card is None:
        return Line("memory", True, "unknown on this system")
    parts, remedies = [], []
    if free is not None:
        parts.append(in_words(free))
        if free < ENOUGH:
            remedies.append(MORE_ROOM)
    if on_card is not None:
        parts.append(f"{on_card / GIB:.1f} GiB free on the GPU")
        if on_card < ENOUGH_ON_GPU:
            remedies.append("shut down kernels on the GPU (nvidia-smi lists them)")
    remedy = "; ".join(remedies)
    return Line("memory", not remedy, ", ".join(parts), remedy, needed=False)


def _free_on_card() -> int | None:
    """Return the free bytes of the first CUDA card; None where there is none."""
    try:
        cuda = import_module("torch").cuda
        return cuda.mem_get_info(0)[0] if cuda.is_available() else None
    except BROKEN:
        return None
