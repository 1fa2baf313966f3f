"""Slack by an app (`chat.postMessage`), with a button that takes the report without leaving Slack.

Source: docs.slack.dev: `POST /chat.postMessage`, a bot token as Bearer, JSON; the answer is 200 even when it is a refusal
(`{"ok": false, "error": "…"}`); 429 with Retry-After, about one message a second and channel; a section's text has at most
3,000 characters, a button's text 75, its value 2,000, its URL 3,000. A press comes to our door (`inbound.doors`), signed
by Slack. Slack knows no idempotency key: ours is the `block_id` and the button's value.
"""

from datetime import timedelta

import httpx

from denwaban.delivery.channels.slack import headline, section
from denwaban.delivery.channels.web import Terms, post_json
from denwaban.delivery.message import Message
from denwaban.delivery.outcome import Failed, Outcome, Retry, Sent
from denwaban.delivery.services import SlackService

TAKE = "take"
"""The `action_id` of the button."""

_SIGN_IN = "Slack のボットトークンが使えません。xoxb- で始まるトークンを登録し直してください。"
_PLACE = "Slack のチャンネルが見つかりません。チャンネル ID (C…) を確かめてください。"

REASONS = {
    "invalid_auth": _SIGN_IN,
    "not_authed": _SIGN_IN,
    "account_inactive": _SIGN_IN,
    "token_revoked": _SIGN_IN,
    "token_expired": _SIGN_IN,
    "missing_scope": "Slack アプリに投稿の権限(chat:write)がありません。権限を足して入れ直してください。",
    "channel_not_found": _PLACE,
    "not_in_channel": "Slack アプリがチャンネルにいません。チャンネルで /invite してください。",
    "is_archived": "Slack のチャンネルがアーカイブされています。別のチャンネルにしてください。",
    "restricted_action": "Slack の管理者が、このチャンネルへの投稿を止めています。",
    "msg_too_long": "Slack にはメッセージが長すぎました。ポータルでご覧ください。",
    "invalid_blocks": "Slack がメッセージの形を受け付けませんでした。運用管理の担当者に知らせてください。",
}

LATER = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
    }
)

TERMS = Terms("Slack", rest=timedelta(seconds=30))


class SlackApp:
    """Address: `place` (C… a channel, U… or D… one person), `token` (`xoxb-…`), perhaps `member` (U…)."""

    def __init__(self, http: httpx.AsyncClient, service: SlackService) -> None:
        self._http = http
        self._url = f"{service.url}/chat.postMessage"
        self._buttons = bool(service.signing_secrets)

    async def send(self, message: Message) -> Outcome:
        headers = {"authorization": f"Bearer {message.address['token']}"}
        document = {
            "channel": message.address["place"],
            "text": headline(message),
            "unfurl_links": False,
            "unfurl_media": False,
            "blocks": [section(message), buttons(message, self._buttons)],
        }
        answer = await post_json(self._http, self._url, headers, document)
        if isinstance(answer, Retry):
            return answer
        if answer.status != 200:
            return TERMS.refusal(answer, message.at)
        told = answer.document()
        if told is None:
            return TERMS.strange()
        if told.get("ok") is True:
            return Sent("Slack が受け取りました")
        word = str(told.get("error", ""))
        if word in LATER:
            return Retry("Slack が一時的に受け付けられません。送り直します。", TERMS.rest)
        return Failed(
            REASONS.get(
                word, "Slack が受け付けませんでした。チャンネルとトークンを確かめてください。"
            )
        )


def buttons(message: Message, answers: bool) -> dict[str, object]:
    """The row of buttons. `answers`: presses reach us, so one press may take the report."""
    row: list[dict[str, object]] = []
    if answers and message.takes:
        row.append(
            {
                "type": "button",
                "action_id": TAKE,
                "style": "primary",
                "text": {"type": "plain_text", "text": "引き受ける"},
                "value": message.key,
            }
        )
    row.append(
        {
            "type": "button",
            "action_id": "open",
            "text": {"type": "plain_text", "text": message.asks},
            "url": message.link,
        }
    )
    return {"type": "actions", "block_id": f"{message.key}-act", "elements": row}
