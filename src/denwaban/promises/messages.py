"""Callers who spoke to the engine because nobody could take them: a report and a promise of the client's, never silence."""

from denwaban.people import house_operator
from denwaban.promises.ours import Ours, report
from denwaban.routing import message_to_tell, message_told
from denwaban.routing.rows import left_messages
from denwaban.store import Store, Tx
from denwaban.work import Duty

WHAT_FOR = "オペレーターにおつなぎできず、伝言を残されました。ご用件は録音でお確かめください。"

DONE = "伝言をお預かりしました。録音をお聞きのうえ、お客様に折り返しをお願いします。"

WITHHELD = "伝言をお預かりしました。番号非通知のため、お名前やご連絡先は録音でお確かめください。"

REASON = "お客様が残された伝言から、自動で作った報告です。"


def tell_message(tx: Tx, call_id: str, acknowledge_minutes: int) -> None:
    """Makes the report of a message that a caller left, with the promise that they are called back where that is possible, and
    sends it on its way. Idempotent. Raises `reports.Incomplete` as `unreached.tell`."""
    call = message_to_tell(tx, call_id)
    if call is None:
        return
    assert call.client_id is not None  # messages for nobody have no row
    number = call.caller if call.caller.startswith("+") else ""
    ours = Ours(
        call_id,
        call.client_id,
        house_operator(tx),
        number,
        WHAT_FOR,
        DONE if number else WITHHELD,
        REASON,
    )
    report(tx, ours, acknowledge_minutes)
    message_told(tx, call_id)


def message_duty(store: Store, acknowledge_minutes: int) -> Duty:
    """Telling clients of messages."""

    async def do(call_id: str) -> None:
        await store.write(lambda tx: tell_message(tx, call_id, acknowledge_minutes))

    return Duty("messages", left_messages, do)
