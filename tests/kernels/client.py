"""What Jupyter starts in place of a kernel: asks for a fork and waits until it ends.

usage: python client.py DOOR -f CONNECTION_FILE
"""

import json
import os
import signal
import socket
import sys


def main() -> int:
    """Return the exit status of the kernel."""
    door, *arguments = sys.argv[1:]
    asked = {
        "arguments": arguments,
        "folder": os.getcwd(),
        "environment": {**os.environ},
    }
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(door)
        socket.send_fds(server, [b"."], [1, 2])  # where the kernel prints to
        server.sendall(json.dumps(asked).encode())
        server.shutdown(socket.SHUT_WR)
        answers = server.makefile()
        kernel = int(answers.readline())
        signal.signal(signal.SIGINT, lambda *_: os.kill(kernel, signal.SIGINT))
        return int(answers.readline() or 1)


if __name__ == "__main__":
    sys.exit(main())
