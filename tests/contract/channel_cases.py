"""Every channel over HTTP, each with the server that its service would be: what the common suite runs over."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from tests.servers import hooks, line, slack, sms
from tests.servers.chatwork import chatwork_rule
from tests.servers.http import Reply, Seen
from tests.servers.line_works import LineWorksServer
from tests.servers.webhook import SECRET, strict_rule

from denwaban.delivery import Kind, Services
from denwaban.delivery.message import Message

LINK = "https://d.example.jp/a/LINK-SECRET-LINK-SECRET-LINK-SECRET-LINK-SECR"

MESSAGE = Message(
    key="msg_0123456789abcdef0123456789abcdef", report_id="r" * 32, client_id="c" * 32, client_name="山田設備",
    staff_id="s" * 32, staff_name="鈴木", kind=Kind.FIRST, subject="【要折り返し】髙橋 﨑子様より",
    lines=(("ご用件", "給湯器の異音"), ("折り返し", "必要(11月24日(火) 15:00 まで)")),
    link=LINK, address={}, at=datetime(2026, 11, 24, 1, 0, tzinfo=UTC),
    data={"x": 1, "callback_by": "2026-11-24T15:00:00+09:00"},
)  # fmt: skip


@dataclass
class Case:
    """One channel. `limited` and `away` are its service's ways to say "later"; `final` leads to its way to say "never"."""

    channel: str
    rule: Callable[[Seen], Reply]
    address: Callable[[str], dict[str, str]]
    """From the server's URL."""
    final: Callable[[str], dict[str, str]]
    says: str
    """What the sentence of the final refusal names."""
    key: Callable[[Seen], object]
    """What tells a second attempt from a second message."""
    secrets: tuple[str, ...]
    lies: tuple[Reply, ...] = (Reply(200, "<html>ok</html>", {"content-type": "text/html"}),)
    known: Mapping[str, object] = field(default_factory=dict)
    """Sections of the file of services; `{url}` is the server's."""
    limited: Reply = field(default_factory=lambda: Reply(429, "", {"retry-after": "30"}))
    away: Reply = field(default_factory=lambda: Reply(503))

    def services(self, url: str) -> Services:
        text = json.dumps(self.known).replace("{url}", url)
        return msgspec.convert(json.loads(text), Services)

    def message(self, url: str) -> Message:
        return replace(MESSAGE, address=self.address(url))


def _block_id(request: Seen) -> object:
    document: Any = request.json()
    return document["blocks"][0]["block_id"]


def _fact_set(request: Seen) -> object:
    document: Any = request.json()
    return document["attachments"][0]["content"]["body"][2]["id"]


def _always(**address: str) -> Callable[[str], dict[str, str]]:
    return lambda url: {key: value.replace("{url}", url) for key, value in address.items()}


def cases(folder: Path) -> dict[str, Case]:
    """Fresh servers for every channel by name. `folder` takes a key file."""
    works = LineWorksServer()
    pem = folder / "works.pem"
    pem.write_bytes(works.pem)
    sms_address, no_number = _always(number=sms.NUMBER), _always(number="+819000000000")
    room = {"room": "123", "token": "good-token"}
    hook = "{url}/workflows/1/triggers/manual/paths/invoke?api-version=1&sig="
    space = "{url}/v1/spaces/AAA/messages?key=chat-key&token="
    found = [
        Case(
            "slack",
            slack.slack_rule,
            _always(url="{url}/services/T1/B1/good"),
            _always(url="{url}/services/T1/B1/gone"),
            "無効",
            _block_id,
            ("services/T1",),
        ),
        Case(
            "slack_app",
            slack.slack_app_rule,
            _always(place="C0123456", token=slack.BOT_TOKEN, member=""),
            _always(place="C0000000", token=slack.BOT_TOKEN, member=""),
            "チャンネル ID",
            _block_id,
            (slack.BOT_TOKEN, slack.SIGNING_SECRET),
            known={"slack": {"url": "{url}/api", "signing_secrets": [slack.SIGNING_SECRET]}},
            lies=(Reply(200, "<!DOCTYPE html>"), Reply(200, '{"ok":false,"error":"fatal_error"}')),
        ),
        Case(
            "chatwork",
            chatwork_rule,
            _always(**room),
            _always(room="999", token="good-token"),
            "ルーム番号",
            lambda request: request.form()["body"],
            ("good-token",),
            known={"chatwork": {"url": "{url}/v2"}},
            limited=Reply(429, "", {"x-ratelimit-reset": str(int(MESSAGE.at.timestamp()) + 30)}),
        ),
        Case(
            "chatwork_task",
            chatwork_rule,
            _always(member="45", **room),
            _always(member="46", **room),
            "アカウント ID",
            lambda request: request.form()["body"],
            ("good-token",),
            known={"chatwork": {"url": "{url}/v2"}},
        ),
        Case(
            "line",
            line.LineServer().rule,
            _always(user=line.USER),
            _always(user="U" + "0" * 32),
            "ユーザー ID",
            lambda request: request.headers["x-line-retry-key"],
            (line.TOKEN,),
            known={"line": {"url": "{url}", "token": line.TOKEN}},
        ),
        Case(
            "line_works",
            works.rule,
            _always(user="suzuki@example"),
            _always(user="ito@example"),
            "メンバー",
            lambda request: request.body,
            ("client-secret", "BEGIN PRIVATE", "token-1"),
            known={
                "line_works": {
                    "url": "{url}/v1.0",
                    "auth_url": "{url}/oauth2/v2.0/token",
                    "bot": "100",
                    "client_id": "client",
                    "client_secret": "client-secret",
                    "account": "bot@account",
                    "private_key": str(pem),
                }
            },
        ),
        Case(
            "teams",
            hooks.teams_rule,
            _always(url=hook + hooks.TEAMS_SIGNATURE),
            _always(url=hook + "wrong"),
            "URL の署名",
            _fact_set,
            (hooks.TEAMS_SIGNATURE,),
        ),
        Case(
            "google_chat",
            hooks.ChatServer().rule,
            _always(url=space + hooks.CHAT_TOKEN),
            _always(url=space + "wrong"),
            "作り直して",
            lambda request: request.path.rpartition("requestId=")[2],
            (hooks.CHAT_TOKEN, "chat-key"),
        ),
        Case(
            "twilio",
            sms.twilio_rule,
            sms_address,
            no_number,
            "番号",
            lambda request: request.form()["StatusCallback"],
            (sms.TWILIO[1], sms.NUMBER),
            known={
                "sms": {"by": "twilio"},
                "twilio": {
                    "url": "{url}",
                    "sid": sms.TWILIO[0],
                    "token": sms.TWILIO[1],
                    "sender": "+815012345678",
                },
            },
        ),
        Case(
            "vonage",
            sms.vonage_rule,
            sms_address,
            no_number,
            "番号",
            lambda request: request.form()["client-ref"],
            (sms.VONAGE[1], sms.NUMBER[1:], sms.VONAGE_SIGNATURE),
            known={
                "sms": {"by": "vonage"},
                "vonage": {
                    "url": "{url}",
                    "key": sms.VONAGE[0],
                    "secret": sms.VONAGE[1],
                    "sender": "DENWABAN",
                    "signature_secret": sms.VONAGE_SIGNATURE,
                },
            },
            lies=(Reply(200, "<html>"), Reply(200, '{"messages":[]}'), Reply(200, "[1]")),
            limited=Reply(200, '{"messages":[{"status":"1","error-text":"Throttled"}]}'),
            away=Reply(200, '{"messages":[{"status":"5","error-text":"Internal"}]}'),
        ),
        Case(
            "media_sms",
            sms.media_sms_rule,
            sms_address,
            no_number,
            "番号",
            lambda request: request.form()["smsid"],
            (sms.MEDIA[1], "09012345678"),
            known={
                "sms": {"by": "media_sms"},
                "media_sms": {"url": "{url}/api/", "user": sms.MEDIA[0], "password": sms.MEDIA[1]},
            },
        ),
        Case(
            "webhook",
            strict_rule,
            _always(url="{url}/hook", secret=SECRET),
            _always(url="{url}/hook", secret="whsec_"),
            "署名鍵",
            lambda request: request.headers["webhook-id"],
            (SECRET,),
            # Any 2xx is acceptance by the standard, whatever the body says.
            lies=(Reply(302, "", {"location": "http://127.0.0.1:1/"}),),
        ),
    ]
    return {case.channel: case for case in found}


def kind_of(name: str) -> str:
    """The channel of contacts by which a case is reached: three services carry SMS."""
    return "sms" if name in ("twilio", "vonage", "media_sms") else name


NAMES = (
    "slack", "slack_app", "chatwork", "chatwork_task", "line", "line_works", "teams", "google_chat", "twilio",
    "vonage", "media_sms", "webhook",
)  # fmt: skip
