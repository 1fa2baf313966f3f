"""How many are turned away at the SIP door: counted for the metrics and told in the log, never who they were."""

from __future__ import annotations

import asyncio

import structlog
from prometheus_client import Counter

from denwaban.telephony.engine.supervise import Engine, EngineTrouble

log = structlog.get_logger(__name__)

REFUSED = Counter("denwaban_sip_refused", "SIP requests of unknown senders that were turned away")

EVERY_SECONDS = 30.0
"""The engine remembers a sender for a minute at least."""


class Door:
    """Looks at one engine's door now and then. Requests of the moment before the engine dies may be missing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seen: dict[str, int] = {}

    async def run(self) -> None:
        """Counts until cancelled; an engine that is away is asked again later."""
        while True:
            try:
                await self.count()
            except EngineTrouble as trouble:
                log.info("door.not_counted", error=type(trouble).__name__)
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
