"""Signing in with a login and a password."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, or_, select

from denwaban.access.accounts import USER_COLUMNS, user_of_row
from denwaban.access.model import Principal, SignInRefused, TooManyTries, User
from denwaban.access.rows import sign_in_tries, users
from denwaban.access.secret import hash_token, password_matches
from denwaban.access.sessions import open_session
from denwaban.store import Store, Tx, new_id

TRIES_WINDOW = timedelta(minutes=15)
TRIES_PER_LOGIN = 10
"""Wrong ones for one login from one address. Who knows somebody's login keeps nobody out but themselves."""
TRIES_PER_ADDRESS = 50
TRIES_FROM_STRANGERS = 100
"""Wrong ones for one login from all the addresses together from which nobody has signed in to it lately."""
STRANGERS_WAIT = timedelta(seconds=10)
"""After that one of them may try in so long; whoever was there before is not kept waiting."""
ACQUAINTED = timedelta(days=30)
"""So long an address is remembered from which a login was used."""


def _bucket(kind: str, *of: str) -> str:
    # Hashed: a login may be a mail address, and people type passwords into the wrong field.
    return f"{kind}:{hash_token(' '.join(of))}"


def _begin_try(tx: Tx, login: str, address: str) -> tuple[list[str], User | None, str | None]:
    """Counts this try as a wrong one until it proves right, so that tries at the same time cannot slip past."""
    tx.execute(delete(sign_in_tries).where(sign_in_tries.c.at <= tx.now - TRIES_WINDOW))
    buckets = {
        _bucket("login", login.lower(), address): TRIES_PER_LOGIN,
        _bucket("address", address): TRIES_PER_ADDRESS,
    }
    for bucket, allowed in buckets.items():
        count, oldest, _newest = _tries(tx, bucket)
        if oldest is not None and count >= allowed:
            raise TooManyTries(oldest + TRIES_WINDOW - tx.now)
    if not _tries(tx, _acquainted(login, address))[0]:
        strangers = _bucket("strangers", login.lower())
        count, _oldest, newest = _tries(tx, strangers)
        if newest is not None and count >= TRIES_FROM_STRANGERS:
            wait = newest + STRANGERS_WAIT - tx.now
            if wait > timedelta(0):
                raise TooManyTries(wait)
        buckets[strangers] = TRIES_FROM_STRANGERS
    ids = [new_id() for _bucket in buckets]
    tx.execute(
        insert(sign_in_tries),
        [
            {"id": one, "bucket": bucket, "at": tx.now}
            for one, bucket in zip(ids, buckets, strict=True)
        ],
    )
    found = tx.first(
        select(*USER_COLUMNS, users.c.password_hash).where(users.c.login == login.lower())
    )
    if found is None or found["disabled_at"] is not None:
        return ids, None, None
    values = dict(found)
    stored = str(values.pop("password_hash"))
    return ids, user_of_row(values), stored


def _tries(tx: Tx, bucket: str) -> tuple[int, datetime | None, datetime | None]:
    """How many there were, the oldest and the newest."""
    at = sign_in_tries.c.at
    row = tx.first(
        select(
            func.count().label("n"), func.min(at).label("oldest"), func.max(at).label("newest")
        ).where(sign_in_tries.c.bucket == bucket)
    )
    assert row is not None  # an aggregate always has a row
    return row["n"], row["oldest"], row["newest"]


def _acquainted(login: str, address: str) -> str:
    return _bucket("acquainted", login.lower(), address)


async def sign_in(
    store: Store, login: str, password: str, address: str, agent: str = ""
) -> tuple[str, Principal]:
    """Opens a session: its token (for the cookie, nowhere stored) and who it is.

    Raises `SignInRefused` or `TooManyTries`. Takes as long for an unknown login as for a wrong password. Tries are counted in
    the database, per login and address, per address, and per login for strangers: a restart forgets none.
    """
    login = login.strip()[:200]
    tries, found, stored = await store.write(lambda tx: _begin_try(tx, login, address))
    if not await password_matches(stored, password) or found is None:
        raise SignInRefused("サインイン名かパスワードが違います")
    who = found
    return await store.write(lambda tx: _open(tx, who, tries, address, agent))


def _open(tx: Tx, found: User, tries: list[str], address: str, agent: str) -> tuple[str, Principal]:
    known = _acquainted(found.login, address)
    over = [_bucket("login", found.login, address), known]
    tx.execute(
        delete(sign_in_tries).where(
            or_(sign_in_tries.c.id.in_(tries), sign_in_tries.c.bucket.in_(over))
        )
    )
    # The account may have been closed while the password was being checked.
    if tx.scalar(select(users.c.disabled_at).where(users.c.id == found.id)) is not None:
        raise SignInRefused("サインイン名かパスワードが違います")
    # In the future: what is older than the window is swept away.
    tx.execute(insert(sign_in_tries).values(id=new_id(), bucket=known, at=tx.now + ACQUAINTED))
    return open_session(tx, found, agent)
