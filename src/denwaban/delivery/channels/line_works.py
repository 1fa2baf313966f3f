"""LINE WORKS by a bot: a message to one member.

Source: developers.worksmobile.com: `POST /v1.0/bots/{botId}/users/{userId}/messages`, Bearer, 201 when accepted; a text of
2,000 characters; 240 requests a minute, 429 with `RateLimit-Reset` △ or Retry-After. The token comes from
`POST /oauth2/v2.0/token` (grant type jwt-bearer): a JWT signed with RS256 by the service account's key (`iss` client id,
`sub` service account, `iat`, `exp` within an hour), with client id, client secret and scope `bot`; it lasts 24 hours.
LINE WORKS knows no idempotency key.
"""

import asyncio
import base64
import json
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from denwaban.delivery.channels.web import Answer, Terms, post, post_json
from denwaban.delivery.message import Message, text_of
from denwaban.delivery.outcome import NotSetUp, Outcome, Retry, Sent
from denwaban.delivery.services import LineWorksService

TEXT = 2000
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

SPARE = timedelta(minutes=10)
"""A token is renewed this long before it ends."""

REASONS = {
    400: "LINE WORKS が宛先を受け付けませんでした。メンバーの ID を確かめてください。",
    403: "LINE WORKS のボットがこのメンバーに送れません。ボットの公開範囲を確かめてください。",
    404: "LINE WORKS のメンバーが見つかりません。ID (suzuki@example など)を確かめてください。",
}
TERMS = Terms("LINE WORKS", REASONS)
NO_SIGN_IN = "LINE WORKS にサインインできません。サービスアカウントの設定を確かめてください。"


class LineWorks:
    """Address: `user` (a member's id, usually like a mail address)."""

    def __init__(self, http: httpx.AsyncClient, service: LineWorksService) -> None:
        self._http = http
        self._service = service
        self._signing_in = asyncio.Lock()
        self._token = ""
        self._until: datetime | None = None

    async def send(self, message: Message) -> Outcome:
        service = self._service
        needed = (service.bot, service.client_id, service.client_secret, service.account)
        if not all((*needed, service.private_key)):
            return NotSetUp(
                "LINE WORKS のボットが設定されていません(DENWABAN_SERVICES の [line_works])。"
            )
        token = await self._sign_in(message.at)
        if isinstance(token, Retry):
            return token
        user = quote(message.address["user"], safe="@")
        url = f"{service.url}/bots/{quote(service.bot, safe='')}/users/{user}/messages"
        document = {"content": {"type": "text", "text": text_of(message, TEXT)}}
        answer = await post_json(self._http, url, {"authorization": f"Bearer {token}"}, document)
        if isinstance(answer, Retry):
            return answer
        if answer.status == 201:
            return TERMS.strange() if answer.html else Sent("LINE WORKS が受け取りました")
        if 200 <= answer.status < 300:
            return TERMS.strange()
        if answer.status == 401:
            self._token = ""
            return Retry(NO_SIGN_IN)
        return TERMS.refusal(answer, message.at)

    async def _sign_in(self, now: datetime) -> str | Retry:
        """A token that still lasts; only one request for it at a time."""
        async with self._signing_in:
            if self._token and self._until is not None and now < self._until:
                return self._token
            service = self._service
            try:
                pem = await asyncio.to_thread(Path(service.private_key).read_bytes)
                assertion = signed_claim(service.client_id, service.account, pem, now)
            except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
                return Retry("LINE WORKS の秘密鍵のファイルが読めません。設定を確かめてください。")
            form = {
                "assertion": assertion,
                "grant_type": GRANT,
                "client_id": service.client_id,
                "client_secret": service.client_secret,
                "scope": "bot",
            }
            headers = {"content-type": "application/x-www-form-urlencoded"}
            answer = await post(self._http, service.auth_url, headers, urlencode(form).encode())
            return answer if isinstance(answer, Retry) else self._keep(answer, now)

    def _keep(self, answer: Answer, now: datetime) -> str | Retry:
        told = answer.document() or {}
        token, lasts = told.get("access_token"), str(told.get("expires_in", "3600"))
        if answer.status != 200 or not isinstance(token, str) or not token.isascii():
            refusal = TERMS.refusal(answer, now)
            return Retry(NO_SIGN_IN, refusal.after if isinstance(refusal, Retry) else None)
        seconds = int(lasts[:9]) if lasts.isdecimal() else 3600
        self._token = token
        self._until = now + max(timedelta(seconds=seconds) - SPARE, timedelta(0))
        return token


def signed_claim(client_id: str, account: str, pem: bytes, now: datetime) -> str:
    """The JWT that asks for a token. Raises ValueError or TypeError when the key is none, or not RSA."""
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("not an RSA key")
    begun = int(now.timestamp())
    claim = {"iss": client_id, "sub": account, "iat": begun, "exp": begun + 1800}
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claim)}"
    return f"{signed}.{_base64(key.sign(signed.encode(), PKCS1v15(), hashes.SHA256()))}"


def _part(document: dict[str, object]) -> str:
    return _base64(json.dumps(document, separators=(",", ":")).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
