"""Whatever is joined, parted and undone in whatever order: each number, each call and each promise is somebody's, and nobody
else's."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.pool import StaticPool
from tests.keys import ring_of
from tests.some_people import a_client

import denwaban.schema  # noqa: F401 - loads every table
from denwaban.calls import begin
from denwaban.clock import JST
from denwaban.memory import past_of, promises_to
from denwaban.people import PeopleError, remember_caller
from denwaban.people.persons import (
    BuiltOn,
    By,
    give_call,
    given_calls,
    merge,
    newest,
    old_names,
    person,
    split,
    undo,
    ways_of,
)
from denwaban.people.persons.rows import person_acts
from denwaban.promises.model import Promise
from denwaban.promises.rows import add as add_promise
from denwaban.store import Tx, metadata, new_id
from denwaban.vault import Keyring

ME = By(None, "渡辺")
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=JST)

Groups = dict[str, frozenset[str]]


@cache
def tables() -> Engine:
    """Made once: making them takes longer than a story."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    return engine


class Persons(RuleBasedStateMachine):
    """Against the simplest thought: which number stands with which."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = tables().connect()
        self.ring = ring_of()
        self.at = NOW
        self.client = a_client(self.tx())
        self.numbers: list[str] = []
        self.withheld: dict[str, str] = {}
        self.before: dict[str, Groups] = {}
        """How the numbers stood together before each act, by act."""

    def tx(self) -> Tx:
        self.at += timedelta(seconds=1)
        return Tx(self.connection, self.at, {Keyring: self.ring})

    def teardown(self) -> None:
        self.connection.rollback()
        self.connection.close()

    def everybody(self) -> list[Any]:
        return newest(self.tx(), self.client, limit=1000)

    def groups(self) -> Groups:
        """The numbers and given calls of each person who stands for themselves."""
        tx = self.tx()
        return {
            one.id: frozenset([way.value for way in ways_of(tx, one.id)] + given_calls(tx, one.id))
            for one in self.everybody()
        }

    @rule(name=st.sampled_from(["佐藤 花子", "髙橋", ""]))
    def somebody_calls(self, name: str) -> None:
        tx, number = self.tx(), f"+8190{len(self.numbers):08}"
        self.numbers.append(number)
        remember_caller(tx, self.client, number, name, "よみ" if name else "")
        begin(tx, client_id=self.client, dialled="+81355550101", caller=number)
        promise = Promise(
            new_id(), self.client, new_id(), number, name, "折り返し", None, self.at, None, None, ""
        )
        add_promise(tx, promise, None)

    @precondition(lambda self: self.numbers)
    @rule(data=st.data())
    def somebody_withheld_is_recognised(self, data: st.DataObject) -> None:
        who = data.draw(st.sampled_from(self.everybody()))
        tx = self.tx()
        call = begin(tx, client_id=self.client, dialled="+81355550101", caller="")
        give_call(tx, who.id, call.id)
        self.withheld[call.id] = who.id

    @precondition(lambda self: len(self.numbers) > 1)
    @rule(data=st.data())
    def two_are_one(self, data: st.DataObject) -> None:
        one, other = (
            data.draw(st.sampled_from(self.everybody())),
            data.draw(st.sampled_from(self.everybody())),
        )
        if one.id == other.id:
            return
        before = self.groups()
        act = merge(self.tx(), one.id, other.id, ME, one.version, other.version)
        self.before[act] = before
        now = self.groups()
        assert now[one.id] == before[one.id] | before[other.id]
        assert other.id not in now

    @precondition(lambda self: self.numbers)
    @rule(data=st.data())
    def one_was_two(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.everybody()))
        tx = self.tx()
        ways = data.draw(st.sets(st.sampled_from([w.id for w in ways_of(tx, one.id)] or ["x"])))
        calls = data.draw(st.sets(st.sampled_from(given_calls(tx, one.id) or ["x"])))
        before = self.groups()
        try:
            act, made = split(self.tx(), one.id, ME, ways=ways, calls=calls, name="太郎")
        except PeopleError:
            assert self.groups() == before
            return
        self.before[act] = before
        now = self.groups()
        assert now[one.id] | now[made] == before[one.id]
        assert not now[one.id] & now[made]
        assert now[made]

    @precondition(lambda self: self.before)
    @rule(data=st.data())
    def it_was_a_mistake(self, data: st.DataObject) -> None:
        act = data.draw(st.sampled_from(sorted(self.before)))
        row = self.tx().first(select(person_acts).where(person_acts.c.id == act))
        assert row is not None
        now = self.groups()
        try:
            undo(self.tx(), act, ME)
        except BuiltOn:
            assert self.groups() == now
            return
        was = self.before.pop(act)
        after = self.groups()
        # What was there before the act stands as it stood; what came since is with one of the two.
        both = {row["person_id"], row["other_id"]}
        old = frozenset().union(*was.values())
        for one in both & was.keys():
            assert after[one] & old == was[one]
        assert {one for one in after if one not in both} == {one for one in now if one not in both}

    @precondition(lambda self: len(self.numbers) > 1)
    @rule(data=st.data())
    def a_mistake_is_undone_at_once(self, data: st.DataObject) -> None:
        one, other = (
            data.draw(st.sampled_from(self.everybody())),
            data.draw(st.sampled_from(self.everybody())),
        )
        if one.id == other.id:
            return
        was = [self.whole(each.id) for each in (one, other)]
        undo(self.tx(), merge(self.tx(), one.id, other.id, ME), ME)
        assert [self.whole(each.id) for each in (one, other)] == was

    def whole(self, person_id: str) -> tuple[Any, ...]:
        tx = self.tx()
        one = person(tx, person_id)
        assert one is not None
        said = (one.name, one.kana, one.company, one.regular, one.into_id)
        return (
            said,
            ways_of(tx, person_id),
            old_names(tx, person_id),
            set(given_calls(tx, person_id)),
            {call.call_id for call in past_of(tx, one)},
        )

    @invariant()
    def nothing_is_lost_and_nothing_is_two_peoples(self) -> None:
        tx = self.tx()
        held = [each for group in self.groups().values() for each in group]
        assert sorted(held) == sorted([*self.numbers, *self.withheld])
        calls = [call.call_id for one in self.everybody() for call in past_of(tx, one)]
        assert len(calls) == len(set(calls)) == len(self.numbers) + len(self.withheld)
        promised = [each.caller_number for one in self.everybody() for each in promises_to(tx, one)]
        assert sorted(promised) == sorted(self.numbers)


@pytest.mark.req("A2")
def test_nothing_is_ever_lost_or_in_two_persons() -> None:
    run_state_machine_as_test(
        Persons, settings=settings(max_examples=12, stateful_step_count=16, deadline=None)
    )
