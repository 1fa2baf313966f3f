"""Mail against SMTP servers that behave well and badly, and against a real Postfix."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests import postfix
from tests.delivery_story import eventually
from tests.ports import free_port
from tests.servers.smtp import Postman, certificate, hanging_server, smtp_server

from denwaban.config import Settings
from denwaban.delivery import (
    Attachment,
    Channels,
    Failed,
    Kind,
    Letter,
    NotSetUp,
    Retry,
    Sent,
)
from denwaban.delivery.channels.smtp import Connections, parse
from denwaban.delivery.message import Message

MESSAGE = Message(
    key="msg_0123", report_id="r" * 32, client_id="c" * 32, client_name="山田設備", staff_id="s" * 32,
    staff_name="鈴木", kind=Kind.FIRST, subject="【要折り返し】髙橋 﨑子様より", lines=(("ご用件", "給湯器の異音"),),
    link="https://d.example.jp/a/TOKEN", address={}, at=datetime(2026, 11, 24, 1, 0, tzinfo=UTC), data={"x": 1},
)  # fmt: skip


def to(**address: str) -> Message:
    return replace(MESSAGE, address=dict(address))


MAIL = to(to="suzuki@example.jp")


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


def mail_by(http: httpx.AsyncClient, url: str) -> Channels:
    return Channels(Settings(smtp_url=url, mail_from="denwaban@example.jp"), http)


async def test_connections_are_used_again(http: httpx.AsyncClient) -> None:
    postman = Postman()
    async with smtp_server(postman) as server, mail_by(http, f"smtp://{server}") as channels:
        for _mail in range(20):
            assert isinstance(await channels["mail"].send(MAIL), Sent)
    assert (len(postman.mails), postman.connections) == (20, 1)
    assert str(postman.mails[0]["Subject"]) == MAIL.subject


async def test_an_idle_connection_that_the_server_ended_costs_no_mail(
    http: httpx.AsyncClient,
) -> None:
    port = free_port()
    first, second = Postman(), Postman()
    async with mail_by(http, f"smtp://127.0.0.1:{port}?starttls=no") as channels:
        async with smtp_server(first, port=port):
            assert isinstance(await channels["mail"].send(MAIL), Sent)
            first.end_all()
        async with smtp_server(second, port=port):
            assert isinstance(await channels["mail"].send(MAIL), Sent)
    assert (len(first.mails), len(second.mails)) == (1, 1)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("command", "reply", "result"),
    [
        ("MAIL", "451 4.3.0 Try later", Retry),
        ("MAIL", "450-4.3.0 Try\r\n450 later", Retry),
        ("RCPT", "452 4.2.2 Mailbox full", Retry),
        ("DATA", "421 4.7.0 Closing", Retry),
        ("MAIL", "553 5.1.8 Sender", Failed),
        ("RCPT", "550 5.1.1 Unknown", Failed),
        ("DATA", "554 5.6.0 Spam", Failed),
    ],
)
async def test_what_the_mail_server_answers(
    http: httpx.AsyncClient,
    command: str,
    reply: str,
    result: type[Retry] | type[Failed],
    together: bool,
) -> None:
    postman = Postman(together)
    async with (
        smtp_server(postman) as server,
        mail_by(http, f"smtp://{server}?starttls=no") as channels,
    ):
        postman.say(command, reply)
        outcome = await channels["mail"].send(MAIL)
        assert isinstance(outcome, result)
        assert reply[:3] in outcome.why
        # The next mail is not taken for the refused one.
        assert isinstance(await channels["mail"].send(MAIL), Sent)
    assert len(postman.mails) == 1


@pytest.mark.parametrize("together", [True, False])
async def test_every_line_arrives_as_it_was(together: bool) -> None:
    postman = Postman(together)
    content = b"Subject: x\r\n\r\n.\r\n..\r\n.a\r\nb.\r\n\r\n.\r\n"
    async with smtp_server(postman) as server:
        connections = Connections(parse(f"smtp://{server}?starttls=no"))
        for _mail in range(2):
            async with connections.one() as (conversation, _used):
                assert await conversation.hand_over("a@example.jp", "b@example.jp", content) == 250
        await connections.close()
    assert postman.contents == [content, content]
    assert postman.connections == 1


ENVELOPE = b"250 ok\r\n250 ok\r\n354 go on\r\n"


@pytest.mark.parametrize(
    ("says", "word"),
    [
        (b"", "Lost"),
        (b"250 ok\r\n", "Lost"),
        (ENVELOPE, "Lost"),
        (b"who are you?\r\n", "(0)"),
        (b"250-" + b"x" * 100_000, "Lost"),
    ],
    ids=["silence", "half an answer", "no word after the mail", "nonsense", "no end"],
)
async def test_a_mail_server_that_breaks_off_or_lies_is_tried_again_later(
    http: httpx.AsyncClient, says: bytes, word: str
) -> None:
    async def lie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.write(b"250-hello\r\n250 PIPELINING\r\n")
        await reader.readline()
        writer.write(says)
        await asyncio.sleep(0.05)
        writer.close()

    server = await asyncio.start_server(lie, "127.0.0.1", 0)
    async with (
        server,
        mail_by(
            http, f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?starttls=no"
        ) as channels,
    ):
        outcome = await channels["mail"].send(MAIL)
    assert isinstance(outcome, Retry)
    assert word in outcome.why


async def test_a_server_that_takes_its_leave_unasked_costs_no_mail(http: httpx.AsyncClient) -> None:
    postman = Postman()
    async with (
        smtp_server(postman) as server,
        mail_by(http, f"smtp://{server}?starttls=no") as channels,
    ):
        for _mail in range(2):
            assert isinstance(await channels["mail"].send(MAIL), Sent)
            transport = postman.servers[-1].transport
            assert isinstance(transport, asyncio.Transport)
            transport.write(b"421 4.4.2 Idle for too long\r\n")
            await asyncio.sleep(0.02)
    assert (len(postman.mails), postman.connections) == (2, 2)


async def test_starttls_and_sign_in(http: httpx.AsyncClient, tmp_path: Path) -> None:
    postman = Postman()
    async with smtp_server(
        postman, tls=certificate(tmp_path), password=("den", "p@ss/wörd")
    ) as server:
        good = f"smtp://den:p%40ss%2Fw%C3%B6rd@{server}?starttls=required&verify=no"
        async with mail_by(http, good) as channels:
            assert isinstance(await channels["mail"].send(MAIL), Sent)
        assert (postman.encrypted, postman.sign_ins) == ([True], ["den"])
        async with mail_by(http, good.replace("%40", "x")) as channels:
            wrong = await channels["mail"].send(MAIL)
            assert isinstance(wrong, Retry)
            assert "サインインできません" in wrong.why
            assert "ss" not in wrong.why
        # A certificate that nobody vouches for is refused unless told otherwise.
        async with mail_by(http, good.replace("&verify=no", "")) as channels:
            assert isinstance(await channels["mail"].send(MAIL), Retry)
    assert len(postman.mails) == 1


async def test_required_starttls_never_sends_in_the_open(http: httpx.AsyncClient) -> None:
    postman = Postman()
    async with (
        smtp_server(postman) as server,
        mail_by(http, f"smtp://{server}?starttls=required") as channels,
    ):
        assert isinstance(await channels["mail"].send(MAIL), Retry)
    assert postman.mails == []


@pytest.mark.parametrize("greeting", [b"", b"220 hello\r\n"])
async def test_a_silent_mail_server_is_given_up_in_time_and_rested(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, greeting: bytes
) -> None:
    monkeypatch.setattr("denwaban.delivery.channels.mail.LONGEST", 0.2)
    async with (
        hanging_server(greeting) as server,
        mail_by(http, f"smtp://{server}?starttls=no") as channels,
    ):
        outcomes = [await channels["mail"].send(MAIL) for _try in range(4)]
    assert all(isinstance(outcome, Retry) for outcome in outcomes)
    assert "時間内に答えませんでした" in outcomes[0].why  # type: ignore[union-attr]
    assert "少し待って" in outcomes[3].why  # type: ignore[union-attr]


async def test_no_mail_server_at_all(http: httpx.AsyncClient) -> None:
    async with mail_by(http, f"smtp://127.0.0.1:{free_port()}") as channels:
        assert isinstance(await channels["mail"].send(MAIL), Retry)
    async with mail_by(http, "") as channels:
        assert isinstance(await channels["mail"].send(MAIL), NotSetUp)


async def test_an_address_beyond_ascii_fails_with_a_sentence(http: httpx.AsyncClient) -> None:
    postman = Postman()
    async with smtp_server(postman) as server, mail_by(http, f"smtp://{server}") as channels:
        assert isinstance(await channels["mail"].send(to(to="鈴木@example.jp")), Failed)


@pytest.mark.skipif(bool(postfix.possible()), reason=postfix.possible() or "-")
async def test_a_real_postfix_takes_the_mail_and_refuses_an_unknown_box(
    http: httpx.AsyncClient,
) -> None:
    with postfix.running() as server:
        async with mail_by(http, f"smtp://{server.address}") as channels:
            assert isinstance(await channels["mail"].send(MAIL), Sent)
            refused = await channels["mail"].send(to(to="nobody@example.jp"))
            assert isinstance(refused, Failed)
            assert "550" in refused.why

        async def arrived() -> bool:
            return bool(server.mails("suzuki"))

        await eventually(arrived)
        seen = email.message_from_bytes(server.mails("suzuki")[0], policy=email.policy.default)
    assert str(seen["Subject"]) == MAIL.subject
    assert str(seen["Message-ID"]) == "<msg_0123@example.jp>"
    assert [part.get_content_type() for part in seen.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.skipif(bool(postfix.possible()), reason=postfix.possible() or "-")
async def test_a_real_postfix_carries_a_letter_with_its_files(http: httpx.AsyncClient) -> None:
    pdf, table = b"%PDF-1.7\n" + bytes(range(256)) * 8000, "日時,番号\r\n".encode("utf-8-sig")
    letter = Letter(
        "summary-1", "suzuki@example.jp", "鈴木 﨑子", "【日報】山田設備 2026年11月24日(火)", "件数です。", MESSAGE.at,
        (Attachment("denwaban-daily-20261124.pdf", "application/pdf", pdf),
         Attachment("denwaban-daily-20261124.csv", 'text/csv; charset="utf-8"', table)),
    )  # fmt: skip
    with postfix.running() as server:
        async with mail_by(http, f"smtp://{server.address}") as channels:
            assert isinstance(await channels.letter(letter), Sent)

        async def arrived() -> bool:
            return bool(server.mails("suzuki"))

        await eventually(arrived)
        seen = email.message_from_bytes(server.mails("suzuki")[0], policy=email.policy.default)
    assert str(seen["Subject"]) == letter.subject
    text, *files = seen.iter_parts()
    assert text.get_content().strip() == "件数です。"
    assert [(one.get_filename(), one.get_payload(decode=True)) for one in files] == [
        (one.name, one.data) for one in letter.attachments
    ]
