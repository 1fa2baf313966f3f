"""Recordings of bridges: one file for a call, however often its talk is joined anew."""

import asyncio

from denwaban.telephony.ari.answers import Answer, Refused
from denwaban.telephony.ari.connection import AriConnection

# The recording of an earlier talk of the same call needs a moment to close, and a new one a moment to begin.
_TRIES = 25
_PAUSE = 0.02


def asked(call: str) -> dict[str, str]:
    """What is asked of a bridge, at its room `record`."""
    return {"name": call, "format": "wav", "ifExists": "append"}


async def begun(connection: AriConnection, room: str, call: str, answer: Answer) -> None:
    """Waits until what was asked has begun; `answer` is the first. Raises `Refused`."""
    answer = await settled(connection, answer, "POST", room, asked(call))
    if answer.status == 404:
        return  # One side has hung up already, which ended the talk: told by LegEnded.
    if not answer.ok:
        raise Refused(answer.status, "POST", room)


async def settled(
    connection: AriConnection,
    answer: Answer,
    method: str,
    room: str,
    body: dict[str, str] | None = None,
) -> Answer:
    """The answer when the recording is neither closing nor about to begin any more: asked for again, for half a second."""
    for _ in range(_TRIES):
        if answer.status != 409:
            break
        await asyncio.sleep(_PAUSE)
        answer = await connection.send(method, room, body)
    return answer
