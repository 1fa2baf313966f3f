"""How the telephone in the page reaches the engine."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from denwaban.config import Settings
from denwaban.people import Operator


class Account(msgspec.Struct, frozen=True):
    """What the page's telephone registers with. Only ever sent to the operator's own page, never kept by caches."""

    url: str
    uri: str
    password: str


@dataclass(frozen=True, slots=True)
class _Where:
    scheme: str
    host: str
    port: int | None


def _where(settings: Settings, host: str) -> _Where:
    if urlsplit(settings.url).scheme == "https":
        # A page under HTTPS may only speak with wss; whoever ends TLS for the pages does it for /ws too.
        parts = urlsplit(settings.url)
        return _Where("wss", parts.hostname or host, parts.port)
    return _Where("ws", host, settings.engine_http_port)


def account(settings: Settings, operator: Operator, host: str) -> Account:
    """The account of an operator's seat. `host` is the name by which the browser reached us."""
    at = _where(settings, host)
    shown = f"[{at.host}]" if ":" in at.host else at.host
    port = f":{at.port}" if at.port else ""
    return Account(
        url=f"{at.scheme}://{shown}{port}/ws",
        uri=f"sip:{operator.seat}@{shown}",
        password=operator.sip_password,
    )


def addresses(settings: Settings) -> list[str]:
    """What pages may connect to besides their own address: for the content security policy."""
    if urlsplit(settings.url).scheme == "https":
        at = _where(settings, settings.web_host)
        return [f"wss://{at.host}" + (f":{at.port}" if at.port else "")]
    hosts = {settings.web_host, "127.0.0.1", "localhost", urlsplit(settings.url).hostname or ""}
    return [
        f"ws://{host}:{settings.engine_http_port}"
        for host in sorted(hosts)
        if host and ":" not in host
    ]
