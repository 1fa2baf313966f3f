"""Answers of the FAQ that wait for the identity check: their words leave the database here alone, and the sight is on record."""

from denwaban import audit
from denwaban.console.look import own_call
from denwaban.disclosure import proven
from denwaban.knowledge import Faq, faq
from denwaban.people import Operator
from denwaban.store import Tx


class NotYet(Exception):
    """The caller has not proved who they are, or not in this call."""


def opens(tx: Tx, operator: Operator, call_id: str) -> bool:
    """Whether restricted answers may be opened in this call of the operator's."""
    found = own_call(tx, operator.id, call_id)
    return found is not None and proven(tx, found)


def open_answer(tx: Tx, operator: Operator, user_id: str, call_id: str, faq_id: str) -> str:
    """The words of a restricted answer of the call's client. Raises `LookupError` for what is not there, `NotYet`."""
    found = own_call(tx, operator.id, call_id)
    entry: Faq | None = faq(tx, faq_id)
    if found is None or entry is None or entry.client_id != found.client_id or entry.removed_at:
        raise LookupError(faq_id)
    if not proven(tx, found):
        raise NotYet(call_id)
    audit.record(tx, audit.Trace("faq.shown", user_id, found.client_id, found.id, faq_id))
    return entry.answer
