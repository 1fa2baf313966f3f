"""`denwaban vault`: the keys that data at rest is sealed with."""

from denwaban import vault
from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.store import Store
from denwaban.vault import master


async def rotate(settings: Settings) -> str:
    """New keys; what to do with the old ones. Raises `VaultError`, `StoreError`."""
    store = Store(settings.database, SystemClock())
    await store.open()
    try:
        current, count = await vault.rotate(store, settings)
    finally:
        await store.close()
    told = f"マスター鍵 {current} に替えました(包み直した顧客の鍵 {count} 本)。"
    if settings.master_key:
        return f"{told}古い鍵は、古い控えを捨てるまで DENWABAN_MASTER_KEY の後ろに残してください。"
    return f"{told}{master.file_of(settings)} の控えを取り直してください。古い鍵もこの中に残っています。"
