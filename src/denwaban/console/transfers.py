"""Whom of the client's staff the caller on the screen may be put through to [A12]."""

from collections.abc import Iterable, Mapping

from denwaban.calls import Call, let_through
from denwaban.console.guide import MEMO, NOW
from denwaban.console.model import OWN
from denwaban.lines import ALLOWED, Matter, Verdict, decided, transfers_of
from denwaban.lines.transfer import decide
from denwaban.scripts import RunView, run_of_call
from denwaban.store import Tx

_WHO = frozenset({"caller_name", "caller_kana", "caller_company", "caller_number", "in_charge"})
"""Answers that say who somebody is, not what they want."""


def conditions(tx: Tx, call: Call, staff_id: str) -> Verdict:
    """What the client's conditions say, by what the operator has heard so far."""
    run = run_of_call(tx, call.id)
    return decided(tx, call.client_id, staff_id, _matter(run, tx))


def verdicts(
    tx: Tx, call: Call, run: RunView | None, staff_ids: Iterable[str]
) -> Mapping[str, Verdict]:
    """What holds for each of them, by id; who may be put through as things are is left out. Nothing is read before the caller
    has asked for them: the screen shows it from then on."""
    if run is None or run.value(NOW) != "yes" or call.client_id is None:
        return {}
    agreed = transfers_of(tx, call.client_id)
    if not agreed or let_through(tx, call.id):
        return {}
    matter = _matter(run, tx)
    found = {staff_id: decide(agreed, staff_id, matter) for staff_id in staff_ids}
    return {staff_id: one for staff_id, one in found.items() if one is not ALLOWED}


def _matter(run: RunView | None, tx: Tx) -> Matter:
    if run is None:
        return Matter((), "normal", tx.now)
    fields = [field for node in run.walked for field in node.ask] + run.extra
    said = [run.value(field.id) for field in fields if field.purpose not in _WHO]
    chosen = [branch.label for branch in run.chosen]
    typed = [run.value(MEMO), run.value(OWN["what_for"]), run.value(OWN["note"])]
    texts = tuple(text for text in (*chosen, *said, *typed) if text)
    return Matter(texts, run.value(OWN["urgency"]) or run.urgency, tx.now)
