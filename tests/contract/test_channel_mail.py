"""Mail against SMTP servers that behave well and badly, and against a real Postfix."""

import email
import email.policy
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests import postfix
from tests.conftest import free_port
from tests.delivery_story import eventually
from tests.servers.smtp import Postman, certificate, hanging_server, smtp_server

from denwaban.config import Settings
from denwaban.delivery import Channels, Failed, Kind, NotSetUp, Retry, Sent
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


@pytest.mark.parametrize(
    ("command", "reply", "result"),
    [
        ("MAIL", "451 4.3.0 Try later", Retry),
        ("RCPT", "452 4.2.2 Mailbox full", Retry),
        ("DATA", "421 4.7.0 Closing", Retry),
        ("MAIL", "553 5.1.8 Sender", Failed),
        ("RCPT", "550 5.1.1 Unknown", Failed),
        ("DATA", "554 5.6.0 Spam", Failed),
    ],
)
async def test_what_the_mail_server_answers(
    http: httpx.AsyncClient, command: str, reply: str, result: type[Retry] | type[Failed]
) -> None:
    postman = Postman()
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
