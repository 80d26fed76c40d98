"""A Python that starts with this folder on PYTHONPATH reaches no other machine.

Python imports `sitecustomize` by itself at start. Loopback and Unix sockets stay open:
a Jupyter kernel talks to its notebook through them.
"""

import ipaddress
import socket

NAMES_OF_THIS_MACHINE = {"localhost", "", socket.gethostname()}


def refuse(host: object) -> None:
    """Raise as an unplugged cable would, unless `host` is this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in NAMES_OF_THIS_MACHINE:
        return
    try:
        inside = ipaddress.ip_address(name).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise OSError(101, f"Network is unreachable (the tests are offline): {name}")


def _guarded(method):
    def connect(self, address, *rest):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse(address[0])
        return method(self, address, *rest)

    return connect


def _guarded_lookup(lookup):
    def getaddrinfo(host, *args, **keywords):
        refuse(host)
        return lookup(host, *args, **keywords)

    return getaddrinfo


socket.socket.connect = _guarded(socket.socket.connect)
socket.socket.connect_ex = _guarded(socket.socket.connect_ex)
socket.getaddrinfo = _guarded_lookup(socket.getaddrinfo)
