"""Each channel against a server that behaves as documented; mail also against a real Postfix."""

import email
import email.policy
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tests import postfix
from tests.channel_servers import (
    HttpService,
    Postman,
    Reply,
    certificate,
    chatwork_rule,
    hanging_server,
    slack_rule,
    smtp_server,
    webhook_rule,
)
from tests.conftest import free_port
from tests.delivery_story import SECRET, eventually

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


# --- mail ---


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


# --- Slack, Chatwork, webhook ---


@pytest.mark.parametrize(
    ("path", "result", "says"),
    [
        ("good", Sent, ""),
        ("archived", Failed, "アーカイブ"),
        ("forbidden", Failed, "止めています"),
        ("gone", Failed, "無効"),
    ],
)
async def test_slack(http: httpx.AsyncClient, path: str, result: type, says: str) -> None:
    async with HttpService(slack_rule).running() as slack, mail_by(http, "") as channels:
        outcome = await channels["slack"].send(to(url=f"{slack.url}/services/T1/B1/{path}"))
    assert isinstance(outcome, result)
    assert says in getattr(outcome, "why", "")


@pytest.mark.parametrize(
    ("room", "token", "result", "says"),
    [
        ("123", "good-token", Sent, ""),
        ("123", "bad", Failed, "トークン"),
        ("999", "good-token", Failed, "ルーム"),
        ("123", "日本語", Failed, "トークン"),
    ],
)
async def test_chatwork(
    http: httpx.AsyncClient, room: str, token: str, result: type, says: str
) -> None:
    async with HttpService(chatwork_rule).running() as chatwork:
        channels = Channels(Settings(), http, chatwork_url=f"{chatwork.url}/v2")
        outcome = await channels["chatwork"].send(to(room=room, token=token))
    assert isinstance(outcome, result)
    assert says in getattr(outcome, "why", "")


async def test_limits_are_obeyed(http: httpx.AsyncClient) -> None:
    until = int((MESSAGE.at + timedelta(seconds=77)).timestamp())
    limited = [
        ("slack", Reply(429, "rate_limited", {"retry-after": "30"}), 30),
        ("chatwork", Reply(429, "", {"x-ratelimit-reset": str(until)}), 77),
        ("webhook", Reply(503, "", {"retry-after": "120"}), 120),
    ]
    for name, reply, seconds in limited:
        async with HttpService(lambda _seen: Reply(500)).running() as service:
            service.replies.append(reply)
            channels = Channels(Settings(), http, chatwork_url=service.url)
            message = to(url=service.url, room="1", token="t", secret=SECRET)
            outcome = await channels[name].send(message)
            assert isinstance(outcome, Retry)
            assert outcome.after == timedelta(seconds=seconds)
            again = await channels[name].send(message)
            assert isinstance(again, Retry)
            assert again.after is None


async def test_a_webhook_that_is_gone_a_redirect_a_bad_secret_and_silence(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("denwaban.delivery.channels.web.LONGEST", 0.2)
    async with HttpService(webhook_rule).running() as receiver, mail_by(http, "") as channels:
        hook = channels["webhook"]
        good = to(url=receiver.url, secret=SECRET)
        assert isinstance(await hook.send(good), Sent)
        receiver.replies.append(Reply(410))
        assert isinstance(await hook.send(good), Failed)
        # Another address might belong to somebody else: a redirect is not followed.
        receiver.replies.append(Reply(302, headers={"location": f"{receiver.url}/other"}))
        assert isinstance(await hook.send(good), Retry)
        assert [seen.path for seen in receiver.seen] == ["/", "/", "/"]
        assert isinstance(await hook.send(to(url=receiver.url, secret="whsec_")), Failed)
        receiver.hang = True
        assert isinstance(await hook.send(good), Retry)
    async with mail_by(http, "") as channels:
        nobody = to(url=f"http://127.0.0.1:{free_port()}", secret=SECRET)
        assert isinstance(await channels["webhook"].send(nobody), Retry)
