"""What this installation knows of outside services: one private file, named by `DENWABAN_SERVICES` (TOML).

A section a service; without its section a channel is not set up, and says so. `url` is where the service is: nobody needs
to set it, but tests and proxies do. Nothing in here is ever shown or logged.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from denwaban.config import SettingsError

Url = Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s]+[^/\s]$")]


class _Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Its values are secrets."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class SlackService(_Service, frozen=True):
    """The Slack app. `signing_secrets`: of the app, or of several apps; without one there are no buttons."""

    url: Url = "https://slack.com/api"
    signing_secrets: tuple[str, ...] = ()


class ChatworkService(_Service, frozen=True):
    url: Url = "https://api.chatwork.com/v2"


class LineService(_Service, frozen=True):
    """A LINE official account (Messaging API): the channel's access token and secret."""

    token: str = ""
    secret: str = ""
    url: Url = "https://api.line.me"


class LineWorksService(_Service, frozen=True):
    """A bot in LINE WORKS, which signs in by a service account. `private_key`: the path of its PEM file."""

    bot: str = ""
    client_id: str = ""
    client_secret: str = ""
    account: str = ""
    private_key: str = ""
    url: Url = "https://www.worksapis.com/v1.0"
    auth_url: Url = "https://auth.worksmobile.com/oauth2/v2.0/token"


class TwilioService(_Service, frozen=True):
    """`sender`: a number (+…), a name, or a messaging service (MG…)."""

    sid: str
    token: str
    sender: str
    url: Url = "https://api.twilio.com"


class VonageService(_Service, frozen=True):
    """`signature_secret` proves that reports of arrival are Vonage's own (SHA-256 HMAC); without it none is taken."""

    key: str
    secret: str
    sender: str
    signature_secret: str = ""
    url: Url = "https://rest.nexmo.com"


class MediaSmsService(_Service, frozen=True):
    """`url` is the address that the contract names. `long`: the long-message option is part of it. `return_secret`: the
    last part of the address that is registered for results."""

    user: str
    password: str
    url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s]+$")]
    long: bool = True
    return_secret: str = ""


class SmsService(_Service, frozen=True):
    """Who carries SMS. `parts`: the most that one message may be cut into (each is paid for)."""

    by: Literal["", "twilio", "vonage", "media_sms"] = ""
    parts: Annotated[int, msgspec.Meta(ge=1, le=10)] = 3


class MailBack(_Service, frozen=True):
    """How answers to our mails come back. `address`: `reply@in.example.jp`; each mail is answered to
    `reply+TOKEN@in.example.jp`. `imap`: `imaps://user:password@host/INBOX`, looked into every `seconds`. `port`: our own
    door for mail (SMTP), opened on `host`."""

    address: str = ""
    imap: str = ""
    seconds: Annotated[int, msgspec.Meta(ge=5, le=3600)] = 60
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0


class Services(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every service of one installation."""

    slack: SlackService = SlackService()
    chatwork: ChatworkService = ChatworkService()
    line: LineService = LineService()
    line_works: LineWorksService = LineWorksService()
    sms: SmsService = SmsService()
    twilio: TwilioService | None = None
    vonage: VonageService | None = None
    media_sms: MediaSmsService | None = None
    mail_back: MailBack = MailBack()

    def __post_init__(self) -> None:
        if self.sms.by and getattr(self, self.sms.by) is None:
            raise ValueError(f"[sms] by = {self.sms.by!r}: section [{self.sms.by}] is missing")
        back = self.mail_back
        if (back.imap or back.port) and back.address.count("@") != 1:
            raise ValueError("[mail_back] address is missing: reply@in.example.jp")


def load_services(path: Path | None) -> Services:
    """The services in a TOML file; none when no file is set. Raises `SettingsError`; its text holds no value."""
    if path is None:
        return Services()
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Services)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{path}: {error}") from error
