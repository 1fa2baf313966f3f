"""Slack's incoming webhooks and `chat.postMessage`, as docs.slack.dev describes them."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

from tests.servers.http import Reply, Seen


def slack_rule(request: Seen) -> Reply:
    """An incoming webhook as docs.slack.dev describes it."""
    known = {
        "/services/T1/B1/good": None,
        "/services/T1/B1/archived": Reply(410, "channel_is_archived"),
        "/services/T1/B1/forbidden": Reply(403, "action_prohibited"),
    }
    if request.path not in known:
        return Reply(404, "no_service")
    refusal = known[request.path]
    if refusal is not None:
        return refusal
    if not request.headers["content-type"].startswith("application/json"):
        return Reply(400, "invalid_payload")
    try:
        payload = json.loads(request.body)
    except ValueError:
        return Reply(400, "invalid_payload")
    if not payload.get("text") and not payload.get("blocks"):
        return Reply(400, "no_text")
    allowed = {"text", "blocks", "attachments", "unfurl_links", "unfurl_media", "mrkdwn"}
    if set(payload) - allowed:
        return Reply(400, "invalid_payload")
    for block in payload.get("blocks", []):
        text = block.get("text", {}).get("text", "")
        if block["type"] == "section" and not 1 <= len(text) <= 3000:
            return Reply(400, "invalid_blocks")
        if len(block.get("block_id", "")) > 255:
            return Reply(400, "invalid_blocks")
    return Reply(200, "ok")


SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOT_TOKEN = "xoxb-good"
UNKNOWN = '{"ok":false,"error":"channel_not_found"}'


def slack_app_rule(request: Seen) -> Reply:
    """`chat.postMessage`: refusals are HTTP 200 with `ok: false`."""
    if request.path != "/api/chat.postMessage":
        return Reply(404, "not found")
    if request.headers.get("authorization") != f"Bearer {BOT_TOKEN}":
        return Reply(200, '{"ok":false,"error":"invalid_auth"}')
    document = request.json()
    if document is None:
        return Reply(200, '{"ok":false,"error":"invalid_json"}')
    if document.get("channel") not in ("C0123456", "U0123456"):
        return Reply(200, UNKNOWN)
    blocks: Any = document.get("blocks", [])
    if not document.get("text") or len(blocks) > 50 or not all(map(_good_block, blocks)):
        return Reply(200, '{"ok":false,"error":"invalid_blocks"}')
    return Reply(
        200,
        json.dumps({"ok": True, "ts": "1.2", "message": {"blocks": blocks, "pad": "漢" * 4000}}),
    )


def _good_block(block: dict[str, Any]) -> bool:
    if len(block.get("block_id", "")) > 255:
        return False
    if block["type"] == "section":
        return 1 <= len(block["text"]["text"]) <= 3000
    if block["type"] != "actions":
        return False
    return all(
        one["type"] == "button"
        and len(one["text"]["text"]) <= 75
        and len(one.get("value", "")) <= 2000
        and len(one.get("url", "")) <= 3000
        for one in block["elements"]
    )


def signed(body: bytes, at: int, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """The headers of a request from Slack."""
    digest = hmac.new(secret.encode(), b"v0:%d:%s" % (at, body), hashlib.sha256).hexdigest()
    return {
        "x-slack-request-timestamp": str(at),
        "x-slack-signature": f"v0={digest}",
        "content-type": "application/x-www-form-urlencoded",
    }


def press(key: str, user: str, response_url: str, action: str = "take", at: str = "1.5") -> bytes:
    """The body of a press of a button."""
    payload = {
        "type": "block_actions",
        "user": {"id": user, "username": "suzuki"},
        "team": {"id": "T1"},
        "channel": {"id": "C0123456"},
        "trigger_id": f"13345224609.{at}",
        "response_url": response_url,
        "actions": [
            {"action_id": action, "type": "button", "value": key, "action_ts": at},
        ],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()
