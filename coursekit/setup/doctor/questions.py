"""The doctor's questions in the order of the report.

Each is a function without arguments that returns a `Line`. To add one, write the
function and put it into `QUESTIONS`. A question never raises, downloads, installs or
changes anything.
"""

from collections.abc import Callable

from coursekit.setup.doctor.doctor_report import Line
from coursekit.setup.doctor.folders import (
    checkpoints,
    data_folder,
    data_sets,
    embedded_data,
)
from coursekit.setup.doctor.front_end import notebook, widgets
from coursekit.setup.doctor.machine import device, memory
from coursekit.setup.doctor.mirrors import network, skipped
from coursekit.setup.doctor.software import course, extras, packages, python, stack

QUESTIONS: tuple[Callable[[], Line], ...] = (
    course,
    python,
    stack,
    device,
    memory,
    packages,
    extras,
    widgets,
    notebook,
    embedded_data,
    data_sets,
    data_folder,
    checkpoints,
    network,
)
# What to ask instead where nothing may leave this machine.
OFFLINE = {network: skipped}
