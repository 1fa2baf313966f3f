"""Slack by an incoming webhook. Its URL is a secret and is never logged or shown.

Source: docs.slack.dev, incoming webhooks: 200 `ok`; 400/403/404/410 with a word that says what is wrong; 429 with
Retry-After; a section's text has at most 3,000 characters. Slack knows no
idempotency key: ours is the `block_id`, so that a second copy can be told from a second report.
"""

import json
from datetime import timedelta

import httpx

from denwaban.delivery.channels.web import later, post
from denwaban.delivery.message import Message, shorten
from denwaban.delivery.model import Failed, Outcome, Retry, Sent

SECTION = 3000

REASONS = {
    "action_prohibited": "Slack の管理者が、このチャンネルへの投稿を止めています。",
    "channel_is_archived": "Slack のチャンネルがアーカイブされています。別のチャンネルの URL にしてください。",
    "channel_not_found": "Slack のチャンネルが見つかりません。Webhook の URL を作り直してください。",
    "no_service": "Slack の Webhook が無効になっています。URL を作り直してください。",
    "no_team": "Slack のワークスペースが見つかりません。URL を確かめてください。",
    "invalid_token": "Slack の Webhook の URL が違います。URL を作り直してください。",
}


class Slack:
    """Address: `url`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(self, message: Message) -> Outcome:
        content = json.dumps(payload(message), ensure_ascii=False).encode()
        headers = {"content-type": "application/json; charset=utf-8"}
        answer = await post(self._http, message.address["url"], headers, content)
        if isinstance(answer, Retry):
            return answer
        if answer.status == 200:
            return Sent("Slack が受け取りました")
        word = answer.body.strip()
        if answer.status == 429:
            return Retry(
                "Slack の送信制限にかかりました。待って送り直します。",
                later(answer, message.at) or timedelta(seconds=30),
            )
        if answer.status in (400, 401, 403, 404, 410):
            return Failed(
                REASONS.get(
                    word,
                    f"Slack が受け付けませんでした(HTTP {answer.status})。URL を確かめてください。",
                )
            )
        return Retry(f"Slack が一時的に応答できません(HTTP {answer.status})。")


def payload(message: Message) -> dict[str, object]:
    """Text for notifications, one section to read, a link to take it."""
    body = "\n".join(f"*{escape(label)}* {escape(value)}" for label, value in message.lines)
    head = (
        f"*{escape(message.subject)}*\n{escape(message.staff_name)} 様 {escape(message.opening)}\n"
    )
    return {
        "text": escape(f"{message.subject} ({message.staff_name} 様)"),
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {
                "type": "section",
                "block_id": message.key,
                "text": {"type": "mrkdwn", "text": shorten(head + body, SECTION)},
            },
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": f"<{message.link}|{message.asks}>"},
            },
        ],
    }


def escape(text: str) -> str:
    """Slack's three control characters; `<!channel>` typed by a caller must not wake everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
