"""Sessions: opened, looked up, prolonged, ended."""

from dataclasses import replace

from sqlalchemy import bindparam, delete, insert, select, update

from denwaban.access.model import IDLE, LONGEST, Found, Principal, Role, Session, User
from denwaban.access.rows import TOPIC, sessions, users
from denwaban.access.secret import hash_token, new_token
from denwaban.journal import Fact, append
from denwaban.store import Tx, new_id


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


# Built once: asked again every few seconds for every page that is open.
_BEHIND = (
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
        sessions.c.token_hash == bindparam("token_hash"),
        sessions.c.expires_at > bindparam("now"),
        sessions.c.created_at > bindparam("oldest"),
        users.c.disabled_at.is_(None),
    )
)


def principal_of_session(tx: Tx, token: str) -> Found | None:
    """Whose session this is; None when it is over or the account is closed. One indexed read."""
    row = tx.first(
        _BEHIND, {"token_hash": hash_token(token), "now": tx.now, "oldest": tx.now - LONGEST}
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
