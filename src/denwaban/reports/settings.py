"""A client's form and rules: read and changed as a whole."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, insert, select, update

from denwaban.journal import append
from denwaban.people import Changed, staff_of
from denwaban.reports import facts
from denwaban.reports.form import DEFAULT_FORM, Form, faults, plain, read, tidy_form
from denwaban.reports.rows import report_forms, report_rules
from denwaban.reports.rules import (
    Rules,
    faults_of_rules,
    plain_rules,
    read_rules,
    tidy_rules,
)
from denwaban.reports.sentence import Sentence
from denwaban.store import Question, Tx


class NotUsable(ValueError):
    """A form or rules that cannot be used; `faults` say by field (or by the place of a rule) what to mend."""

    def __init__(self, faults: Mapping[str, Sentence]) -> None:
        super().__init__(" ".join(str(each) for each in faults.values()))
        self.faults = dict(faults)


class KeptForm(NamedTuple):
    form: Form
    version: int
    """0: the client has none of its own yet."""
    changed_at: datetime | None


class KeptRules(NamedTuple):
    rules: Rules
    version: int
    """0: the client has none yet."""
    changed_at: datetime | None


# Built once: asked at every look at a report.
_FORM = Question(select(report_forms).where(report_forms.c.client_id == bindparam("it")))
_RULES = Question(select(report_rules).where(report_rules.c.client_id == bindparam("it")))


def form_of(tx: Tx, client_id: str) -> KeptForm:
    """The form on which this client's reports are written now."""
    row = tx.first(_FORM, {"it": client_id})
    if row is None:
        return KeptForm(DEFAULT_FORM, 0, None)
    return KeptForm(read(row["form"]), row["version"], row["changed_at"])


def set_form(
    tx: Tx, client_id: str, form: Form, user_id: str | None, seen: int | None = None
) -> KeptForm:
    """Reports written from now on follow this form; those sent stay as they were. `seen`: the version that it was made
    from. Raises `NotUsable`, and `people.Changed` when there is a newer one. The same form again changes nothing."""
    form = tidy_form(form)
    before = form_of(tx, client_id)
    if seen is not None and seen != before.version:
        raise Changed
    if found := faults(form):
        raise NotUsable(found)
    if before.version and form == before.form:
        return before
    _put(tx, report_forms, client_id, "form", plain(form), before.version, user_id)
    append(tx, facts.form_changed(client_id, before.version + 1, user_id))
    return KeptForm(form, before.version + 1, tx.now)


def rules_of(tx: Tx, client_id: str) -> KeptRules:
    """The rules by which this client's reports find their way now."""
    row = tx.first(_RULES, {"it": client_id})
    if row is None:
        return KeptRules(Rules(), 0, None)
    return KeptRules(read_rules(row["rules"]), row["version"], row["changed_at"])


def set_rules(
    tx: Tx, client_id: str, rules: Rules, user_id: str | None, seen: int | None = None
) -> KeptRules:
    """Reports sent from now on follow these rules. As `set_form`; a rule's fault stands under `rule-PLACE`."""
    rules = tidy_rules(rules)
    before = rules_of(tx, client_id)
    if seen is not None and seen != before.version:
        raise Changed
    roster = [person.id for person in staff_of(tx, client_id)]
    if found := faults_of_rules(rules, roster):
        raise NotUsable({f"rule-{place}": told for place, told in found.items()})
    if before.version and rules == before.rules:
        return before
    _put(tx, report_rules, client_id, "rules", plain_rules(rules), before.version, user_id)
    append(tx, facts.rules_changed(client_id, before.version + 1, user_id))
    return KeptRules(rules, before.version + 1, tx.now)


def _put(
    tx: Tx,
    table: Table,
    client_id: str,
    column: str,
    data: dict[str, Any],
    version: int,
    user_id: str | None,
) -> None:
    values = {
        column: data,
        "version": version + 1,
        "changed_at": tx.now,
        "changed_by": user_id,
    }
    if version:
        tx.execute(update(table).where(table.c.client_id == client_id).values(**values))
    else:
        tx.execute(insert(table).values(client_id=client_id, **values))
