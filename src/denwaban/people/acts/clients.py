"""Adding and changing clients."""

from datetime import datetime

from sqlalchemy import insert, select

from denwaban.journal import append
from denwaban.people import facts
from denwaban.people.acts.checks import CODE, change, check_text
from denwaban.people.model import PeopleError
from denwaban.people.queries import client
from denwaban.people.rows import clients
from denwaban.store import Tx, new_id


def add_client(
    tx: Tx,
    code: str,
    name: str,
    kana: str = "",
    industry: str = "",
    greeting: str = "",
    policy: str = "",
    *,
    preparing: bool = False,
) -> str:
    """Adds a client and returns its id. `preparing`: its calls are not taken before it goes live. Raises `PeopleError`
    (code taken, text missing or too long)."""
    code = code.strip()
    if not CODE.match(code):
        raise PeopleError("顧客コードは半角の英数字と - _ で、32文字以内にしてください", "code")
    if tx.first(select(clients.c.id).where(clients.c.code == code)):
        raise PeopleError("この顧客コードは使われています", "code")
    name = check_text("name", name, required=True)
    client_id = new_id()
    tx.execute(
        insert(clients).values(
            id=client_id,
            code=code,
            name=name,
            kana=check_text("kana", kana),
            industry=check_text("industry", industry),
            greeting=check_text("greeting", greeting)
            or f"お電話ありがとうございます。{name}でございます。",
            policy=check_text("policy", policy),
            created_at=tx.now,
            updated_at=tx.now,
            live_at=None if preparing else tx.now,
        )
    )
    append(tx, facts.client_added(client_id))
    return client_id


def change_client(
    tx: Tx,
    client_id: str,
    *,
    name: str,
    kana: str,
    industry: str,
    greeting: str,
    policy: str,
    seen: datetime | None = None,
) -> None:
    """Changes a client. `seen` is its `updated_at` as it was shown: raises `Changed` if it has moved since."""
    values = {
        "name": check_text("name", name, required=True),
        "kana": check_text("kana", kana),
        "industry": check_text("industry", industry),
        "greeting": check_text("greeting", greeting, required=True),
        "policy": check_text("policy", policy),
    }
    if client(tx, client_id) is None:
        raise PeopleError("この顧客企業は見つかりません")
    change(tx, clients, client_id, values, seen)
    append(tx, facts.client_changed(client_id, *values))


def set_recorded(tx: Tx, client_id: str, recorded: bool) -> None:
    """From the next talk on, talks are recorded, or are not. Earlier recordings stay."""
    change(tx, clients, client_id, {"recorded": recorded}, None)
    append(tx, facts.client_changed(client_id, "recorded"))


def end_client(tx: Tx, client_id: str, ended: bool = True) -> None:
    """Ends the contract (nothing is erased), or takes it up again."""
    change(tx, clients, client_id, {"ended_at": tx.now if ended else None}, None)
    append(tx, facts.client_changed(client_id, "ended_at"))


def set_live(tx: Tx, client_id: str, is_live: bool) -> None:
    """Whether the client's calls are taken. What must be in place before that is `oncall.go_live`'s to ask."""
    change(tx, clients, client_id, {"live_at": tx.now if is_live else None}, None)
    append(tx, facts.client_changed(client_id, "live_at"))
