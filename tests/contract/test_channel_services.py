"""What one service has that the others have not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.contract.channel_cases import LINK, MESSAGE, cases
from tests.servers import hooks, line, slack, sms
from tests.servers.http import HttpService, Reply
from tests.servers.line_works import LineWorksServer
from tests.servers.webhook import SECRET, verified, webhook_rule

from denwaban.config import Settings, SettingsError
from denwaban.delivery import Channels, Failed, Kind, NotSetUp, Retry, Sent, Services, load_services

SETTINGS = Settings(public_url="https://d.example.jp")


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


async def test_line_says_that_it_had_the_message_and_that_is_acceptance(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    case = cases(tmp_path)["line"]
    server = line.LineServer()
    async with HttpService(server.rule).running() as service:
        channel = Channels(SETTINGS, http, case.services(service.url))["line"]
        message = case.message(service.url)
        first, again = await channel.send(message), await channel.send(message)
        assert isinstance(first, Sent)
        assert isinstance(again, Sent)
        assert "前の送信で" in again.detail
        service.replies.append(Reply(429, '{"message":"You have reached your monthly limit."}'))
        over = await channel.send(message)
        assert isinstance(over, Failed)
        assert "上限" in over.why
        service.replies.append(Reply(401))
        assert isinstance(await channel.send(message), Retry)
        # Of a digest, and of a report that was taken, nothing can be taken by a press.
        for other in (replace(message, digest=True), replace(message, kind=Kind.OVERDUE)):
            await channel.send(replace(other, key="msg_other"))
            document: Any = service.seen[-1].json()
            assert [one["type"] for one in document["messages"]] == ["text"]


async def test_line_works_signs_in_once_and_again_when_the_token_is_refused_or_old(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    case = cases(tmp_path)["line_works"]
    works = LineWorksServer()
    (tmp_path / "works.pem").write_bytes(works.pem)
    async with HttpService(works.rule).running() as service:
        channel = Channels(SETTINGS, http, case.services(service.url))["line_works"]
        message = case.message(service.url)
        for _each in range(3):
            assert isinstance(await channel.send(message), Sent)
        assert works.sign_ins == 1
        works.token = "withdrawn"
        assert isinstance(await channel.send(message), Retry)
        assert isinstance(await channel.send(message), Sent)
        assert works.sign_ins == 2
        later = replace(message, at=MESSAGE.at + timedelta(hours=24))
        assert isinstance(await channel.send(later), Sent)
        assert works.sign_ins == 3
        for broken in (b"not a key", b""):
            (tmp_path / "works.pem").write_bytes(broken)
            fresh = Channels(SETTINGS, http, case.services(service.url))["line_works"]
            outcome = await fresh.send(message)
            assert isinstance(outcome, Retry)
            assert "秘密鍵" in outcome.why


async def test_a_chatwork_task_is_due_when_the_call_back_is(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    case = cases(tmp_path)["chatwork_task"]
    async with HttpService(case.rule).running() as service:
        channel = Channels(SETTINGS, http, case.services(service.url))["chatwork_task"]
        assert isinstance(await channel.send(case.message(service.url)), Sent)
        due = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
        form = service.seen[-1].form()
        assert (form["limit_type"], form["limit"]) == ("time", str(int(due.timestamp())))
        without = replace(case.message(service.url), data={"callback_by": None})
        assert isinstance(await channel.send(without), Sent)
        assert service.seen[-1].form()["limit_type"] == "none"


async def test_slack_has_a_button_only_when_presses_reach_us(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    case = cases(tmp_path)["slack_app"]
    async with HttpService(case.rule).running() as service:
        deaf = msgspec.convert({"slack": {"url": f"{service.url}/api"}}, Services)
        for known, wanted in ((case.services(service.url), ["take", "open"]), (deaf, ["open"])):
            channel = Channels(SETTINGS, http, known)["slack_app"]
            assert isinstance(await channel.send(case.message(service.url)), Sent)
            document: Any = service.seen[-1].json()
            assert [one["action_id"] for one in document["blocks"][1]["elements"]] == wanted
        service.replies.append(Reply(200, '{"ok":false,"error":"ratelimited"}'))
        assert isinstance(await channel.send(case.message(service.url)), Retry)
        secret = replace(case.message(service.url), subject="<!channel> & <https://evil|here>")
        await channel.send(secret)
        assert "<!channel>" not in service.seen[-1].body


@pytest.mark.parametrize("name", ["twilio", "vonage", "media_sms"])
async def test_an_sms_is_shortened_honestly_and_the_link_is_always_whole(
    http: httpx.AsyncClient, tmp_path: Path, name: str
) -> None:
    case = cases(tmp_path)[name]
    field = {"twilio": "Body", "vonage": "text", "media_sms": "smstext"}[name]
    async with HttpService(case.rule).running() as service:
        channel = Channels(SETTINGS, http, case.services(service.url))["sms"]
        assert isinstance(await channel.send(case.message(service.url)), Sent)
        text = service.seen[-1].form()[field]
        assert text.endswith(f"\n{LINK}")
        assert "要折り返し" in text
        assert "15:00 まで" in text
        long = replace(case.message(service.url), subject="長い件名です" * 200)
        assert isinstance(await channel.send(long), Sent)
        text = service.seen[-1].form()[field]
        assert "…\n" in text
        assert text.endswith(LINK)


async def test_without_the_long_option_a_link_that_does_not_fit_is_said_and_not_cut(
    http: httpx.AsyncClient,
) -> None:
    known = msgspec.convert(
        {"sms": {"by": "media_sms"}, "media_sms": {"url": "http://127.0.0.1:1", "user": "u", "password": "p", "long": False}},
        Services,
    )  # fmt: skip
    channel = Channels(SETTINGS, http, known)["sms"]
    message = replace(
        MESSAGE, address={"number": sms.NUMBER}, link="https://d.example.jp/" + "x" * 140
    )
    outcome = await channel.send(message)
    assert isinstance(outcome, Failed)
    assert "長文オプション" in outcome.why


async def test_a_teams_card_stays_under_its_limit_and_google_knows_a_second_copy(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    chat, teams = cases(tmp_path)["google_chat"], cases(tmp_path)["teams"]
    server = hooks.ChatServer()
    async with HttpService(server.rule).running() as service:
        channel = Channels(SETTINGS, http)["google_chat"]
        for _twice in range(2):
            assert isinstance(await channel.send(chat.message(service.url)), Sent)
        assert list(server.messages) == [MESSAGE.key]
    async with HttpService(teams.rule).running() as service:
        huge = replace(teams.message(service.url), lines=(("漢" * 500, "字" * 90_000),) * 40)
        assert isinstance(await Channels(SETTINGS, http)["teams"].send(huge), Sent)
        assert len(service.seen[-1].body.encode()) <= 28_000


async def test_for_a_day_after_a_change_both_keys_of_a_webhook_sign(
    http: httpx.AsyncClient,
) -> None:
    former = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIz"
    now = datetime.now(UTC)
    async with HttpService(webhook_rule).running() as service:
        hook = Channels(SETTINGS, http)["webhook"]
        address = {"url": service.url, "secret": SECRET, "former": former}
        for until, both in ((now + timedelta(hours=1), True), (now - timedelta(hours=1), False)):
            kept = {**address, "former_until": until.isoformat()}
            assert isinstance(await hook.send(replace(MESSAGE, address=kept, at=now)), Sent)
            seen = service.seen[-1]
            # The library of the standard itself accepts it, by either key.
            assert verified(seen, SECRET)
            assert verified(seen, former) is both
            assert len(seen.headers["webhook-signature"].split()) == (2 if both else 1)


async def test_what_is_not_set_up_says_so(http: httpx.AsyncClient) -> None:
    channels = Channels(Settings(), http)
    for name in ("mail", "line", "line_works", "sms"):
        address = {"to": "a@b.jp", "user": line.USER, "number": sms.NUMBER}
        outcome = await channels[name].send(replace(MESSAGE, address=address))
        assert isinstance(outcome, NotSetUp)
        assert "設定されていません" in outcome.why


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[slak]", "slak"),
        ('[sms]\nby = "twilio"', "twilio"),
        ('[sms]\nby = "pigeon"', "pigeon"),
        ("[mail_back]\nport = 2525", "address"),
        ("[line", "services.toml"),
        ('[twilio]\nsid = "AC1"\ntoken = 5\nsender = "x"', "token"),
    ],
)
def test_a_file_of_services_that_cannot_be_used_says_where(
    tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "services.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as told:
        load_services(file)
    assert says in str(told.value)
    assert slack.SIGNING_SECRET not in str(told.value)
    assert load_services(None) == Services()
