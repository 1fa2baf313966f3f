"""What a calendar file says, read in a process of its own: a file from elsewhere may ask for years of work."""

import asyncio
import json
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from denwaban.oncall import ics
from denwaban.oncall.feed import MOST_BYTES

BEFORE, AHEAD = timedelta(days=1), timedelta(weeks=10)
"""How much of a calendar is kept as times."""

READING_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Read:
    """What a file held: times alone."""

    body: str
    busy: tuple[tuple[datetime, datetime, bool], ...]


async def read_file(data: bytes, now: datetime) -> Read | str:
    """What the file says of the weeks to come, or a Japanese sentence about what is wrong with it. In a process of its own:
    takes at most `READING_SECONDS`, whatever is in the file."""
    if len(data) > MOST_BYTES:
        return ics.TOO_MUCH
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        ics.__file__,
        (now - BEFORE).isoformat(),
        (now + AHEAD).isoformat(),
        str(ics.CPU_SECONDS),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(READING_SECONDS):
            out, _err = await process.communicate(data)
    except TimeoutError:
        return ics.TOO_MUCH
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        # Ended by its own limits of time or memory.
        return ics.TOO_MUCH
    answer: dict[str, Any] = json.loads(out)
    if "error" in answer:
        return str(answer["error"])
    return Read(
        answer["body"],
        tuple(
            (datetime.fromisoformat(begin), datetime.fromisoformat(end), away)
            for begin, end, away in answer["busy"]
        ),
    )
