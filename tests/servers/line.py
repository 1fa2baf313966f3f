"""LINE's Messaging API (push, reply, webhooks), as developers.line.biz describes it."""

import base64
import hashlib
import hmac
import json
import uuid
from typing import Any

from tests.servers.http import Reply, Seen

TOKEN = "line-good-token"
CHANNEL_SECRET = "line-channel-secret"
USER = "U" + "0123456789abcdef" * 2


class LineServer:
    """Remembers retry keys: a resend of what was accepted is 409."""

    def __init__(self) -> None:
        self.pushed: set[str] = set()
        self.replies: list[dict[str, Any]] = []

    def rule(self, request: Seen) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, '{"message":"Authentication failed."}')
        document: Any = request.json()
        if document is None:
            return Reply(400, '{"message":"The request body could not be parsed as JSON"}')
        if request.path == "/v2/bot/message/reply":
            self.replies.append(document)
            return Reply(200, '{"sentMessages":[{"id":"1"}]}')
        if request.path != "/v2/bot/message/push":
            return Reply(404, '{"message":"Not found"}')
        if document.get("to") != USER or not _good(document.get("messages", [])):
            return Reply(400, '{"message":"The property, \'to\', in the request body is invalid"}')
        key = request.headers.get("x-line-retry-key", "")
        try:
            uuid.UUID(key)
        except ValueError:
            return Reply(400, '{"message":"The retry key is not a UUID"}')
        if key in self.pushed:
            told = '{"message":"The retry key is already accepted"}'
            return Reply(409, told, {"x-line-accepted-request-id": "a"})
        self.pushed.add(key)
        return Reply(200, '{"sentMessages":[{"id":"1","quoteToken":"q"}]}')


def _good(messages: list[dict[str, Any]]) -> bool:
    for one in messages:
        if one["type"] == "text" and not 1 <= len(one["text"].encode("utf-16-le")) // 2 <= 5000:
            return False
        if one["type"] == "template":
            template = one["template"]
            if len(one["altText"]) > 400 or len(template["text"]) > 160:
                return False
            if any(len(action["label"]) > 20 for action in template["actions"]):
                return False
            if any(len(action.get("data", "")) > 300 for action in template["actions"]):
                return False
    return 1 <= len(messages) <= 5


def signed(body: bytes, secret: str = CHANNEL_SECRET) -> dict[str, str]:
    """The headers of a webhook from LINE."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {
        "x-line-signature": base64.b64encode(digest).decode(),
        "content-type": "application/json; charset=utf-8",
    }


def event(kind: str, user: str, event_id: str, **more: object) -> bytes:
    """The body of a webhook with one event."""
    one = {
        "type": kind,
        "webhookEventId": event_id,
        "deliveryContext": {"isRedelivery": False},
        "timestamp": 1795485600000,
        "source": {"type": "user", "userId": user},
        "replyToken": "reply-token",
        "mode": "active",
        **more,
    }
    return json.dumps({"destination": "U0", "events": [one]}).encode()
