"""Who has a seat: read from the rows, put on the floor, given to the engine."""

import structlog

from denwaban.lines import DutyList, duty_lists_of
from denwaban.people import OperatorSkill, groups, skills_of, trainees
from denwaban.routing.desk import Desk
from denwaban.routing.live import Person
from denwaban.routing.model import Chosen
from denwaban.routing.rows import StateRow, seats
from denwaban.store import Store, Tx
from denwaban.telephony.port import PhoneError, SeatAccount, SeatName

log = structlog.get_logger(__name__)


class Roster:
    """Keeps the desk's people and seats as the rows have them."""

    def __init__(self, store: Store, desk: Desk) -> None:
        self._store = store
        self._desk = desk

    async def read(self) -> None:
        """Operators as the rows have them, and who of them is in training; those who are on the floor keep their state."""
        now = self._desk.clock.now()
        rows, learning = await self._store.read(lambda tx: (seats(tx), trainees(tx)))
        for row in rows:
            person = Person(row.id, row.name, SeatName(row.seat), row.sip_password)
            self._desk.people[person.id] = person
            self._desk.seats[person.seat] = person.id
            chosen = Chosen(row.state) if row.state else Chosen.BREAK
            since, idle_since = row.since or now, row.idle_since or now
            if row.state is None and person.id not in self._desk.floor.seats:
                self._desk.recorder.put(
                    StateRow(person.id, chosen.value, since, idle_since, new=True)
                )
            after = Chosen(row.after) if row.after else None
            self._desk.floor.add_seat(person.id, chosen, since, idle_since, after, row.until)
        here = {row.id for row in rows}
        for operator_id in set(self._desk.floor.seats) - here:
            seat = self._desk.people[operator_id].seat
            if self._desk.seats.get(seat) == operator_id:
                del self._desk.seats[seat]
            self._desk.perform(self._desk.floor.remove_seat(operator_id, now))
        self._desk.perform(self._desk.floor.train(learning, now))

    async def read_skills(self) -> None:
        """What operators can do, their groups, and who is on duty when."""

        def read(
            tx: Tx,
        ) -> tuple[list[OperatorSkill], dict[str, frozenset[str]], list[DutyList]]:
            return skills_of(tx), {one.id: one.members for one in groups(tx)}, duty_lists_of(tx)

        skills, members, lists = await self._store.read(read)
        queue = self._desk.floor.queue
        queue.skills.set(skills, members)
        queue.duties.set(lists)
        self._desk.perform(self._desk.floor.reconsider(self._desk.clock.now()))

    async def give(self) -> None:
        """The seats and their telephone accounts, to the engine."""
        people = [self._desk.people[who] for who in self._desk.seats.values()]
        try:
            await self._desk.phone.seats([SeatAccount(p.seat, p.password) for p in people])
        except PhoneError as error:
            # Seats that the engine already knows go on working; the next Resynced tries again.
            log.error("routing.seats_refused", error=type(error).__name__)
