"""The work on what came in, and looking into a mailbox from time to time."""

import asyncio
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import insert, select, update

from denwaban.delivery.channels import Channels
from denwaban.delivery.channels.web import Answer as HttpAnswer
from denwaban.delivery.channels.web import post_json
from denwaban.delivery.inbound.imap import MailboxAway, Place, look
from denwaban.delivery.inbound.keeping import Kept, Meaning, done, keep, payload_of
from denwaban.delivery.inbound.letter import read_letter
from denwaban.delivery.inbound.model import of_word
from denwaban.delivery.inbound.pressed import Answer, line_came, slack_pressed
from denwaban.delivery.inbound.receipts import delivery_of, rise
from denwaban.delivery.inbound.returned import Letters, kept_letter, mail_came
from denwaban.delivery.inbound.rows import inbound, mailboxes
from denwaban.delivery.inbound.smtp_door import MailDoor
from denwaban.delivery.services import MailBack, Services
from denwaban.store import Store, StoreError, Tx
from denwaban.work import Duty

log = structlog.get_logger(__name__)

THE_MAILBOX = "0" * 32
"""The one mailbox of an installation."""

AGAIN = 30.0
"""Seconds until a door that could not be opened is tried again."""


def inbound_duties(store: Store, channels: Channels, letters: Letters | None = None) -> list[Duty]:
    """The duties of what comes in. `letters` hear of theirs that came back."""

    async def mean(row_id: str) -> None:
        answer = await store.write(lambda tx: meant(tx, row_id, letters))
        if answer is not None:
            await _answer(channels, answer)

    async def look_in(box_id: str) -> None:
        await _look_in(store, channels.services.mail_back, box_id)

    return [
        Duty("inbound", inbound, mean),
        Duty("mailbox", mailboxes, look_in, lease=timedelta(minutes=3), at_once=1),
    ]


def meant(tx: Tx, row_id: str, letters: Letters | None = None) -> Answer | None:
    """Does what a row means, once; returns what is to be answered."""
    row = tx.first(select(inbound).where(inbound.c.id == row_id))
    payload = payload_of(tx, row) if row is not None else None
    if row is None or payload is None:
        return None
    answer = None
    if row["source"] == "slack":
        meaning, answer = slack_pressed(tx, payload)
    elif row["source"] == "line":
        meaning, answer = line_came(tx, payload)
    elif row["source"] == "sms":
        told = delivery_of(tx, payload["key"])
        meaning = Meaning.NOTHING if told is None else Meaning.RESULT
        if told is not None:
            rise(tx, told, of_word(payload["state"]))
    else:
        meaning = mail_came(tx, payload, letters)
    done(tx, row_id, meaning)
    return answer


async def _answer(channels: Channels, answer: Answer) -> None:
    """Tells the one who pressed. Once: what they did stands without it, and the message itself can be opened."""
    if answer.by == "slack":
        document: dict[str, object] = {
            "response_type": "in_channel" if answer.everybody else "ephemeral",
            "replace_original": False,
            "text": answer.text,
        }
        came = await post_json(channels.http, answer.at, {}, document)
    else:
        service = channels.services.line
        headers = {"authorization": f"Bearer {service.token}"}
        said = {"replyToken": answer.at, "messages": [{"type": "text", "text": answer.text}]}
        came = await post_json(channels.http, f"{service.url}/v2/bot/message/reply", headers, said)
    if not isinstance(came, HttpAnswer) or came.status != 200:
        log.info("inbound.answer_lost", by=answer.by)


async def _look_in(store: Store, back: MailBack, box_id: str) -> None:
    """Takes up every mail that came since the last look; a few at a time, so that none is taken up by half."""
    if not back.imap:
        await store.write(lambda tx: _next_look(tx, box_id, None, "", None))
        return
    wait = timedelta(seconds=back.seconds)
    place = await store.read(lambda tx: _place(tx, box_id))
    try:
        while True:
            kept, place = await asyncio.to_thread(_read, back, place)
            reached = place
            await store.write(partial(_take_up, box_id=box_id, kept=kept, place=reached))
            if not kept:
                break
    except MailboxAway as error:
        why = str(error)
        log.warning("mailbox.away", why=why)
        await store.write(lambda tx: _next_look(tx, box_id, wait, why, None))
        return
    end = place
    await store.write(lambda tx: _next_look(tx, box_id, wait, "", end))


def _place(tx: Tx, box_id: str) -> Place:
    row = tx.first(select(mailboxes).where(mailboxes.c.id == box_id))
    return Place(row["uid_validity"], row["last_uid"]) if row is not None else Place(0, 0)


def _read(back: MailBack, place: Place) -> tuple[list[Kept], Place]:
    """The next mails, read before anything is written: nobody's mail may hold up who writes."""
    fetched, after = look(back.imap, place)
    return [kept_letter(read_letter(one.raw, back.address, cut=one.cut)) for one in fetched], after


def _take_up(tx: Tx, box_id: str, kept: list[Kept], place: Place) -> None:
    keep(tx, kept)
    tx.execute(
        update(mailboxes)
        .where(mailboxes.c.id == box_id)
        .values(uid_validity=place.validity, last_uid=place.uid)
    )


def _next_look(
    tx: Tx, box_id: str, wait: timedelta | None, error: str, reached: Place | None
) -> None:
    values: dict[str, object] = {"error": error or None, "leased_until": None}
    values["due_at"] = tx.now + wait if wait is not None else None
    if reached is not None:
        values["looked_at"] = tx.now
    tx.execute(update(mailboxes).where(mailboxes.c.id == box_id).values(**values))


class MailBackRunner:
    """Opens our own door for mail, and sees to it that the mailbox is looked into, where the settings ask for either."""

    def __init__(self, store: Store, services: Services, letters: Letters | None = None) -> None:
        self._store = store
        self._back = services.mail_back
        self._letters = letters

    async def run(self) -> None:
        """Runs until cancelled; with neither set it only waits."""
        if self._back.imap:
            await self._begin_looking()
        if not self._back.port:
            await asyncio.Event().wait()
        while True:
            try:
                async with MailDoor(self._store, self._back, letters=self._letters).open():
                    log.info("mail_door.open", port=self._back.port)
                    await asyncio.Event().wait()
            except OSError as error:
                # A port that somebody else has must not keep calls from being answered.
                log.error("mail_door.closed", port=self._back.port, error=error.strerror)
                await asyncio.sleep(AGAIN)

    async def _begin_looking(self) -> None:
        while True:
            try:
                await self._store.write(begin_looking)
                return
            except StoreError:
                await asyncio.sleep(1)


def begin_looking(tx: Tx) -> None:
    """Makes the mailbox due now, whatever an earlier program left."""
    known = tx.first(select(mailboxes.c.id).where(mailboxes.c.id == THE_MAILBOX))
    if known is None:
        tx.execute(
            insert(mailboxes).values(id=THE_MAILBOX, uid_validity=0, last_uid=0, due_at=tx.now)
        )
    else:
        tx.execute(
            update(mailboxes)
            .where(mailboxes.c.id == THE_MAILBOX, mailboxes.c.due_at.is_(None))
            .values(due_at=tx.now)
        )
    tx.touch("work:mailboxes")
