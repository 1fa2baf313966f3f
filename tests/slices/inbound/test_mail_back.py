"""Answers and returns of mails: through our own door and from a mailbox, with a real Postfix and a real Dovecot."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage

import aiosmtplib
import pytest
from sqlalchemy import select
from tests import dovecot, postfix
from tests.delivery_story import Office, eventually, open_office, working
from tests.servers.smtp import Postman, smtp_server

from denwaban import delivery
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery import Services
from denwaban.delivery.inbound import duties, smtp_door
from denwaban.delivery.inbound.letter import read_letter
from denwaban.delivery.inbound.returned import kept_letter, mail_came
from denwaban.delivery.inbound.rows import mailboxes
from denwaban.delivery.inbound.smtp_door import MailDoor
from denwaban.delivery.links import LASTS
from denwaban.delivery.services import MailBack
from denwaban.reports import Report
from denwaban.store import Store, Tx

BASE = "reply@in.example.jp"
SUZUKI = "suzuki@example.jp"


async def opened(store: Store, clock: MovedClock, server: str) -> Office:
    settings = Settings(
        smtp_url=f"smtp://{server}?starttls=no",
        mail_from="denwaban@example.jp",
        public_url="https://d.example.jp",
    )
    return await open_office(store, clock, settings)


def answer_to(sent: EmailMessage, text: str, sender: str = SUZUKI, **headers: str) -> EmailMessage:
    """What a mail program makes of an answer: the original is quoted."""
    made = EmailMessage()
    made["From"] = f"Suzuki <{sender}>"
    made["To"] = str(sent["Reply-To"])
    made["Subject"] = f"Re: {sent['Subject']}"
    made["Message-ID"] = f"<{abs(hash((text, sender)))}@example.jp>"
    made["In-Reply-To"] = str(sent["Message-ID"])
    made["References"] = f"{sent['References']} {sent['Message-ID']}"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    quoted = "\n".join(f"> {line}" for line in str(sent.get_body(("plain",))).split("\n"))
    made.set_content(f"{text}\n\n2026年11月24日(火) 10:00 山田設備 <{BASE}>:\n{quoted}")
    return made


@asynccontextmanager
async def at_our_door(
    store: Store, clock: MovedClock
) -> AsyncIterator[tuple[Office, Postman, int]]:
    """An office whose mails go to a postman, and whose answers come to our door; its port."""
    back = MailBack(address=BASE, host="127.0.0.1", port=0)
    postman = Postman()
    async with smtp_server(postman) as server, AsyncExitStack() as stack:
        office = await opened(store, clock, server)
        await stack.enter_async_context(working(office, known=Services(mail_back=back)))
        door = await stack.enter_async_context(MailDoor(store, back).open())
        yield office, postman, door.port


async def one_report(office: Office, to: str = SUZUKI) -> Report:
    await office.contact(office.suzuki, "mail", to=to)
    report = await office.report()
    await office.settled()
    return report


async def by_mail(office: Office, report: Report) -> delivery.Delivery:
    found = await office.deliveries(report)
    return next(one for one in found if one.channel == "mail")


async def said(office: Office, report: Report) -> list[delivery.Said]:
    return await office.store.read(lambda tx: delivery.said(tx, report.id))


async def taken(office: Office, report: Report) -> delivery.Acknowledged | None:
    return await office.store.read(lambda tx: delivery.acknowledgement(tx, report.id))


async def post(mail: EmailMessage, port: int, sender: str = SUZUKI, to: str = "") -> None:
    await aiosmtplib.send(
        mail,
        hostname="127.0.0.1",
        port=port,
        sender=sender,
        recipients=[to or str(mail["To"])],
        start_tls=False,
    )


@pytest.mark.req("C5", "D5")
async def test_an_answer_becomes_a_comment_and_a_plain_yes_takes_the_report(
    store: Store, clock: MovedClock
) -> None:
    async with at_our_door(store, clock) as (office, postman, port):
        report = await one_report(office)
        (sent,) = postman.to(SUZUKI)
        assert "「引き受けます」とだけ書いて返信" in str(sent.get_body(("plain",)).get_content())  # type: ignore[union-attr]
        await post(answer_to(sent, "午後に折り返せるか確認します。"), port)
        await office.settled()
        assert await taken(office, report) is None
        for _twice in range(2):
            await post(answer_to(sent, "引き受けます。"), port)
        await office.settled()
        found = await taken(office, report)
        assert found is not None
        assert (found.staff_name, found.via) == ("鈴木", "mail")
        assert [(one.by, one.text, one.via) for one in await said(office, report)] == [
            ("鈴木", "午後に折り返せるか確認します。", "mail"),
            ("鈴木", "引き受けます。", "mail"),
        ]
        assert (await by_mail(office, report)).read_at is not None


async def test_somebody_else_and_a_program_take_nothing_and_are_shown_as_what_they_are(
    store: Store, clock: MovedClock
) -> None:
    async with at_our_door(store, clock) as (office, postman, port):
        report = await one_report(office)
        (sent,) = postman.to(SUZUKI)
        await post(answer_to(sent, "引き受けます", "boss@elsewhere.jp"), port)
        away = answer_to(sent, "引き受けます", Auto_Submitted="auto-replied")
        del away["Message-ID"]
        away["Message-ID"] = "<away@example.jp>"
        await post(away, port)
        await office.settled()
        assert await taken(office, report) is None
        other, absent = await said(office, report)
        assert "宛先とは別の方(boss@elsewhere.jp)" in other.text
        assert other.by == ""
        assert absent.text.startswith("【不在応答】")
        # A week later the same word is a comment and no more.
        clock.advance(LASTS * 1.01)
        await post(answer_to(sent, "対応します"), port)
        await office.settled()
        assert await taken(office, report) is None
        assert (await said(office, report))[-1].text == "対応します"


async def test_our_door_takes_nothing_that_is_not_ours(store: Store, clock: MovedClock) -> None:
    async with at_our_door(store, clock) as (office, postman, port):
        await one_report(office)
        (sent,) = postman.to(SUZUKI)
        for stranger in ("reply+" + "0" * 32 + "@in.example.jp", BASE, "someone@elsewhere.jp"):
            with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
                await post(answer_to(sent, "はい"), port, to=stranger)
            assert refused.value.recipients[0].code == 550


async def test_a_virus_sized_attachment_costs_neither_the_text_nor_our_memory(
    store: Store, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_our_door(store, clock) as (office, postman, port):
        report = await one_report(office)
        (sent,) = postman.to(SUZUKI)
        small = answer_to(sent, "見積書を付けます")
        small.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="見積書.pdf")
        await post(small, port)
        monkeypatch.setattr(smtp_door, "REFUSED", 4_000_000)
        large = answer_to(sent, "引き受けます")
        large.add_attachment(
            b"MZ" * 3_000_000,
            maintype="application",
            subtype="octet-stream",
            filename="invoice.exe",
        )
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await post(large, port)
        assert refused.value.code == 552
        await office.settled()
        assert await taken(office, report) is not None
        first, second = await said(office, report)
        assert "添付は保存していません: 見積書.pdf" in first.text
        assert "invoice.exe" in second.text
        assert "大きすぎる" in second.text


async def test_a_mail_in_pieces_lines_without_end_and_a_door_that_is_full(
    store: Store, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_our_door(store, clock) as (office, postman, port):
        report = await one_report(office)
        (sent,) = postman.to(SUZUKI)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def say(line: bytes, code: bytes) -> None:
            writer.write(line)
            while True:
                told = await reader.readline()
                assert told[:3] == code, told
                if told[3:4] != b"-":
                    return

        await say(b"", b"220")
        await say(b"EHLO x\r\n", b"250")
        await say(f"MAIL FROM:<{SUZUKI}>\r\n".encode(), b"250")
        await say(b"DATA\r\n", b"503")
        await say(f"RCPT TO:<{sent['Reply-To']}>\r\n".encode(), b"250")
        await say(b"DATA\r\n", b"354")
        writer.write(f"From: <{SUZUKI}>\r\nMessage-ID: <long@x>\r\n\r\nOK\r\n..dot\r\n".encode())
        await say(b"x" * 300_000 + b"\r\n.\r\n", b"250")
        writer.close()
        await office.settled()
        assert (await said(office, report))[0].text.startswith("OK\n.dot\nxxx")
        assert await taken(office, report) is not None
        monkeypatch.setattr(smtp_door, "CONNECTIONS", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await reader.readline()).startswith(b"421")
        writer.close()


async def test_one_address_does_not_take_the_whole_door(
    store: Store, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_door, "FROM_ONE", 2)
    async with at_our_door(store, clock) as (_office, _postman, port), AsyncExitStack() as stack:

        async def greeting(source: str) -> bytes:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(source, 0)
            )
            stack.callback(writer.close)
            return (await reader.readline())[:3]

        assert [await greeting("127.0.0.2") for _one in range(3)] == [b"220", b"220", b"421"]
        assert await greeting("127.0.0.3") == b"220"
        assert [await greeting("127.0.0.1") for _one in range(3)] == [b"220"] * 3


async def test_a_mail_that_only_names_ours_is_nobodys_word(store: Store, clock: MovedClock) -> None:
    async with at_our_door(store, clock) as (office, postman, _port):
        report = await one_report(office)
        (sent,) = postman.to(SUZUKI)
        forged = answer_to(sent, "引き受けます")
        del forged["To"]
        forged["To"] = "denwaban@example.jp"
        letter = kept_letter(read_letter(forged.as_bytes(), BASE))
        await store.write(lambda tx: mail_came(tx, letter.payload))
        assert await taken(office, report) is None
        (found,) = await said(office, report)
        assert (found.by, found.text) == ("", "【本人か確かめられない返信】\n引き受けます")


async def test_a_port_that_somebody_else_has_stops_nothing_and_is_tried_again(
    store: Store, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duties, "AGAIN", 0.05)
    held = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = held.sockets[0].getsockname()[1]
    known = Services(mail_back=MailBack(address=BASE, port=port))
    running = asyncio.create_task(duties.MailBackRunner(store, known).run())
    await asyncio.sleep(0.2)
    assert not running.done()
    held.close()
    await held.wait_closed()

    async def greeted() -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        told = await reader.readline()
        writer.close()
        return told.startswith(b"220")

    await eventually(greeted)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


needs_servers = pytest.mark.skipif(
    bool(postfix.possible() or dovecot.possible()),
    reason=postfix.possible() or dovecot.possible() or "-",
)


def first_mail(server: postfix.Postfix, box: str) -> EmailMessage:
    raw = server.mails(box)[0]
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


@needs_servers
@pytest.mark.req("C5", "D5")
async def test_by_a_real_postfix_an_answer_arrives_and_a_returned_mail_moves_the_ladder_on(
    store: Store, clock: MovedClock
) -> None:
    back = MailBack(address=BASE, port=0)
    async with MailDoor(store, back).open() as door:
        with postfix.running(door=door.port) as server:
            office = await opened(store, clock, server.address)
            async with working(office, known=Services(mail_back=back)):
                report = await one_report(office, "gone@example.jp")

                async def returned() -> bool:
                    return (await by_mail(office, report)).state == "failed"

                await eventually(returned, 30)
                told = await by_mail(office, report)
                assert told.error == "メールが戻ってきました(5.1.1)。アドレスを確かめてください。"
                assert (await office.standing(report)).owner_id == office.ito

                await office.contact(office.ito, "mail", to="ito@example.jp")
                second = await office.report(to=office.ito)

                async def arrived() -> bool:
                    return bool(server.mails("ito"))

                await eventually(arrived, 30)
                yes = answer_to(first_mail(server, "ito"), "引き受けます", "ito@example.jp")
                await post(yes, int(server.address.rpartition(":")[2]), "ito@example.jp")

                async def is_taken() -> bool:
                    return await taken(office, second) is not None

                await eventually(is_taken, 30)


@needs_servers
@pytest.mark.req("C5")
async def test_from_a_real_mailbox_answers_are_read_once_and_in_order(
    store: Store, clock: MovedClock
) -> None:
    with (
        postfix.running() as server,
        dovecot.running(server.base / "boxes" / "reply", "postfix") as box,
    ):
        back = MailBack(address=BASE, imap=box, seconds=5)
        office = await opened(store, clock, server.address)
        async with working(office, known=Services(mail_back=back)):
            report = await one_report(office)

            async def arrived() -> bool:
                return bool(server.mails("suzuki"))

            await eventually(arrived, 30)
            sent = first_mail(server, "suzuki")
            port = int(server.address.rpartition(":")[2])
            first = answer_to(sent, "確認中です")
            first.add_attachment(
                b"x" * 3_000_000, maintype="application", subtype="zip", filename="big.zip"
            )
            await post(first, port)

            async def lies_there() -> bool:
                return len(list((server.base / "boxes" / "reply").glob("*/*"))) >= 1

            await eventually(lies_there, 30)
            await store.write(duties.begin_looking)

            async def one_said() -> bool:
                return len(await said(office, report)) == 1

            await eventually(one_said, 30)
            await post(answer_to(sent, "対応します"), port)

            async def is_taken() -> bool:
                clock.advance(timedelta(seconds=5))
                return await taken(office, report) is not None

            await eventually(is_taken, 30)
            texts = [one.text for one in await said(office, report)]
            assert "big.zip" in texts[0]
            assert "大きすぎる" in texts[0]
            assert texts[1] == "対応します"


@needs_servers
async def test_a_mailbox_that_cannot_be_read_says_why_and_is_tried_again(
    store: Store, clock: MovedClock
) -> None:
    def box(tx: Tx) -> str | None:
        found: str | None = tx.scalar(select(mailboxes.c.error))
        return found

    with postfix.running() as server:
        (server.base / "boxes" / "reply").mkdir()
        with dovecot.running(server.base / "boxes" / "reply", "postfix") as right:
            wrong = right.replace(dovecot.PASSWORD, "guessed")
            office = await opened(store, clock, server.address)
            async with working(
                office, known=Services(mail_back=MailBack(address=BASE, imap=wrong))
            ):
                await store.write(duties.begin_looking)

                async def told() -> bool:
                    return bool(await store.read(box))

                await eventually(told, 30)
                why = await store.read(box)
                assert why is not None
                assert "設定を確かめてください" in why
                assert "guessed" not in why
