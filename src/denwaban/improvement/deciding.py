"""What the author does with a proposal: takes it into the draft, puts it off, or says no."""

from dataclasses import dataclass

from sqlalchemy import RowMapping, select, update

from denwaban.improvement.mending import add_branch
from denwaban.improvement.model import Decision, Kind
from denwaban.improvement.rows import script_proposals
from denwaban.journal import Fact, append
from denwaban.knowledge import Author, Bound, Content, add_faq
from denwaban.scripts import Contradiction, document_of, draft_of, save_draft
from denwaban.scripts import rows as scripts_rows
from denwaban.store import Tx
from denwaban.texts import clean_text

TODO = "TODO "
"""A branch that a machine has written begins so, until its author has found the words."""

NOT_YET = "ただいま確認しております。ご用件を承り、担当より折り返しご連絡いたします。"
"""What may be told until somebody has written the answer."""

LONGEST_REASON = 500

_scripts = scripts_rows.scripts


class NoSuchProposal(LookupError):
    """There is no such proposal."""


class Decided(Exception):
    """Somebody has decided on it meanwhile."""


class NoReason(Exception):
    """Whoever says no says why."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The proposal was accepted."""

    script_id: str
    written: bool
    """The draft has the change already; else its author writes it."""
    contradicts: bool = False
    """Another author changed the same place: what was to be written is kept aside, to be decided in the editor."""


def branch_label(what: str, label: str) -> str:
    """Of the branch that accepting would add; empty when nothing can be added."""
    return f"{TODO}{label}"[:30] if what in (Kind.UNEXPECTED, Kind.OTHERWISE) and label else ""


def draft_text(tx: Tx, script_id: str) -> tuple[str, str | None]:
    """What its authors have now, and its id; without a draft the words of the published version."""
    draft = draft_of(tx, script_id)
    if draft is not None:
        return draft.text, draft.id
    version_id = tx.scalar(
        select(_scripts.c.published_version_id).where(_scripts.c.id == script_id)
    )
    return (document_of(tx, version_id)[1] if version_id else ""), None


def accept(tx: Tx, proposal_id: str, user_id: str | None) -> Taken:
    """Writes the change into the draft where a machine can, as one more save of that author: what others type meanwhile is
    merged like any two authors' changes. Raises `NoSuchProposal`, `Decided`."""
    row = _open(tx, proposal_id)
    script_id = row["script_id"]
    written, contradicts = False, False
    if label := branch_label(row["what"], row["label"]):
        text, base = draft_text(tx, script_id)
        changed = add_branch(text, row["node"], label)
        if changed is not None:
            kept = save_draft(tx, script_id, changed, base, user_id)
            contradicts = isinstance(kept, Contradiction)
            written = not contradicts
    _decide(tx, row, Decision.ACCEPTED, user_id, "")
    return Taken(script_id, written, contradicts)


def accept_as_faq(tx: Tx, proposal_id: str, by: Author) -> tuple[str, str]:
    """Makes an entry of the FAQ of it that tells to take the question down, until somebody has written the answer. Returns
    (client, entry). Raises `NoSuchProposal`, `Decided`."""
    row = _open(tx, proposal_id)
    if not branch_label(row["what"], row["label"]):
        raise NoSuchProposal(proposal_id)
    content = Content(f"{row['label']}について"[:100], NOT_YET, row["label"], Bound.TAKE)
    faq_id = add_faq(tx, row["client_id"], content, by)
    _decide(tx, row, Decision.ACCEPTED, by.user_id, "")
    return row["client_id"], faq_id


def decline(tx: Tx, proposal_id: str, user_id: str | None, reason: str) -> str:
    """Returns the script's id. Raises `NoSuchProposal`, `Decided`, `NoReason`."""
    row = _open(tx, proposal_id)
    reason = clean_text(reason, lines=True)[:LONGEST_REASON]
    if not reason:
        raise NoReason
    _decide(tx, row, Decision.DECLINED, user_id, reason)
    return str(row["script_id"])


def postpone(tx: Tx, proposal_id: str, user_id: str | None) -> str:
    """It comes back with the next list. Returns the script's id. Raises `NoSuchProposal`, `Decided`."""
    row = _open(tx, proposal_id)
    _decide(tx, row, Decision.POSTPONED, user_id, "")
    return str(row["script_id"])


def _open(tx: Tx, proposal_id: str) -> RowMapping:
    row = tx.first(select(script_proposals).where(script_proposals.c.id == proposal_id))
    if row is None:
        raise NoSuchProposal(proposal_id)
    if row["state"] != Decision.OPEN:
        raise Decided(proposal_id)
    return row


def _decide(tx: Tx, row: RowMapping, state: Decision, user_id: str | None, reason: str) -> None:
    tx.execute(
        update(script_proposals)
        .where(script_proposals.c.id == row["id"])
        .values(state=state.value, reason=reason, decided_at=tx.now, decided_by=user_id)
    )
    data = {"proposal_id": row["id"], "state": state.value, "user_id": user_id}
    append(tx, Fact("script.improvement_decided", row["script_id"], row["client_id"], data))
