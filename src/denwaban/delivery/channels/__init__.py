"""The ways to tell somebody outside, one file each. The portal needs none: the commit itself puts a report into the inbox.

Another one in three steps: a file here with a class that has `send(message) -> Outcome`; a line in `Channels`; the keys
of its address in `oncall.model`. A channel never raises for what the other side does, never takes longer than
`LONGEST`, and sends the message's `key` along, so that a second attempt can be recognised.
"""

from types import TracebackType
from typing import Protocol, Self

import httpx

from denwaban.config import Settings
from denwaban.delivery.channels.chatwork import CHATWORK, Chatwork
from denwaban.delivery.channels.mail import Mail
from denwaban.delivery.channels.slack import Slack
from denwaban.delivery.channels.webhook import Webhook
from denwaban.delivery.message import Message
from denwaban.delivery.model import Outcome


class Channel(Protocol):
    """One way to tell somebody."""

    async def send(self, message: Message) -> Outcome:
        """One attempt. `Sent` only when the other side has accepted it."""
        ...


class Channels:
    """Every channel by name. An async context manager: leaving it closes the mail connections."""

    def __init__(
        self, settings: Settings, http: httpx.AsyncClient, *, chatwork_url: str = CHATWORK
    ) -> None:
        self._mail = Mail(settings.smtp_url, settings.mail_from)
        self._by_name: dict[str, Channel] = {
            "mail": self._mail,
            "slack": Slack(http),
            "chatwork": Chatwork(http, chatwork_url),
            "webhook": Webhook(http),
        }

    def __getitem__(self, name: str) -> Channel:
        return self._by_name[name]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._mail.close()


__all__ = ["Channel", "Channels"]
