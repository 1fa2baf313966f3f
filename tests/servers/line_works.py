"""LINE WORKS: the sign-in of a service account, and a bot's messages, as developers.worksmobile.com describes them."""

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from tests.servers.http import Reply, Seen

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class LineWorksServer:
    """Checks the JWT by the public key; gives tokens that last as long as `lasts` says (seconds)."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.pem = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self.lasts = "86400"
        self.sign_ins = 0
        self.token = ""

    def rule(self, request: Seen) -> Reply:
        if request.path == "/oauth2/v2.0/token":
            return self._sign_in(request.form())
        if not self.token or request.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(401, '{"code":"UNAUTHORIZED","description":"Authentication failed"}')
        if request.path != "/v1.0/bots/100/users/suzuki@example/messages":
            return Reply(404, '{"code":"NOT_FOUND","description":"User not found"}')
        document: Any = request.json()
        content = (document or {}).get("content", {})
        if content.get("type") != "text" or not 1 <= len(content.get("text", "")) <= 2000:
            return Reply(400, '{"code":"INVALID_PARAMETER","description":"content"}')
        return Reply(201)

    def _sign_in(self, form: dict[str, str]) -> Reply:
        refused = Reply(400, '{"error":"invalid_grant"}')
        if form.get("grant_type") != GRANT or form.get("scope") != "bot":
            return refused
        if (form.get("client_id"), form.get("client_secret")) != ("client", "client-secret"):
            return Reply(401, '{"error":"invalid_client"}')
        signed, _dot, signature = form["assertion"].rpartition(".")
        try:
            self._key.public_key().verify(
                _decode(signature), signed.encode(), PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return refused
        header, claim = (json.loads(_decode(part)) for part in signed.split("."))
        if header["alg"] != "RS256" or (claim["iss"], claim["sub"]) != ("client", "bot@account"):
            return refused
        if not 0 < claim["exp"] - claim["iat"] <= 3600:
            return refused
        self.sign_ins += 1
        self.token = f"token-{self.sign_ins}"
        told = {"access_token": self.token, "token_type": "Bearer", "expires_in": self.lasts}
        return Reply(200, json.dumps(told))


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
