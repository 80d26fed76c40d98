"""The doctor's lines about the computer: device, memory, folders, data sets."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from coursekit._base import free_memory
from coursekit._base.free_memory import GIB
from coursekit.data.catalogue import Entry, Remote
from coursekit.setup.doctor import folders, machine

posix = pytest.mark.skipif(os.name != "posix", reason="a program is a shell script")


# Device


@pytest.fixture
def no_cuda(monkeypatch):
    """Hide a card, or a Mac's GPU, that this machine may have."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("PATH", "")


def test_without_a_card_the_cpu_is_enough(no_cuda):
    answer = machine.device()
    assert answer.ok
    assert answer.detail.startswith("CPU (enough for every session)")


def test_a_mac_is_told_how_to_use_its_gpu(no_cuda, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert machine.device().detail.startswith('CPU (the GPU of this Mac: device="mps")')


def driver(folder: Path, monkeypatch, says: str, code: int = 0) -> None:
    """Put a program on the path that speaks like NVIDIA's."""
    script = folder / "nvidia-smi"
    script.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@posix
@pytest.mark.parametrize(
    ("built_for", "reason", "remedy"),
    [
        (None, "this torch is the build for the CPU", "pytorch.org/get-started"),
        ("13.2", "its driver is too old for CUDA 13.2", "update the NVIDIA driver"),
    ],
)
def test_a_card_that_torch_cannot_use_is_a_note_with_the_reason(
    no_cuda, monkeypatch, tmp_path, built_for, reason, remedy
):
    driver(tmp_path, monkeypatch, "GPU 0: Tesla T4 (UUID: GPU-1-2)")
    monkeypatch.setattr(torch.version, "cuda", built_for)
    answer = machine.device()
    assert answer.mark == "note"
    assert answer.detail == f"CPU, although Tesla T4 is here: {reason}"
    assert remedy in answer.remedy


@posix
def test_a_driver_without_a_card_is_nothing_to_mend(no_cuda, monkeypatch, tmp_path):
    driver(tmp_path, monkeypatch, "No devices were found", code=6)
    assert machine.device().ok


@posix
def test_a_card_that_was_hidden_on_purpose_stays_hidden(no_cuda, monkeypatch, tmp_path):
    driver(tmp_path, monkeypatch, "GPU 0: Tesla T4 (UUID: GPU-1-2)")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert machine.device().ok


@pytest.fixture
def card(monkeypatch):
    """Pretend to have a card; give what it does when it computes."""
    does = SimpleNamespace(error=None, free=10 * GIB)

    def ones(*size, device):
        if does.error:
            raise does.error
        return torch.full(size, 1.0)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "Tesla T4")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (does.free, 15 * GIB))
    monkeypatch.setattr(torch, "ones", ones)
    return does


def test_a_card_that_computes_is_used(card):
    answer = machine.device()
    assert (answer.ok, answer.detail) == (True, "CUDA: Tesla T4")


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("CUDA error: no kernel image is available for execution", "train on the CPU"),
        ("CUDA out of memory. Tried to allocate 2.00 MiB", "shut down the other kern"),
    ],
)
def test_a_card_that_is_seen_but_cannot_compute_is_to_be_fixed(card, error, remedy):
    card.error = RuntimeError(error)
    answer = machine.device()
    assert answer.mark == "FIX"
    assert error[:30] in answer.detail
    assert remedy in answer.remedy


def test_a_full_card_is_a_note(card):
    card.free = GIB // 4
    answer = machine.memory()
    assert answer.mark == "note"
    assert "0.2 GiB free on the GPU" in answer.detail
    assert "nvidia-smi" in answer.remedy


# Memory


def test_little_memory_is_a_note_and_not_a_failure(monkeypatch):
    monkeypatch.setattr(free_memory, "_free_of_system", lambda: GIB)
    answer = machine.memory()
    said = "1.0 GiB free of the 2 that a session needs"
    assert (answer.mark, answer.detail[: len(said)]) == ("note", said)
    assert "close other programs" in answer.remedy


@pytest.mark.parametrize(
    ("limit", "used", "cache", "free"),
    [
        (str(2 * GIB), 3 * GIB // 2, GIB // 4, 3 * GIB // 4),
        (str(1000 * GIB), 0, 0, 100 * GIB),  # more than the machine has
        ("max", GIB, 0, 100 * GIB),
    ],
)
def test_a_container_s_limit_counts(tmp_path, monkeypatch, limit, used, cache, free):
    texts = {"max": limit, "current": str(used)}
    texts["stat"] = f"anon 5\ninactive_file {cache}\nslab 7"
    for name, text in texts.items():
        (tmp_path / f"memory.{name}").write_text(f"{text}\n", encoding="ascii")
    monkeypatch.setattr(free_memory, "CGROUP", tmp_path)
    monkeypatch.setattr(free_memory, "_free_of_system", lambda: 100 * GIB)
    monkeypatch.setattr(free_memory.sys, "platform", "linux")
    assert free_memory.free_memory() == free


def test_outside_linux_there_is_no_container_to_ask(tmp_path, monkeypatch):
    monkeypatch.setattr(free_memory, "_free_of_system", lambda: 3 * GIB)
    monkeypatch.setattr(free_memory.sys, "platform", "win32")
    assert free_memory.free_memory() == 3 * GIB


def test_free_memory_is_known_without_psutil(monkeypatch):
    monkeypatch.setattr(free_memory, "find_spec", lambda name: None)
    free = free_memory._free_of_system()
    assert free is None if os.name == "nt" else free > 0


@pytest.mark.skipif(sys.platform != "linux", reason="limits and /proc of Linux")
def test_a_limit_of_addresses_counts_and_the_set_up_line_says_what_is_missing():
    program = (
        "import resource, torch; from pathlib import Path\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0])\n"
        "limit = used * resource.getpagesize() + 2**30\n"
        "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
        "from coursekit.course.start import summary\n"
        "print(' '.join(summary().split()))\n"
    )
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert re.search(r" · (1\.0|0\.\d) GiB free of the 2 that a session needs", said)
    assert "close other programs and other notebooks' kernels · profile:" in said


# Folders


def test_unreadable_data_is_a_line_and_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
):
    import coursekit.data

    def unreadable() -> None:
        raise OSError("digits.csv.gz is gone")

    monkeypatch.setattr(coursekit.data, "digits", unreadable)
    answer = folders.embedded_data()
    assert answer.mark == "FIX"
    assert "digits.csv.gz is gone" in answer.detail


@pytest.mark.parametrize(
    ("question", "variable"),
    [
        (folders.data_folder, "COURSEKIT_DATA"),
        (folders.checkpoints, "COURSEKIT_CHECKPOINTS"),
    ],
)
class TestPlaces:
    """What is said about the folder of data sets and about that of checkpoints."""

    def test_a_folder_with_room_is_right(
        self, question, variable, monkeypatch, tmp_path
    ):
        monkeypatch.setenv(variable, str(tmp_path))
        monkeypatch.setattr(folders, "ENOUGH", 0)
        answer = question()
        assert answer.ok
        assert answer.detail.startswith(f"{tmp_path}, ")

    def test_little_room_is_a_note(self, question, variable, monkeypatch, tmp_path):
        monkeypatch.setenv(variable, str(tmp_path))
        monkeypatch.setattr(folders, "ENOUGH", 2**60)
        answer = question()
        assert answer.mark == "note"
        assert f"or set {variable}" in answer.remedy

    def test_a_file_instead_of_a_folder_is_a_note(
        self, question, variable, monkeypatch, tmp_path
    ):
        (tmp_path / "file").write_text("", encoding="utf-8")
        monkeypatch.setenv(variable, str(tmp_path / "file"))
        answer = question()
        assert answer.mark == "note"
        assert variable in answer.detail
        assert variable in answer.remedy

    def test_a_folder_that_cannot_be_written_is_a_note(
        self, question, variable, monkeypatch, tmp_path
    ):
        monkeypatch.setenv(variable, str(tmp_path))
        monkeypatch.setattr(folders.os, "access", lambda path, mode: False)
        answer = question()
        assert answer.mark == "note"
        assert answer.detail == f"{tmp_path} cannot be written"


def test_a_place_that_is_not_made_yet_is_judged_by_its_parent(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CHECKPOINTS", str(tmp_path / "new" / "deeper"))
    monkeypatch.setattr(folders, "ENOUGH", 0)
    assert folders.checkpoints().ok
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_was_named_must_be_there(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path / "nowhere"))
    answer = folders.data_folder()
    assert answer.mark == "note"
    assert answer.remedy == "create the folder, or unset COURSEKIT_DATA"


# Data sets


@pytest.fixture
def catalogue(monkeypatch, tmp_path):
    """Give a data folder and a catalogue of two sets with one file each."""
    from coursekit.data import catalogue as module

    entries = {}
    for name, md5 in (
        ("one", "f97c5d29941bfb1b2fdab0874906ab82"),  # of the three letters "one"
        ("two", "b8a9f715dbb64fd5c56e7783c6820a61"),  # of "two"
    ):
        remote = Remote(f"{name}.gz", 3, "0" * 64, ())
        files = {f"{name}.bin": md5}
        entries[name] = Entry(name, name, name, (remote,), files, "ours", "digits()")
    monkeypatch.setattr(module, "SETS", entries)
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    return tmp_path


def lay(folder: Path, name: str, content: str) -> None:
    """Write the file of a set."""
    (folder / name).mkdir()
    (folder / name / f"{name}.bin").write_text(content, encoding="ascii")


def test_sets_that_are_not_here_are_named_with_their_command(catalogue):
    answer = folders.data_sets()
    assert answer.ok
    assert answer.detail == (
        "none downloaded; to get when wanted: coursekit data get one two"
    )


def test_a_set_is_here_when_every_byte_is_right(catalogue):
    lay(catalogue, "one", "one")
    lay(catalogue, "two", "two")
    assert folders.data_sets().detail == "one, two"


def test_a_damaged_file_is_a_note_with_its_remedy(catalogue):
    lay(catalogue, "one", "one")
    lay(catalogue, "two", "tvo")
    answer = folders.data_sets()
    assert answer.mark == "note"
    assert answer.detail == "one; damaged: two/two.bin"
    assert answer.remedy == (
        f"delete the damaged files in {catalogue}, then: coursekit data get two"
    )


def test_a_question_waits_until_torch_starts(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    answer = folders.data_sets()
    assert answer.mark == "note"
    assert answer.remedy == "repair PyTorch first (see above)"
