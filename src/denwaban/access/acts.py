"""Accounts, sessions and API keys."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, or_, select, update

from denwaban.access.model import (
    IDLE,
    LONGEST,
    AccessError,
    Principal,
    Role,
    SignInRefused,
    TooManyTries,
    check_account,
    check_scope,
)
from denwaban.access.rows import api_keys, sessions, sign_in_tries, users
from denwaban.access.secret import (
    KEY_PREFIX,
    Hashed,
    hash_now,
    hash_token,
    new_token,
    password_matches,
)
from denwaban.journal import Fact, append
from denwaban.store import Store, Tx, new_id

TOPIC = "access"
"""Touched when a session, account or key ends, so that nobody goes on with what was cached."""

TRIES_WINDOW = timedelta(minutes=15)
TRIES_PER_LOGIN = 10
TRIES_PER_ADDRESS = 50


@dataclass(frozen=True, slots=True)
class User:
    id: str
    login: str
    role: Role
    name: str
    client_id: str | None
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    user_id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    agent: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: str
    name: str
    role: Role
    client_id: str | None
    created_at: datetime
    revoked_at: datetime | None


# -- accounts ---------------------------------------------------------------------------------------------------------


def add_user(
    tx: Tx,
    login: str,
    password: str | Hashed,
    role: Role,
    name: str,
    client_id: str | None = None,
) -> str:
    """Makes an account and returns its id. Raises `AccessError` if the login is taken or unusable.

    Web handlers hash first (`await hash_password(…)`), so that the writer does not wait for it.
    """
    role = Role(role)
    check_account(login, role, client_id)
    if tx.first(select(users.c.id).where(users.c.login == login.lower())) is not None:
        raise AccessError("このサインイン名は使われています")
    hashed = password if isinstance(password, Hashed) else hash_now(password)
    user_id = new_id()
    tx.execute(
        insert(users).values(
            id=user_id,
            login=login.lower(),
            password_hash=hashed.value,
            role=role,
            name=name,
            client_id=client_id,
            created_at=tx.now,
        )
    )
    append(tx, Fact("user.added", user_id, client_id, {"role": str(role)}))
    return user_id


def _user(row: dict[str, object]) -> User:
    return User(**{**row, "role": Role(str(row["role"]))})  # type: ignore[arg-type]


_USER = [users.c[name] for name in User.__slots__]


def user(tx: Tx, user_id: str) -> User | None:
    row = tx.first(select(*_USER).where(users.c.id == user_id))
    return _user(dict(row)) if row is not None else None


def list_users(
    tx: Tx, role: Role | None = None, after_login: str = "", limit: int = 200
) -> list[User]:
    """Accounts by login."""
    query = select(*_USER).where(users.c.login > after_login).order_by(users.c.login).limit(limit)
    if role is not None:
        query = query.where(users.c.role == role)
    return [_user(dict(row)) for row in tx.all(query)]


def set_password(tx: Tx, user_id: str, password: Hashed) -> None:
    """Changes the password and ends every session of the account."""
    tx.execute(update(users).where(users.c.id == user_id).values(password_hash=password.value))
    append(tx, Fact("user.password_changed", user_id))
    end_sessions(tx, user_id)


def disable_user(tx: Tx, user_id: str, disabled: bool = True) -> None:
    """Closes an account (its sessions end at once) or opens it again."""
    tx.execute(
        update(users).where(users.c.id == user_id).values(disabled_at=tx.now if disabled else None)
    )
    append(tx, Fact("user.disabled" if disabled else "user.enabled", user_id))
    if disabled:
        end_sessions(tx, user_id)


def rename_user(tx: Tx, user_id: str, name: str) -> None:
    tx.execute(update(users).where(users.c.id == user_id).values(name=name))
    append(tx, Fact("user.changed", user_id))
    tx.touch(TOPIC)


# -- signing in -------------------------------------------------------------------------------------------------------


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
                sign_in_tries.c.bucket == bucket, sign_in_tries.c.good.is_(False)
            )
        )
        if row is not None and row["n"] >= allowed:
            raise TooManyTries(row["oldest"] + TRIES_WINDOW - tx.now)
        ids.append(new_id())
        tx.execute(
            insert(sign_in_tries).values(id=ids[-1], bucket=bucket, at=tx.now, good=False, count=1)
        )
    found = tx.first(select(*_USER, users.c.password_hash).where(users.c.login == login.lower()))
    if found is None or found["disabled_at"] is not None:
        return ids, None, None
    values = dict(found)
    stored = str(values.pop("password_hash"))
    return ids, _user(values), stored


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


def open_session(tx: Tx, found: User, agent: str = "") -> tuple[str, Principal]:
    """A session for an account that has proved itself; returns its token and who it is."""
    tx.execute(
        delete(sessions).where(sessions.c.user_id == found.id, sessions.c.expires_at <= tx.now)
    )
    token, session_id = new_token(), new_id()
    tx.execute(
        insert(sessions).values(
            id=session_id,
            token_hash=hash_token(token),
            user_id=found.id,
            created_at=tx.now,
            seen_at=tx.now,
            expires_at=tx.now + IDLE[found.role],
            agent=agent.replace("\x00", "")[:200],
        )
    )
    append(tx, Fact("user.signed_in", found.id, found.client_id, {"session_id": session_id}))
    return token, Principal(found.id, found.name, found.role, found.client_id, session_id)


def sign_out(tx: Tx, session_id: str) -> None:
    """Ends this session; ending one that is over does nothing."""
    user_id = tx.scalar(select(sessions.c.user_id).where(sessions.c.id == session_id))
    if user_id is None:
        return
    tx.execute(delete(sessions).where(sessions.c.id == session_id))
    append(tx, Fact("user.signed_out", user_id, None, {"session_id": session_id}))
    tx.touch(TOPIC)


def end_sessions(tx: Tx, user_id: str, but: str | None = None) -> int:
    """Ends every session of the account (except `but`); returns how many."""
    ended = tx.execute(
        delete(sessions).where(sessions.c.user_id == user_id, sessions.c.id != (but or ""))
    ).rowcount
    append(tx, Fact("sessions.ended", user_id, None, {"count": ended}))
    tx.touch(TOPIC)
    return ended


def sessions_of(tx: Tx, user_id: str) -> list[Session]:
    """The sessions that are open now, last used first."""
    return [
        Session(**row)
        for row in tx.all(
            select(*(sessions.c[name] for name in Session.__slots__))
            .where(sessions.c.user_id == user_id, sessions.c.expires_at > tx.now)
            .order_by(sessions.c.seen_at.desc(), sessions.c.id)
        )
    ]


# -- looking up -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """A principal, and until when the answer holds."""

    who: Principal
    expires_at: datetime | None
    seen_at: datetime | None


def principal_of_session(tx: Tx, token: str) -> Found | None:
    """Whose session this is; None when it is over or the account is closed. One indexed read."""
    row = tx.first(
        select(
            sessions.c.id.label("session_id"),
            sessions.c.expires_at,
            sessions.c.seen_at,
            users.c.id.label("user_id"),
            users.c.name,
            users.c.role,
            users.c.client_id,
        )
        .join(users, users.c.id == sessions.c.user_id)
        .where(
            sessions.c.token_hash == hash_token(token),
            sessions.c.expires_at > tx.now,
            sessions.c.created_at > tx.now - LONGEST,
            users.c.disabled_at.is_(None),
        )
    )
    if row is None:
        return None
    who = Principal(
        row["user_id"], row["name"], Role(row["role"]), row["client_id"], row["session_id"]
    )
    return Found(who, row["expires_at"], row["seen_at"])


def prolong(tx: Tx, found: Found) -> Found:
    """Moves the end of a session that is being used."""
    expires = tx.now + IDLE[found.who.role]
    tx.execute(
        update(sessions)
        .where(sessions.c.id == found.who.session_id)
        .values(seen_at=tx.now, expires_at=expires)
    )
    return replace(found, seen_at=tx.now, expires_at=expires)


def principal_of_key(tx: Tx, secret: str) -> Found | None:
    """Whose API key this is; None for an unknown or revoked one."""
    if not secret.startswith(KEY_PREFIX):
        return None
    row = tx.first(
        select(api_keys).where(
            api_keys.c.secret_hash == hash_token(secret), api_keys.c.revoked_at.is_(None)
        )
    )
    if row is None:
        return None
    return Found(
        Principal(row["id"], row["name"], Role(row["role"]), row["client_id"], None), None, None
    )


# -- keys -------------------------------------------------------------------------------------------------------------


def make_api_key(tx: Tx, name: str, role: Role, client_id: str | None = None) -> str:
    """A new API key `dwb_…`; only its hash is kept, so this is the one time it can be shown."""
    role = Role(role)
    check_scope(role, client_id)
    secret, key_id = KEY_PREFIX + new_token(), new_id()
    tx.execute(
        insert(api_keys).values(
            id=key_id,
            name=name,
            secret_hash=hash_token(secret),
            role=role,
            client_id=client_id,
            created_at=tx.now,
        )
    )
    append(tx, Fact("key.made", key_id, client_id, {"role": str(role)}))
    return secret


def list_api_keys(tx: Tx) -> list[ApiKey]:
    """Every key, the working ones first, newest first."""
    return [
        ApiKey(**{**row, "role": Role(row["role"])})
        for row in tx.all(
            select(*(api_keys.c[name] for name in ApiKey.__slots__)).order_by(
                or_(api_keys.c.revoked_at.is_(None)).desc(), api_keys.c.id.desc()
            )
        )
    ]


def revoke_api_key(tx: Tx, key_id: str) -> None:
    """The key stops working at once; revoking twice does nothing more."""
    done = tx.execute(
        update(api_keys)
        .where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=tx.now)
    ).rowcount
    if done:
        append(tx, Fact("key.revoked", key_id))
        tx.touch(TOPIC)
