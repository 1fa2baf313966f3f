"""The hooks of Teams (a workflow) and Google Chat (a space), as their makers describe them."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.http import Reply, Seen

TEAMS_SIGNATURE = "teams-signature"
CHAT_TOKEN = "chat-token"


def teams_rule(request: Seen) -> Reply:
    """A workflow that starts when a Teams webhook request is received."""
    query = parse_qs(urlsplit(request.path).query)
    if urlsplit(request.path).path != "/workflows/1/triggers/manual/paths/invoke":
        return Reply(404, '{"error":{"code":"WorkflowNotFound"}}')
    if query.get("sig") != [TEAMS_SIGNATURE]:
        return Reply(401, '{"error":{"code":"DirectApiAuthorizationRequired"}}')
    if len(request.body.encode()) > 28 * 1024:
        return Reply(413, '{"error":{"code":"RequestEntityTooLarge"}}')
    document: Any = request.json()
    try:
        (attachment,) = document["attachments"]
        card = attachment["content"]
        good = (
            document["type"] == "message"
            and attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
            and card["type"] == "AdaptiveCard"
            and card["actions"][0]["type"] == "Action.OpenUrl"
        )
    except (TypeError, KeyError, ValueError):
        good = False
    return Reply(202) if good else Reply(400, '{"error":{"code":"TriggerInputSchemaMismatch"}}')


class ChatServer:
    """A space: the same `requestId` again gives the message that is there."""

    def __init__(self) -> None:
        self.messages: dict[str, str] = {}

    def rule(self, request: Seen) -> Reply:
        parts = urlsplit(request.path)
        query = parse_qs(parts.query)
        if parts.path != "/v1/spaces/AAA/messages":
            return Reply(404, '{"error":{"code":404,"status":"NOT_FOUND"}}')
        if query.get("key") != ["chat-key"] or query.get("token") != [CHAT_TOKEN]:
            return Reply(401, '{"error":{"code":401,"status":"UNAUTHENTICATED"}}')
        document: Any = request.json()
        if document is None or not 1 <= len(document.get("text", "")) <= 4096:
            return Reply(400, '{"error":{"code":400,"status":"INVALID_ARGUMENT"}}')
        (asked,) = query["requestId"]
        self.messages.setdefault(asked, document["text"])
        return Reply(200, '{"name":"spaces/AAA/messages/1"}')
