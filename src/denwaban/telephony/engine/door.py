"""The SIP door: how many are turned away (counted for the metrics and told in the log, never who they were), and whether the
trunks that register are registered."""

from __future__ import annotations

import asyncio

import structlog
from prometheus_client import Counter

from denwaban.telephony.engine.console import EngineTrouble
from denwaban.telephony.engine.supervise import Engine

log = structlog.get_logger(__name__)

REFUSED = Counter("denwaban_sip_refused", "SIP requests of unknown senders that were turned away")

EVERY_SECONDS = 30.0
"""The engine remembers a sender for a minute at least."""


class Door:
    """Looks at one engine's door now and then. Requests of the moment before the engine dies may be missing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seen: dict[str, int] = {}
        self._registering = any(trunk.kind == "register" for trunk in engine.settings.trunks)
        self.trouble: str | None = None
        """Which trunks are not registered, when last looked; None when all are."""

    async def run(self) -> None:
        """Looks until cancelled; an engine that is away is asked again later."""
        while True:
            try:
                await self.count()
                await self.look()
            except EngineTrouble as trouble:
                log.info("door.not_seen", error=type(trouble).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def count(self) -> int:
        """How many were turned away since the last count. Raises `EngineTrouble`."""
        seen, before = await self._engine.refused(), self._seen
        self._seen = seen
        # A sender who counts less than before was forgotten in between and has come again.
        new = sum(
            count - before[sender] if count >= before.get(sender, count + 1) else count
            for sender, count in seen.items()
        )
        if new:
            REFUSED.inc(new)
            log.warning("door.refused", requests=new, senders=len(seen))
        return new

    async def look(self) -> None:
        """Brings `trouble` up to date. Raises `EngineTrouble`."""
        if not self._registering:
            return
        found = await self._engine.registrations()
        lost = [f"{name} ({said})" for name, said in found.items() if said != "Registered"]
        trouble = f"trunk not registered: {', '.join(lost)}" if lost else None
        if trouble != self.trouble:
            log.warning("door.trunks", lost=lost)
        self.trouble = trouble
