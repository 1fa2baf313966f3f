"""One suite for every channel over HTTP, each against a local server that behaves as its service documents."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.contract.channel_cases import LINK, NAMES, Case, cases, kind_of
from tests.ports import free_port
from tests.servers.http import HttpService, Reply

from denwaban.config import Settings
from denwaban.delivery import Channel, Channels, Failed, Kind, Retry, Sent
from denwaban.delivery.channels import web

SETTINGS = Settings(public_url="https://d.example.jp")


@pytest.fixture(params=NAMES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    return cases(tmp_path)[request.param]


@asynccontextmanager
async def serving(case: Case) -> AsyncIterator[tuple[Channel, HttpService]]:
    """The channel, and the service it talks to."""
    async with HttpService(case.rule).running() as service, httpx.AsyncClient() as http:
        yield channel_of(case, http, service.url), service


def channel_of(case: Case, http: httpx.AsyncClient, url: str) -> Channel:
    return Channels(SETTINGS, http, case.services(url))[kind_of(case.channel)]


@pytest.mark.req("C5")
async def test_it_is_accepted_once(case: Case) -> None:
    async with serving(case) as (channel, service):
        assert isinstance(await channel.send(case.message(service.url)), Sent)
        about_it = [seen for seen in service.accepted if "oauth2" not in seen.path]
        assert len(about_it) == 1


async def test_every_limit_and_every_pause_is_kept_and_the_key_stays(case: Case) -> None:
    """429, then a server error, then accepted: each attempt carries the same key."""
    async with serving(case) as (channel, service):
        message = case.message(service.url)
        assert isinstance(await channel.send(replace(message, test=True)), Sent)  # signed in
        service.replies.append(case.limited)
        limited = await channel.send(message)
        assert isinstance(limited, Retry)
        assert limited.after is not None
        assert limited.after >= timedelta(seconds=30)
        service.replies.append(case.away)
        assert isinstance(await channel.send(message), Retry)
        # The answer of one attempt was lost on its way: the service sees the same again.
        assert isinstance(await channel.send(message), Sent)
        assert isinstance(await channel.send(message), Sent)
        assert len({str(case.key(seen)) for seen in service.seen[-4:]}) == 1


async def test_silence_is_tried_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "LONGEST", 0.3)
    async with serving(case) as (channel, service):
        service.hang = True
        assert isinstance(await channel.send(case.message(service.url)), Retry)
        service.hang, service.drip = False, True
        assert isinstance(await channel.send(case.message(service.url)), Retry)
    async with httpx.AsyncClient() as http:
        nobody = f"http://127.0.0.1:{free_port()}"
        channel = channel_of(case, http, nobody)
        assert isinstance(await channel.send(case.message(nobody)), Retry)


async def test_a_final_refusal_says_what_to_do(case: Case) -> None:
    async with serving(case) as (channel, service):
        wrong = replace(case.message(service.url), address=case.final(service.url))
        outcome = await channel.send(wrong)
        assert isinstance(outcome, Failed)
        assert case.says in outcome.why
        assert outcome.why.endswith("。")


async def test_a_service_that_lies_has_accepted_nothing(case: Case) -> None:
    async with serving(case) as (channel, service):
        assert isinstance(await channel.send(case.message(service.url)), Sent)
        for lie in case.lies:
            service.replies.append(lie)
            assert isinstance(await channel.send(case.message(service.url)), Retry)


async def test_a_huge_answer_is_not_read_to_its_end(case: Case) -> None:
    async with serving(case) as (channel, service):
        assert isinstance(await channel.send(case.message(service.url)), Sent)
        service.replies.append(Reply(500, "x" * 20_000_000))
        assert isinstance(await channel.send(case.message(service.url)), Retry)


async def test_a_message_of_any_size_arrives(case: Case) -> None:
    """What does not fit is behind the link, which is always there and whole."""
    async with serving(case) as (channel, service):
        long = replace(
            case.message(service.url),
            subject="【要折り返し】" + "𠮷野家" * 120,
            lines=tuple((f"質問{n}", "とても長い答えです。🏠\n" * 60) for n in range(60)),
            kind=Kind.REMINDER,
        )
        assert isinstance(await channel.send(long), Sent)
        last = service.seen[-1]
        assert LINK in "".join(last.form().values()) + last.body.replace("\\/", "/")


async def test_nothing_secret_is_told_or_logged(
    case: Case, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(case) as (channel, service):
        for reply in (None, Reply(500), Reply(401), Reply(400), *case.lies):
            if reply is not None:
                service.replies.append(reply)
            outcome = await channel.send(case.message(service.url))
            told = "".join((str(outcome), caplog.text, *capsys.readouterr()))
            for secret in (*case.secrets, LINK):
                assert secret not in told
    assert not any(secret in repr(case.services("http://127.0.0.1:1")) for secret in case.secrets)
