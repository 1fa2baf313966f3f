"""A receiver that checks Standard Webhooks as their own library does."""

from datetime import UTC, datetime

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError
from tests.servers.http import Reply, Seen

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def webhook_rule(request: Seen) -> Reply:
    """A receiver that wants JSON and the three headers of Standard Webhooks."""
    wanted = ("webhook-id", "webhook-timestamp", "webhook-signature")
    if request.json() is None or any(not request.headers.get(name) for name in wanted):
        return Reply(401)
    return Reply(204)


def strict_rule(request: Seen, secret: str = SECRET) -> Reply:
    """A receiver that checks the signature. Its clock is the message's: tests move theirs."""
    sent_at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    mine = Webhook(secret).sign(request.headers["webhook-id"], sent_at, request.body)
    if mine not in request.headers["webhook-signature"].split():
        return Reply(401)
    return webhook_rule(request)


def verified(request: Seen, secret: str = SECRET) -> bool:
    """Whether the library of the standard accepts it now."""
    try:
        Webhook(secret).verify(request.body, request.headers)
    except WebhookVerificationError:
        return False
    return True
