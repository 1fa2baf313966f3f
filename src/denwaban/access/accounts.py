"""Accounts: making, listing, closing."""

from sqlalchemy import insert, or_, select, update

from denwaban.access.model import AccessError, Role, User, check_account
from denwaban.access.rows import users
from denwaban.access.secret import Hashed, hash_now
from denwaban.access.sessions import end_sessions
from denwaban.journal import Fact, append
from denwaban.store import Tx, new_id


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


def user_of_row(row: dict[str, object]) -> User:
    """The account in a row of `USER_COLUMNS`."""
    return User(**{**row, "role": Role(str(row["role"]))})  # type: ignore[arg-type]


USER_COLUMNS = [users.c[name] for name in User.__slots__]


def user(tx: Tx, user_id: str) -> User | None:
    row = tx.first(select(*USER_COLUMNS).where(users.c.id == user_id))
    return user_of_row(dict(row)) if row is not None else None


def list_users(
    tx: Tx, role: Role | None = None, after_login: str = "", limit: int = 200, search: str = ""
) -> list[User]:
    """Accounts by login; those whose login or name contains `search`."""
    query = (
        select(*USER_COLUMNS)
        .where(users.c.login > after_login)
        .order_by(users.c.login)
        .limit(limit)
    )
    if role is not None:
        query = query.where(users.c.role == role)
    if search:
        query = query.where(
            or_(
                users.c.login.contains(search.lower(), autoescape=True),
                users.c.name.contains(search, autoescape=True),
            )
        )
    return [user_of_row(dict(row)) for row in tx.all(query)]


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
