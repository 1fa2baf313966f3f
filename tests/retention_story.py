"""A client's recorded and reported calls, for stories about keeping and erasing them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from tests.delivery_story import DRAFT, Office
from tests.recording_story import Shelf, wav
from tests.web_fixtures import MakeWeb, Web

from denwaban import audit, delivery, people, promises, reports, retention
from denwaban.audit.rows import audit_rows
from denwaban.calls import Outcome, answered, begin, calls_of, ended
from denwaban.retention import Counts, Terms, api, pages
from denwaban.store import Tx

NUMBER, OTHER = "+819012345678", "+819098765432"


class Files:
    """An office whose calls are recorded."""

    def __init__(self, office: Office, shelf: Shelf) -> None:
        self.office, self.shelf, self.store = office, shelf, office.store
        self.duty = retention.duty(office.store)

    async def talk(
        self, number: str = NUMBER, *, done: bool = True, kept: bool = True
    ) -> tuple[str, str]:
        """(call, report) of a call that was recorded and reported; `done`: somebody has dealt with it, `kept`: and kept what was
        promised."""
        office = self.office

        def ring(tx: Tx) -> tuple[str, str]:
            draft = replace(DRAFT, number=number, callback_by=tx.now + timedelta(hours=3))
            call = begin(tx, client_id=office.client_id, dialled="+81312345678", caller=number)
            answered(tx, call.id, office.operator_id)
            ended(tx, call.id, Outcome.ANSWERED, f"{call.id}.wav")
            people.remember_caller(tx, office.client_id, number, "佐藤 花子", "サトウ ハナコ")
            made = reports.accept(
                tx,
                office.client_id,
                call.id,
                office.operator_id,
                office.suzuki,
                draft,
                practice=False,
            )
            delivery.send(tx, made, 15)
            promise = promises.make(tx, made)
            assert promise is not None
            delivery.comment(tx, made.id, office.suzuki, "佐藤様は工事の件です", "portal")
            if done:
                delivery.acknowledge(tx, made.id, office.suzuki, "portal")
                reports.set_status(tx, made.id, reports.Status.DONE, office.suzuki_user)
                delivery.follow(tx, made.id)
                if kept:
                    promises.keep(tx, promise.id, office.suzuki_user, "お電話しました")
            return call.id, made.id

        self.office.clock.advance(timedelta(seconds=1))
        call_id, report_id = await self.store.write(ring)
        path = self.shelf.plain(call_id)
        path.write_bytes(wav(100))
        await self.shelf.keeper.sweep()
        return call_id, report_id

    async def night(self) -> None:
        """What is due is done."""
        await self.duty.do(self.office.client_id)

    async def set(self, **months: int) -> None:
        await self.store.write(
            lambda tx: retention.set_terms(tx, self.office.client_id, Terms(**months), None)
        )

    async def all_of(self, table: Any) -> list[Any]:
        return await self.store.read(lambda tx: tx.all(select(table).order_by(table.c.id)))

    async def numbers(self) -> list[str]:
        """Of everybody who is known to call, in order."""
        client_id = self.office.client_id
        known = await self.store.read(lambda tx: people.callers_page(tx, client_id, None, 100))
        return sorted(one.number for one in known)

    async def callers(self) -> dict[str, str]:
        """Their numbers, by call."""
        found = await self.store.read(calls_of)
        return {one.id: one.caller for one in found}

    async def audited(self) -> list[audit.Entry]:
        """What is on the audit, oldest first."""
        rows = await self.store.read(
            lambda tx: tx.all(select(audit_rows).order_by(audit_rows.c.seq))
        )
        return [audit.Entry(**{name: row[name] for name in audit.Entry._fields}) for row in rows]

    async def counted(self) -> list[tuple[str, Counts]]:
        found = await self.store.read(lambda tx: retention.erasures_of(tx, self.office.client_id))
        return [(one.kind.value, one.counts) for one in found]


async def site(files: Files, make_web: MakeWeb) -> Web:
    web: Web = await make_web(
        pages=pages.routes, api=api.routes, services={"recordings": files.shelf.recordings}
    )
    return web
