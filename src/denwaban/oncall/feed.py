"""Fetching a calendar from the address that somebody typed: bounded, and never from inside our own network."""

import asyncio
import ipaddress
import logging
import socket
from dataclasses import dataclass, field
from functools import lru_cache
from ssl import SSLContext
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx

from denwaban.people import PeopleError
from denwaban.texts import N_

# They log every URL, and a calendar's is a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

LONGEST = 20.0
"""Seconds that one fetch may take from first to last."""

MOST_BYTES = 3_000_000
MOST_REDIRECTS = 3
LONGEST_URL = 2000


@dataclass(frozen=True, slots=True)
class Fetched:
    """A new state of the calendar."""

    data: bytes = field(repr=False)
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class NotModified:
    """It is as it was."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Not now; `why` is a Japanese sentence without the address."""

    why: str


class BadFeed(PeopleError):
    """An address that is never fetched; a Japanese sentence for whoever typed it."""


def checked_url(url: str, *, loopback: bool = False) -> str:
    """The address as it is kept. Raises `BadFeed`. `loopback`: addresses of this very machine may be used, and by http."""
    url = url.strip()
    if url.lower().startswith("webcal://"):
        url = "https://" + url[len("webcal://") :]
    if not url or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable():
        raise BadFeed(_BAD_URL, "url")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise BadFeed(_BAD_URL, "url") from error
    if not host or any(c in ' \\^`{|}<>"' for c in url):
        raise BadFeed(_BAD_URL, "url")
    if parts.username is not None or parts.password is not None:
        raise BadFeed(
            "名前やパスワードの入った URL は使えません。限定公開の URL をお使いください", "url"
        )
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        raise BadFeed("https で始まる URL にしてください", "url")
    return url


def shown_url(url: str) -> str:
    """The address as people may see it: the host alone, for the rest opens the calendar to whoever knows it."""
    return f"{urlsplit(url).hostname or ''}/…"


async def fetch(
    url: str, etag: str = "", last_modified: str = "", *, loopback: bool = False
) -> Fetched | NotModified | Broken:
    """Fetches once, in at most `LONGEST` seconds and `MOST_BYTES` bytes. Every address that a name or a redirect leads to
    is looked at first and then used as it is: a name that changes in between gains nothing."""
    # Not compressed: a small answer must not become a large one.
    headers = {
        "Accept": "text/calendar, text/plain;q=0.5",
        "Accept-Encoding": "identity",
        "User-Agent": "denwaban",
    }
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    try:
        async with (
            asyncio.timeout(LONGEST),
            httpx.AsyncClient(verify=_tls(), trust_env=False, timeout=LONGEST) as http,
        ):
            for _hop in range(MOST_REDIRECTS + 1):
                answer = await _get(http, checked_url(url, loopback=loopback), headers, loopback)
                if not isinstance(answer, str):
                    return answer
                url = answer
            return Broken(N_("転送が続いて、カレンダーにたどり着けませんでした"))
    except TimeoutError:
        return Broken(N_("カレンダーのサーバーの答えが遅すぎました"))
    except (BadFeed, ValueError):
        # ValueError: a name or a place that is none (a label of a hundred letters, `http://[`).
        return Broken(N_("使えない URL に転送されました。カレンダーの URL を確かめてください"))
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        return Broken(N_("カレンダーのサーバーにつながりませんでした"))


async def _get(
    http: httpx.AsyncClient, url: str, headers: dict[str, str], loopback: bool
) -> Fetched | NotModified | Broken | str:
    """One request; a text is where it redirects to."""
    parts = urlsplit(url)
    assert parts.hostname is not None  # checked_url
    address = await _address(parts.hostname, parts.port or 443, loopback)
    if address is None:
        return Broken(N_("この URL は社内のネットワークを指しているため、読みに行きません"))
    host = f"[{address}]" if ":" in address else address
    netloc = f"{host}:{parts.port}" if parts.port is not None else host
    request = http.build_request(
        "GET",
        urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, "")),
        headers={**headers, "Host": parts.netloc},
        extensions={"sni_hostname": parts.hostname},
    )
    answer = await http.send(request, stream=True, follow_redirects=False)
    try:
        if answer.status_code in (301, 302, 303, 307, 308) and "location" in answer.headers:
            return urljoin(url, answer.headers["location"])
        if answer.status_code == 304:
            return NotModified()
        if answer.status_code != 200:
            return Broken(_status(answer.status_code))
        data = b""
        async for piece in answer.aiter_raw():
            data += piece
            if len(data) > MOST_BYTES:
                return Broken(N_("カレンダーが大きすぎます。3MB までにしてください"))
    finally:
        await answer.aclose()
    return Fetched(
        data,
        answer.headers.get("etag", "")[:200],
        answer.headers.get("last-modified", "")[:100],
    )


async def _address(host: str, port: int, loopback: bool) -> str | None:
    """The address to connect to; None when any that the name leads to is not a public one."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not all(_allowed(one, loopback) for one in addresses):
        return None
    return addresses[0]


def _allowed(address: str, loopback: bool) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return (ip.is_global and not ip.is_multicast) or (loopback and ip.is_loopback)


@lru_cache(maxsize=1)
def _tls() -> SSLContext:
    return httpx.create_ssl_context()


def _status(status: int) -> str:
    if status in (404, 410):
        return N_("カレンダーが見つかりません。URL が変わったか、公開が止まっています")
    if status in (401, 403):
        return N_("カレンダーを読む許可がありません。限定公開の URL を作り直してください")
    if status == 429:
        return N_("カレンダーのサーバーが、しばらく待つように言っています")
    return N_("カレンダーのサーバーがエラーを返しました")


_BAD_URL = N_("URL の形が違うようです。例: https://calendar.example.jp/private-…/basic.ics")
