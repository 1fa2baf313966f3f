"""One bounded HTTP POST, and what its answer means."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from denwaban.delivery.outcome import Failed, Retry

# httpx logs every URL at INFO, and a webhook's URL is a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)

LONGEST = 20.0
"""Seconds that one POST may take from first to last."""

READ_AT_MOST = 65_536

_NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: httpx.Headers
    body: str
    """The first 64 kilobytes."""

    def document(self) -> dict[str, Any] | None:
        """The body if it is a JSON object; a page of HTML from something in between is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    @property
    def html(self) -> bool:
        """Whether a page for people came where a program's answer was expected."""
        kind = self.headers.get("content-type", "").lower()
        return "text/html" in kind or self.body.lstrip()[:9].lower().startswith(
            ("<!doctype", "<html")
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """How a service says no: its name in sentences, what its final refusals mean, and how long to rest when it names no
    time itself."""

    name: str
    reasons: Mapping[int, str] = field(default_factory=dict)
    rest: timedelta = timedelta(seconds=60)

    def refusal(self, answer: Answer, now: datetime) -> Retry | Failed:
        """What an answer means that is no acceptance: only what the service itself calls final is final."""
        if answer.status == 429:
            wait = later(answer, now)
            return Retry(
                f"{self.name} の送信制限にかかりました。待って送り直します。",
                self.rest if wait is None else wait,
            )
        if answer.status in self.reasons:
            return Failed(self.reasons[answer.status])
        return Retry(
            f"{self.name} が一時的に応答できません(HTTP {answer.status})。", later(answer, now)
        )

    def strange(self) -> Retry:
        """It said 200 and yet not what it says when it has accepted something."""
        return Retry(
            f"{self.name} から受け取りの返事がありません(別のものが答えたようです)。送り直します。"
        )


async def post(
    http: httpx.AsyncClient, url: str, headers: Mapping[str, str], content: bytes
) -> Answer | Retry:
    """Posts once, follows no redirect; `Retry` when nobody answers in time."""
    try:
        async with asyncio.timeout(LONGEST):
            # Not compressed: a small answer must not become a large one.
            plain = {"accept-encoding": "identity", **headers}
            request = http.build_request("POST", url, headers=plain, content=content)
            answer = await http.send(request, stream=True, follow_redirects=False)
            try:
                body = b""
                async for piece in answer.aiter_raw():
                    body += piece
                    if len(body) >= READ_AT_MOST:
                        break
            finally:
                await answer.aclose()
    except TimeoutError:
        return Retry(f"送り先が{LONGEST:.0f}秒以内に答えませんでした。")
    except httpx.TimeoutException:
        return Retry("送り先の応答が遅すぎました。")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Retry(f"送り先につながりませんでした({type(error).__name__})。")
    return Answer(
        answer.status_code, answer.headers, body[:READ_AT_MOST].decode("utf-8", "replace")
    )


async def post_json(
    http: httpx.AsyncClient, url: str, headers: Mapping[str, str], document: object
) -> Answer | Retry:
    """`post` with a JSON body."""
    content = json.dumps(document, ensure_ascii=False).encode()
    return await post(
        http, url, {"content-type": "application/json; charset=utf-8", **headers}, content
    )


def later(answer: Answer, now: datetime) -> timedelta | None:
    """How long the other side asks to be left alone: Retry-After in seconds or as a date, or X-RateLimit-Reset. Nonsense asks
    for nothing."""
    asked = answer.headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return timedelta(seconds=int(asked[:9]))
    if asked:
        try:
            until = parsedate_to_datetime(asked)
            until = until if until.tzinfo else until.replace(tzinfo=UTC)
            return max(until - now, _NO_TIME)
        except (ValueError, OverflowError):
            return None
    reset = answer.headers.get("x-ratelimit-reset", "").strip()
    if reset.isdecimal():
        return max(datetime.fromtimestamp(int(reset[:11]), UTC) - now, _NO_TIME)
    return None
