"""Signing in with a login and a password."""

from datetime import timedelta

from sqlalchemy import delete, func, insert, select

from denwaban.access.accounts import USER_COLUMNS, user_of_row
from denwaban.access.model import Principal, SignInRefused, TooManyTries, User
from denwaban.access.rows import sign_in_tries, users
from denwaban.access.secret import hash_token, password_matches
from denwaban.access.sessions import open_session
from denwaban.store import Store, Tx, new_id

TRIES_WINDOW = timedelta(minutes=15)
TRIES_PER_LOGIN = 10
TRIES_PER_ADDRESS = 50


def _buckets(login: str, address: str) -> dict[str, int]:
    # Hashed: a login may be a mail address, and people type passwords into the wrong field.
    return {
        "login:" + hash_token(login.lower()): TRIES_PER_LOGIN,
        "address:" + hash_token(address): TRIES_PER_ADDRESS,
    }


def _begin_try(tx: Tx, login: str, address: str) -> tuple[list[str], User | None, str | None]:
    """Counts this try as a wrong one until it proves right, so that tries at the same time cannot slip past."""
    tx.execute(delete(sign_in_tries).where(sign_in_tries.c.at <= tx.now - TRIES_WINDOW))
    ids = []
    for bucket, allowed in _buckets(login, address).items():
        row = tx.first(
            select(func.count().label("n"), func.min(sign_in_tries.c.at).label("oldest")).where(
                sign_in_tries.c.bucket == bucket
            )
        )
        if row is not None and row["n"] >= allowed:
            raise TooManyTries(row["oldest"] + TRIES_WINDOW - tx.now)
        ids.append(new_id())
        tx.execute(insert(sign_in_tries).values(id=ids[-1], bucket=bucket, at=tx.now))
    found = tx.first(
        select(*USER_COLUMNS, users.c.password_hash).where(users.c.login == login.lower())
    )
    if found is None or found["disabled_at"] is not None:
        return ids, None, None
    values = dict(found)
    stored = str(values.pop("password_hash"))
    return ids, user_of_row(values), stored


async def sign_in(
    store: Store, login: str, password: str, address: str, agent: str = ""
) -> tuple[str, Principal]:
    """Opens a session: its token (for the cookie, nowhere stored) and who it is.

    Raises `SignInRefused` or `TooManyTries`. Takes as long for an unknown login as for a wrong password. Tries are
    counted in the database per login and per address: a restart forgets none.
    """
    login = login.strip()[:200]
    tries, found, stored = await store.write(lambda tx: _begin_try(tx, login, address))
    if not await password_matches(stored, password) or found is None:
        raise SignInRefused("サインイン名かパスワードが違います")
    who = found
    return await store.write(lambda tx: _open(tx, who, tries, agent))


def _open(tx: Tx, found: User, tries: list[str], agent: str) -> tuple[str, Principal]:
    tx.execute(delete(sign_in_tries).where(sign_in_tries.c.id.in_(tries)))
    tx.execute(
        delete(sign_in_tries).where(sign_in_tries.c.bucket == "login:" + hash_token(found.login))
    )
    # The account may have been closed while the password was being checked.
    if tx.scalar(select(users.c.disabled_at).where(users.c.id == found.id)) is not None:
        raise SignInRefused("サインイン名かパスワードが違います")
    return open_session(tx, found, agent)
