"""Inside the sandbox: torch is imported once, and every answer gets a fork.

The judge speaks through standard input and output. Each fork has its own user, mount,
process and network namespaces and a private /tmp; its keeper passes frames on, watches
memory and time, and ends everything that it started.

    judge ═ frames ═ keeper ─ fork ─ first process of a namespace: the student's code
                       └ kills it: all that runs in the namespace ends with it
"""

import ctypes
import json
import os
import resource
import select
import signal
import socket
import struct
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from coursekit.staff.grading.limits import ASK, NAMESPACE, OPEN, SAYS, SESSION, Limits
from coursekit.staff.grading.own_processes import PAGE, in_use, own_processes

LENGTH = struct.Struct(">Q")
MOST_BYTES = 65 * 2**20
LOOK_SECONDS = 0.05
NEWNS, NEWUTS, NEWIPC, NEWUSER = 0x20000, 0x4000000, 0x8000000, 0x10000000
NEWPID, NEWNET = 0x20000000, 0x40000000
ALONE = NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
PRIVATE, RECURSIVE, NOSUID_NODEV = 1 << 18, 1 << 14, 2 | 4
NO_NEW_PRIVILEGES, DROP_FROM_BOUND = 38, 24
OFTEN_IMPORTED = (
    "coursekit.staff.grading.answer_process",
    *("torch.nn.functional", "torchvision", "matplotlib.pyplot"),
    "coursekit.course",
)
WITH_ALL_NAMES = [
    *("coursekit.models", "coursekit.training", "coursekit.data", "coursekit.figures"),
    *("coursekit.augment", "coursekit.blocks", "coursekit.anatomy"),
]


def main() -> None:
    """Import what answers import, say so, then serve one answer after the other."""
    channel = os.dup(1)
    os.dup2(2, 1)  # what libraries print must not end up between frames
    _warm_up()
    _write(channel, b'"ready"')
    while (frame := _read(0)) is not None:
        if frame[:1] != OPEN:
            continue  # for an answer that ended before it was asked
        limits = Limits(**json.loads(frame[1:]))
        keeper = os.fork()
        if not keeper:
            _keep(channel, limits)
            os._exit(0)
        os.waitpid(keeper, 0)
        _bury()
        _write(channel, b'"closed"')


def _bury() -> None:
    """Take leave of processes that lost their parent, where this is the first one."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _warm_up() -> None:
    """Import what answers import, and let torch look at the processor while it can.

    A package's modules load with its public names, and may lie below a folder that the
    answers do not see, such as /tmp.
    """
    for name in OFTEN_IMPORTED:
        import_module(name)
    for package in map(import_module, WITH_ALL_NAMES):
        for name in package.__all__:
            getattr(package, name)
    import torch

    torch.ones(1, 1, 3, 3, dtype=torch.float16).mean()


def _keep(channel: int, limits: Limits) -> None:
    """Start an answer in namespaces of its own; pass frames on until it ends."""
    ours, theirs = socket.socketpair()
    if limits.own == NAMESPACE:
        _unshare()
    child = os.fork()
    if not child:
        ours.close()
        for one in (0, channel):
            os.close(one)
        _answer(theirs, limits)
        os._exit(0)
    theirs.close()
    why = _relay(channel, ours, limits, child)
    os.kill(child, signal.SIGKILL)
    while left := [one.pid for one in own_processes(limits.own, child) if not one.over]:
        for one in left:
            with suppress(ProcessLookupError):  # it has ended
                os.kill(one, signal.SIGKILL)
    os.waitpid(child, 0)
    _write(channel, json.dumps({"ended": why}).encode())


def _relay(channel: int, ours: socket.socket, limits: Limits, child: int) -> str:
    """Pass frames on in both directions; say why it ended."""
    until = time.monotonic() + limits.wall
    ours.setblocking(False)
    try:
        while time.monotonic() < until:
            ready, _, _ = select.select([0, ours], [], [], LOOK_SECONDS)
            own = own_processes(limits.own, child)
            processes, memory = in_use(own)
            if sum(one.seconds for one in own) > limits.seconds:
                return "time"
            if processes > limits.processes or memory > limits.memory:
                return "processes" if processes > limits.processes else "memory"
            if 0 in ready:
                frame = _read(0)
                if frame is None or frame[:1] != ASK:  # the judge has heard enough
                    return "end"
                _write(ours.fileno(), frame[1:], until)
            if ours in ready:
                frame = _read(ours.fileno(), until)
                if frame is None:
                    return "died"
                _write(channel, SAYS + frame)
    except TimeoutError:
        return "time"
    except ValueError:
        return "flood"
    except OSError:
        return "died"
    return "time"


def _unshare() -> None:
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(ALONE):
        raise OSError(ctypes.get_errno(), "no namespaces of its own for an answer")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def _answer(connection: socket.socket, limits: Limits) -> None:
    """Become the student's process: private places, limits, no rights; then serve."""
    os.nice(5)  # its keeper comes first
    os.setsid()  # else a signal to its group would reach the server
    if limits.own == NAMESPACE:
        _private_places(limits.files)
    if limits.own != SESSION:
        _drop_rights()
    _limit(limits)
    nothing = os.open("/dev/null", os.O_RDWR)
    for one in (0, 1, 2):
        os.dup2(nothing, one)
    from coursekit.staff.grading.answer_process import serve

    os.chdir("/tmp")
    serve(connection, limits.wall)


def _private_places(size: int) -> None:
    """Give the namespace its own /tmp, and nothing in /proc.

    Through /proc a process could write into the memory of another of its user.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEWNS):  # not before: the keeper looks into the /proc that it has
        raise OSError(ctypes.get_errno(), "no mounts of its own for an answer")
    memory = Path("/proc/self/statm").read_text(encoding="ascii")
    room = f"size={size},nr_inodes=4k".encode()
    mounts = (
        (b"none", b"/", None, PRIVATE | RECURSIVE, None),
        (b"tmpfs", b"/tmp", b"tmpfs", NOSUID_NODEV, room),
        (b"tmpfs", b"/proc", b"tmpfs", NOSUID_NODEV, b"size=64k"),
    )
    for source, target, kind, flags, data in mounts:
        if libc.mount(source, target, kind, ctypes.c_ulong(flags), data):
            raise OSError(ctypes.get_errno(), f"no private {target.decode()}")
    Path("/proc/self").mkdir()
    Path("/proc/self/statm").write_text(
        memory, encoding="ascii"
    )  # what `guarded` looks at


def _drop_rights() -> None:
    """Give up every capability for good, so that no mount can be taken away."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(64):
        libc.prctl(DROP_FROM_BOUND, capability, 0, 0, 0)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "capabilities stay")


def _limit(limits: Limits) -> None:
    """Bound each process by what the system can."""
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * PAGE
    bounds = {
        resource.RLIMIT_AS: used + limits.memory,
        resource.RLIMIT_FSIZE: limits.files,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: int(limits.seconds) + 1,
    }
    for which, most in bounds.items():
        resource.setrlimit(which, (most, most))


def _read(file: int, until: float | None = None) -> bytes | None:
    """Read a frame; None at the end.

    Raises:
        ValueError: longer than a frame may be.
        TimeoutError: not complete at `until`.
    """
    head = _exactly(file, LENGTH.size, until)
    if head is None:
        return None
    (length,) = LENGTH.unpack(head)
    if length > MOST_BYTES:
        raise ValueError("a frame that is too long")
    return _exactly(file, length, until)


def _exactly(file: int, length: int, until: float | None) -> bytes | None:
    parts, left = [], length
    while left:
        if until is not None:
            patience = until - time.monotonic()
            if patience <= 0 or not select.select([file], [], [], patience)[0]:
                raise TimeoutError
        part = os.read(file, min(left, 2**20))
        if not part:
            return None
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _write(file: int, frame: bytes, until: float | None = None) -> None:
    data = memoryview(LENGTH.pack(len(frame)) + frame)
    while data:
        if until is not None:
            patience = until - time.monotonic()
            if patience <= 0 or not select.select([], [file], [], patience)[1]:
                raise TimeoutError
        data = data[os.write(file, data) :]


if __name__ == "__main__":
    main()
