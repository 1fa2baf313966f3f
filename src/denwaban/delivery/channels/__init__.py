"""The ways to tell somebody outside, one file each. The portal needs none: the commit itself puts a report into the inbox.

Another one in three steps: a file here with a class that has `send(message) -> Outcome`; a line in `Channels`; the keys
of its address in `oncall.address`. A channel never raises for what the other side does, never takes longer than
`LONGEST`, and sends the message's `key` along, so that a second attempt can be recognised.
"""

from types import TracebackType
from typing import Protocol, Self

import httpx

from denwaban.config import Settings
from denwaban.delivery.channels.chatwork import Chatwork, ChatworkTask
from denwaban.delivery.channels.google_chat import GoogleChat
from denwaban.delivery.channels.line import Line
from denwaban.delivery.channels.line_works import LineWorks
from denwaban.delivery.channels.mail import Mail
from denwaban.delivery.channels.media_sms import MediaSms
from denwaban.delivery.channels.slack import Slack
from denwaban.delivery.channels.slack_app import SlackApp
from denwaban.delivery.channels.teams import Teams
from denwaban.delivery.channels.twilio import Twilio
from denwaban.delivery.channels.vonage import Vonage
from denwaban.delivery.channels.webhook import Webhook
from denwaban.delivery.letter import Letter
from denwaban.delivery.message import Message
from denwaban.delivery.outcome import NotSetUp, Outcome
from denwaban.delivery.services import Services


class Channel(Protocol):
    """One way to tell somebody."""

    async def send(self, message: Message) -> Outcome:
        """One attempt. `Sent` only when the other side has accepted it."""
        ...


class NoPhone:
    """There is no engine to call with."""

    async def send(self, message: Message) -> Outcome:
        return NotSetUp("電話をかける設備がありません。")


class Channels:
    """Every channel by name. An async context manager: leaving it closes the mail connections. `http` and `services` are for
    answers to what comes in."""

    def __init__(
        self,
        settings: Settings,
        http: httpx.AsyncClient,
        services: Services | None = None,
        phone: Channel | None = None,
    ) -> None:
        known = services or Services()
        self.services = known
        self.http = http
        self._mail = Mail(settings.smtp_url, settings.mail_from, known.mail_back.address)
        self._by_name: dict[str, Channel] = {
            "mail": self._mail,
            "slack": Slack(http),
            "slack_app": SlackApp(http, known.slack),
            "chatwork": Chatwork(http, known.chatwork),
            "chatwork_task": ChatworkTask(http, known.chatwork),
            "line_works": LineWorks(http, known.line_works),
            "line": Line(http, known.line),
            "teams": Teams(http),
            "google_chat": GoogleChat(http),
            "phone": phone or NoPhone(),
            "sms": sms(http, known, settings.url),
            "webhook": Webhook(http),
        }

    def __getitem__(self, name: str) -> Channel:
        return self._by_name[name]

    async def letter(self, letter: Letter) -> Outcome:
        """One try to mail it; `NotSetUp` without a mail server."""
        return await self._mail.letter(letter)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._mail.close()


def sms(http: httpx.AsyncClient, services: Services, url: str) -> Channel:
    """SMS by whoever carries it for this installation."""
    chosen, most = services.sms.by, services.sms.parts
    if chosen == "twilio" and services.twilio is not None:
        return Twilio(http, services.twilio, most, f"{url}/in/twilio")
    if chosen == "vonage" and services.vonage is not None:
        return Vonage(http, services.vonage, most, f"{url}/in/vonage")
    if chosen == "media_sms" and services.media_sms is not None:
        return MediaSms(http, services.media_sms)
    return NoSms()


class NoSms:
    """Nobody carries SMS here."""

    async def send(self, message: Message) -> Outcome:
        return NotSetUp("SMS の送り手が設定されていません(DENWABAN_SERVICES の [sms])。")


__all__ = ["Channel", "Channels"]
