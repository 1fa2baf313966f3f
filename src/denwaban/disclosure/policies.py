"""The rules of a client."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import bindparam, insert, select, update

from denwaban import audit
from denwaban.disclosure.model import FINDERS, GatedField, Policy
from denwaban.disclosure.rows import policies
from denwaban.people import Changed, PeopleError
from denwaban.store import Question, Tx

# Asked with every screen of every seat: building it anew costs more than the database.
_ONE = Question(select(policies).where(policies.c.id == bindparam("it")))


def policy_of(tx: Tx, client_id: str) -> Policy | None:
    """None: this client gates nothing."""
    row = tx.first(_ONE, {"it": client_id})
    if row is None:
        return None
    return Policy(
        client_id,
        msgspec.convert(row["fields"], tuple[GatedField, ...]),
        row["tries_call"],
        row["tries_day"],
        row["refusal"],
        row["demands"],
        row["version"],
    )


def set_policy(tx: Tx, new: Policy, seen: int, user_id: str | None) -> None:
    """Puts the rules in place of version `seen` (0: there were none). Values of a field whose name is gone are not told any
    more. Raises `PeopleError`, `Changed` when somebody else was first."""
    _look_at(new.fields)
    old = policy_of(tx, new.client_id)
    if seen != (old.version if old else 0):
        raise Changed
    values = {
        "fields": msgspec.to_builtins(new.fields),
        "tries_call": new.tries_call,
        "tries_day": new.tries_day,
        "refusal": new.refusal.strip(),
        "demands": new.demands,
        "version": seen + 1,
        "changed_at": tx.now,
        "changed_by": user_id,
    }
    if old is None:
        tx.execute(insert(policies).values(id=new.client_id, **values))
    else:
        tx.execute(update(policies).where(policies.c.id == new.client_id).values(**values))
    audit.record(
        tx, audit.Trace("policy.changed", user_id, new.client_id, data={"version": seen + 1})
    )


def _look_at(fields: Sequence[GatedField]) -> None:
    labels = [field.label for field in fields]
    if len(set(labels)) < len(labels):
        raise PeopleError("同じ名前の項目があります", "fields")
    for field in fields:
        if len(field.of) < field.needed:
            raise PeopleError(
                "「%(label)s」は、選んだ照合の数より多くを求めています", "fields", label=field.label
            )
    if fields and not any(kind in FINDERS for field in fields for kind in field.of):
        # A birth day finds nobody.
        raise PeopleError(
            "会員番号・お名前・登録の電話番号のうち、少なくとも一つを照合に加えてください", "fields"
        )
