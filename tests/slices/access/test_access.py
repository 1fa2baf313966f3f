"""Signing in, sessions and keys."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import RowMapping, Table

from denwaban.access import (
    AccessError,
    Hashed,
    Lookup,
    Role,
    SignInRefused,
    TooManyTries,
    add_user,
    disable_user,
    end_sessions,
    hash_password,
    make_api_key,
    sessions_of,
    sign_in,
    sign_out,
)
from denwaban.access.rows import api_keys, sessions, users
from denwaban.clock import MovedClock
from denwaban.journal import after
from denwaban.store import Store, Tx

PASSWORD = "a good password"
HERE = "203.0.113.1"


def _all(table: Table) -> Callable[[Tx], list[RowMapping]]:
    return lambda tx: tx.all(table.select())


async def tanaka(store: Store) -> str:
    hashed = await hash_password(PASSWORD)
    return await store.write(lambda tx: add_user(tx, "Tanaka", hashed, Role.OPERATOR, "田中"))


async def test_only_hashes_are_stored(store: Store) -> None:
    await tanaka(store)
    token, _who = await sign_in(store, "tanaka", PASSWORD, HERE)
    secret = await store.write(lambda tx: make_api_key(tx, "k", Role.OPERATOR))
    for table in (users, sessions, api_keys):
        stored = str(await store.read(_all(table)))
        assert not any(word in stored for word in (PASSWORD, token, secret))
    assert "$argon2id$" in str(await store.read(_all(users)))


async def test_sign_in_leaves_facts_without_names(store: Store) -> None:
    user_id = await tanaka(store)
    _token, who = await sign_in(store, " TANAKA ", PASSWORD, HERE, "Firefox")
    assert (who.user_id, who.name, who.role) == (user_id, "田中", Role.OPERATOR)
    session_id = who.session_id
    assert session_id is not None
    await store.write(lambda tx: sign_out(tx, session_id))
    kinds = [entry.fact.kind for entry in await store.read(lambda tx: after(tx, 0))]
    assert kinds == ["user.added", "user.signed_in", "user.signed_out"]


async def test_wrong_password_unknown_login_and_closed_account_are_told_alike(store: Store) -> None:
    user_id = await tanaka(store)
    told = set()
    for login, password in (("tanaka", "wrong"), ("nobody", PASSWORD)):
        with pytest.raises(SignInRefused) as refused:
            await sign_in(store, login, password, HERE)
        told.add(str(refused.value))
    await store.write(lambda tx: disable_user(tx, user_id))
    with pytest.raises(SignInRefused) as refused:
        await sign_in(store, "tanaka", PASSWORD, HERE)
    assert told == {str(refused.value)}


async def test_tries_are_limited_and_a_restart_forgets_none(
    store: Store, clock: MovedClock
) -> None:
    await store.write(lambda tx: add_user(tx, "tanaka", Hashed("!"), Role.OPERATOR, "田中"))
    for _try in range(10):
        with pytest.raises(SignInRefused):
            await sign_in(store, "tanaka", "wrong", HERE)
    # From another address, too; the counts are in the database.
    with pytest.raises(TooManyTries) as refused:
        await sign_in(store, "tanaka", PASSWORD, "203.0.113.2")
    assert timedelta(0) < refused.value.retry_after <= timedelta(minutes=15)
    clock.advance(timedelta(minutes=15))
    with pytest.raises(SignInRefused):
        await sign_in(store, "tanaka", "wrong", HERE)


async def test_a_good_sign_in_clears_the_count(store: Store) -> None:
    await tanaka(store)
    for _round in range(3):
        for _try in range(4):
            with pytest.raises(SignInRefused):
                await sign_in(store, "tanaka", "wrong", HERE)
        await sign_in(store, "tanaka", PASSWORD, HERE)


async def test_a_session_slides_runs_out_and_ends_at_once(store: Store, clock: MovedClock) -> None:
    user_id = await tanaka(store)
    lookup = Lookup(store)
    token, who = await sign_in(store, "tanaka", PASSWORD, HERE)
    for _hour in range(20):
        clock.advance(timedelta(hours=1))
        assert await lookup.session(token) == who
    clock.advance(timedelta(hours=12, minutes=1))
    assert await lookup.session(token) is None
    token, _who = await sign_in(store, "tanaka", PASSWORD, HERE)
    other, _who = await sign_in(store, "tanaka", PASSWORD, HERE)
    assert await lookup.session(token) is not None
    assert await lookup.session(other) is not None
    assert len(await store.read(lambda tx: sessions_of(tx, user_id))) == 2
    await store.write(lambda tx: end_sessions(tx, user_id))
    assert await lookup.session(token) is None
    assert await lookup.session(other) is None
    assert await lookup.session("x" * 43) is None


async def test_a_closed_accounts_session_is_over(store: Store) -> None:
    user_id = await tanaka(store)
    lookup = Lookup(store)
    token, _who = await sign_in(store, "tanaka", PASSWORD, HERE)
    assert await lookup.session(token) is not None
    await store.write(lambda tx: disable_user(tx, user_id))
    assert await lookup.session(token) is None


async def test_unusable_accounts_are_refused(store: Store) -> None:
    await tanaka(store)
    hashed = Hashed("!")
    for login, role, client_id in (
        ("tanaka", Role.OPERATOR, None),
        ("日本語", Role.OPERATOR, None),
        ("b1", Role.CLIENT, None),
        ("b2", Role.OPERATOR, "c"),
    ):
        make = partial(
            add_user, login=login, password=hashed, role=role, name="x", client_id=client_id
        )
        with pytest.raises(AccessError):
            await store.write(make)
    with pytest.raises(AccessError):
        await hash_password("short")
