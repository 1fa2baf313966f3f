"""Accounts from the command line, for when nobody can sign in."""

from sqlalchemy import select

from denwaban.access import hash_password, new_password, set_password
from denwaban.access.rows import users
from denwaban.clock import SystemClock
from denwaban.config import Settings, SettingsError
from denwaban.store import Store, Tx


async def new_password_for(settings: Settings, login: str) -> str:
    """Sets a fresh password, ends the person's sessions, returns the password. Raises `SettingsError` for nobody."""
    password = new_password()
    hashed = await hash_password(password)

    def change(tx: Tx) -> bool:
        user_id = tx.scalar(select(users.c.id).where(users.c.login == login))
        if user_id is None:
            return False
        set_password(tx, user_id, hashed)
        return True

    store = Store(settings.database, SystemClock())
    await store.open()
    try:
        if not await store.write(change):
            raise SettingsError(f"{login}: その名前の人はいません / nobody by that name")
    finally:
        await store.close()
    return password
