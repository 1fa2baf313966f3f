"""Proposals as JSON, under /api/v1: read and decided on by those who write scripts; read by the client's staff."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Annotated, Literal, TypeVar

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal, Role
from denwaban.improvement.deciding import (
    LONGEST_REASON,
    Decided,
    NoSuchProposal,
    accept,
    accept_as_faq,
    decline,
    postpone,
)
from denwaban.improvement.model import Decision, Kind
from denwaban.improvement.queries import Proposal, proposals_of
from denwaban.knowledge import Author
from denwaban.scripts import script_listed
from denwaban.store import Store, Tx
from denwaban.web import _, needs
from denwaban.web.api import NOT_BLANK, IdText, missing, needs_client, refused

READERS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR, Role.CLIENT)
AUTHORS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)

MOST = 200
"""Proposals in one answer, the newest week first."""

T = TypeVar("T")

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_REASON, pattern=NOT_BLANK)]


class ProposalOut(msgspec.Struct):
    """What calls of a week gave reason to propose. `words`: as callers said it, or operators wrote it."""

    id: str
    script_id: str
    client_id: str
    kind: Kind
    node: str
    label: str
    count: int
    of: int
    """So many calls, or visits of the node, in that week."""
    calls: list[str]
    words: list[str]
    state: Decision
    reason: str
    week: date
    """Its Monday (JST)."""
    decided_at: datetime | None


class AcceptIn(msgspec.Struct, forbid_unknown_fields=True):
    """Whereto: into the script's draft, or into the client's FAQ."""

    into: Literal["draft", "faq"] = "draft"


class AcceptedOut(msgspec.Struct):
    """What became of it. `written`: the draft has the change already, else its author writes it; `contradicts`: another
    author changed the same place, and the change is kept aside for people to decide."""

    written: bool = False
    contradicts: bool = False
    faq_id: str | None = None


class DeclineIn(msgspec.Struct, forbid_unknown_fields=True):
    reason: Reason


class DecidedOut(msgspec.Struct):
    script_id: str
    state: Decision


def _out(one: Proposal) -> ProposalOut:
    return ProposalOut(
        one.id,
        one.script_id,
        one.client_id,
        Kind(one.what),
        one.node,
        one.label,
        one.count,
        one.of,
        list(one.calls),
        list(one.words),
        Decision(one.state),
        one.reason,
        one.monday,
        one.decided_at,
    )


@get(
    "/scripts/{script_id:str}/proposals",
    guards=[READERS],
    operation_id="listProposals",
    tags=["scripts"],
)
async def get_proposals(
    script_id: FromPath[IdText],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    decision: FromQuery[Decision] = Decision.OPEN,
) -> list[ProposalOut]:
    """The newest week first, then what happened most often; 200 at most. A client's staff sees those of its own scripts."""

    def look(tx: Tx) -> list[Proposal]:
        script = script_listed(tx, script_id)
        if script is None:
            raise missing()
        needs_client(who, script.client_id)
        return proposals_of(tx, script_id, [decision], MOST)

    return [_out(one) for one in await store.read(look)]


async def _decide(store: Store, verb: Callable[[Tx], T]) -> T:
    """Raises `Problem` 404 without such a proposal, 409 when it was decided before."""
    try:
        return await store.write(verb)
    except NoSuchProposal as error:
        raise missing() from error
    except Decided as error:
        raise refused("state", _("この提案は、もう対応が済んでいます"), 409) from error


@post(
    "/scripts/proposals/{proposal_id:str}/accept",
    guards=[AUTHORS],
    operation_id="acceptProposal",
    tags=["scripts"],
    status_code=200,
)
async def post_accept(
    proposal_id: FromPath[IdText],
    data: JSONBody[AcceptIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> AcceptedOut:
    """Nothing is published: a draft goes through review as any other."""
    if data.into == "draft":
        taken = await _decide(store, lambda tx: accept(tx, proposal_id, who.user_id))
        return AcceptedOut(taken.written, taken.contradicts)
    by = Author(who.user_id, who.name)
    _client_id, faq_id = await _decide(store, lambda tx: accept_as_faq(tx, proposal_id, by))
    return AcceptedOut(faq_id=faq_id)


@post(
    "/scripts/proposals/{proposal_id:str}/decline",
    guards=[AUTHORS],
    operation_id="declineProposal",
    tags=["scripts"],
    status_code=200,
)
async def post_decline(
    proposal_id: FromPath[IdText],
    data: JSONBody[DeclineIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> DecidedOut:
    """It is not proposed again for eight weeks."""
    verb = partial(decline, proposal_id=proposal_id, user_id=who.user_id, reason=data.reason)
    return DecidedOut(await _decide(store, verb), Decision.DECLINED)


@post(
    "/scripts/proposals/{proposal_id:str}/postpone",
    guards=[AUTHORS],
    operation_id="postponeProposal",
    tags=["scripts"],
    status_code=200,
)
async def post_postpone(
    proposal_id: FromPath[IdText],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> DecidedOut:
    """It comes back with the next week's list."""
    script_id = await _decide(store, lambda tx: postpone(tx, proposal_id, who.user_id))
    return DecidedOut(script_id, Decision.POSTPONED)


routes: list[HTTPRouteHandler] = [get_proposals, post_accept, post_decline, post_postpone]
