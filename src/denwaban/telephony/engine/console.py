"""What one asks a running engine, from whatever process: its console's commands, and which process it is."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable
from pathlib import Path

from denwaban.telephony.engine.configure import write_seats
from denwaban.telephony.engine.obtain import Packages
from denwaban.telephony.engine.settings import EngineSettings
from denwaban.telephony.port import PhoneError, SeatAccount

_COUNTED = re.compile(r"\s*Request:\s+(\S+)\s+(\d+)\s")
_REGISTERED = re.compile(r"\s*([a-z0-9-]+)/sips?:\S+\s+\S+\s+([A-Z]\w+)")


class EngineTrouble(PhoneError):
    """The engine could not be started or did not answer. The text says what it said last."""


class Console:
    """The engine of one home, as seen from outside its process."""

    def __init__(self, settings: EngineSettings, packages: Packages) -> None:
        self.settings = settings
        self.packages = packages

    async def cli(self, command: str, timeout: float = 10.0) -> str:  # noqa: ASYNC109
        """What the engine's console says to a command. Raises `EngineTrouble` when it cannot be
        reached or is not done in time."""
        process = await asyncio.create_subprocess_exec(
            *self.packages.command,
            "-C",
            str(self.settings.etc / "asterisk.conf"),
            "-rx",
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(timeout):
                out, _ = await process.communicate()
        except TimeoutError as late:
            raise EngineTrouble(f"{command}: not done in {timeout:.0f} s") from late
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        said = out.decode("utf-8", errors="replace")
        if process.returncode != 0:
            raise EngineTrouble(f"{command}: {said.strip()[-300:]}")
        return said

    async def seats(self, accounts: Iterable[SeatAccount]) -> bool:
        """Makes exactly these seats able to sign in, without disturbing calls; tells whether
        anything changed. Returns when the engine knows them. Raises `EngineTrouble`."""
        try:
            changed = await asyncio.to_thread(write_seats, self.settings, accounts)
        except OSError as error:  # a full disk, a folder that is gone
            raise EngineTrouble(f"seats: {error.strerror}") from error
        if not changed:
            return False
        await self.cli("module reload res_pjsip.so", timeout=60.0)
        return True

    async def refused(self) -> dict[str, int]:
        """SIP requests of unknown senders that were turned away of late, by sender (an address: personal data, to be kept out
        of logs). The engine forgets a sender who has been silent for a minute or two. Raises `EngineTrouble`."""
        said = await self.cli("pjsip show unidentified_requests")
        found = (_COUNTED.match(line) for line in said.splitlines())
        return {line[1]: int(line[2]) for line in found if line}

    async def registrations(self) -> dict[str, str]:
        """For each registering trunk what its provider last said: `Registered`, `Rejected` (refused or not answered),
        `Unregistered` … Raises `EngineTrouble`."""
        said = await self.cli("pjsip show registrations")
        found = (_REGISTERED.match(line) for line in said.splitlines())
        return {line[1]: line[2] for line in found if line}

    def alive_pid(self) -> int | None:
        """The process id of the engine that runs in this home, whoever started it."""
        try:
            pid = int((self.settings.run / "asterisk.pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        ours = os.fsencode(self.settings.etc / "asterisk.conf")
        return pid if ours in command else None
