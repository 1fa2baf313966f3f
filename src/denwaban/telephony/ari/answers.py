"""How the engine answers a request, whichever way it went."""

from __future__ import annotations

import msgspec

from denwaban.telephony.port import PhoneError


class EngineAway(PhoneError):
    """There is no connection to the engine, or it broke before the answer came."""


class Refused(PhoneError):
    """The engine answered with an error. `status` is as of HTTP."""

    def __init__(self, status: int, method: str, room: str) -> None:
        super().__init__(f"{method} {room}: {status}")
        self.status = status


class Answer(msgspec.Struct, frozen=True):
    """What the engine answered to a request; body is JSON or empty."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300
