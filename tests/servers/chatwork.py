"""Chatwork's messages and tasks, as developer.chatwork.com describes them."""

from urllib.parse import urlsplit

from tests.servers.http import Reply, Seen


def chatwork_rule(request: Seen) -> Reply:
    """`POST /v2/rooms/{room_id}/messages` and `…/tasks`: room 123, token `good-token`, account 45 is in it."""
    limits = {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "299"}
    if request.headers.get("x-chatworktoken") != "good-token":
        return Reply(401, '{"errors":["Invalid API token"]}')
    path = urlsplit(request.path).path
    if path not in ("/v2/rooms/123/messages", "/v2/rooms/123/tasks"):
        return Reply(404, '{"errors":["Room not found"]}', limits)
    if request.headers["content-type"] != "application/x-www-form-urlencoded":
        return Reply(400, '{"errors":["Parameter \'body\' is required"]}', limits)
    form = request.form()
    if not 1 <= len(form.get("body", "")) <= 65_535:
        return Reply(400, '{"errors":["Invalid Parameter \'body\'"]}', limits)
    if path.endswith("/messages"):
        return Reply(200, '{"message_id":"5"}', limits)
    if form.get("to_ids") != "45":
        return Reply(400, '{"errors":["This account is not a member of this room"]}', limits)
    if form.get("limit_type", "time") not in ("none", "date", "time"):
        return Reply(400, '{"errors":["Invalid Parameter \'limit_type\'"]}', limits)
    if form.get("limit_type") == "time" and not form.get("limit", "").isdigit():
        return Reply(400, '{"errors":["Invalid Parameter \'limit\'"]}', limits)
    return Reply(200, '{"task_ids":[7]}', limits)
