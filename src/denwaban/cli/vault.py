"""`denwaban vault`: the keys that data at rest is sealed with."""

from denwaban import vault
from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.store import Store
from denwaban.vault import master


async def rotate(settings: Settings) -> tuple[str, bool]:
    """New keys: what to do with the old ones, and whether all could be turned. Raises `VaultError`, `StoreError`."""
    store = Store(settings.database, SystemClock())
    await store.open()
    try:
        done = await vault.rotate(store, settings)
    finally:
        await store.close()
    told = [f"マスター鍵 {done.master} に替えました(包み直した顧客の鍵 {done.keys} 本)。"]
    if settings.master_key:
        told.append("古い鍵は、古い控えを捨てるまで DENWABAN_MASTER_KEY の後ろに残してください。")
    else:
        told.append(
            f"{master.file_of(settings)} の控えを取り直してください。古い鍵もこの中に残っています。"
        )
    if done.broken:
        told.append(
            f"\n書き換えられていて開けない鍵が {len(done.broken)} 本あります。表 vault_keys のこの行を控えから戻し、"
            "もう一度行ってください。新しいデータは新しい鍵で守られます: " + "、".join(done.broken)
        )
    return "".join(told), not done.broken
