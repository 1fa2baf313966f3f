"""Slack by an incoming webhook. Its URL is a secret and is never logged or shown.

Source: docs.slack.dev, incoming webhooks: 200 `ok`; 400/403/404/410 with a word that says what is wrong; 429 with
Retry-After; a section's text has at most 3,000 characters. Slack knows no
idempotency key: ours is the `block_id`, so that a second copy can be told from a second report.
"""

from datetime import timedelta
from typing import Any

import httpx

from denwaban.delivery.channels.web import Terms, post_json
from denwaban.delivery.message import Message, shorten
from denwaban.delivery.outcome import Failed, Outcome, Retry, Sent

SECTION = 3000

REASONS = {
    "action_prohibited": "Slack の管理者が、このチャンネルへの投稿を止めています。",
    "channel_is_archived": "Slack のチャンネルがアーカイブされています。別のチャンネルの URL にしてください。",
    "channel_not_found": "Slack のチャンネルが見つかりません。Webhook の URL を作り直してください。",
    "no_service": "Slack の Webhook が無効になっています。URL を作り直してください。",
    "no_team": "Slack のワークスペースが見つかりません。URL を確かめてください。",
    "invalid_token": "Slack の Webhook の URL が違います。URL を作り直してください。",
}

TERMS = Terms("Slack", rest=timedelta(seconds=30))


class Slack:
    """Address: `url`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(self, message: Message) -> Outcome:
        answer = await post_json(self._http, message.address["url"], {}, payload(message))
        if isinstance(answer, Retry):
            return answer
        word = answer.body.strip()
        if answer.status == 200:
            return Sent("Slack が受け取りました") if word == "ok" else TERMS.strange()
        if answer.status in (400, 401, 403, 404, 410):
            return Failed(
                REASONS.get(
                    word,
                    f"Slack が受け付けませんでした(HTTP {answer.status})。URL を確かめてください。",
                )
            )
        return TERMS.refusal(answer, message.at)


def payload(message: Message) -> dict[str, Any]:
    """Text for notifications, one section to read, a link to take it."""
    link = {"type": "mrkdwn", "text": f"<{message.link}|{message.asks}>"}
    return {
        "text": headline(message),
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [section(message), {"type": "section", "text": link}],
    }


def headline(message: Message) -> str:
    """The text of the notification itself."""
    return escape(f"{message.subject} ({message.staff_name} 様)")


def section(message: Message) -> dict[str, Any]:
    """One block to read."""
    body = "\n".join(f"*{escape(label)}* {escape(value)}" for label, value in message.lines)
    head = (
        f"*{escape(message.subject)}*\n{escape(message.staff_name)} 様 {escape(message.opening)}\n"
    )
    return {
        "type": "section",
        "block_id": message.key,
        "text": {"type": "mrkdwn", "text": shorten(head + body, SECTION)},
    }


def escape(text: str) -> str:
    """Slack's three control characters; `<!channel>` typed by a caller must not wake everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
