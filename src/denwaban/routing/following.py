"""What others change in the rows, taken over from the journal: numbers, operators, skills, duties, reports, who calls."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from denwaban.calls import Call, call
from denwaban.journal import Fact, Journal
from denwaban.people.persons import numbers_of
from denwaban.routing.desk import Desk
from denwaban.routing.gate import Gate, ReadChanges
from denwaban.routing.roster import Roster
from denwaban.store import Store, StoreError, Tx


class Following:
    """Keeps one desk as the rows are."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        desk: Desk,
        gate: Gate,
        roster: Roster,
        unread: ReadChanges,
        changed: Callable[[], None],
        leave: Callable[[str], object],
    ) -> None:
        """`leave`: whoever is at another's talk, by the id of the account, is there no more."""
        self._store = store
        self._journal = journal
        self._desk = desk
        self._gate = gate
        self._roster = roster
        self._unread = unread
        self._changed = changed
        self._leave = leave

    async def run(self, since: int) -> None:
        """Follows the journal: changed numbers and operators, reports that end a wrap-up, who calls from which number."""
        while True:
            with suppress(StoreError):
                async for entry in self._journal.follow(since):
                    try:
                        await self._heard(entry.fact)
                    except StoreError:
                        raise
                    except Exception as error:
                        # What operators are is read again then; the next entry is heard all the same.
                        self._desk.faults.note("fact", error, fact=entry.fact.kind)
                    since = entry.seq
            await asyncio.sleep(1)

    async def read_seats(self) -> None:
        """Operators and what they can do, as the rows have them."""
        await self._roster.read()
        await self._roster.read_skills()
        self._changed()

    async def read_unread(self, client_id: str | None) -> None:
        """What operators have not read, of one client or of all."""
        found = await self._store.read(lambda tx: list(self._unread(tx, client_id)))
        self._gate.set(found, client_id)

    async def _heard(self, fact: Fact) -> None:
        self._desk.cache.heard(fact)
        if fact.kind in ("script.published", "script.read"):
            await self.read_unread(fact.client_id)
        if fact.kind in ("operator.added", "operator.changed"):
            await self.read_seats()
            await self._roster.give()
        elif fact.kind == "operator.training_set":
            await self.read_seats()
        elif fact.kind == "user.disabled":
            self._leave(fact.subject)
        elif fact.kind == "person.given":
            await self._known_as(fact)
        elif fact.kind in ("operator.skills_changed", "operator.group_set", "duty_list.set"):
            await self._roster.read_skills()
        elif fact.kind == "report.sent":
            operator_id, call_id = fact.data.get("operator_id"), fact.data.get("call_id")
            if operator_id and call_id:
                now = self._desk.clock.now()
                self._desk.perform(self._desk.floor.report_sent(operator_id, call_id, now))

    async def _known_as(self, fact: Fact) -> None:
        """It has come out who called, perhaps from a number that nobody knew."""
        call_id, person_id, client_id = fact.data.get("call_id"), fact.subject, fact.client_id
        if not fact.data.get("on") or not call_id or client_id is None:
            return

        def read(tx: Tx) -> tuple[Call | None, tuple[str, ...]]:
            return call(tx, call_id), numbers_of(tx, person_id)

        theirs, numbers = await self._store.read(read)
        if theirs is not None and theirs.answered_at is not None:
            self._desk.places.served(client_id, numbers, theirs.arrived_at)
