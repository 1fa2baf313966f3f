"""The doors for services, over HTTP. Each proves who speaks before anything is read, writes a row, and answers at once.

No session and no form token: the signature is the proof. A door whose service is not set up is not there (404).
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from denwaban.clock import Clock
from denwaban.config import Settings
from denwaban.delivery.channels.slack_app import TAKE as SLACK_TAKE
from denwaban.delivery.inbound import model, signatures
from denwaban.delivery.inbound.keeping import Kept, keep
from denwaban.delivery.inbound.model import Arrival
from denwaban.delivery.services import Services
from denwaban.store import Store
from denwaban.web import Problem, public

BODY = 200_000
"""Bytes of the largest request; services send a few thousand."""

SLACK_ANSWERS = "https://hooks.slack.com/"
"""Where answers to a press go."""

PATIENCE = 2.0
"""Seconds until we say "later": Slack waits three."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What proves who speaks."""

    services: Services


def _closed() -> Problem:
    return Problem(404, "not found")


def _refused() -> Problem:
    return Problem(401, "signature", headers={"WWW-Authenticate": "Signature"})


async def _keep(store: Store, kept: Sequence[Kept]) -> Response[None]:
    """Writes and says so; a service that hears 503 sends the same again."""
    try:
        async with asyncio.timeout(PATIENCE):
            if kept:
                await store.write(lambda tx: keep(tx, kept))
    except TimeoutError as error:
        raise Problem(503, "later", headers={"Retry-After": "5"}) from error
    return Response(None, status_code=200, media_type="text/plain")


def _json(text: str | bytes) -> dict[str, Any]:
    """A JSON object, or nothing."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200))
    except ValueError:
        return {}


def _each(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


@post("/in/slack", guards=[public], request_max_body_size=BODY, opt={"quiet": True})
async def slack(
    request: Request[Any, Any, Any],
    doors: NamedDependency[Doors],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Response[None]:
    """A press of a button in Slack (interactivity request URL)."""
    secrets = doors.services.slack.signing_secrets
    if not secrets:
        raise _closed()
    body = await request.body()
    stamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    if not signatures.from_slack(secrets, stamp, signature, body, clock.now()):
        raise _refused()
    payload = _json(_form(body).get("payload", ""))
    user = payload.get("user")
    member = str(user.get("id", "")) if isinstance(user, dict) else ""
    channel = payload.get("channel")
    answer_at = str(payload.get("response_url", ""))
    good = (SLACK_ANSWERS, f"{doors.services.slack.url}/")
    kept = [
        Kept(
            "slack",
            f"slack:{_digest(payload.get('trigger_id'), member, one.get('action_ts'))}",
            {
                "key": str(one.get("value", ""))[:64],
                "member": member[:30],
                "place": str(channel.get("id", ""))[:30] if isinstance(channel, dict) else "",
                "answer_at": answer_at if answer_at.startswith(good) else "",
            },
        )
        for one in _each(payload.get("actions"))
        if one.get("action_id") == SLACK_TAKE
    ]
    return await _keep(store, kept)


@post("/in/line", guards=[public], request_max_body_size=BODY, opt={"quiet": True})
async def line(
    request: Request[Any, Any, Any], doors: NamedDependency[Doors], store: NamedDependency[Store]
) -> Response[None]:
    """Events of the LINE official account: presses, and people who ask for their ID."""
    secret = doors.services.line.secret
    if not secret:
        raise _closed()
    body = await request.body()
    if not signatures.from_line(secret, request.headers.get("x-line-signature", ""), body):
        raise _refused()
    kept = []
    for one in _each(_json(body).get("events")):
        source, postback, told = (one.get(key) or {} for key in ("source", "postback", "message"))
        if not all(isinstance(part, dict) for part in (source, postback, told)):
            continue
        payload = {
            "type": str(one.get("type", ""))[:20],
            "user": str(source.get("userId", ""))[:40],
            "data": str(postback.get("data", ""))[:100],
            "text": str(told.get("text", ""))[:20],
            "answer_by": str(one.get("replyToken", ""))[:100],
        }
        if payload["type"] in ("postback", "message", "follow") and payload["user"]:
            kept.append(Kept("line", f"line:{_digest(one.get('webhookEventId'))}", payload))
    return await _keep(store, kept)


@post("/in/twilio/{key:str}", guards=[public], request_max_body_size=BODY, opt={"quiet": True})
async def twilio(
    request: Request[Any, Any, Any],
    key: FromPath[str],
    doors: NamedDependency[Doors],
    settings: NamedDependency[Settings],
    store: NamedDependency[Store],
) -> Response[None]:
    """How far an SMS has come, from Twilio."""
    service = doors.services.twilio
    if service is None:
        raise _closed()
    form = _form(await request.body())
    url = f"{settings.url}/in/twilio/{key}"
    signature = request.headers.get("x-twilio-signature", "")
    if not signatures.from_twilio(service.token, signature, url, form):
        raise _refused()
    return await _keep(store, _result(key, model.TWILIO.get(form.get("MessageStatus", "").lower())))


async def _vonage(
    request: Request[Any, Any, Any], doors: Doors, store: Store, given: Mapping[str, str]
) -> Response[None]:
    service = doors.services.vonage
    if service is None or not service.signature_secret:
        raise _closed()
    if not signatures.from_vonage(service.signature_secret, given):
        raise _refused()
    arrival = model.VONAGE.get(given.get("status", "").lower())
    return await _keep(store, _result(given.get("client-ref", ""), arrival))


@post("/in/vonage", guards=[public], request_max_body_size=BODY, opt={"quiet": True})
async def vonage(
    request: Request[Any, Any, Any], doors: NamedDependency[Doors], store: NamedDependency[Store]
) -> Response[None]:
    """How far an SMS has come, from Vonage: as a form or as JSON, as the account is set."""
    body = await request.body()
    found = _json(body)
    given = {key: str(value) for key, value in found.items()} if found else _form(body)
    return await _vonage(request, doors, store, given)


@get("/in/vonage", guards=[public], opt={"quiet": True})
async def vonage_get(
    request: Request[Any, Any, Any], doors: NamedDependency[Doors], store: NamedDependency[Store]
) -> Response[None]:
    """The same as a query: the account's other setting."""
    return await _vonage(request, doors, store, dict(request.query_params.items()))


@post(
    "/in/media-sms/{secret:str}", guards=[public], request_max_body_size=BODY, opt={"quiet": True}
)
async def media_sms(
    request: Request[Any, Any, Any],
    secret: FromPath[str],
    doors: NamedDependency[Doors],
    store: NamedDependency[Store],
) -> Response[None]:
    """How far an SMS has come, from メディアSMS. It signs nothing: the address itself is the secret."""
    service = doors.services.media_sms
    if service is None or not service.return_secret:
        raise _closed()
    if not compare_digest(secret.encode(), service.return_secret.encode()):
        raise _refused()
    form = _form(await request.body())
    return await _keep(
        store, _result(form.get("smsid", ""), model.MEDIA_SMS.get(form.get("status", "").lower()))
    )


def _result(key: str, arrival: Arrival | None) -> list[Kept]:
    """One row for each state of a message, however often it is told; nothing for a state that says nothing."""
    if arrival is None or not key:
        return []
    payload = {"key": key[:64], "state": arrival.word}
    return [Kept("sms", f"sms:{_digest(key, arrival.word)}", payload)]


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr([str(part) for part in parts]).encode()).hexdigest()


routes = [slack, line, twilio, vonage, vonage_get, media_sms]
