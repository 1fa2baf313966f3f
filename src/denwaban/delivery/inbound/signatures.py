"""Whether a request comes from the service that it names. No I/O; every comparison takes the same time."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

FRESH = timedelta(minutes=5)
"""A request of Slack that is older, or from a later time, is a copy of one."""


def from_slack(
    secrets: Sequence[str], stamp: str, signature: str, body: bytes, now: datetime
) -> bool:
    """`X-Slack-Signature`: `v0=` and the HMAC-SHA256 of `v0:{timestamp}:{body}`, by one of our apps' signing secrets.

    Source: docs.slack.dev, verifying requests from Slack.
    """
    if not stamp.isascii() or not stamp.isdecimal() or len(stamp) > 12:
        return False
    if abs(now.timestamp() - int(stamp)) > FRESH.total_seconds():
        return False
    told = b"v0:%s:%s" % (stamp.encode(), body)
    found = False
    for secret in secrets:
        digest = hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()
        found |= _same(f"v0={digest}", signature)
    return found


def from_line(secret: str, signature: str, body: bytes) -> bool:
    """`x-line-signature`: base64 of the HMAC-SHA256 of the raw body by the channel secret.

    Source: developers.line.biz, verify webhook signature.
    """
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return bool(secret) and _same(base64.b64encode(digest).decode(), signature)


def from_twilio(token: str, signature: str, url: str, form: Mapping[str, str]) -> bool:
    """`X-Twilio-Signature`: base64 of the HMAC-SHA1 of the whole URL and every field of the form, by name, key and value
    without anything between them.

    Source: twilio.com/docs, webhooks security.
    """
    told = url + "".join(f"{key}{form[key]}" for key in sorted(form))
    digest = hmac.new(token.encode(), told.encode(), hashlib.sha1).digest()
    return _same(base64.b64encode(digest).decode(), signature)


def from_vonage(secret: str, form: Mapping[str, str]) -> bool:
    """`sig` of a signed webhook, by the method SHA-256 HMAC: of `&key=value` for every other field by name, with `&` and `=`
    in values as `_`.

    Source: developer.vonage.com, signing messages.
    """
    told = "".join(
        f"&{key}={form[key].replace('&', '_').replace('=', '_')}"
        for key in sorted(form)
        if key != "sig"
    )
    digest = hmac.new(secret.encode(), _bytes(told), hashlib.sha256).hexdigest()
    return bool(secret) and _same(digest, form.get("sig", "").lower())


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), _bytes(given))


def _bytes(text: str) -> bytes:
    """JSON may hold halves of surrogate pairs, which UTF-8 has not: nothing that anybody signed."""
    return text.encode("utf-8", "surrogatepass")
