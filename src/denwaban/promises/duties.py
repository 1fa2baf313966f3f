"""The work: promises that are near their time, and those that break."""

from denwaban.promises.acts import look
from denwaban.promises.rows import promises
from denwaban.store import Store
from denwaban.work import Duty


def duty(store: Store) -> Duty:
    """Looking at open promises whose moment has come."""

    async def do(promise_id: str) -> None:
        await store.write(lambda tx: look(tx, promise_id))

    return Duty("promises", promises, do)
