"""Presses in Slack and LINE, and results of SMS: through the doors, over both databases, with workers that run."""

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest
from tests.delivery_story import Office, eventually, open_office, working
from tests.servers import line, slack, sms
from tests.servers.http import HttpService, Reply, Seen
from tests.web_fixtures import MakeWeb, Web

from denwaban import delivery
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery.inbound import doors
from denwaban.delivery.services import Services
from denwaban.reports import Report
from denwaban.store import Store

URL = "https://d.example.jp"


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings(public_url=URL))


@dataclass
class Stage:
    """An office with workers, the doors, and one server that is every service."""

    office: Office
    web: Web
    service: HttpService
    answers: list[dict[str, Any]]

    async def post(self, path: str, body: bytes | str, headers: dict[str, str]) -> httpx.Response:
        browser = await self.web.anonymous()
        return await browser.client.post(path, content=body, headers=headers)

    async def press(
        self, key: str, member: str, at: str = "1.5", seconds: int = 0
    ) -> httpx.Response:
        body = slack.press(key, member, f"{self.service.url}/api/answer", at=at)
        stamp = int(self.office.clock.now().timestamp()) - seconds
        return await self.post("/in/slack", body, slack.signed(body, stamp))

    async def one(self, report: Report, channel: str) -> delivery.Delivery:
        found = [one for one in await self.office.deliveries(report) if one.channel == channel]
        return found[0]


@asynccontextmanager
async def stage(make_web: MakeWeb, office: Office) -> AsyncIterator[Stage]:
    answers: list[dict[str, Any]] = []
    line_server = line.LineServer()

    def rule(request: Seen) -> Reply:
        document: Any = request.json()
        if request.path == "/api/answer":
            answers.append(document)
            return Reply(200, "ok")
        if request.path.startswith("/v2/bot"):
            return line_server.rule(request)
        if "Accounts" in request.path:
            return sms.twilio_rule(request)
        if request.path == "/sms/json":
            return sms.vonage_rule(request)
        return slack.slack_app_rule(request)

    async with HttpService(rule).running() as service, AsyncExitStack() as stack:
        known = msgspec.convert(
            {
                "slack": {"url": f"{service.url}/api", "signing_secrets": [slack.SIGNING_SECRET]},
                "line": {"url": service.url, "token": line.TOKEN, "secret": line.CHANNEL_SECRET},
                "sms": {"by": "twilio"},
                "twilio": {"url": service.url, "sid": sms.TWILIO[0], "token": sms.TWILIO[1], "sender": "+815012345678"},
                "vonage": {"key": "k", "secret": "s", "sender": "D", "signature_secret": sms.VONAGE_SIGNATURE},
                "media_sms": {"url": service.url, "user": "u", "password": "p", "return_secret": "RETURN"},
            },
            Services,
        )  # fmt: skip
        await stack.enter_async_context(working(office, known=known))
        web = await make_web(
            pages=doors.routes, services={"doors": doors.Doors(known)}, settings=office.settings
        )
        line_answers = line_server.replies
        found = Stage(office, web, service, answers)
        found.line_answers = line_answers  # type: ignore[attr-defined]
        yield found


async def in_slack(office: Office, member: str = "U0SUZUKI", place: str = "C0123456") -> Report:
    await office.contact(
        office.suzuki, "slack_app", place=place, token=slack.BOT_TOKEN, member=member
    )
    report = await office.report()
    await office.settled()
    return report


@pytest.mark.req("C5", "D5")
async def test_one_press_in_slack_takes_the_report_and_ends_the_rest(
    make_web: MakeWeb, office: Office
) -> None:
    async with stage(make_web, office) as now:
        await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
        report = await in_slack(office)
        told = await now.one(report, "slack_app")
        assert told.state == "sent"
        # Slack tells twice, and somebody presses again.
        for at in ("1.5", "1.5", "2.5"):
            assert (await now.press(told.idempotency_key, "U0SUZUKI", at)).status_code == 200
        await office.settled()
        taken = await office.store.read(lambda tx: delivery.acknowledgement(tx, report.id))
        assert taken is not None
        assert (taken.staff_name, taken.via) == ("鈴木", "slack")
        assert (await office.facts()).count("report.acknowledged") == 1

        async def answered() -> bool:
            return len(now.answers) == 2

        await eventually(answered)
        assert "鈴木 さんが引き受けました" in now.answers[0]["text"]
        assert "すでに" in now.answers[1]["text"]
        assert [one["response_type"] for one in now.answers] == ["in_channel", "ephemeral"]
        await office.pass_time(hours=2)
        assert {one.state for one in await office.deliveries(report)} <= {"sent", "cancelled"}
        assert (await now.one(report, "slack_app")).read_at is not None


async def test_in_a_shared_channel_only_who_is_known_takes_it_and_in_their_own_name(
    make_web: MakeWeb, office: Office
) -> None:
    async with stage(make_web, office) as now:
        await office.contact(
            office.ito, "slack_app", place="C0123456", token=slack.BOT_TOKEN, member="U0ITO000"
        )
        report = await in_slack(office)
        key = (await now.one(report, "slack_app")).idempotency_key
        await now.press(key, "U0STRANGER", "1.1")
        await now.press("msg_" + "0" * 32, "U0SUZUKI", "1.2")
        await office.settled()
        assert await office.store.read(lambda tx: delivery.acknowledgement(tx, report.id)) is None
        await now.press(key, "U0ITO000", "1.3")
        await office.settled()
        taken = await office.store.read(lambda tx: delivery.acknowledgement(tx, report.id))
        assert taken is not None
        assert taken.staff_name == "伊藤"

        async def answered() -> bool:
            return len(now.answers) == 3

        await eventually(answered)
        texts = [one["text"] for one in now.answers]
        assert any("確認できないため" in text for text in texts)
        assert any("見つかりません" in text for text in texts)


async def test_what_slack_did_not_sign_or_signed_long_ago_is_refused(
    make_web: MakeWeb, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(make_web, office) as now:
        report = await in_slack(office)
        key = (await now.one(report, "slack_app")).idempotency_key
        assert (await now.press(key, "U0SUZUKI", seconds=301)).status_code == 401
        body = slack.press(key, "U0SUZUKI", "https://hooks.slack.com/x")
        stamp = int(office.clock.now().timestamp())
        forged = slack.signed(body, stamp, "guessed")
        assert (await now.post("/in/slack", body, forged)).status_code == 401
        assert (await now.post("/in/slack", body, {})).status_code == 401
        # A database that does not answer in time: Slack hears so within its three seconds.
        monkeypatch.setattr(doors, "PATIENCE", 0.0)
        assert (await now.press(key, "U0SUZUKI")).status_code == 503
        monkeypatch.setattr(doors, "PATIENCE", 2.0)
        for strange in (b"payload=[]", b"payload=%7B%22actions%22:[3]%7D", b"\xff", b"payload={"):
            assert (
                await now.post("/in/slack", strange, slack.signed(strange, stamp))
            ).status_code == 200
        assert await office.store.read(lambda tx: delivery.acknowledgement(tx, report.id)) is None


async def test_line_a_press_takes_it_a_forwarded_press_does_not_and_an_id_is_told(
    make_web: MakeWeb, office: Office
) -> None:
    async with stage(make_web, office) as now:
        await office.contact(office.suzuki, "line", user=line.USER)
        report = await office.report()
        await office.settled()
        told = await now.one(report, "line")
        assert told.state == "sent"
        data = {"postback": {"data": f"take:{told.idempotency_key}"}}
        other = "U" + "f" * 32

        async def send(body: bytes, secret: str = line.CHANNEL_SECRET) -> int:
            return (await now.post("/in/line", body, line.signed(body, secret))).status_code

        assert await send(line.event("postback", line.USER, "e1", **data), "guessed") == 401
        assert await send(line.event("postback", other, "e2", **data)) == 200
        await office.settled()
        assert await office.store.read(lambda tx: delivery.acknowledgement(tx, report.id)) is None
        for _twice in range(2):
            assert await send(line.event("postback", line.USER, "e3", **data)) == 200
        assert (
            await send(line.event("message", other, "e4", message={"type": "text", "text": "ＩＤ"}))
            == 200
        )
        assert (
            await send(line.event("message", other, "e5", message={"type": "text", "text": "id"}))
            == 200
        )
        await office.settled()
        taken = await office.store.read(lambda tx: delivery.acknowledgement(tx, report.id))
        assert taken is not None
        assert taken.via == "line"

        async def answered() -> bool:
            return len(now.line_answers) == 4  # type: ignore[attr-defined]

        await eventually(answered)
        texts = [one["messages"][0]["text"] for one in now.line_answers]  # type: ignore[attr-defined]
        assert any(other in text for text in texts)


@pytest.mark.req("C5")
@pytest.mark.parametrize(
    "told", list(itertools.permutations(["sent", "delivered", "undelivered"]))[:6:2]
)
async def test_results_of_an_sms_twice_and_in_any_order_end_the_same(
    make_web: MakeWeb, office: Office, told: tuple[str, ...]
) -> None:
    async with stage(make_web, office) as now:
        await office.contact(office.suzuki, "sms", number="090-1234-5678")
        report = await office.report()
        await office.settled()
        sent = await now.one(report, "sms")
        assert (sent.state, sent.delivered_at, sent.shown) == ("sent", None, "09012345678")
        called = now.service.accepted[-1].form()["StatusCallback"]
        assert called == f"{URL}/in/twilio/{sent.idempotency_key}"
        for status in (*told, *told):
            form = {"MessageSid": "SM1", "MessageStatus": status, "To": sms.NUMBER}
            headers = {
                **sms.twilio_signed(called, form),
                "content-type": "application/x-www-form-urlencoded",
            }
            path = called.removeprefix(URL)
            assert (await now.post(path, urlencode(form), headers)).status_code == 200
            forged = await now.post(path, urlencode({**form, "MessageStatus": "failed"}), headers)
            assert forged.status_code == 401
        await office.settled()
        end = await now.one(report, "sms")
        assert (end.state, end.delivered_at is not None, end.read_at) == ("sent", True, None)


async def test_an_sms_that_did_not_arrive_moves_the_ladder_on_at_once(
    make_web: MakeWeb, office: Office
) -> None:
    async with stage(make_web, office) as now:
        await office.contact(office.suzuki, "sms", number="090-1234-5678")
        report = await office.report()
        await office.settled()
        sent = await now.one(report, "sms")
        given = {
            "msisdn": sms.NUMBER[1:],
            "status": "expired",
            "client-ref": sent.idempotency_key,
            "err-code": "1",
        }
        signed = sms.vonage_signed(given)
        assert (
            await now.post("/in/vonage", sms.vonage_signed(given, "guessed"), {})
        ).status_code == 401
        assert (await now.post("/in/vonage", signed, {})).status_code == 200
        browser = await now.web.anonymous()
        assert (await browser.get(f"/in/vonage?{signed}")).status_code == 200
        await office.settled()
        assert (await office.standing(report)).owner_id == office.ito
        failed = await now.one(report, "sms")
        assert failed.state == "failed"
        assert failed.error is not None
        assert "届かなかった" in failed.error
        # It arrived after all: the carrier had tried again.
        result = urlencode({"smsid": sent.idempotency_key, "status": "送信済"})
        assert (await now.post("/in/media-sms/RETURN", result, {})).status_code == 200
        assert (await now.post("/in/media-sms/GUESSED", result, {})).status_code == 401
        await office.settled()
        arrived = await now.one(report, "sms")
        assert (arrived.state, arrived.error) == ("sent", None)
        assert (await office.facts()).count("delivery.failed") == 1


async def test_doors_of_services_that_are_not_set_up_are_not_there(
    make_web: MakeWeb, office: Office
) -> None:
    web = await make_web(pages=doors.routes, services={"doors": doors.Doors(Services())})
    browser = await web.anonymous()
    for path in ("slack", "line", "twilio/x", "vonage", "media-sms/x"):
        assert (await browser.client.post(f"/in/{path}", content=b"x")).status_code == 404
