"""Summaries on both databases: made on the client's own schedule, kept as they were, mailed until they arrive."""

import asyncio
import csv
import email
import email.policy
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import aiosmtplib
import httpx
import pytest
from pypdf import PdfReader
from sqlalchemy import func, select, update
from tests.delivery_story import DRAFT, Office, eventually, open_office
from tests.servers.smtp import Postman, smtp_server, words_of
from tests.web_fixtures import Browser, MakeWeb, Web, add_account

from denwaban import calls, promises, reports
from denwaban.access import Role
from denwaban.calls.rows import calls as call_rows
from denwaban.clock import JST, MovedClock
from denwaban.config import Settings
from denwaban.delivery import Channels, Services
from denwaban.delivery.inbound import inbound_duties
from denwaban.delivery.inbound.rows import inbound
from denwaban.delivery.inbound.smtp_door import MailDoor
from denwaban.delivery.services import MailBack
from denwaban.oncall import BusinessHours, Span, set_hours
from denwaban.people import end_client, leave_staff, set_live
from denwaban.reports import api as reports_api
from denwaban.reports import pages as reports_pages
from denwaban.reports.rows import reports as reports_rows
from denwaban.store import Store, Tx, new_id
from denwaban.summaries import Press, Returns, acts, api, duties, mails, pages, plans
from denwaban.summaries.model import State
from denwaban.summaries.queries import kept, listed, posted, troubles
from denwaban.summaries.rows import summaries, summary_mails, summary_plans, summary_tries
from denwaban.summaries.schedule import Plan
from denwaban.work import Duty, Worker, overdue

URL = "https://d.example.jp"

NIGHT = datetime(2026, 11, 25, 8, 30, tzinfo=JST)
"""When the first daily summary goes out."""


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    """山田設備, whose calls are taken; 鈴木 has a mail address and is in charge."""
    made = await open_office(store, clock, Settings())
    await made.contact(made.suzuki, "mail", to="suzuki@example.jp")
    await store.write(lambda tx: set_live(tx, made.client_id, True))
    return made


def ring(
    tx: Tx, client_id: str, at: datetime, outcome: calls.Outcome, number: str = "+819011112222"
) -> calls.Call:
    """A call that came and is over; answered after 5 seconds where it was."""
    talked = outcome is calls.Outcome.ANSWERED
    begun = calls.Call(
        id=new_id(), client_id=client_id, leg=new_id(), trunk="t", dialled="+81355550101", caller=number, arrived_at=at,
        answered_at=at + timedelta(seconds=5) if talked else None, wait_ms=5000,
    )  # fmt: skip
    calls.record(
        tx,
        [
            calls.changes.arrived(begun),
            calls.changes.ended(begun, outcome, at + timedelta(seconds=65)),
        ],
    )
    return begun


def reported(tx: Tx, office: Office, call: calls.Call, after: int = 30, **changes: object) -> None:
    """Its report, with the promise it holds."""
    draft = replace(DRAFT, **changes)  # type: ignore[arg-type]
    made = reports.accept(
        tx, office.client_id, call.id, office.operator_id, office.suzuki, draft, False
    )
    tx.execute(
        update(reports_rows)
        .where(reports_rows.c.id == made.id)
        .values(sent_at=call.arrived_at + timedelta(seconds=65 + after))
    )
    promises.make(tx, made)


def a_day(tx: Tx, office: Office) -> None:
    """24 November: two answered, one given up, one out of hours."""
    day = datetime(2026, 11, 24, tzinfo=JST)
    first = ring(tx, office.client_id, day + timedelta(hours=10), calls.Outcome.ANSWERED)
    reported(tx, office, first)
    second = ring(
        tx, office.client_id, day + timedelta(hours=10, minutes=20), calls.Outcome.ANSWERED
    )
    reported(
        tx,
        office,
        second,
        90,
        what_for="給湯器の部品を取り寄せたい",
        done="在庫をお伝えしました",
        callback_needed=False,
        callback_by=None,
    )
    ring(tx, office.client_id, day + timedelta(hours=12), calls.Outcome.ABANDONED, "+819033334444")
    ring(tx, office.client_id, day + timedelta(hours=22), calls.Outcome.OUT_OF_HOURS, "")


@asynccontextmanager
async def working(
    office: Office, smtp: str = "", known: Services | None = None
) -> AsyncIterator[list[Duty]]:
    """The workers of this slice, really running, and those of what comes in."""
    settings = Settings(smtp_url=smtp, mail_from="denwaban@example.jp")
    async with httpx.AsyncClient() as http, Channels(settings, http, known) as channels:
        found = duties(office.store, URL, channels, Press())
        coming = inbound_duties(office.store, channels, Returns())
        running = [
            asyncio.create_task(Worker(office.store, office.clock, duty).run())
            for duty in (*found, *coming)
        ]
        try:
            yield found
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def rest(office: Office) -> None:
    """Waits until nothing is due any more."""

    def left(tx: Tx) -> int:
        return sum(
            int(tx.scalar(select(func.count()).where(table.c.due_at <= tx.now)))
            for table in (summary_plans, summaries, summary_mails, inbound)
        )

    async def none() -> bool:
        return await office.store.read(left) == 0

    await eventually(none, 30)


async def until(office: Office, at: datetime) -> None:
    """Moves the clock there and waits for what that causes."""
    office.clock.advance(at - office.clock.now())
    await rest(office)


async def made_of(office: Office) -> list[tuple[str, str, str, int]]:
    rows = await office.store.read(lambda tx: listed(tx, office.client_id))
    return [
        (
            one.period.kind.value,
            one.period.first.isoformat(),
            one.period.last.isoformat(),
            one.edition,
        )
        for one in reversed(rows)
        if one.made_at is not None
    ]


@pytest.mark.req("C9")
async def test_the_day_is_told_by_itself_the_next_morning(office: Office) -> None:
    await office.store.write(plans.enrol)
    await office.store.write(lambda tx: a_day(tx, office))
    postman = Postman()
    async with smtp_server(postman) as server, working(office, f"smtp://{server}"):
        await until(office, NIGHT - timedelta(minutes=1))
        assert postman.mails == []
        await until(office, NIGHT)
        # Nothing more comes of it, however often somebody looks.
        await until(office, NIGHT + timedelta(hours=12))
    [mail] = postman.mails
    assert postman.recipients == ["suzuki@example.jp"]
    assert mail["Subject"] == "【日報】山田設備 2026年11月24日(火)"
    assert "着信: 4件" in words_of(mail)
    assert f"{URL}/portal/summaries/" in words_of(mail)
    pdf, table = mail.iter_attachments()
    assert (pdf.get_content_type(), pdf.get_filename()) == (
        "application/pdf",
        "denwaban-daily-20261124.pdf",
    )
    reader = PdfReader(io.BytesIO(pdf.get_content()))
    text = "".join(page.extract_text() for page in reader.pages).replace(" ", "")
    for words in (
        "電話番",
        "日報",
        "山田設備様",
        "090-3333-4444",
        "番号非通知",
        "受付時間の外",
        "50.0%",
        "給湯器",
    ):
        assert words in text, words
    rows = list(csv.reader(io.StringIO(table.get_content().lstrip("\ufeff"), newline="")))
    assert [row[3] for row in rows[1:]] == [
        "応答",
        "応答",
        "お待ちの間に切られました",
        "受付時間の外",
    ]
    assert rows[1][11] == "30"
    assert await made_of(office) == [("daily", "2026-11-24", "2026-11-24", 1)]
    tried = await office.store.read(lambda tx: tx.all(select(summary_tries)))
    assert [(one["number"], one["result"]) for one in tried] == [(1, "sent")]


async def test_a_quiet_day_is_kept_but_not_mailed_and_the_month_is(office: Office) -> None:
    office.clock.advance(datetime(2027, 12, 1, 12, tzinfo=JST) - office.clock.now())
    hours = BusinessHours((Span(31, 540, 1080),), year_end=((12, 29), (1, 3)))
    await office.store.write(lambda tx: set_hours(tx, office.client_id, hours))
    await office.store.write(plans.enrol)
    postman = Postman()
    async with smtp_server(postman) as server, working(office, f"smtp://{server}"):
        await until(office, datetime(2027, 12, 2, 9, tzinfo=JST))
        await until(office, datetime(2027, 12, 3, 9, tzinfo=JST))
        assert postman.mails == []
        assert len(await made_of(office)) == 2
        # The program stands still over the turn of the year.
        await until(office, datetime(2028, 1, 4, 9, tzinfo=JST))
    assert [mail["Subject"] for mail in postman.mails] == ["【月報】山田設備 2027年12月"]
    assert await made_of(office) == [
        ("daily", "2027-12-01", "2027-12-01", 1),
        ("daily", "2027-12-02", "2027-12-02", 1),
        ("monthly", "2027-12-01", "2027-12-31", 1),
        ("daily", "2027-12-03", "2028-01-02", 1),
        ("daily", "2028-01-03", "2028-01-03", 1),
    ]


async def test_a_client_that_wishes_hears_of_quiet_days_and_chooses_who_hears(
    office: Office,
) -> None:
    await office.contact(office.ito, "mail", to="ito@example.jp")
    plan = Plan(quiet=True, at=600, monthly=False, staff=(office.ito, office.suzuki))
    await office.store.write(lambda tx: plans.set_plan(tx, office.client_id, plan, None))
    postman = Postman()
    async with smtp_server(postman) as server, working(office, f"smtp://{server}"):
        await until(office, datetime(2026, 11, 25, 10, tzinfo=JST))
        assert sorted(postman.recipients) == ["ito@example.jp", "suzuki@example.jp"]
        assert "着信: 0件" in words_of(postman.mails[0])
        await office.store.write(
            lambda tx: plans.set_plan(tx, office.client_id, replace(plan, daily=False), None)
        )
        await until(office, datetime(2026, 11, 27, 10, tzinfo=JST))
    assert len(postman.mails) == 2


async def test_two_processes_and_a_crash_in_the_middle_make_one_of_each(office: Office) -> None:
    await office.store.write(plans.enrol)
    await office.store.write(lambda tx: a_day(tx, office))
    office.clock.advance(NIGHT - office.clock.now())
    # One process leases the plan and dies; another looks twice, as if it had not seen its own commit.
    assert len(await office.store.write(lambda tx: plans.look(tx, office.client_id))) == 1
    assert await office.store.write(lambda tx: plans.look(tx, office.client_id)) == []
    [wanted] = [one.id for one in await office.store.read(lambda tx: listed(tx, office.client_id))]
    # Both made the figures; only the first write counts.
    await acts.make(office.store, wanted)
    await office.store.write(
        lambda tx: ring(tx, office.client_id, NIGHT - timedelta(hours=9), calls.Outcome.BLOCKED)
    )
    await acts.make(office.store, wanted)
    [mail] = await office.store.read(lambda tx: posted(tx, wanted))
    # A sender died after its try was written down.
    await office.store.write(lambda tx: mails.begin(tx, mail.id))
    postman = Postman()
    async with (
        smtp_server(postman) as server,
        working(office, f"smtp://{server}"),
        working(office, f"smtp://{server}"),
    ):
        await rest(office)
    [sent] = postman.mails
    assert str(sent["Message-ID"]).startswith(f"<summary-{mail.id}@")
    found = await office.store.read(lambda tx: kept(tx, wanted))
    assert found is not None
    assert (found.document.received, len(found.calls)) == (4, 4)
    tries = await office.store.read(
        lambda tx: tx.all(select(summary_tries).order_by(summary_tries.c.number))
    )
    assert [(one["number"], one["result"]) for one in tries] == [(1, None), (2, "sent")]


async def test_a_server_that_asks_to_wait_or_refuses(office: Office, make_web: MakeWeb) -> None:
    await office.store.write(plans.enrol)
    await office.store.write(lambda tx: a_day(tx, office))
    postman = Postman()
    postman.say("RCPT", "451 later", "550 no such box")
    async with smtp_server(postman) as server, working(office, f"smtp://{server}"):
        await until(office, NIGHT)
        [one] = await office.store.read(lambda tx: listed(tx, office.client_id))
        [mail] = await office.store.read(lambda tx: posted(tx, one.id))
        assert (mail.state, mail.tries) == (State.PENDING, 1)
        assert "451" in mail.trouble
        await until(office, NIGHT + timedelta(minutes=1))
        [mail] = await office.store.read(lambda tx: posted(tx, one.id))
        assert (mail.state, mail.tries) == (State.FAILED, 2)
        # Somebody sees it, and sends it again once the address is right.
        floor = await (await the_web(make_web)).browser(Role.SUPERVISOR)
        assert "アドレスを確かめてください" in (await floor.get("/summaries")).text
        assert (await floor.get("/summaries/troubles")).text == "1"
        again = await floor.post(f"/summaries/{one.id}/send")
        assert again.headers["location"].endswith("done=sent")
        await rest(office)
        assert (await floor.get("/summaries/troubles")).text == ""
    assert len(postman.mails) == 1
    rounds = await office.store.read(lambda tx: posted(tx, one.id))
    assert [(mail.round, mail.state) for mail in rounds] == [(2, State.SENT), (1, State.FAILED)]


@pytest.mark.req("C5")
async def test_a_summary_that_comes_back_is_seen_and_may_be_sent_again(
    office: Office, make_web: MakeWeb
) -> None:
    await office.store.write(plans.enrol)
    await office.store.write(lambda tx: a_day(tx, office))
    back = MailBack(address="reply@in.example.jp", host="127.0.0.1", port=0)
    postman = Postman()
    async with (
        smtp_server(postman) as server,
        working(office, f"smtp://{server}", Services(mail_back=back)),
        MailDoor(office.store, back, letters=Returns()).open() as door,
    ):
        await until(office, NIGHT)
        [one] = await office.store.read(lambda tx: listed(tx, office.client_id))
        [envelope] = postman.senders
        assert envelope is not None

        async def post(mail: EmailMessage, to: str) -> None:
            await aiosmtplib.send(
                mail, hostname="127.0.0.1", port=door.port, sender="", recipients=[to], start_tls=False
            )  # fmt: skip

        # Nobody else's mail can be called back.
        for stranger in ("0" * 32, "summary-" + "0" * 32, "summary-%", f"summary-{one.id}"):
            with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
                await post(a_return(envelope), f"reply+{stranger}@in.example.jp")
        for _twice in range(2):
            await post(a_return(envelope), envelope)
        await rest(office)
        [mail] = await office.store.read(lambda tx: posted(tx, one.id))
        assert mail.state is State.FAILED
        assert mail.trouble == "メールが戻ってきました(5.1.1)。アドレスを確かめてください。"
        floor = await (await the_web(make_web)).browser(Role.SUPERVISOR)
        assert "メールが戻ってきました(5.1.1)" in (await floor.get("/summaries")).text
        assert (await floor.get("/summaries/troubles")).text == "1"
        await floor.post(f"/summaries/{one.id}/send")
        await rest(office)
        assert (await floor.get("/summaries/troubles")).text == ""


def a_return(to: str) -> EmailMessage:
    """What a mail server says of a mailbox that is not there (RFC 3464)."""
    text = (
        f"From: MAILER-DAEMON@mx.example.jp\nTo: {to}\nSubject: Undelivered Mail Returned to Sender\n"
        "Message-ID: <returned@mx.example.jp>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nno such user\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.jp\n\n"
        "Final-Recipient: rfc822; suzuki@example.jp\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
    )
    made = email.message_from_string(text, policy=email.policy.default)
    assert isinstance(made, EmailMessage)
    return made


async def test_who_cannot_be_reached_is_shown_and_without_a_mail_server_the_portal_has_it(
    office: Office,
) -> None:
    plan = Plan(staff=(office.ito, office.suzuki))
    await office.store.write(lambda tx: plans.set_plan(tx, office.client_id, plan, None))
    await office.store.write(lambda tx: a_day(tx, office))
    async with working(office):
        await until(office, NIGHT)
    [one] = await office.store.read(lambda tx: listed(tx, office.client_id))
    found = {
        mail.name: mail.state for mail in await office.store.read(lambda tx: posted(tx, one.id))
    }
    assert found == {"伊藤": State.FAILED, "鈴木": State.NOT_SET_UP}
    [trouble] = await office.store.read(lambda tx: troubles(tx))
    assert (trouble.name, "届け先がありません" in trouble.why) == ("伊藤", True)
    await office.store.write(lambda tx: leave_staff(tx, office.ito))
    gone = await office.store.read(
        lambda tx: plans.readers(tx, office.client_id, plans.plan_of(tx, office.client_id).plan)
    )
    assert [(who.name, who.address) for who in gone] == [
        ("伊藤", ""),
        ("鈴木", "suzuki@example.jp"),
    ]


async def test_a_press_that_dies_is_a_reason_to_try_again(office: Office, tmp_path: Path) -> None:
    await office.store.write(plans.enrol)
    await office.store.write(lambda tx: a_day(tx, office))
    office.clock.advance(NIGHT - office.clock.now())
    [wanted] = await office.store.write(lambda tx: plans.look(tx, office.client_id))
    await acts.make(office.store, wanted)
    [mail] = await office.store.read(lambda tx: posted(tx, wanted))
    async with httpx.AsyncClient() as http, Channels(Settings(), http) as channels:
        broken = Press(tmp_path / "nothing.py")
        await mails.duty(office.store, URL, channels, broken).do(mail.id)
    [mail] = await office.store.read(lambda tx: posted(tx, wanted))
    assert (mail.state, mail.due_at is not None) == (State.PENDING, True)
    assert "PDF を作れませんでした" in mail.trouble


async def test_a_call_over_midnight_is_waited_for(office: Office) -> None:
    plan = Plan(at=30, monthly=False)
    await office.store.write(lambda tx: plans.set_plan(tx, office.client_id, plan, None))
    late = calls.Call(
        id=new_id(), client_id=office.client_id, leg="x", trunk="t", dialled="+81355550101", caller="",
        arrived_at=datetime(2026, 11, 24, 23, 59, tzinfo=JST), answered_at=datetime(2026, 11, 24, 23, 59, 5, tzinfo=JST),
        state=calls.CallState.TALKING,
    )  # fmt: skip
    await office.store.write(lambda tx: calls.record(tx, [calls.changes.arrived(late)]))
    async with working(office) as found:
        await until(office, datetime(2026, 11, 25, 0, 31, tzinfo=JST))
        assert await made_of(office) == []
        office.clock.advance(timedelta(minutes=10))
        await rest(office)
        for duty in found:
            late_ones = await office.store.read(partial(overdue, duty=duty))
            assert late_ones.rows == 0
        over = calls.changes.ended(late, calls.Outcome.ANSWERED, office.clock.now())
        await office.store.write(lambda tx: calls.record(tx, [over]))
        office.clock.advance(timedelta(minutes=3))
        await rest(office)
    [one] = await office.store.read(lambda tx: listed(tx, office.client_id))
    assert (one.received, one.answered, one.missed) == (1, 1, 0)


async def test_clients_are_taken_up_when_live_and_let_go_when_they_end(
    office: Office, store: Store, clock: MovedClock
) -> None:
    other = await open_office(store, clock, Settings())
    await store.write(lambda tx: set_live(tx, other.client_id, False))
    assert await store.write(plans.enrol) == 1
    assert await store.write(plans.enrol) == 0
    await store.write(lambda tx: set_live(tx, other.client_id, True))
    assert await store.write(plans.enrol) == 1
    await store.write(lambda tx: end_client(tx, office.client_id))
    clock.advance(NIGHT - clock.now())
    assert await store.write(lambda tx: plans.look(tx, office.client_id)) == []
    assert len(await store.write(lambda tx: plans.look(tx, other.client_id))) == 1
    assert await store.write(plans.enrol) == 0


# --- screens and programs ---


async def the_web(make_web: MakeWeb) -> Web:
    return await make_web(
        pages=[*pages.routes, *reports_pages.routes],
        api=[*api.routes, *reports_api.routes],
        services={"press": Press()},
    )


async def a_made_one(office: Office) -> str:
    await office.store.write(plans.enrol)
    await office.store.write(lambda tx: a_day(tx, office))
    office.clock.advance(NIGHT - office.clock.now())
    [wanted] = await office.store.write(lambda tx: plans.look(tx, office.client_id))
    await acts.make(office.store, wanted)
    return wanted


async def texts(browser: Browser, paths: Sequence[str]) -> list[str]:
    return [(await browser.get(path)).text for path in paths]


@pytest.mark.req("C9")
async def test_the_portal_shows_the_same_for_ever_and_only_to_its_own_client(
    office: Office, make_web: MakeWeb, store: Store, clock: MovedClock
) -> None:
    wanted = await a_made_one(office)
    web = await the_web(make_web)
    suzuki = await web.browser(Role.CLIENT, user_id=office.suzuki_user)
    paths = [f"/portal/summaries/{wanted}", f"/portal/summaries/{wanted}/csv"]
    before = await texts(suzuki, paths)
    for words in ("50.0%", "090-3333-4444", "給湯器", "お待ちの間に切られました"):
        assert words in before[0], words
    pdf = await suzuki.get(f"/portal/summaries/{wanted}/pdf")
    assert pdf.content.startswith(b"%PDF")
    assert "2026年11月24日(火)" in (await suzuki.get("/portal/summaries?month=2026-11")).text
    # What happens to the rows afterwards changes nothing.
    await store.write(lambda tx: tx.execute(update(call_rows).values(caller="+81300000000")))
    assert [re_csrf(text) for text in await texts(suzuki, paths)] == [
        re_csrf(text) for text in before
    ]
    other = await open_office(store, clock, Settings())
    stranger = await web.browser(Role.CLIENT, user_id=other.suzuki_user)
    program = await web.program(Role.CLIENT, other.client_id)
    for path in [*paths, f"/portal/summaries/{wanted}/pdf"]:
        assert (await stranger.get(path)).status_code == 404
    assert wanted not in (await stranger.get("/portal/summaries?month=2026-11")).text
    assert (await stranger.get(f"/clients/{office.client_id}/summary-plan")).status_code == 404
    for path in ("", "/pdf", "/csv"):
        assert (await program.get(f"/api/v1/summaries/{wanted}{path}")).status_code == 404
    assert (await program.get("/api/v1/summaries")).json()["items"] == []


def re_csrf(text: str) -> str:
    """A page without what is new in each answer."""
    return "\n".join(line for line in text.splitlines() if "csrf" not in line)


async def test_a_correction_is_another_edition_and_says_why(
    office: Office, make_web: MakeWeb
) -> None:
    wanted = await a_made_one(office)
    floor = await (await the_web(make_web)).browser(Role.SUPERVISOR)
    await office.store.write(
        lambda tx: ring(tx, office.client_id, NIGHT - timedelta(hours=9), calls.Outcome.BLOCKED)
    )
    path = f"/clients/{office.client_id}/summaries"
    form = {"kind": "daily", "first": "2026-11-24"}
    silent = await floor.post(path, form)
    assert (silent.status_code, "どこを直したのか" in silent.text) == (422, True)
    future = await floor.post(path, form | {"first": "2026-11-25"})
    assert "まだ終わっていない日" in future.text
    made = await floor.post(path, form | {"reason": "呼損を1件数えていませんでした"})
    shown = await floor.get(made.headers["location"])
    for words in ("訂正版 第2版", "呼損を1件数えていませんでした", "回線がいっぱいでした"):
        assert words in shown.text, words
    assert "新しい版があります" in (await floor.get(f"/summaries/{wanted}")).text
    assert "回線がいっぱいでした" not in (await floor.get(f"/summaries/{wanted}/csv")).text
    postman = Postman()
    async with smtp_server(postman) as server, working(office, f"smtp://{server}"):
        await rest(office)
    assert {mail["Subject"] for mail in postman.mails} == {
        "【日報】山田設備 2026年11月24日(火)",
        "【訂正版】【日報】山田設備 2026年11月24日(火)",
    }
    assert "呼損を1件数えていませんでした" in "".join(words_of(mail) for mail in postman.mails)


async def test_a_trial_reaches_nobody_of_the_client(office: Office, make_web: MakeWeb) -> None:
    await office.store.write(lambda tx: a_day(tx, office))
    office.clock.advance(NIGHT - office.clock.now())
    web = await the_web(make_web)
    mori = await office.store.write(
        lambda tx: add_account(tx, Role.SUPERVISOR, login="mori@example.jp")
    )
    floor = await web.browser(Role.SUPERVISOR, user_id=mori)
    for kind in ("daily", "daily", "monthly"):
        made = await floor.post(f"/clients/{office.client_id}/summaries/try", {"kind": kind})
        assert "お試し" in (await floor.get(made.headers["location"].partition("?")[0])).text
    trial = made.headers["location"].partition("?")[0]
    suzuki = await web.browser(Role.CLIENT, user_id=office.suzuki_user)
    assert (await suzuki.get(f"/portal{trial}")).status_code == 404
    postman = Postman()
    async with smtp_server(postman) as server, working(office, f"smtp://{server}"):
        await rest(office)
    assert set(postman.recipients) == {"mori@example.jp"}
    assert sorted(mail["Subject"] for mail in postman.mails) == [
        "【お試し】【日報】山田設備 2026年11月24日(火)",
        "【お試し】【月報】山田設備 2026年10月",
    ]
    assert await office.store.read(lambda tx: listed(tx, office.client_id)) == []
    # An account whose name is no address sees it on the page alone.
    plain = await web.browser(Role.SUPERVISOR)
    made = await plain.post(f"/clients/{office.client_id}/summaries/try", {"kind": "daily"})
    assert "メールの届け先がありません" in (await plain.get(made.headers["location"])).text
    assert await office.store.read(lambda tx: troubles(tx)) == []


async def test_the_settings_on_the_page_and_by_the_api(office: Office, make_web: MakeWeb) -> None:
    await office.store.write(plans.enrol)
    web = await the_web(make_web)
    suzuki = await web.browser(Role.CLIENT, user_id=office.suzuki_user)
    path = f"/clients/{office.client_id}/summary-plan"
    shown = (await suzuki.get(path)).text
    assert "11/25(水) 08:30" in shown
    assert "suzuki@example.jp" in shown
    form = {
        "seen": "0",
        "daily": "yes",
        "at": "07:15",
        "month_day": "5",
        "monthly": "yes",
        "staff": [office.ito],
    }
    for wrong in (
        {"at": "25:00"},
        {"at": "0:10"},
        {"month_day": "32"},
        {"month_day": "x"},
        {"staff": ["f" * 32]},
    ):
        assert (await suzuki.post(path, form | wrong)).status_code == 422
    assert (await suzuki.post(path, form)).status_code == 303
    assert "ほかの方が先に変更しました" in (await suzuki.post(path, form)).text
    kept_plan = (await office.store.read(lambda tx: plans.plan_of(tx, office.client_id))).plan
    assert (kept_plan.at, kept_plan.open_days, kept_plan.month_day) == (435, False, 5)
    program = await web.program(Role.CLIENT, office.client_id)
    address = f"/api/v1{path}"
    found = (await program.get(address)).json()
    assert (found["version"], found["staff_ids"]) == (1, [office.ito])
    plan = {
        "seen": 1, "daily": False, "at": 540, "open_days": True, "quiet": False, "monthly": True, "month_day": 31,
        "staff_ids": [office.suzuki],
    }  # fmt: skip
    assert (await program.request("PUT", address, json=plan)).json()["month_day"] == 31
    assert (await program.request("PUT", address, json=plan)).status_code == 409
    bad = plan | {"seen": 2, "staff_ids": ["f" * 32]}
    assert (await program.request("PUT", address, json=bad)).status_code == 422
    assert "次に送るもの" in (await suzuki.get(path)).text


async def test_programs_read_figures_papers_and_calls(office: Office, make_web: MakeWeb) -> None:
    wanted = await a_made_one(office)
    program = await (await the_web(make_web)).program(Role.CLIENT, office.client_id)
    page = (await program.get("/api/v1/summaries?kind=daily&limit=1")).json()
    assert [one["id"] for one in page["items"]] == [wanted]
    found = (await program.get(f"/api/v1/summaries/{wanted}")).json()
    assert found["figures"]["hours"][10] == [2, 2, 0]
    assert found["figures"]["report_p95"] == 90
    assert (await program.get(f"/api/v1/summaries/{wanted}/pdf")).content.startswith(b"%PDF")
    assert "090-3333-4444" in (await program.get(f"/api/v1/summaries/{wanted}/csv")).text
    assert (await program.get("/api/v1/summaries?cursor=x")).status_code == 404


@pytest.mark.req("C10")
async def test_reports_go_out_as_csv_by_the_clients_form(office: Office, make_web: MakeWeb) -> None:
    own = reports.FormField("x_model", "機種")
    form = reports.Form((own, *reports.DEFAULT_FORM.fields[::-1]))
    await office.store.write(lambda tx: reports.set_form(tx, office.client_id, form, None))
    await office.report(
        extra=(("x_model", "=GT-2000"),), answers=(("カード", "4111 1111 1111 1111"),)
    )
    old = reports.Form(reports.DEFAULT_FORM.fields)
    await office.store.write(lambda tx: reports.set_form(tx, office.client_id, old, None))
    web = await the_web(make_web)
    suzuki = await web.browser(Role.CLIENT, user_id=office.suzuki_user)
    program = await web.program(Role.CLIENT, office.client_id)
    answers = [
        await suzuki.get("/portal/reports.csv"),
        await program.get("/api/v1/reports.csv?first=2026-11-24&last=2026-11-24"),
        await (await web.browser(Role.SUPERVISOR)).get(f"/clients/{office.client_id}/reports.csv"),
    ]
    assert len({answer.content for answer in answers}) == 1
    [head, row] = csv.reader(io.StringIO(answers[0].content.decode("utf-8-sig"), newline=""))
    assert head[3:5] == ["お名前", "ふりがな"]
    cells = dict(zip(head, row, strict=True))
    assert (cells["機種"], cells["電話番号"]) == ("'=GT-2000", "090-1234-5678")
    assert cells["台本の回答"].startswith("カード: ")
    assert "4111" not in cells["台本の回答"]
    empty = await suzuki.get("/portal/reports.csv?first=2026-10-01&last=2026-10-31")
    assert empty.text.count("\n") == 1
    assert (await suzuki.get("/portal/reports.csv?first=soon")).status_code == 422
    assert (
        await suzuki.get("/portal/reports.csv?first=2020-01-01&last=2026-01-01")
    ).status_code == 422
    stranger = await web.program(Role.CLIENT, new_id())
    path = f"/api/v1/reports.csv?client_id={office.client_id}"
    assert (await stranger.get(path)).status_code == 404
