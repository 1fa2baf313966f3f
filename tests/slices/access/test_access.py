"""Signing in, sessions and keys."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import ColumnElement, RowMapping, Table, delete
from tests.delivery_story import eventually

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
    signing_in,
)
from denwaban.access.rows import api_keys, sessions, sign_in_tries, users
from denwaban.access.secret import hash_token
from denwaban.clock import MovedClock
from denwaban.journal import Journal, after
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
    # The counts are in the database.
    with pytest.raises(TooManyTries) as refused:
        await sign_in(store, "Tanaka", "wrong", HERE)
    assert timedelta(0) < refused.value.retry_after <= timedelta(minutes=15)
    clock.advance(timedelta(minutes=15))
    with pytest.raises(SignInRefused):
        await sign_in(store, "tanaka", "wrong", HERE)


async def test_who_knows_a_login_keeps_nobody_out_and_guesses_slowly_from_everywhere(
    store: Store, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "TRIES_FROM_STRANGERS", 6)
    await tanaka(store)
    await sign_in(store, "tanaka", PASSWORD, HERE)

    async def guess(address: str) -> None:
        await sign_in(store, "tanaka", "wrong", address)

    for n in range(6):
        with pytest.raises(SignInRefused):
            await guess(f"198.51.100.{n}")
    # From now on all strangers together have one try in ten seconds.
    with pytest.raises(TooManyTries) as refused:
        await sign_in(store, "tanaka", PASSWORD, "198.51.100.99")
    assert timedelta(0) < refused.value.retry_after <= signing_in.STRANGERS_WAIT
    clock.advance(signing_in.STRANGERS_WAIT)
    with pytest.raises(SignInRefused):
        await guess("198.51.100.98")
    with pytest.raises(TooManyTries):
        await guess("198.51.100.97")
    # Whoever was there before is not kept out, and goes on from a new place when its turn comes.
    await sign_in(store, "tanaka", PASSWORD, HERE)
    clock.advance(signing_in.STRANGERS_WAIT)
    await sign_in(store, "tanaka", PASSWORD, "192.0.2.7")
    await sign_in(store, "tanaka", PASSWORD, "192.0.2.7")
    clock.advance(signing_in.ACQUAINTED + signing_in.TRIES_WINDOW)
    with pytest.raises(SignInRefused):
        await guess(HERE)
    assert len(await store.read(_all(sign_in_tries))) == 3


async def test_an_address_that_guesses_many_logins_is_stopped(store: Store) -> None:
    for n in range(50):
        await store.write(
            lambda tx, n=n: signing_in._begin_try(tx, f"user-{n}", HERE)  # type: ignore[misc]
        )
    with pytest.raises(TooManyTries):
        await sign_in(store, "tanaka", PASSWORD, HERE)


async def test_a_good_sign_in_clears_the_count(store: Store) -> None:
    await tanaka(store)
    for _round in range(3):
        for _try in range(4):
            with pytest.raises(SignInRefused):
                await sign_in(store, "tanaka", "wrong", HERE)
        await sign_in(store, "tanaka", PASSWORD, HERE)


async def test_a_session_slides_runs_out_and_ends_at_once(store: Store, clock: MovedClock) -> None:
    user_id = await tanaka(store)
    lookup = Lookup(store, Journal(store))
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


async def test_what_another_process_ends_is_over_as_soon_as_the_journal_tells(
    store: Store, clock: MovedClock
) -> None:
    user_id = await tanaka(store)
    journal = Journal(store)
    lookup = Lookup(store, journal)
    follows = asyncio.Event()
    with journal.listen(lambda _entry: follows.set()):
        running = [asyncio.create_task(part.run()) for part in (lookup, journal)]
        await follows.wait()
    elsewhere = Store(store.url, clock)
    await elsewhere.open()
    try:
        mine, _who = await sign_in(store, "tanaka", PASSWORD, HERE)
        token, who = await sign_in(store, "tanaka", PASSWORD, HERE)
        hers, _who = await sign_in(store, "tanaka", PASSWORD, HERE)
        for one in (mine, token, hers):
            assert await lookup.session(one) is not None
        # Nobody has told of it: it is remembered, and a second look would have found nothing.
        await elsewhere.write(lambda tx: tx.execute(delete(sessions).where(_of(mine))))
        clock.advance(timedelta(seconds=50))
        assert await lookup.session(mine) is not None
        await elsewhere.write(lambda tx: end_sessions(tx, user_id, but=who.session_id))

        async def over() -> bool:
            return await lookup.session(hers) is None

        await eventually(over)
        assert await lookup.session(mine) is None
        assert await lookup.session(token) == who
        clock.advance(timedelta(minutes=2))
        await elsewhere.write(lambda tx: tx.execute(delete(sessions).where(_of(token))))
        assert await lookup.session(token) is None
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await elsewhere.close()


def _of(token: str) -> ColumnElement[bool]:
    return sessions.c.token_hash == hash_token(token)


async def test_a_closed_accounts_session_is_over(store: Store) -> None:
    user_id = await tanaka(store)
    lookup = Lookup(store, Journal(store))
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
