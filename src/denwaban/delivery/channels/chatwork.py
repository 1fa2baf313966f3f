"""Chatwork by its API (v2): a message, or a task that carries the call-back's deadline.

Source: developer.chatwork.com: `POST /rooms/{room_id}/messages`, header `x-chatworktoken`, form fields `body` (1 to
65,535 characters) and `self_unread`; answers `{"message_id": "…"}`. `POST /rooms/{room_id}/tasks`: `body`, `to_ids`,
`limit` (Unix seconds) with `limit_type` none | date | time; answers `{"task_ids": […]}`. 429 with `x-ratelimit-reset`
(Unix seconds). Chatwork knows no idempotency key.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

import httpx

from denwaban.delivery.channels.web import Answer, Terms, post
from denwaban.delivery.message import Message, shorten
from denwaban.delivery.outcome import Failed, Outcome, Retry, Sent
from denwaban.delivery.services import ChatworkService

BODY = 65_535

REASONS = {
    400: "Chatwork がメッセージを受け付けませんでした。ルーム番号を確かめてください。",
    401: "Chatwork の API トークンが無効です。トークンを作り直してください。",
    403: "この API トークンでは、ルームに書き込めません。ルームへの参加を確かめてください。",
    404: "Chatwork のルームが見つかりません。ルーム番号を確かめてください。",
}
TASK_REASONS = {
    **REASONS,
    400: "Chatwork がタスクを受け付けませんでした。担当者のアカウント ID がルームにいるか確かめてください。",
}

MESSAGES = Terms("Chatwork", REASONS, timedelta(minutes=5))
TASKS = Terms("Chatwork", TASK_REASONS, timedelta(minutes=5))


class Chatwork:
    """A message in a room. Address: `room`, `token`."""

    def __init__(self, http: httpx.AsyncClient, service: ChatworkService) -> None:
        self._http = http
        self._base = service.url

    async def send(self, message: Message) -> Outcome:
        # self_unread: the token often belongs to the very person who should read it.
        form = {"body": body(message), "self_unread": "1"}
        answer = await _post(self._http, self._base, message, "messages", form)
        return _outcome(answer, MESSAGES, "message_id", message.at)


class ChatworkTask:
    """A task for one member of a room, due when the call-back is. Address: `room`, `token`, `member` (account id)."""

    def __init__(self, http: httpx.AsyncClient, service: ChatworkService) -> None:
        self._http = http
        self._base = service.url

    async def send(self, message: Message) -> Outcome:
        until = message.data.get("callback_by")
        form = {"body": body(message), "to_ids": message.address["member"], "limit_type": "none"}
        if until:
            moment = datetime.fromisoformat(until)
            form |= {"limit_type": "time", "limit": str(int(moment.timestamp()))}
        answer = await _post(self._http, self._base, message, "tasks", form)
        return _outcome(answer, TASKS, "task_ids", message.at)


async def _post(
    http: httpx.AsyncClient, base: str, message: Message, what: str, form: Mapping[str, str]
) -> Answer | Retry | Failed:
    url = f"{base}/rooms/{quote(message.address['room'], safe='')}/{what}"
    headers = {
        "x-chatworktoken": message.address["token"],
        "content-type": "application/x-www-form-urlencoded",
    }
    try:
        return await post(http, url, headers, urlencode(form).encode())
    except UnicodeEncodeError:
        return Failed(REASONS[401])


def _outcome(answer: Answer | Retry | Failed, terms: Terms, sign: str, now: datetime) -> Outcome:
    if isinstance(answer, Retry | Failed):
        return answer
    if answer.status != 200:
        return terms.refusal(answer, now)
    told = answer.document()
    if told is None or not told.get(sign):
        return terms.strange()
    return Sent("Chatwork が受け取りました")


def body(message: Message) -> str:
    """The message in Chatwork's markup, within its limit."""
    head = f"[info][title]{plain(message.subject)}[/title]{plain(message.staff_name)} 様\n{message.opening}\n\n"
    tail = f"\n\n▼ {message.asks}\n{message.link}[/info]"
    lines = "\n".join(f"■ {plain(label)}\n{plain(value)}" for label, value in message.lines)
    return head + shorten(lines, BODY - len(head) - len(tail)) + tail


def plain(text: str) -> str:
    """Text that is no markup: `[toall]` typed by a caller must not wake everybody."""
    return text.replace("[", "［").replace("]", "］")
