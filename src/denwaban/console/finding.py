"""What the operator finds by one key: answers of the FAQ, and what the script says."""

from dataclasses import dataclass, replace

from denwaban.calls import Call
from denwaban.clock import JST
from denwaban.console.look import own_call
from denwaban.knowledge import FAQ, NODE, Faq, Found, find
from denwaban.people import Operator, client
from denwaban.scripts import Node, Script, closed_in, published, run_of_call
from denwaban.scripts.finding import body_of
from denwaban.store import Tx
from denwaban.store.search import weigh
from denwaban.store.words import Piece, marked, query, snippet

SHOWN = 7
"""So many results fit the smallest screen without a scroll."""

SNIPPET = 44
"""Characters of a text that a result shows."""


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was found, as the panel shows it."""

    kind: str
    """faq | node"""
    title: list[Piece]
    snippet: list[Piece]
    client: str
    """Whose it is; empty when the panel is about one client."""
    faq: Faq | None
    said: str
    """The words to say; empty for those that need an identity check first."""
    hint: str
    here: bool
    """The node that the call is at."""
    leap: str = ""
    """The node that this operator may go straight to; empty: none, as the script's rules or the identity check say."""


@dataclass(frozen=True, slots=True)
class Results:
    words: list[str]
    client: str
    """The name of the client whose knowledge was searched; empty for all."""
    found: list[Result]
    more: int
    """How many were found besides."""


def look_up(tx: Tx, operator: Operator, text: str, call_id: str) -> Results:
    """Searches the client of the operator's call, its script as that call follows it; without a call of theirs all clients
    and the published scripts."""
    words = query(text)
    call = own_call(tx, operator.id, call_id) if call_id else None
    day = tx.now.astimezone(JST).date()
    if call is None:
        hits = find(tx, words, day)
        shown = _of_all(tx, words, hits[:SHOWN])
        return Results(words, "", shown, len(hits) - len(shown))
    assert call.client_id is not None  # own_call
    owner = client(tx, call.client_id)
    entries = find(tx, words, day, client_id=call.client_id, kinds=[FAQ])
    ranked = [
        (one.hit.rank, _entry(words, one.faq, "")) for one in entries if one.faq is not None
    ] + _nodes(tx, words, call, operator)
    ranked.sort(key=lambda pair: pair[0])
    found = [result for _rank, result in ranked]
    name = owner.name if owner else ""
    return Results(words, name, found[:SHOWN], max(0, len(found) - SHOWN))


def _nodes(
    tx: Tx, words: list[str], call: Call, operator: Operator
) -> list[tuple[tuple[int, ...], Result]]:
    """Nodes of the script as this call follows it: a version that was published meanwhile is not what is said here."""
    run = run_of_call(tx, call.id)
    if run is None or not words:
        return []
    free = operator.experienced and run.script.head.free and call.ended_at is None
    behind = closed_in(tx, run) if free else frozenset()
    found = []
    for node in run.script.nodes:
        rank = weigh(words, node.title, body_of(node))
        if rank is not None:
            here = node.id == run.node.id
            leap = node.id if free and not here and node.id not in behind else ""
            found.append((rank, replace(_node(words, node, "", here=here), leap=leap)))
    return found


def _of_all(tx: Tx, words: list[str], hits: list[Found]) -> list[Result]:
    """Results with the names of their clients. A node is shown as its published script has it now."""
    names: dict[str, str] = {}
    scripts: dict[str, Script] = {}
    found = []
    for one in hits:
        whose = one.hit.client_id or ""
        if whose not in names:
            owner = client(tx, whose)
            names[whose] = owner.name if owner else ""
        if one.faq is not None:
            found.append(_entry(words, one.faq, names[whose]))
            continue
        script_id, _colon, name = one.hit.ref.partition(":")
        if script_id not in scripts:
            scripts[script_id] = published(tx, script_id)
        found.append(_node(words, scripts[script_id].node(name), names[whose], here=False))
    return found


def _entry(words: list[str], entry: Faq, whose: str) -> Result:
    return Result(
        kind=FAQ,
        title=marked(entry.question, words),
        snippet=snippet(entry.answer, words, SNIPPET),
        client=whose,
        faq=entry,
        said=entry.answer,
        hint="",
        here=False,
    )


def _node(words: list[str], node: Node, whose: str, *, here: bool) -> Result:
    return Result(
        kind=NODE,
        title=marked(node.title, words),
        snippet=snippet(body_of(node), words, SNIPPET),
        client=whose,
        faq=None,
        said="" if node.restricted else node.say,
        hint="" if node.restricted else node.hint,
        here=here,
    )
