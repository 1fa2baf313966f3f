"""The program calls people, with a real engine, real SIP telephones and real sound: a report is told and taken by key, and a
call-back that is talked keeps its promise."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from tests.delivery_story import Office, eventually, open_office, working
from tests.engine_fixtures import RunningEngine
from tests.keys import lend_keys
from tests.real_world import recorded_tones
from tests.sip_agent import SipAgent
from tests.sip_call import Call

from denwaban import calls, delivery, promises
from denwaban.callback import CallBacks, Stage, last_of_report
from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.delivery.channels.phone import Phone
from denwaban.journal import Journal
from denwaban.lines import add_number
from denwaban.outgoing import Outgoing
from denwaban.reports import Report
from denwaban.routing import Switchboard
from denwaban.store import Store, metadata
from denwaban.telephony.ari import AriPhone
from denwaban.telephony.speech import Speech

pytestmark = pytest.mark.engine

OWN, CALLER, OURS = "09011112222", "09012345678", "+81312345678"
OWN_TONE, CALLER_TONE = 510.0, 1730.0


@dataclass
class Story:
    office: Office
    network: SipAgent
    """Every number outside."""
    call_backs: CallBacks
    channel: Phone
    phone: AriPhone

    async def rings(self, number: str, tone: float) -> Call:
        """The telephone of this number rings; who answers it speaks with this tone."""
        call = await self.network.rings()
        assert call.invite is not None
        assert call.invite.first.split()[1].startswith(f"sip:{number}@")
        call.tone = tone
        return call

    async def report(self) -> Report:
        by = self.office.clock.now() + timedelta(hours=2)
        return await self.office.report(callback_by=by)


@pytest.fixture
async def story(engine: RunningEngine, tmp_path: Path) -> AsyncIterator[Story]:
    clock = SystemClock()
    store = Store(f"sqlite:///{tmp_path / 'journey.db'}", clock)
    lend_keys(store)
    metadata.create_all(store.engine)
    await store.open()
    settings = Settings(
        outbound_trunk="test", outbound_number="0312340000", callback_talk_seconds=1
    )
    known = engine.settings
    phone = AriPhone(
        url=known.ari_url,
        user=known.ari_user,
        password=known.ari_password,
        clock=clock,
        recordings=known.recordings,
        make_seats=engine.engine.seats,
        lines=known.trunks,
    )
    speech, journal = Speech(tmp_path / "speech"), Journal(store)
    outgoing = Outgoing(phone, clock, settings)
    board = Switchboard(store, clock, phone, settings, speech, journal, outgoing=outgoing)
    call_backs = CallBacks(outgoing, store, speech, settings)
    async with AsyncExitStack() as stack:
        # The engine is every test's of this session: its seats are left as they were found.
        stack.push_async_callback(engine.engine.seats, list(known.seats))
        stack.push_async_callback(store.close)
        running = [
            asyncio.create_task(part.run()) for part in (journal, outgoing, call_backs, board)
        ]

        async def stop() -> None:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

        stack.push_async_callback(stop)
        await board.ready()
        office = await open_office(store, clock, settings)  # type: ignore[arg-type]
        await office.contact(office.suzuki, "phone", number=OWN)
        client_id = office.client_id
        await store.write(lambda tx: add_number(tx, client_id, OURS, "代表"))
        network = await stack.enter_async_context(
            SipAgent.open(engine.sip_port, "network", at=engine.outside_port)
        )
        yield Story(office, network, call_backs, Phone(outgoing, speech, store, journal), phone)


@pytest.mark.req("D5", "C5")
async def test_a_report_is_told_by_telephone_and_taken_by_key(story: Story) -> None:
    office = story.office
    async with working(office, phone=story.channel):
        report = await story.report()
        own = await story.rings(OWN, OWN_TONE)
        assert "<sip:0312340000@" in own.header("p-asserted-identity")
        own.answer()
        await own.hears_on(1.0)
        own.press("1")

        async def heard() -> bool:
            found = await office.deliveries(report)
            return any(one.channel == "phone" and one.state == "sent" for one in found)

        await eventually(heard, seconds=30)
        await own.hears_on(2.0, within=30)
        own.press("1")

        async def taken() -> bool:
            found = await office.store.read(lambda tx: delivery.acknowledgement(tx, report.id))
            return found is not None and (found.staff_id, found.via) == (office.suzuki, "phone")

        await eventually(taken, seconds=30)
        # It thanks, and hangs up by itself.
        await own.over(within=30)


@pytest.mark.req("C4", "D2")
async def test_a_call_back_that_is_talked_keeps_its_promise(story: Story) -> None:
    office = story.office
    report = await story.report()
    begun = await story.call_backs.start(report.id, office.suzuki_user)
    own = await story.rings(OWN, OWN_TONE)
    assert "<sip:0312345678@" in own.header("p-asserted-identity")
    own.answer()
    await own.hears_on(1.0)
    own.press("1")
    caller = await asyncio.wait_for(story.rings(CALLER, CALLER_TONE), 30)
    assert "<sip:0312345678@" in caller.header("p-asserted-identity")
    caller.answer()
    await own.hears(CALLER_TONE)
    await caller.hears(OWN_TONE)
    await caller.hears_on(1.5)
    caller.hang_up()
    await own.over()

    async def ended() -> bool:
        last = await office.store.read(lambda tx: last_of_report(tx, report.id))
        return last is not None and last.stage is Stage.ENDED

    await eventually(ended)
    kept = await office.store.read(lambda tx: promises.promise_of_report(tx, report.id))
    assert kept is not None
    assert kept.kept_at is not None
    assert "お話ししました" in kept.evidence
    call = await office.store.read(lambda tx: calls.call(tx, begun.id))
    assert call is not None
    assert call.outcome is calls.Outcome.ANSWERED
    wav = story.phone.recording(begun.id)
    assert recorded_tones(wav, OWN_TONE, CALLER_TONE) == {OWN_TONE, CALLER_TONE}
