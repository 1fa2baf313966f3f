"""A webhook to the client's own system, signed by the Standard Webhooks scheme (standardwebhooks.com).

`webhook-id` is the idempotency key, the same for every attempt; `webhook-timestamp` is the attempt's own time;
`webhook-signature` holds `v1,` and a base64 HMAC-SHA256 of id, timestamp and body, once for each key that is valid now: for
a day after a key was changed the former one signs too, so that nothing is refused meanwhile. Any 2xx is acceptance, 410
means "never again", everything else is tried again.
"""

import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook as Signer
from standardwebhooks.webhooks import EmptyWebhookSecretError

from denwaban.delivery.channels.web import later, post
from denwaban.delivery.message import Message
from denwaban.delivery.outcome import Failed, Outcome, Retry, Sent


class Webhook:
    """Address: `url`, `secret` (`whsec_…`); after a change also `former` and `former_until` (ISO 8601)."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(self, message: Message) -> Outcome:
        body = json.dumps(payload(message), ensure_ascii=False, separators=(",", ":"))
        try:
            signature = " ".join(
                Signer(secret).sign(message.key, message.at.astimezone(UTC), body)
                for secret in secrets_at(message.address, message.at)
            )
        except (binascii.Error, EmptyWebhookSecretError, ValueError):
            return Failed(
                "Webhook の署名鍵の形が違います。whsec_ で始まる鍵を登録し直してください。"
            )
        headers = {
            "content-type": "application/json",
            "user-agent": "denwaban",
            "webhook-id": message.key,
            "webhook-timestamp": str(int(message.at.timestamp())),
            "webhook-signature": signature,
        }
        answer = await post(self._http, message.address["url"], headers, body.encode())
        if isinstance(answer, Retry):
            return answer
        if 200 <= answer.status < 300:
            return Sent(f"Webhook が受け取りました(HTTP {answer.status})")
        if answer.status == 410:
            return Failed("Webhook の送り先が「もう受け取らない」と答えました(HTTP 410)。")
        return Retry(
            f"Webhook の送り先がエラーを返しました(HTTP {answer.status})。",
            later(answer, message.at),
        )


def secrets_at(address: Mapping[str, str], now: datetime) -> list[str]:
    """The keys to sign with, the newest first."""
    found = [address["secret"]]
    if address.get("former") and now < datetime.fromisoformat(address["former_until"]):
        found.append(address["former"])
    return found


def payload(message: Message) -> dict[str, object]:
    """`{type, timestamp, data}`; `data` is the report with the link to take it. A test has type `test` and no report."""
    if message.test:
        staff = {"id": message.staff_id, "name": message.staff_name}
        data = {"client_id": message.client_id, "staff": staff}
        return {"type": "test", "timestamp": message.at.isoformat(), "data": data}
    return {
        "type": "report.sent",
        "timestamp": message.at.isoformat(),
        "data": {
            **message.data,
            "staff": {"id": message.staff_id, "name": message.staff_name},
            "acknowledge_url": message.link,
        },
    }
