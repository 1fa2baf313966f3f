"""The engine's stream is cut into messages, however the network cut it into pieces."""

import asyncio
import re
from typing import cast

import pytest
from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

from denwaban.telephony.ari import words
from denwaban.telephony.ari.connection import AriConnection


class Wire(asyncio.Transport):
    """Keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        pass


def _digit(digit: str, padding: int = 0) -> bytes:
    text = f'{{"type":"ChannelDtmfReceived","x":"{"x" * padding}","digit":"{digit}","channel":{{"id":"c"}}}}'
    return text.encode()


def _frames() -> bytes:
    whole = [(Opcode.TEXT, _digit("1")), (Opcode.TEXT, _digit("2", 300)), (Opcode.PING, b"hello")]
    parts = _digit("3", 200)
    stream = b"".join(Frame(kind, data).serialize(mask=False) for kind, data in whole)
    stream += Frame(Opcode.TEXT, parts[:90], fin=False).serialize(mask=False)
    stream += Frame(Opcode.CONT, parts[90:]).serialize(mask=False)
    return stream + Frame(Opcode.TEXT, _digit("4", 70_000)).serialize(mask=False)


@pytest.mark.parametrize("piece", [1, 2, 7, 126, 1000, 10**6])
async def test_events_are_the_same_however_the_stream_is_cut(piece: int) -> None:
    heard: list[words.AnyEvent] = []
    connection = AriConnection("ws://127.0.0.1/ari/events?app=x", heard.append, lambda: None)
    wire = Wire()
    connection.connection_made(wire)
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", wire.written)
    assert key is not None
    head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    # Events may come in one piece with the end of the handshake.
    stream = (
        f"{head}Sec-WebSocket-Accept: {accept_key(key[1].decode())}\r\n\r\n".encode() + _frames()
    )
    for begin in range(0, len(stream), piece):
        connection.data_received(stream[begin : begin + piece])
    digits = [cast(words.ChannelDtmfReceived, event).digit for event in heard]
    assert digits == ["1", "2", "3", "4"]
    assert b"hello" not in wire.written  # the answer to the ping is masked
    connection.connection_lost(None)
