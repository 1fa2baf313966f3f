"""What the operator finds by one key: answers of the FAQ, and what the script says."""

from collections.abc import Collection
from dataclasses import replace

from denwaban.calls import Call
from denwaban.clock import japan_day
from denwaban.console.look import own_call
from denwaban.console.remembered import calls_found, persons_found
from denwaban.console.result import SHOWN, SNIPPET, Result, Results
from denwaban.knowledge import FAQ, NODE, Faq, Found, find
from denwaban.memory import who_calls
from denwaban.people import Operator, client
from denwaban.scripts import (
    Node,
    Script,
    closed_in,
    published,
    restricted,
    run_of_call,
    settings_of,
)
from denwaban.scripts.finding import body_of
from denwaban.store import Tx
from denwaban.store.search import weigh
from denwaban.store.words import marked, query, snippet

MOST_PERSONS = 3
MOST_CALLS = 2
"""So many of the results shown may be persons and earlier calls, when there is enough of everything."""


def look_up(
    tx: Tx, operator: Operator, text: str, call_id: str, *, persons_only: bool = False
) -> Results:
    """Searches the client of the operator's call: its knowledge, its script as that call follows it, its persons and their
    earlier calls (`persons_only`: only who it may be that calls). Without a call of theirs the knowledge of all clients and the
    published scripts: nobody's callers."""
    words = query(text)
    call = own_call(tx, operator.id, call_id) if call_id else None
    day = japan_day(tx.now)
    if call is None:
        hits = [] if persons_only else find(tx, words, day)
        return Results(words, "", _of_all(tx, words, hits[:SHOWN]), len(hits[SHOWN:]))
    assert call.client_id is not None  # own_call
    owner = client(tx, call.client_id)
    name = owner.name if owner else ""
    if persons_only:
        persons = _persons(tx, words, text, call, SHOWN + 1)
        return Results(words, name, persons[:SHOWN], max(0, len(persons) - SHOWN))
    entries = find(tx, words, day, client_id=call.client_id, kinds=[FAQ])
    ranked = [
        (one.hit.rank, _entry(words, one.faq, "")) for one in entries if one.faq is not None
    ] + _nodes(tx, words, call, operator)
    ranked.sort(key=lambda pair: pair[0])
    said = [result for _rank, result in ranked]
    earlier = calls_found(tx, words, text, call.client_id, call.id, SHOWN)
    persons = _persons(tx, words, text, call, MOST_PERSONS)
    # Who, then what to say, then what was; none crowds the others out.
    first = [*persons, *said][: max(SHOWN - min(len(earlier), MOST_CALLS), len(persons))]
    found = [*first, *earlier][:SHOWN]
    return Results(words, name, found, len(persons) + len(said) + len(earlier) - len(found))


def _persons(tx: Tx, words: list[str], text: str, call: Call, most: int) -> list[Result]:
    assert call.client_id is not None  # own_call
    run, known = run_of_call(tx, call.id), who_calls(tx, call)
    return persons_found(
        tx,
        words,
        text,
        call.client_id,
        known.id if known is not None else "",
        most,
        choose=run is not None and not run.finished,
    )


def _nodes(
    tx: Tx, words: list[str], call: Call, operator: Operator
) -> list[tuple[tuple[int, ...], Result]]:
    """Nodes of the script as this call follows it: a version that was published meanwhile is not what is said here."""
    run = run_of_call(tx, call.id)
    if run is None or not words:
        return []
    free = operator.experienced and run.script.head.free and call.ended_at is None
    behind = closed_in(tx, run) if free else frozenset()
    hidden = restricted(run.script, settings_of(tx, run.client_id).terms.restricted)
    found = []
    for node in run.script.nodes:
        rank = weigh(words, node.title, body_of(node, hidden))
        if rank is not None:
            here = node.id == run.node.id
            leap = node.id if free and not here and node.id not in behind else ""
            found.append((rank, replace(_node(words, node, "", hidden, here=here), leap=leap)))
    return found


def _of_all(tx: Tx, words: list[str], hits: list[Found]) -> list[Result]:
    """Results with the names of their clients. A node is shown as its published script has it now, and as the
    client's terms are now: the index may still know words that nobody hears of any more."""
    names: dict[str, str] = {}
    scripts: dict[str, tuple[Script, frozenset[str]]] = {}
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
            script = published(tx, script_id)
            topics = settings_of(tx, whose).terms.restricted
            scripts[script_id] = script, restricted(script, topics)
        script, hidden = scripts[script_id]
        node = script.node(name)
        if weigh(words, node.title, body_of(node, hidden)) is not None:
            found.append(_node(words, node, names[whose], hidden, here=False))
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


def _node(
    words: list[str], node: Node, whose: str, hidden: Collection[str], *, here: bool
) -> Result:
    return Result(
        kind=NODE,
        title=marked(node.title, words),
        snippet=snippet(body_of(node, hidden), words, SNIPPET),
        client=whose,
        faq=None,
        said="" if node.id in hidden else node.say,
        hint="" if node.id in hidden else node.hint,
        here=here,
    )
