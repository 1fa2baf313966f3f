"""Chatwork by its messages API (v2).

Source: developer.chatwork.com: `POST /rooms/{room_id}/messages`, header `x-chatworktoken`, form fields `body` (1 to
65,535 characters) and `self_unread`; answers `{"message_id": "…"}`; 429 with `x-ratelimit-reset` (Unix seconds).
"""

from datetime import timedelta
from urllib.parse import quote, urlencode

import httpx

from denwaban.delivery.channels.web import later, post
from denwaban.delivery.message import Message, shorten
from denwaban.delivery.model import Failed, Outcome, Retry, Sent

CHATWORK = "https://api.chatwork.com/v2"
BODY = 65_535

REASONS = {
    400: "Chatwork がメッセージを受け付けませんでした。ルーム番号を確かめてください。",
    401: "Chatwork の API トークンが無効です。トークンを作り直してください。",
    403: "この API トークンでは、ルームに書き込めません。ルームへの参加を確かめてください。",
    404: "Chatwork のルームが見つかりません。ルーム番号を確かめてください。",
}


class Chatwork:
    """Address: `room`, `token`."""

    def __init__(self, http: httpx.AsyncClient, base: str) -> None:
        self._http = http
        self._base = base

    async def send(self, message: Message) -> Outcome:
        url = f"{self._base}/rooms/{quote(message.address['room'], safe='')}/messages"
        headers = {
            "x-chatworktoken": message.address["token"],
            "content-type": "application/x-www-form-urlencoded",
        }
        # self_unread: the token often belongs to the very person who should read it.
        content = urlencode({"body": body(message), "self_unread": "1"}).encode()
        try:
            answer = await post(self._http, url, headers, content)
        except UnicodeEncodeError:
            return Failed(REASONS[401])
        if isinstance(answer, Retry):
            return answer
        if answer.status == 200:
            return Sent("Chatwork が受け取りました")
        if answer.status == 429:
            return Retry(
                "Chatwork の送信制限にかかりました。待って送り直します。",
                later(answer, message.at) or timedelta(minutes=5),
            )
        if answer.status in REASONS:
            return Failed(REASONS[answer.status])
        return Retry(f"Chatwork が一時的に応答できません(HTTP {answer.status})。")


def body(message: Message) -> str:
    """The message in Chatwork's markup, within its limit."""
    head = f"[info][title]{plain(message.subject)}[/title]{plain(message.staff_name)} 様\n{message.opening}\n\n"
    tail = f"\n\n▼ {message.asks}\n{message.link}[/info]"
    lines = "\n".join(f"■ {plain(label)}\n{plain(value)}" for label, value in message.lines)
    return head + shorten(lines, BODY - len(head) - len(tail)) + tail


def plain(text: str) -> str:
    """Text that is no markup: `[toall]` typed by a caller must not wake everybody."""
    return text.replace("[", "［").replace("]", "］")
