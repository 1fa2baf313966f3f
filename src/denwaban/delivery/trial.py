"""A test message to a contact, so that nobody learns from a lost report that an address was wrong."""

import asyncio
from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from denwaban.access import Principal, Role
from denwaban.clock import Clock
from denwaban.config import Settings
from denwaban.delivery.channels import Channels
from denwaban.delivery.links import Tries
from denwaban.delivery.message import Message
from denwaban.delivery.model import Kind
from denwaban.delivery.outcome import Outcome, Retry, outcome_words
from denwaban.oncall import Contact, contact, may_change, open_address, record_test
from denwaban.people import client, staff_member
from denwaban.store import Store, Tx, new_id
from denwaban.web import Problem, _, needs

LONGEST = 15.0
"""Seconds that somebody waits in front of the page; a report is tried for hours."""

LONGEST_RINGING = 50.0
"""As `LONGEST`, for a telephone that must be picked up."""

TESTS = "contact_tests"
ALLOWED = 10
"""Tests by one account within ten minutes: nobody's mailbox is to be filled from here."""


def trial_message(tx: Tx, who: Principal, contact_id: str, url: str) -> tuple[Contact, Message]:
    """The contact and what is sent to it. A `Problem` 404 when it is not theirs to change."""
    found = contact(tx, contact_id)
    person = staff_member(tx, found.staff_id) if found is not None else None
    owner = client(tx, found.client_id) if found is not None else None
    if found is None or person is None or owner is None or not may_change(who, person):
        raise Problem(404, _("見つかりませんでした"), _("連絡先の画面から選び直してください。"))
    return found, Message(
        key=f"test_{new_id()}",
        report_id=f"test-{found.id}",
        client_id=owner.id,
        client_name=owner.name,
        staff_id=person.id,
        staff_name=person.name,
        kind=Kind.FIRST,
        subject=f"【テスト】{owner.name} 受電報告の届け先の確認",
        lines=(("確認", "この通知が読めていれば、設定は済んでいます。返信や操作はいりません。"),),
        link=f"{url}/portal",
        address=open_address(tx, found.client_id, found.address),
        at=tx.now,
        data={},
        test=True,
    )


async def try_out(channels: Channels, channel: str, message: Message) -> Outcome:
    """One attempt of at most `LONGEST`, by telephone `LONGEST_RINGING`."""
    longest = LONGEST_RINGING if channel == "phone" else LONGEST
    try:
        async with asyncio.timeout(longest):
            return await channels[channel].send(message)
    except TimeoutError:
        return Retry(f"送り先が{longest:.0f}秒以内に答えませんでした。")


@post("/contacts/{contact_id:str}/test", guards=[needs(Role.CLIENT, Role.ADMINISTRATOR)])
async def send_test(
    request: Request[Any, Any, Any],
    contact_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    channels: NamedDependency[Channels],
) -> Redirect:
    """Sends a test message and keeps what came of it with the contact."""
    tries: Tries = request.app.state.setdefault(TESTS, Tries(ALLOWED))
    found, message = await store.read(lambda tx: trial_message(tx, who, contact_id, settings.url))
    if tries.too_many(who.user_id, clock.now()):
        raise Problem(
            429,
            _("テストの送信が続いています"),
            _("10分ほど待ってから、もう一度お試しください。"),
            headers={"Retry-After": "600"},
        )
    tries.add(who.user_id, clock.now())
    outcome = await try_out(channels, found.channel, message)
    result, detail = outcome_words(outcome)
    await store.write(lambda tx: record_test(tx, found, result, detail))
    return Redirect(f"/staff/{found.staff_id}/contacts#contact-{found.id}", status_code=303)


routes = [send_test]
