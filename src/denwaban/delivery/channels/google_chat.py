"""Google Chat by an incoming webhook of a space. Its URL holds `key` and `token` and is a secret.

Source: developers.google.com/workspace/chat: `POST /v1/spaces/{space}/messages?key=…&token=…` with `{"text": "…"}`, answered
by the message with its `name`; `requestId` names the request, and the same again gives the message that is there: our
idempotency key. A text of 4,096 characters; 60 writes a minute and space △, 429 then, which asks for exponential waits. There
are no buttons that answer to a program: the report is taken by the link.
"""

import httpx

from denwaban.delivery.channels.slack import escape
from denwaban.delivery.channels.web import Terms, post_json
from denwaban.delivery.message import Message, shorten
from denwaban.delivery.outcome import Outcome, Retry, Sent

TEXT = 4096

_URL = "Google Chat の Webhook が使えません。URL を作り直してください。"
REASONS = {
    400: "Google Chat が受け付けませんでした。Webhook の URL をもう一度写してください。",
    401: _URL,
    403: _URL,
    404: "Google Chat のスペースが見つかりません。Webhook の URL を作り直してください。",
}
TERMS = Terms("Google Chat", REASONS)


class GoogleChat:
    """Address: `url`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(self, message: Message) -> Outcome:
        url = f"{message.address['url']}&requestId={message.key}"  # it always has key and token
        answer = await post_json(self._http, url, {}, {"text": text(message)})
        if isinstance(answer, Retry):
            return answer
        if answer.status != 200:
            return TERMS.refusal(answer, message.at)
        told = answer.document()
        if told is None or not told.get("name"):
            return TERMS.strange()
        return Sent("Google Chat が受け取りました")


def text(message: Message) -> str:
    """The message in Chat's markup, within its limit."""
    head = (
        f"*{escape(message.subject)}*\n{escape(message.staff_name)} 様 {escape(message.opening)}\n"
    )
    tail = f"\n<{message.link}|{message.asks}>"
    lines = "\n".join(f"*{escape(label)}* {escape(value)}" for label, value in message.lines)
    return shorten(head + lines, TEXT - len(tail)) + tail
