"""Microsoft Teams by a workflow ("When a Teams webhook request is received"). Its URL is a secret, signature included.

Source: learn.microsoft.com: the workflow takes `{"type": "message", "attachments": [{"contentType":
"application/vnd.microsoft.card.adaptive", "content": …}]}` and answers 202; the whole message may have about 28 KB; buttons
that answer to a program are not possible there, so the report is taken by the link. The flow's owner may switch it off
(400 to 404). The older connectors ended in 2026. Teams knows no idempotency key.
"""

import json

import httpx

from denwaban.delivery.channels.web import Terms, post_json
from denwaban.delivery.message import Message, shorten
from denwaban.delivery.outcome import Outcome, Retry, Sent

BYTES = 28_000
LINE = 2_000
"""Characters of one line of the card."""

_GONE = (
    "Teams のワークフローが見つかりません。ワークフローを作り直し、新しい URL を登録してください。"
)
REASONS = {
    400: "Teams のワークフローが受け付けませんでした。ワークフローが有効か確かめてください。",
    401: "Teams の URL の署名が無効です。ワークフローの URL をもう一度写してください。",
    403: "Teams の URL の署名が無効です。ワークフローの URL をもう一度写してください。",
    404: _GONE,
    410: _GONE,
    413: "Teams にはメッセージが大きすぎました。ポータルでご覧ください。",
}
TERMS = Terms("Teams", REASONS)


class Teams:
    """Address: `url`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(self, message: Message) -> Outcome:
        answer = await post_json(self._http, message.address["url"], {}, fitting(message))
        if isinstance(answer, Retry):
            return answer
        if answer.status in (200, 202):
            return TERMS.strange() if answer.html else Sent("Teams が受け取りました")
        return TERMS.refusal(answer, message.at)


def fitting(message: Message) -> dict[str, object]:
    """The card, with as much of the report as Teams takes; what does not fit is behind the link."""
    line = LINE
    while True:
        document = card(message, line)
        if len(json.dumps(document, ensure_ascii=False).encode()) <= BYTES or line < 20:
            return document
        line //= 2


def card(message: Message, line: int) -> dict[str, object]:
    """The card with lines of at most `line` characters, and as many of them as a person reads."""
    facts = [
        {"title": plain(shorten(label, 60)), "value": plain(shorten(value, line))}
        for label, value in message.lines[:40]
    ]
    content = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "body": [
            {
                "type": "TextBlock",
                "text": plain(shorten(message.subject, 300)),
                "weight": "bolder",
                "size": "medium",
                "wrap": True,
            },
            {
                "type": "TextBlock",
                "text": plain(f"{message.staff_name} 様 {message.opening}"),
                "wrap": True,
            },
            {"type": "FactSet", "id": message.key, "facts": facts},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": message.asks, "url": message.link}],
    }
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": content,
            }
        ],
    }


def plain(text: str) -> str:
    """Text that is no markup: a link typed by a caller must not look like ours, nor `<at>` wake anybody."""
    return text.replace("<", "＜").replace("[", "［").replace("]", "］")
