"""TCP ports for servers of tests."""

import os
import socket
from itertools import count

_FIRST, _MANY = 10_000, 10_000
_next = count(os.getpid() * 61)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, another one at each call.

    Below the range from which the kernel gives ports to clients: a port of that range may be taken by any connection
    between this call and the moment when a server binds it.
    """
    for step in _next:
        port = _FIRST + step % _MANY
        with socket.socket() as probe:
            # As servers bind: connections of the last one may linger.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("counting never ends")
