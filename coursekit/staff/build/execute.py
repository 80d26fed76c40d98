"""Run a solution notebook and keep the text that its checked cells show.

Stored outputs are compared by nbval (cells tagged `check`) or read back (cells tagged
`verdict`, and those that call `reveal`), so they hold text only: no pictures, no widget
state, nothing that names this machine.
"""

import copy
import os
import re
from pathlib import Path

from coursekit.course.claims import VERDICT_MIME
from coursekit.staff.build.notebook_source import Cell

KEPT_TAGS = frozenset({"check", "reveal", "verdict"})
KEPT_TYPES = ("text/plain", VERDICT_MIME)

ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")
ABSOLUTE_PATH = re.compile(r"(?<![\w:/.<~])/(?:[\w.+-]+/)+[\w.+-]+|\b[A-Za-z]:\\\w")
ANSI = re.compile(r"\x1b\[[0-9;]*m")

SECONDS_PER_CELL = 300
QUIET = {"COURSEKIT_PROGRESS": "off"}  # a student's own record is not touched
SOLVED = {"COURSEKIT_STRICT": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}


class NotebookError(ValueError):
    """A cell of a notebook failed while the notebook was built."""


def execute(notebook, cells: tuple[Cell, ...], *, name: str, folder: Path):
    """Run a notebook from top to bottom and keep the text of its checked cells.

    Args:
        notebook: an nbformat notebook; it is not changed.
        cells: its cells as they stand in the source, for messages.
        name: the source as an author would type it, for messages.
        folder: where the notebook will live; it runs there.

    Returns:
        A copy of the notebook with outputs in the cells tagged `check` or `verdict`.

    Raises:
        NotebookError: a cell raised, ran too long, killed the kernel, or was to be
            checked and showed no text, or text that changes from machine to machine.
    """
    ran = copy.deepcopy(notebook)
    folder.mkdir(parents=True, exist_ok=True)
    _run(ran, cells, name, folder)
    ran.metadata = copy.deepcopy(notebook.metadata)  # without versions and widgets
    return keep_text(ran, cells, name=name)


def _run(notebook, cells: tuple[Cell, ...], name: str, folder: Path) -> None:
    """Fill a notebook with all its outputs, in place, or say which cell failed."""
    from nbclient import exceptions

    client = _client(notebook)
    try:
        client.execute(env=_environment(), cwd=str(folder), cleanup_kc=True)
    except exceptions.CellExecutionError as error:
        where, row = _failed_cell(notebook, cells)
        reason = ANSI.sub("", f"{error.ename}: {error.evalue}")
        message = f"{name}, cell at line {where} failed{row}: {reason}"
    except exceptions.CellTimeoutError:
        message = f"{name}: a cell ran longer than {SECONDS_PER_CELL} seconds"
    except exceptions.DeadKernelError:
        message = f"{name}: the kernel died while a cell ran"
    else:
        return _refuse_hidden_errors(client, name)
    raise NotebookError(message)


def _client(notebook):
    from nbclient import NotebookClient

    return NotebookClient(
        notebook,
        km=kernel_of_this_environment(),
        timeout=SECONDS_PER_CELL,
        skip_cells_with_tag="nbval-skip",
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )


def keep_text(notebook, cells: tuple[Cell, ...], *, name: str):
    """Drop every output but the text of cells tagged `check` or `verdict`.

    Args:
        notebook: an executed notebook; it is not changed.
        cells: its cells as they stand in the source.
        name: the source as an author would type it, for messages.

    Raises:
        NotebookError: such a cell shows no text, or an address, or an absolute path.
    """
    kept = copy.deepcopy(notebook)
    count = 0
    for made, cell in zip(kept.cells, cells, strict=True):
        if made.cell_type != "code":
            continue
        count += 1
        made.metadata.pop("execution", None)
        outputs = _kept_outputs(made) if KEPT_TAGS & cell.tags else []
        if KEPT_TAGS & cell.tags:
            _judge(outputs, f"{name}, cell at line {cell.line}")
        made.outputs = [_numbered(output, count) for output in outputs]
        made.execution_count = count if outputs else None
    return kept


def _kept_outputs(made) -> list:
    outputs = [_text_of(output) for output in made.outputs]
    return [output for output in outputs if output is not None]


def _text_of(output):
    from nbformat import v4

    if output.output_type == "stream":
        return output if output.name == "stdout" else None
    if output.output_type == "error":
        return v4.new_output("error", ename=output.ename, evalue=output.evalue)
    data = {kind: output.data[kind] for kind in KEPT_TYPES if kind in output.data}
    return v4.new_output(output.output_type, data=data) if data else None


def _numbered(output, count: int):
    if output.output_type == "execute_result":
        output.execution_count = count
    return output


def _judge(outputs: list, where: str) -> None:
    if not outputs:
        raise NotebookError(
            f"{where} is tagged to keep its output, but showed no text: end it with a "
            "value, or drop the tag"
        )
    for output in outputs:
        data = output.get("data", {})
        text = output.get("text", data.get("text/plain", output.get("evalue", "")))
        if shown := ADDRESS.search(text) or ABSOLUTE_PATH.search(text):
            raise NotebookError(
                f"{where} shows {shown[0]!r}, which differs from machine to machine: "
                "show something that stays the same, or drop the tag"
            )


def _failed_cell(notebook, cells: tuple[Cell, ...]) -> tuple[int, str]:
    """Find the source line of the cell that stopped a run, and the line inside it."""
    for made, cell in zip(notebook.cells, cells, strict=True):
        errors = [o for o in made.get("outputs", []) if o.output_type == "error"]
        if errors and "raises-exception" not in cell.tags:
            text = ANSI.sub("", "\n".join(errors[0].traceback))
            rows = re.findall(r"Cell In\s?\[\d+\], line (\d+)", text)
            return cell.line, f" in its line {rows[0]}" if rows else ""
    return cells[-1].line, ""


def _refuse_hidden_errors(client, name: str) -> None:
    """Fail on an exception that a widget's callback put into an Output widget."""
    for state in client.widget_state.values():
        for output in state.get("outputs") or ():
            if output.get("output_type") == "error":
                reason = f"{output.get('ename')}: {output.get('evalue')}"
                raise NotebookError(f"{name}: a widget's callback failed: {reason}")


def _environment() -> dict[str, str]:
    return {**os.environ, **SOLVED, **QUIET}


def kernel_of_this_environment():
    """Make a kernel manager that starts this Python, whatever `python3` names."""
    import ipykernel.kernelspec
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name):
            return KernelSpec(
                resource_dir=str(ipykernel.kernelspec.RESOURCES),
                **ipykernel.kernelspec.get_kernel_dict(),
            )

    return AsyncKernelManager(kernel_spec_manager=ThisPython())
