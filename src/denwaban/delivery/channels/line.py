"""LINE by the Messaging API: a push to one user who has made friends with the official account.

Source: developers.line.biz: `POST /v2/bot/message/push`, Bearer, at most five messages, a text of 5,000 UTF-16 units, a
buttons template with a text of 160 characters and an `altText`; `X-Line-Retry-Key` (a UUID): a resend of what was accepted
is answered with 409 and `x-line-accepted-request-id`, so 409 is acceptance; 429 with Retry-After. 200 says nothing about
arrival: a user who has blocked the account looks the same. A press comes back to our door as a `postback`.
"""

import uuid

import httpx

from denwaban.delivery.channels.sms import utf16
from denwaban.delivery.channels.web import Terms, post_json
from denwaban.delivery.message import Message, text_of
from denwaban.delivery.outcome import Failed, NotSetUp, Outcome, Retry, Sent
from denwaban.delivery.services import LineService

TEXT = 5000
BUTTON_TEXT = 160
ALT_TEXT = 400

TAKE = "take:"
"""What the data of our postback begins with; the key follows."""

REASONS = {
    400: "LINE が宛先を受け付けませんでした。ユーザー ID (U で始まる33文字)を確かめてください。",
    404: "LINE の宛先が見つかりません。ユーザー ID を確かめてください。",
}
TERMS = Terms("LINE", REASONS)


class Line:
    """Address: `user` (U…)."""

    def __init__(self, http: httpx.AsyncClient, service: LineService) -> None:
        self._http = http
        self._service = service

    async def send(self, message: Message) -> Outcome:
        if not self._service.token:
            return NotSetUp(
                "LINE の公式アカウントが設定されていません(DENWABAN_SERVICES の [line])。"
            )
        headers = {
            "authorization": f"Bearer {self._service.token}",
            "x-line-retry-key": retry_key(message.key),
        }
        document = {"to": message.address["user"], "messages": messages(message)}
        url = f"{self._service.url}/v2/bot/message/push"
        answer = await post_json(self._http, url, headers, document)
        if isinstance(answer, Retry):
            return answer
        if answer.status == 409:
            return Sent("LINE は前の送信で受け取っていました")
        if answer.status == 200:
            told = answer.document()
            return Sent("LINE が受け取りました") if told is not None else TERMS.strange()
        if answer.status in (401, 403):
            # It says nothing about the person: mended in the settings, the same message still goes out.
            return Retry("LINE のチャネルアクセストークンが使えません。設定を確かめてください。")
        if answer.status == 429 and "monthly limit" in answer.body:
            return Failed("LINE の今月の送信数の上限に達しています。プランを確かめてください。")
        return TERMS.refusal(answer, message.at)


def retry_key(key: str) -> str:
    """The same UUID for every attempt of one delivery."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"denwaban:{key}"))


def messages(message: Message) -> list[dict[str, object]]:
    """What to read, and the button."""
    limit = TEXT
    text = text_of(message, limit)
    while utf16(text) > TEXT:
        limit -= utf16(text) - TEXT
        text = text_of(message, limit)
    read: dict[str, object] = {"type": "text", "text": text}
    if not message.takes:
        return [read]
    actions = [
        {
            "type": "postback",
            "label": "引き受ける",
            "data": f"{TAKE}{message.key}",
            "displayText": "引き受けます",
        },
        {"type": "uri", "label": "内容を確認する", "uri": message.link},
    ]
    return [
        read,
        {
            "type": "template",
            "altText": message.subject[:ALT_TEXT],
            "template": {
                "type": "buttons",
                "text": message.subject[:BUTTON_TEXT],
                "actions": actions,
            },
        },
    ]
