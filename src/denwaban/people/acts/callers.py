"""What is kept of who calls."""

from sqlalchemy import insert, update

from denwaban.people.acts.checks import check_text
from denwaban.people.model import Caller
from denwaban.people.queries import caller_of
from denwaban.people.rows import callers
from denwaban.store import Tx, new_id


def remember_caller(
    tx: Tx, client_id: str, number: str, name: str = "", kana: str = "", company: str = ""
) -> Caller:
    """Keeps what is known of who calls this client from this number (E.164). An empty text keeps what was known."""
    given = {
        "name": check_text("name", name),
        "kana": check_text("kana", kana),
        "company": check_text("company", company),
    }
    known = caller_of(tx, client_id, number)
    if known is None:
        tx.execute(
            insert(callers).values(
                id=new_id(), client_id=client_id, number=number, updated_at=tx.now, **given
            )
        )
    else:
        fresh = {key: value for key, value in given.items() if value}
        tx.execute(
            update(callers).where(callers.c.id == known.id).values(**fresh, updated_at=tx.now)
        )
    found = caller_of(tx, client_id, number)
    assert found is not None  # it was just written
    return found


def set_regular(tx: Tx, client_id: str, number: str, regular: bool) -> Caller:
    """Whether this client greets who calls from this number (E.164) as a regular caller; one who is not known yet is from
    now on, without a name."""
    known = caller_of(tx, client_id, number) or remember_caller(tx, client_id, number)
    tx.execute(
        update(callers).where(callers.c.id == known.id).values(regular=regular, updated_at=tx.now)
    )
    found = caller_of(tx, client_id, number)
    assert found is not None  # it was just written
    return found


def set_put_first(tx: Tx, client_id: str, number: str, put_first: bool) -> Caller:
    """Whether who calls this client from this number (E.164) is put through before its other callers, where the client's level
    allows it."""
    known = caller_of(tx, client_id, number) or remember_caller(tx, client_id, number)
    tx.execute(
        update(callers)
        .where(callers.c.id == known.id)
        .values(put_first=put_first, updated_at=tx.now)
    )
    found = caller_of(tx, client_id, number)
    assert found is not None  # it was just written
    return found
