"""INVITEs as they pass the loopback, stamped by the kernel: sipp's own stamps carry about a millisecond of its own loop.

Needs the right to open a packet socket (root, or CAP_NET_RAW). Without it `open_wire` gives None and sipp's stamps must do.
"""

import ctypes
import re
import socket
import struct
import threading

_SO_TIMESTAMPNS = 35
_SO_ATTACH_FILTER = 26
_OWN_COPY = 4  # PACKET_OUTGOING: every packet is seen leaving and arriving
_NUMBER = re.compile(rb"\r\n(?:From|f): [^\r]*?([0-9]{8})[;@>]")
_LOAD, _HALF, _BYTE, _EQUAL, _RETURN = 0x20, 0x28, 0x30, 0x15, 0x06


def _filter(first: int, second: int) -> bytes:
    """UDP over IPv4 to one of two ports, whose first letters are INVI. Jumps count the lines to skip: if true, if not."""
    lines = [
        (_HALF, 0, 0, 12),
        (_EQUAL, 0, 8, 0x0800),
        (_BYTE, 0, 0, 23),
        (_EQUAL, 0, 6, 17),
        (_HALF, 0, 0, 36),
        (_EQUAL, 1, 0, first),
        (_EQUAL, 0, 3, second),
        (_LOAD, 0, 0, 42),
        (_EQUAL, 0, 1, int.from_bytes(b"INVI", "big")),
        (_RETURN, 0, 0, 4096),
        (_RETURN, 0, 0, 0),
    ]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


class Wire:
    """Listens in a thread of its own until `close`. `sent` and `rang`: seconds by the caller's last eight digits."""

    def __init__(self, listening: socket.socket, sip_port: int) -> None:
        self.sent: dict[str, float] = {}
        self.rang: dict[str, float] = {}
        self._socket = listening
        self._sip_port = sip_port
        self._over = False
        self._thread = threading.Thread(target=self._listen, name="bench-wire")
        self._thread.start()

    def close(self) -> None:
        self._over = True
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._over:
            try:
                data, extra, _, address = self._socket.recvmsg(4096, 256)
            except TimeoutError:
                continue
            found = _NUMBER.search(data)
            if address[2] == _OWN_COPY or found is None or not extra:
                continue
            seconds, nanoseconds = struct.unpack("qq", extra[0][2][:16])
            (port,) = struct.unpack("!H", data[36:38])
            seen = self.sent if port == self._sip_port else self.rang
            seen.setdefault(found[1].decode(), seconds + nanoseconds / 1e9)


def open_wire(sip_port: int, phone_port: int) -> Wire | None:
    """Listens for INVITEs to the two ports; None where that is not allowed."""
    try:
        listening = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError:
        return None
    program = ctypes.create_string_buffer(_filter(sip_port, phone_port))
    head = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(program))
    listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, head)
    listening.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_000_000)
    listening.settimeout(0.1)
    listening.bind(("lo", 0x0800))
    return Wire(listening, sip_port)
