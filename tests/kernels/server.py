"""Import what notebooks need, then fork a kernel for every client at the door.

Ends when its standard input does, which is when the process that started it ends.

usage: python server.py DOOR
"""

import gc
import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module

SHARED = ("torch", "torch._dynamo", "torch.optim", "torchvision", "matplotlib.pyplot")
SHARED += ("matplotlib_inline.backend_inline", "ipywidgets", "ipykernel.kernelapp")


def serve(door: socket.socket) -> dict | None:
    """Wait for clients; return, in a process forked for it, what a kernel is to be."""
    while True:
        ready, _, _ = select.select([door, sys.stdin], [], [])
        if sys.stdin in ready:
            return None
        client, _ = door.accept()
        if os.fork() == 0:
            door.close()
            return guarded(client)
        client.close()


def guarded(client: socket.socket) -> dict:
    """Fork once more: the kernel returns, its guard stays until one of both ends."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, printed, _, _ = socket.recv_fds(client, 1, 2)
    asked = json.loads(b"".join(iter(lambda: client.recv(1 << 16), b"")))
    kernel = os.fork()
    if kernel == 0:
        client.close()
        return asked | {"printed": printed}
    client.sendall(f"{kernel}\n".encode())
    ended = select.poll()
    ended.register(client, 0)  # hang-up only: the client has nothing more to say
    ended.register(os.pidfd_open(kernel), select.POLLIN)
    ended.poll()
    if (found := os.waitpid(kernel, os.WNOHANG)) == (0, 0):
        os.kill(kernel, signal.SIGKILL)
        found = os.waitpid(kernel, 0)
    status = os.waitstatus_to_exitcode(found[1])
    with suppress(BrokenPipeError):  # the client may be gone
        client.sendall(f"{status}\n".encode())
    os._exit(0)


def become(asked: dict) -> None:
    """Be what the client would have been: folder, environment, prints, arguments."""
    for number, printed in zip((1, 2), asked["printed"], strict=True):
        os.dup2(printed, number)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    parent = "--IPKernelApp.parent_handle=1"  # or it explains itself, as to a person
    sys.argv = ["ipykernel_launcher", *asked["arguments"], parent]
    sys.path.pop(0)  # this file's folder; the kernel puts the notebook's there
    sys.stdin = open(os.devnull)  # noqa: SIM115 (open as long as the process)


def main() -> None:
    for name in SHARED:
        import_module(name)
    gc.freeze()  # what is there will not be looked at again, so its pages stay shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(sys.argv[1])
        door.listen()
        sys.stdout.write("open\n")
        sys.stdout.flush()
        asked = serve(door)
    if asked is not None:
        become(asked)
        import_module("ipykernel.kernelapp").launch_new_instance()


if __name__ == "__main__":
    main()
