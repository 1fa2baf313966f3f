"""One bounded HTTP POST, and what its answer means."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from denwaban.delivery.model import Retry

# httpx logs every URL at INFO, and a webhook's URL is a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)

LONGEST = 20.0
"""Seconds that one POST may take from first to last."""

READ_AT_MOST = 2048


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: httpx.Headers
    body: str
    """The first two kilobytes."""


async def post(
    http: httpx.AsyncClient, url: str, headers: Mapping[str, str], content: bytes
) -> Answer | Retry:
    """Posts once, follows no redirect; `Retry` when nobody answers in time."""
    try:
        async with asyncio.timeout(LONGEST):
            request = http.build_request("POST", url, headers=headers, content=content)
            answer = await http.send(request, stream=True, follow_redirects=False)
            try:
                body = b""
                async for piece in answer.aiter_bytes():
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


def later(answer: Answer, now: datetime) -> timedelta | None:
    """How long the other side asks to be left alone: Retry-After in seconds or as a date, or X-RateLimit-Reset."""
    asked = answer.headers.get("retry-after", "").strip()
    if asked.isdigit():
        return timedelta(seconds=int(asked[:9]))
    if asked:
        try:
            until = parsedate_to_datetime(asked)
        except ValueError:
            return None
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(until - now, timedelta(0))
    reset = answer.headers.get("x-ratelimit-reset", "").strip()
    if reset.isdigit():
        return max(datetime.fromtimestamp(int(reset[:11]), UTC) - now, timedelta(0))
    return None
