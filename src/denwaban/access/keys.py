"""API keys."""

from sqlalchemy import insert, select, update

from denwaban.access.model import ApiKey, Found, Principal, Role, check_scope
from denwaban.access.rows import TOPIC, api_keys
from denwaban.access.secret import KEY_PREFIX, hash_token, new_token
from denwaban.journal import Fact, append
from denwaban.store import Tx, new_id


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


def list_api_keys(tx: Tx, *, search: str = "", limit: int | None = None) -> list[ApiKey]:
    """Keys, the working ones first, newest first; those whose name contains `search`."""
    query = (
        select(*(api_keys.c[name] for name in ApiKey.__slots__))
        .order_by(api_keys.c.revoked_at.is_(None).desc(), api_keys.c.id.desc())
        .limit(limit)
    )
    if search:
        query = query.where(api_keys.c.name.contains(search, autoescape=True))
    return [ApiKey(**{**row, "role": Role(row["role"])}) for row in tx.all(query)]


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
