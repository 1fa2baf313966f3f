"""Reports told over the telephone, taken by key; both databases, a telephone in memory, workers that run."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.delivery_story import Office, eventually, open_office, working
from tests.outside_story import CALLING, Outside, outside

from denwaban import delivery
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery.channels.phone import Phone
from denwaban.journal import Journal
from denwaban.reports import Report
from denwaban.store import Store
from denwaban.telephony.port import Unreached

SUZUKI, ITO = "+819011112222", "+819033334444"


@dataclass
class Story:
    """鈴木 and 伊藤 have nothing but telephones."""

    office: Office
    out: Outside

    async def until(self, report: Report, state: str, staff_id: str = "") -> delivery.Delivery:
        """Waits until a call to this person has come to this state."""
        found: list[delivery.Delivery] = []

        async def yet() -> bool:
            found[:] = [
                one
                for one in await self.office.deliveries(report)
                if one.channel == "phone" and one.state == state and staff_id in ("", one.staff_id)
            ]
            return bool(found)

        await eventually(yet)
        return found[-1]

    async def taken(self, report: Report) -> delivery.Acknowledged | None:
        return await self.office.store.read(lambda tx: delivery.acknowledgement(tx, report.id))


async def opened(store: Store, clock: MovedClock, out: Outside, settings: Settings) -> Story:
    office = await open_office(store, clock, settings)
    await office.contact(office.suzuki, "phone", number="090-1111-2222")
    await office.contact(office.ito, "phone", number="090-3333-4444")
    return Story(office, out)


@pytest.fixture
async def story(store: Store, clock: MovedClock, tmp_path: Path) -> AsyncIterator[Story]:
    async with AsyncExitStack() as stack:
        out = await stack.enter_async_context(outside(clock, tmp_path))
        made = await opened(store, clock, out, CALLING)
        journal = Journal(store)
        await stack.enter_async_context(out.runs(journal.run()))
        phone = Phone(out.outgoing, out.said, store, journal)
        await stack.enter_async_context(working(made.office, phone=phone))
        yield made


@pytest.mark.req("D5", "C5")
async def test_who_picks_up_hears_the_report_after_a_key_and_takes_it_by_another(
    story: Story,
) -> None:
    report = await story.office.report()
    await story.out.answers(SUZUKI)
    await story.out.hears(SUZUKI, "鈴木様への伝言があります")
    story.out.presses(SUZUKI, "1")
    await story.out.hears(SUZUKI, "給湯器から異音がする")
    told = story.out.now(SUZUKI)
    assert "サトウ ハナコ様" in told
    assert "ゼロ キュウ ゼロ、イチ ニー サン ヨン、ゴー ロク ナナ ハチ" in told
    assert "11月24日15時までに" in told
    sent = await story.until(report, "sent")
    made = await story.office.store.read(lambda tx: delivery.attempts_of(tx, sent.id))
    assert [one.detail for one in made] == ["電話で伝言を聞いています"]
    files = [path for path, text in story.out.said.texts.items() if "給湯器" in text]
    story.out.presses(SUZUKI, "1")
    await story.out.hears(SUZUKI, "お引き受けを承りました")
    taken = await story.taken(report)
    assert taken is not None
    assert (taken.staff_id, taken.via) == (story.office.suzuki, "phone")
    # What was said of a person is not kept as a sound.
    assert not any(path.exists() for path in files)
    await story.out.hears_out(SUZUKI)
    await story.out.is_over(SUZUKI)
    given = story.out.phone.acts[0].given
    assert (given["number"], given["shown"], given["trunk"]) == (SUZUKI, "+81312340000", "test")


@pytest.mark.req("D5")
async def test_an_answering_machine_hears_nothing_of_the_matter_and_the_next_person_is_rung(
    story: Story, clock: MovedClock
) -> None:
    report = await story.office.report()
    await story.out.answers(SUZUKI)
    await story.out.hears(SUZUKI, "伝言があります")
    for _ in range(2):
        await story.out.hears_out(SUZUKI)
        await story.office.pass_seconds(6)
    await story.out.is_over(SUZUKI)
    said = " ".join(story.out.everything(SUZUKI))
    assert "佐藤" not in said
    assert "サトウ" not in said
    assert "給湯器" not in said
    failed = await story.until(report, "failed", story.office.suzuki)
    assert "キーが押されませんでした" in (failed.error or "")
    await story.out.rings(ITO)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (Unreached.NO_ANSWER, "どなたも出ませんでした"),
        (Unreached.REFUSED, "断られました"),
        (Unreached.UNREACHABLE, "つながりませんでした"),
    ],
)
async def test_who_cannot_be_reached_is_not_waited_for(
    story: Story, why: Unreached, words: str
) -> None:
    report = await story.office.report()
    await story.out.rings(SUZUKI)
    story.out.phone.outside_fails(SUZUKI, why)
    failed = await story.until(report, "failed", story.office.suzuki)
    assert words in (failed.error or "")
    await story.out.rings(ITO)
    assert (await story.office.standing(report)).owner_id == story.office.ito


async def test_a_busy_line_is_tried_again(story: Story) -> None:
    await story.office.report()
    await story.out.rings(SUZUKI)
    story.out.phone.outside_fails(SUZUKI, Unreached.BUSY)

    async def recorded() -> bool:
        return not story.out.phone.outside_rings(SUZUKI)

    await eventually(recorded)
    await story.office.settled()
    assert not story.out.phone.outside_rings(ITO)
    await story.office.pass_seconds(130)
    await story.out.rings(SUZUKI)


@pytest.mark.req("A9")
async def test_a_key_passes_the_report_on_and_again_tells_it_again(story: Story) -> None:
    report = await story.office.report()
    await story.out.answers(SUZUKI)
    await story.out.hears(SUZUKI, "伝言があります")
    story.out.presses(SUZUKI, "1")
    await story.out.hears(SUZUKI, "次の担当の方へ回す方は 3")
    story.out.presses(SUZUKI, "2")
    await story.out.hears(SUZUKI, "給湯器から異音がする")
    story.out.presses(SUZUKI, "3")
    await story.out.hears(SUZUKI, "次の担当の方へお回しします")
    assert (await story.office.standing(report)).owner_id == story.office.ito
    await story.out.answers(ITO)
    await story.out.hears(ITO, "伊藤様への伝言があります")


@pytest.mark.req("D5")
@pytest.mark.parametrize("picked_up", [False, True], ids=["ringing", "greeted"])
async def test_a_report_taken_elsewhere_ends_the_call_at_once(
    story: Story, picked_up: bool
) -> None:
    report = await story.office.report()
    await story.out.rings(SUZUKI)
    if picked_up:
        await story.out.answers(SUZUKI)
        await story.out.hears(SUZUKI, "伝言があります")
    await story.office.store.write(
        lambda tx: delivery.acknowledge(tx, report.id, story.office.ito, "portal")
    )

    async def over() -> bool:
        return not (await story.out.phone.snapshot()).legs

    await eventually(over)
    assert not any("給湯器" in text for text in story.out.said.texts.values())
    await story.office.settled()
    assert not story.out.phone.outside_rings(ITO)


async def test_a_report_taken_while_it_is_told_is_said_to_be_taken(story: Story) -> None:
    report = await story.office.report()
    await story.out.answers(SUZUKI)
    await story.out.hears(SUZUKI, "伝言があります")
    story.out.presses(SUZUKI, "1")
    await story.out.hears(SUZUKI, "給湯器")
    await story.office.store.write(
        lambda tx: delivery.acknowledge(tx, report.id, story.office.ito, "portal")
    )
    story.out.presses(SUZUKI, "1")
    await story.out.hears(SUZUKI, "すでに伊藤さんがお引き受けになりました")


async def test_who_hangs_up_before_the_key_was_not_told(story: Story) -> None:
    report = await story.office.report()
    await story.out.answers(SUZUKI)
    story.out.phone.outside_hangs_up(SUZUKI)
    failed = await story.until(report, "failed", story.office.suzuki)
    assert "聞く前に切れました" in (failed.error or "")


async def test_an_engine_that_goes_away_is_tried_again_and_its_leg_is_ended(story: Story) -> None:
    report = await story.office.report()
    await story.out.rings(SUZUKI)
    story.out.phone.connection_lost()

    async def tried() -> bool:
        found = [one for one in await story.office.deliveries(report) if one.channel == "phone"]
        return "応えませんでした" in (found[0].error or "")

    await eventually(tried)
    story.out.phone.connection_back()

    async def swept() -> bool:
        return not (await story.out.phone.snapshot()).legs

    await eventually(swept)
    await story.office.pass_seconds(130)
    await story.out.rings(SUZUKI)


async def test_numbers_that_may_not_be_called_say_so(
    store: Store, clock: MovedClock, tmp_path: Path
) -> None:
    async with outside(clock, tmp_path) as out:
        made = await opened(store, clock, out, CALLING)
        await made.office.contact(made.office.suzuki, "phone", number="0570-012345")
        async with working(made.office, phone=Phone(out.outgoing, out.said, store, Journal(store))):
            report = await made.office.report()
            failed = await made.until(report, "failed", made.office.suzuki)
            assert "高くつく番号" in (failed.error or "")


async def test_without_a_way_out_nobody_is_passed_over(
    store: Store, clock: MovedClock, tmp_path: Path
) -> None:
    async with outside(clock, tmp_path, Settings()) as out:
        made = await opened(store, clock, out, Settings())
        async with working(made.office, phone=Phone(out.outgoing, out.said, store, Journal(store))):
            report = await made.office.report()
            none = await made.until(report, "cancelled", made.office.suzuki)
            assert "DENWABAN_OUTBOUND_TRUNK" in (none.error or "")
            assert (await made.office.standing(report)).owner_id == made.office.suzuki
