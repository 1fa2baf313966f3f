"""What holds for a caller who has just come: from the plan, and from what is known of them."""

import asyncio
from dataclasses import dataclass

import structlog

from denwaban.calls import Call, last_operator
from denwaban.lines import Service
from denwaban.people import caller_of
from denwaban.people.persons import given_calls, ways_of
from denwaban.routing.model import Priority, Terms
from denwaban.routing.skills import Need
from denwaban.store import Store, StoreError, Tx
from denwaban.vault import VaultError

log = structlog.get_logger(__name__)

PATIENCE = 1.0
"""Seconds that a caller may wait for what is known of them; then they are put through without it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a caller."""

    put_first: bool = False
    previous: str | None = None
    """The operator who talked with them last."""


NOTHING_KNOWN = Known()


def terms(service: Service | None, known: Known = NOTHING_KNOWN) -> Terms:
    """What holds for a caller of this number, now. None: nothing is known of the number."""
    if service is None:
        return Terms()
    level = service.level
    priority = Priority.NORMAL
    if service.urgent:
        priority = Priority.EMERGENCY
    elif level.callers_first and known.put_first:
        priority = Priority.FIRST
    return Terms(
        Need(service.client_id, service.industry, service.matter, service.least_level),
        priority,
        known.previous,
        level.previous_seconds,
        level.ladder,
    )


def asks(service: Service | None) -> bool:
    """Whether anything about the caller can change what holds."""
    return service is not None and (
        service.level.callers_first or service.level.previous_seconds > 0
    )


class Intake:
    """Looks up what is known of callers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def known(self, service: Service | None, call: Call) -> Known:
        """What is known of who calls, where it matters. A database that is away or slow, or of which no key opens, knows
        nothing."""
        if service is None or not asks(service) or not call.caller:
            return NOTHING_KNOWN

        def read(tx: Tx) -> Known:
            caller = caller_of(tx, service.client_id, call.caller)
            previous = None
            if service.level.previous_seconds:
                numbers, given = {call.caller}, list[str]()
                if caller is not None:  # one person, whatever they called from
                    numbers |= {way.value for way in ways_of(tx, caller.person_id)}
                    given = given_calls(tx, caller.person_id)
                previous = last_operator(tx, service.client_id, numbers, given)
            return Known(caller is not None and caller.put_first, previous)

        try:
            async with asyncio.timeout(PATIENCE):
                return await self._store.read(read)
        except (StoreError, TimeoutError, VaultError) as error:
            log.warning("routing.caller_unknown", call=call.id, error=type(error).__name__)
            return NOTHING_KNOWN
