"""One story per rung, and for everything that goes otherwise: real SMTP, real workers, a moved clock, both databases."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from tests.delivery_story import DRAFT, Office, eventually, open_office, working
from tests.servers.smtp import Postman, smtp_server, words_of

from denwaban import delivery, people, reports
from denwaban.clock import JST, MovedClock
from denwaban.config import Settings
from denwaban.delivery import board as boards
from denwaban.delivery import handing, rows
from denwaban.delivery import plan as plans
from denwaban.delivery import plans as kept
from denwaban.delivery.board import Burn
from denwaban.journal import Journal
from denwaban.reports import Report, Status, Urgency
from denwaban.store import Store, Tx

SUZUKI, ITO, NAKAMURA = "suzuki@example.jp", "ito@example.jp", "nakamura@example.jp"


@pytest.fixture
async def postman() -> Postman:
    return Postman()


@pytest.fixture
async def office(store: Store, clock: MovedClock, postman: Postman) -> AsyncIterator[Office]:
    """鈴木 is in charge, 伊藤 stands in; both have mail; the workers run, and the watch over who leaves."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(smtp_server(postman))
        settings = Settings(smtp_url=f"smtp://{server}?starttls=no", mail_from="d@example.jp")
        opened = await open_office(store, clock, settings)
        await opened.contact(opened.suzuki, "mail", to=SUZUKI)
        await opened.contact(opened.ito, "mail", to=ITO)
        await stack.enter_async_context(working(opened))
        journal = Journal(store)
        running = [
            asyncio.create_task(journal.run()),
            asyncio.create_task(delivery.Watch(store, journal).run()),
        ]
        try:
            yield opened
        finally:
            for one in running:
                one.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def take(
    office: Office, report: Report, who: str, via: str = "link"
) -> delivery.Acknowledged:
    return await office.store.write(lambda tx: delivery.acknowledge(tx, report.id, who, via))


async def owner(office: Office, report: Report) -> str:
    found = await office.store.read(lambda tx: reports.report(tx, report.id))
    assert found is not None
    return found.in_charge_id


async def burns(office: Office) -> dict[str, Burn]:
    found = await office.store.read(boards.board)
    assert found.total == len(found.items)
    return {item.report_id: item.burn for item in found.items}


def subjects(postman: Postman, address: str) -> list[str]:
    """The marks before the subjects of the mails to this address, in order."""
    return [str(mail["Subject"]).partition("【要折り返し】")[0] for mail in postman.to(address)]


async def own_ladder(
    office: Office, urgency: Urgency, *steps: plans.Step, repeat: bool = False
) -> None:
    plan = plans.Plan(steps, timedelta(minutes=10), until_taken=repeat)
    await office.store.write(lambda tx: kept.set_plan(tx, office.client_id, urgency, plan))


def after(minutes: int, whom: plans.Whom, staff_id: str = "", *channels: str) -> plans.Step:
    return plans.Step(whom, timedelta(minutes=minutes), staff_id, channels)


@pytest.mark.req("D5", "A9", "C5")
async def test_every_kind_of_rung_comes_at_its_time_and_only_by_its_channels(
    office: Office, postman: Postman
) -> None:
    nakamura = await office.store.write(
        lambda tx: people.add_staff(tx, office.client_id, "中村", "ナカムラ", "役員")
    )
    await office.contact(nakamura, "mail", to=NAKAMURA)
    await own_ladder(
        office, Urgency.NORMAL,
        after(0, plans.Whom.IN_CHARGE, "", "slack"),  # they have no Slack: the portal alone has it
        after(5, plans.Whom.IN_CHARGE),
        after(5, plans.Whom.EVERYONE),
        after(10, plans.Whom.PERSON, nakamura),
        after(10, plans.Whom.FLOOR),
        repeat=True,
    )  # fmt: skip
    report = await office.report()
    await office.settled()
    assert postman.mails == []
    await office.pass_time(minutes=5)
    assert subjects(postman, SUZUKI) == ["【再通知】"]
    await office.pass_time(minutes=5)
    assert len(postman.to(SUZUKI)) == 2
    assert subjects(postman, ITO) == ["【代理確認】"]
    assert subjects(postman, NAKAMURA) == ["【代理確認】"]
    assert await owner(office, report) == office.suzuki  # one person has it until somebody takes it
    await office.pass_time(minutes=10)
    assert subjects(postman, NAKAMURA) == ["【代理確認】", "【再通知】"]
    assert await owner(office, report) == nakamura
    assert await burns(office) == {report.id: Burn.UNTAKEN}
    await office.pass_time(minutes=10)
    assert await burns(office) == {report.id: Burn.NOBODY}
    assert "report.nobody_on_duty" in await office.facts()
    # Until taken: the last one who can be told hears of it every ten minutes.
    await office.pass_time(minutes=10)
    await office.pass_time(minutes=10)
    assert len(postman.to(NAKAMURA)) == 4
    await take(office, report, nakamura)
    assert await burns(office) == {report.id: Burn.TAKEN}
    await office.pass_time(minutes=60)
    assert len(postman.to(NAKAMURA)) == 4


@pytest.mark.req("D5")
async def test_a_ladder_is_frozen_and_a_roster_that_changes_while_it_waits_is_heeded(
    office: Office, postman: Postman
) -> None:
    report = await office.report()
    await office.settled()
    # The client writes another ladder and names another substitute: this report keeps its own.
    nakamura = await office.store.write(
        lambda tx: people.add_staff(tx, office.client_id, "中村", "ナカムラ", "")
    )
    await office.contact(nakamura, "mail", to=NAKAMURA)
    await office.store.write(lambda tx: people.set_substitute(tx, office.suzuki, nakamura))
    await own_ladder(office, Urgency.NORMAL, after(0, plans.Whom.EVERYONE))
    await office.pass_time(minutes=15)
    await office.pass_time(minutes=15)
    assert len(postman.to(ITO)) == 1
    assert postman.to(NAKAMURA) == []
    # 伊藤 leaves: nobody waits for somebody who is not there any more.
    await office.store.write(lambda tx: people.leave_staff(tx, office.ito))
    await eventually(lambda: _kind(office, "report.passed_over"))
    await office.settled()
    assert (await office.standing(report)).state is delivery.State.EXHAUSTED
    assert await burns(office) == {report.id: Burn.NOBODY}


async def _kind(office: Office, kind: str) -> bool:
    return kind in await office.facts()


@pytest.mark.req("A9", "D3")
async def test_somebody_deleted_while_in_charge_is_passed_over_at_once(
    office: Office, postman: Postman
) -> None:
    waiting, taken = await office.report(), await office.report(who="高橋")
    await office.settled()
    await take(office, taken, office.suzuki)
    await office.store.write(lambda tx: people.leave_staff(tx, office.suzuki))
    await eventually(lambda: _told(postman, ITO, 2))
    await office.settled()
    for report in (waiting, taken):
        assert await owner(office, report) == office.ito
        assert (await office.standing(report)).state is delivery.State.WAITING
    assert (await office.facts()).count("report.passed_over") == 2
    # It is written where everybody sees it.
    story = await office.store.read(lambda tx: delivery.story_of(tx, waiting))
    assert ("report.passed_over", "鈴木") in [(one.kind, one.who) for one in story]


async def _told(postman: Postman, address: str, count: int) -> bool:
    return len(postman.to(address)) >= count


@pytest.mark.req("A9")
async def test_who_goes_on_leave_with_an_untaken_report_is_passed_over_but_never_the_last_one(
    office: Office, postman: Postman
) -> None:
    await office.report()
    await office.settled()
    await office.store.write(lambda tx: people.set_presence(tx, office.suzuki, "off", None, "休暇"))
    await eventually(lambda: _told(postman, ITO, 1))
    await office.store.write(lambda tx: people.set_presence(tx, office.ito, "away", None, ""))
    await office.settled()
    await office.pass_time(minutes=15)
    assert subjects(postman, ITO) == ["【代理確認】", "【再通知】"]


async def test_nobody_on_duty_is_seen_by_the_floor_at_once_and_they_are_told_all_the_same(
    office: Office, postman: Postman
) -> None:
    def away(tx: Tx) -> None:
        for person in (office.suzuki, office.ito):
            people.set_presence(tx, person, "off", None, "")

    await office.store.write(away)
    report = await office.report()
    await eventually(lambda: _kind(office, "report.nobody_on_duty"))
    await office.settled()
    assert await burns(office) == {report.id: Burn.NOBODY}
    assert subjects(postman, SUZUKI) == [""]


@pytest.mark.req("C5", "D3")
async def test_of_two_who_take_it_at_once_one_has_it_and_the_other_is_told_who(
    office: Office, postman: Postman
) -> None:
    report = await office.report()
    await office.settled()
    both = await asyncio.gather(
        take(office, report, office.suzuki, "portal"), take(office, report, office.ito, "slack")
    )
    assert sorted(one.first for one in both) == [False, True]
    assert both[0].staff_id == both[1].staff_id == await owner(office, report)
    assert (await office.facts()).count("report.acknowledged") == 1
    await office.pass_time(hours=2)
    assert len(postman.mails) == 1


@pytest.mark.req("D5", "A9")
async def test_a_late_acknowledgement_counts_and_ends_what_was_under_way_for_others(
    office: Office, postman: Postman
) -> None:
    # 鈴木 presses the link of the first mail after it has gone on to 伊藤 …
    passed = await office.report()
    await office.settled()
    await office.pass_time(minutes=15)
    await office.pass_time(minutes=16)
    assert await owner(office, passed) == office.ito
    late = await take(office, passed, office.suzuki)
    assert (late.first, late.staff_name) == (True, "鈴木")
    assert await owner(office, passed) == office.suzuki
    told = len(postman.mails)
    # … and 伊藤, who comes after that, hears who has it.
    assert not (await take(office, passed, office.ito)).first
    await office.pass_time(hours=2)
    assert len(postman.mails) == told
    assert await burns(office) == {passed.id: Burn.TAKEN}
    # The last of all has been told and the floor sees it: it still counts, and leaves the floor.
    forgotten = await office.report(who="高橋")
    for _rung in range(4):
        await office.pass_time(minutes=15)
    assert (await office.standing(forgotten)).state is delivery.State.EXHAUSTED
    assert (await burns(office))[forgotten.id] is Burn.NOBODY
    assert (await take(office, forgotten, office.suzuki)).first
    standing = await office.standing(forgotten)
    assert (standing.state, standing.floor_since) == (delivery.State.ACKNOWLEDGED, None)
    assert (await burns(office))[forgotten.id] is not Burn.NOBODY
    assert [kind for kind in await office.facts() if kind == "report.unclaimed"] == [
        "report.unclaimed"
    ]


@pytest.mark.req("D1", "D4")
async def test_taken_but_not_done_is_asked_after_and_then_goes_to_others_and_the_floor(
    office: Office, postman: Postman
) -> None:
    report = await office.report()  # to be called back by 15:00; it is 10:00
    await office.settled()
    await take(office, report, office.suzuki)
    await office.pass_time(hours=4, minutes=29)
    assert len(postman.mails) == 1
    assert await burns(office) == {report.id: Burn.TAKEN}
    await office.pass_time(minutes=1)
    assert subjects(postman, SUZUKI) == ["", "【期限が近づいています】"]
    assert await burns(office) == {report.id: Burn.NEAR}
    await office.pass_time(minutes=30)
    assert subjects(postman, SUZUKI)[2:] == ["【期限超過】"]
    assert subjects(postman, ITO) == ["【期限超過】"]
    assert await burns(office) == {report.id: Burn.BROKEN}
    await office.pass_time(hours=24)
    assert len(postman.mails) == 4
    # Done after all: it leaves the board, and stays away.
    await office.store.write(lambda tx: reports.set_status(tx, report.id, Status.DONE, None))
    assert await burns(office) == {}
    await eventually(lambda: _closed(office))


async def _closed(office: Office) -> bool:
    table = rows.escalations
    query = select(func.count()).where(table.c.closed_at.is_(None))
    return int(await office.store.read(lambda tx: tx.scalar(query))) == 0


async def test_done_in_time_is_never_asked_after(office: Office, postman: Postman) -> None:
    report = await office.report()
    await office.settled()
    await take(office, report, office.suzuki)
    await office.store.write(lambda tx: reports.set_status(tx, report.id, Status.DONE, None))
    await eventually(lambda: _closed(office))
    await office.pass_time(days=2)
    assert len(postman.mails) == 1
    # Opened again by somebody: it is watched again.
    await office.store.write(lambda tx: reports.set_status(tx, report.id, Status.CHECKING, None))
    await eventually(lambda: _open_again(office, report))


async def _open_again(office: Office, report: Report) -> bool:
    return (await office.standing(report)).due_at is not None


@pytest.mark.req("D3", "D5")
async def test_handed_back_with_a_reason_the_ladder_goes_on_from_its_next_rung(
    office: Office, postman: Postman
) -> None:
    report = await office.report()
    await office.settled()
    await take(office, report, office.suzuki)

    with pytest.raises(delivery.NotTaken) as other:
        await office.store.write(
            lambda tx: delivery.hand_back(tx, report.id, office.ito, "私のではない", "portal")
        )
    assert other.value.by is not None
    assert other.value.by.staff_name == "鈴木"
    with pytest.raises(delivery.NoReason):
        await office.store.write(
            lambda tx: delivery.hand_back(tx, report.id, office.suzuki, " ", "portal")
        )
    await office.store.write(
        lambda tx: delivery.hand_back(tx, report.id, office.suzuki, "出張に出るため", "portal")
    )
    await office.settled()
    assert subjects(postman, ITO) == ["【代理確認】"]
    assert await owner(office, report) == office.ito
    again = await take(office, report, office.ito)
    assert again.first
    said = await office.store.read(lambda tx: delivery.said(tx, report.id))
    assert [(one.kind, one.by, one.text) for one in said] == [
        ("handed_back", "鈴木", "出張に出るため")
    ]


@pytest.mark.req("D3")
async def test_given_to_somebody_the_ladder_begins_again_for_them(
    office: Office, postman: Postman
) -> None:
    report = await office.report()
    await office.settled()
    await take(office, report, office.suzuki)
    await office.store.write(
        lambda tx: delivery.reassign(tx, report.id, office.ito, office.suzuki, "担当替え", "portal")
    )
    await office.settled()
    assert subjects(postman, ITO) == ["【担当変更】"]
    assert await owner(office, report) == office.ito
    assert (await office.standing(report)).state is delivery.State.WAITING
    await office.pass_time(minutes=15)
    assert subjects(postman, ITO) == ["【担当変更】", "【再通知】"]
    stranger = await open_office(office.store, office.clock, office.settings)
    with pytest.raises(delivery.NotTheirs):
        await office.store.write(
            lambda tx: delivery.reassign(tx, report.id, stranger.suzuki, office.suzuki, "", "api")
        )


async def test_a_report_that_is_handed_round_without_end_stops_growing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing, "MOST_RUNGS", 10)
    report = await office.report()

    async def give(to: str) -> None:
        await office.store.write(
            lambda tx: delivery.reassign(tx, report.id, to, office.suzuki_user, "", "portal")
        )

    given = 0
    with suppress(handing.HandedTooOften):
        for given in range(10):
            await give((office.ito, office.suzuki)[given % 2])
    assert 1 <= given < 9
    standing = await office.standing(report)
    assert len(standing.climb.ladder.rungs) <= 10
    assert standing.state is delivery.State.WAITING
    assert (await take(office, report, office.ito)).first


async def test_robots_that_answer_each_other_by_mail_fill_no_report(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing, "MOST_BY_MAIL", 3)
    report = await office.report()
    await office.settled()

    async def say(by: str | None, text: str, via: str = "mail") -> None:
        await office.store.write(lambda tx: delivery.comment(tx, report.id, by, text, via))

    for n in range(6):
        await say(None, f"自動応答 {n}")
    await say(office.suzuki, "午後に伺います")
    await say(office.ito, "承知しました", "portal")
    said = [one.text for one in await office.store.read(lambda tx: delivery.said(tx, report.id))]
    assert said == [
        "自動応答 0",
        "自動応答 1",
        "自動応答 2",
        handing.MORE_BY_MAIL,
        "午後に伺います",
        "承知しました",
    ]


@pytest.mark.req("C4", "F1")
async def test_words_about_a_report_stand_in_order_with_what_happened(office: Office) -> None:
    report = await office.report()
    await office.settled()

    async def say(by: str, text: str) -> None:
        await office.store.write(lambda tx: delivery.comment(tx, report.id, by, text, "mail"))

    await say(office.suzuki, "今向かっています")
    await say(office.suzuki, "今向かっています")
    await say(office.suzuki, "  ")
    office.clock.advance(timedelta(minutes=3))
    await take(office, report, office.suzuki)
    office.clock.advance(timedelta(minutes=3))
    await say(office.ito, "お願いします")
    story = await office.store.read(lambda tx: delivery.story_of(tx, report))
    wanted = ("comment", "report.acknowledged")
    assert [(one.kind, one.who, one.text) for one in story if one.kind in wanted] == [
        ("comment", "鈴木", "今向かっています"),
        ("report.acknowledged", "鈴木", ""),
        ("comment", "伊藤", "お願いします"),
    ]
    stranger = await open_office(office.store, office.clock, office.settings)
    for nobody in (stranger.suzuki, stranger.suzuki_user, "0" * 32):
        with pytest.raises(delivery.NotTheirs):
            await say(nobody, "こんにちは")


async def test_sent_again_by_hand_goes_at_once_and_once(office: Office, postman: Postman) -> None:
    report = await office.report()
    await office.settled()
    for _press in range(2):
        await office.store.write(
            lambda tx: delivery.resend(tx, report.id, office.suzuki_user, "board")
        )
    await office.settled()
    assert subjects(postman, SUZUKI) == ["", "【再通知】"]
    await take(office, report, office.ito)
    with pytest.raises(delivery.AlreadyTaken) as taken:
        await office.store.write(
            lambda tx: delivery.resend(tx, report.id, office.suzuki_user, "board")
        )
    assert taken.value.by.staff_name == "伊藤"


# --- quiet hours, midnight, year end, digest ---


def until(office: Office, *when: int) -> timedelta:
    return datetime(*when, tzinfo=JST) - office.clock.now()  # type: ignore[misc,arg-type]


async def quiet(office: Office, *urgencies: Urgency) -> None:
    """Nobody is to be disturbed between 22:00 and 07:00."""

    def verb(tx: Tx) -> None:
        for person in (office.suzuki, office.ito):
            for target in kept.targets_of(tx, person):
                if target.contact_id:
                    for urgency in urgencies:
                        kept.set_quiet(tx, target.contact_id, urgency, (22 * 60, 7 * 60))

    await office.store.write(verb)


@pytest.mark.req("C5", "D5")
async def test_a_night_over_new_year_is_quiet_and_the_ladder_waits_with_it_but_an_emergency_goes(
    office: Office, postman: Postman
) -> None:
    await quiet(office, Urgency.NORMAL, Urgency.SOON)
    await office.pass_time(seconds=until(office, 2026, 12, 31, 23, 50).total_seconds())
    by = datetime(2027, 1, 4, 12, 0, tzinfo=JST)
    report = await office.report(callback_by=by)
    await office.settled()
    assert postman.mails == []
    held = next(one for one in await office.deliveries(report) if one.channel == "mail")
    assert (held.held, held.next_at) == ("quiet", datetime(2027, 1, 1, 7, 0, tzinfo=JST))
    story = await office.store.read(lambda tx: delivery.story_of(tx, report))
    assert [one.more["until"] for one in story if one.kind == "held"] == [held.next_at]
    found = (await office.store.read(boards.board)).items[0]
    assert (found.next.kind, found.next.at) == ("held", held.next_at)
    urgent = await office.report(who="高橋", urgency="emergency", callback_by=by)
    await office.settled()
    assert len(postman.to(SUZUKI)) == 1
    await take(office, urgent, office.suzuki)
    # Over midnight and the year: nothing before seven, and 15 minutes from there.
    await office.pass_time(hours=6)
    assert len(postman.mails) == 1
    assert (await office.standing(report)).owner_id == office.suzuki
    await office.pass_time(seconds=until(office, 2027, 1, 1, 7, 0).total_seconds())
    assert len(postman.to(SUZUKI)) == 2
    await office.pass_time(minutes=14)
    assert len(postman.mails) == 2
    await office.pass_time(minutes=1)
    assert subjects(postman, SUZUKI)[2:] == ["【再通知】"]


@pytest.mark.req("D5")
async def test_the_machines_clock_is_set_over_midnight_and_nobody_is_told_twice_or_skipped(
    office: Office, postman: Postman
) -> None:
    await office.pass_time(seconds=until(office, 2026, 11, 24, 23, 55).total_seconds())
    report = await office.report(callback_by=datetime(2026, 11, 25, 15, 0, tzinfo=JST))
    await office.settled()
    assert subjects(postman, SUZUKI) == [""]
    # Set back by an hour, over midnight once more: the reminder comes when it was to come, and what is said now stands last.
    await office.pass_time(minutes=10)
    office.clock.advance(timedelta(hours=-1))
    await office.settled()
    await office.store.write(
        lambda tx: delivery.comment(tx, report.id, office.suzuki, "いま見ています", "portal")
    )
    await office.pass_time(minutes=64)
    assert subjects(postman, SUZUKI) == [""]
    await office.pass_time(minutes=1)
    assert office.clock.now().astimezone(JST).strftime("%d %H:%M") == "25 00:10"
    assert subjects(postman, SUZUKI) == ["", "【再通知】"]
    # Set forward by three hours: one rung and not three, and the next one still has its quarter of an hour.
    await office.pass_time(hours=3)
    assert subjects(postman, ITO) == ["【代理確認】"]
    await office.pass_time(minutes=14)
    assert len(postman.mails) == 3
    await office.pass_time(minutes=1)
    assert subjects(postman, ITO) == ["【代理確認】", "【再通知】"]
    assert (await office.facts()).count("delivery.sent") == 8  # four by mail, four in the portal


@pytest.mark.req("C5")
async def test_ordinary_reports_go_together_at_their_time_each_taken_by_itself(
    office: Office, postman: Postman
) -> None:
    await office.store.write(lambda tx: kept.set_digest(tx, office.client_id, [13 * 60, 9 * 60]))
    first, second, third = [
        await office.report(
            who=name,
            callback_needed=False,
            callback_by=None,
            done="ご案内しました",
            what_for=f"{name}の用件",
        )
        for name in ("青木", "石井", "上田")
    ]
    urgent = await office.report(who="江口", urgency="soon")
    await office.settled()
    assert len(postman.mails) == 1  # the urgent one
    await take(office, third, office.suzuki)
    await take(office, urgent, office.suzuki)
    postman.say("DATA", "451 4.3.0 Try again later")
    await office.pass_time(hours=3)
    assert len(postman.mails) == 1
    await office.pass_time(seconds=5)
    assert len(postman.mails) == 2
    mail = postman.mails[1]
    assert mail["Subject"] == "【受電報告】2件のまとめ"
    text = words_of(mail)
    assert "青木の用件" in text
    assert "石井の用件" in text
    assert "上田" not in text
    assert text.count("/a/") == 2
    for report in (first, second):
        sent = next(one for one in await office.deliveries(report) if one.channel == "mail")
        assert (sent.state, sent.tries) == ("sent", 2)
    # The time of the ladder runs from there.
    await take(office, first, office.suzuki)
    await office.pass_time(minutes=15)
    assert len(postman.mails) == 3
    assert "石井の用件" in words_of(postman.mails[2])


async def test_what_travels_with_a_report_that_was_taken_meanwhile_still_arrives(
    office: Office, postman: Postman
) -> None:
    await office.store.write(lambda tx: kept.set_digest(tx, office.client_id, [11 * 60]))
    first, second = [
        await office.report(
            who=name, callback_needed=False, callback_by=None, done="ご案内しました"
        )
        for name in ("青木", "石井")
    ]
    postman.say("DATA", "451 4.3.0 Try again later")
    await office.settled()
    await office.pass_time(hours=1)
    await take(office, first, office.suzuki, "portal")
    await office.pass_time(seconds=5)
    assert len(postman.mails) == 1
    told = next(one for one in await office.deliveries(second) if one.channel == "mail")
    assert told.state == "sent"


@pytest.mark.req("A8")
async def test_where_all_are_to_confirm_one_has_it_and_each_other_is_told_until_they_have_confirmed(
    office: Office, postman: Postman
) -> None:
    def verb(tx: Tx) -> Report:
        made = reports.accept(
            tx, office.client_id, None, office.operator_id, office.suzuki,
            replace(DRAFT, urgency="emergency"), False, recipients=[office.ito],
        )  # fmt: skip
        delivery.send(tx, made, 15, also=made.recipients)
        return made

    def waits_for(staff_id: str, report: Report) -> Callable[[Tx], bool]:
        return lambda tx: delivery.has_to_confirm(tx, report.id, staff_id)

    report = await office.store.write(verb)
    await office.settled()
    assert (await take(office, report, office.ito)).first
    assert not await office.store.read(waits_for(office.ito, report))
    # 伊藤 has it, and 鈴木 is told again; pressing the button then is 鈴木's confirmation, and takes nothing away.
    await office.pass_time(minutes=16)
    assert await office.store.read(waits_for(office.suzuki, report))
    told = str(postman.to(SUZUKI)[-1]["Subject"])
    assert (told[:6], len(postman.to(SUZUKI)), len(postman.to(ITO))) == ("【全員確認】", 2, 1)
    again = await take(office, report, office.suzuki)
    assert (again.first, again.staff_id) == (False, office.ito)
    assert not await office.store.read(waits_for(office.suzuki, report))
    assert await owner(office, report) == office.ito
    await office.pass_time(minutes=16)
    assert len(postman.to(SUZUKI)) == 2
    said = await office.store.read(lambda tx: delivery.said(tx, report.id))
    assert [(one.kind, one.by) for one in said] == [("confirmed", "伊藤"), ("confirmed", "鈴木")]

    # Who never confirms is told three times more; then the floor sees it, and nothing goes on for ever.
    silent = await office.store.write(verb)
    await office.settled()
    before = len(postman.to(SUZUKI))
    await take(office, silent, office.ito)
    for _wait in range(3):
        await office.pass_time(minutes=16)
    standing = await office.standing(silent)
    assert (len(postman.to(SUZUKI)) - before, standing.floor_since is not None) == (3, True)
    # What is done needs nobody's confirmation any more.
    await office.store.write(lambda tx: reports.set_status(tx, silent.id, Status.DONE, None))
    assert not await office.store.read(waits_for(office.suzuki, silent))


@pytest.mark.req("A8")
async def test_several_are_told_at_once_but_one_has_it(office: Office, postman: Postman) -> None:
    def verb(tx: Tx) -> Report:
        made = reports.accept(
            tx, office.client_id, None, office.operator_id, office.suzuki, DRAFT, False
        )
        delivery.send(tx, made, 15, also=[office.ito])
        return made

    report = await office.store.write(verb)
    await office.settled()
    assert (len(postman.to(SUZUKI)), len(postman.to(ITO))) == (1, 1)
    assert await owner(office, report) == office.suzuki
    await take(office, report, office.ito)
    await office.pass_time(hours=1)
    assert len(postman.mails) == 2
