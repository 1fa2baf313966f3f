"""What somebody at a screen asks of a call, and the sentence when it cannot be done."""

import asyncio

from denwaban.routing.live import Act, Turns
from denwaban.telephony.port import PhoneError
from denwaban.web import _

PATIENCE = 10.0
"""Seconds that a wish may take the engine."""


class SeatError(Exception):
    """What was asked for cannot be done now; the message is a sentence for the person who asked."""


async def ask(line: Turns, act: Act) -> None:
    """Does it in its line, and waits. Raises `SeatError`."""
    try:
        async with asyncio.timeout(PATIENCE):
            await line.ask(act)
    except (PhoneError, TimeoutError) as error:
        raise SeatError(
            _("電話の設備が応えませんでした。少し待ってからもう一度お試しください")
        ) from error
