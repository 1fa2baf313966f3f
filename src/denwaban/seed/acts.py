"""Planting the example installation, by the same verbs that people use."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from denwaban import (
    calls,
    delivery,
    knowledge,
    lines,
    memory,
    oncall,
    people,
    promises,
    reports,
    scripts,
)
from denwaban.access import Role, add_user, make_api_key, new_password
from denwaban.clock import JST, japan_day
from denwaban.knowledge.importing import import_faqs, read_faqs
from denwaban.seed.companies import COMPANIES
from denwaban.seed.model import Company, Credentials, Earlier, Person, Seat, SignIn
from denwaban.store import Tx

SCRIPTS = Path(__file__).parent / "scripts"
FAQS = Path(__file__).parent / "faqs"

OPERATORS = (("suzuki", "鈴木 明日香", "すずき あすか"), ("yamada", "山田 涼", "やまだ りょう"))
OTHERS = (
    ("supervisor", "渡辺 真理", Role.SUPERVISOR),
    ("admin", "運用管理", Role.ADMINISTRATOR),
)
ACKNOWLEDGE_MINUTES = 15


class _Planting:
    """One planting: the transaction, and what was generated so far."""

    def __init__(self, tx: Tx) -> None:
        self.tx = tx
        self.sign_ins: list[SignIn] = []

    def at(self, moment: datetime) -> Tx:
        """The same transaction as if it were that moment, for what happened before."""
        return self.tx.at(moment)

    def account(
        self, login: str, role: Role, name: str, client: tuple[str, str] | None = None
    ) -> str:
        password = new_password()
        client_id, client_name = client or (None, None)
        self.sign_ins.append(SignIn(login, password, name, role.value, client_name))
        return add_user(self.tx, login, password, role, name, client_id)


def plant(tx: Tx) -> Credentials | None:
    """Makes the example installation in an empty database: three companies with all that belongs to them, two operators,
    a supervisor, an administrator, and a little history.

    Returns what was generated; None, changing nothing, when there are clients already. Takes about a second.
    """
    if people.clients(tx, ended=True) or people.operators(tx):
        return None
    planting = _Planting(tx)
    operators = []
    for login, name, kana in OPERATORS:
        user_id = planting.account(login, Role.OPERATOR, name)
        operators.append(people.add_operator(tx, user_id, name, kana))
    for login, name, role in OTHERS:
        planting.account(login, role, name)
    clients = [_company(planting, company, operators[0]) for company in COMPANIES]
    keys = {
        role.value: make_api_key(tx, f"例: {role.value}", role)
        for role in (Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)
    }
    keys[Role.CLIENT.value] = make_api_key(tx, "例: client", Role.CLIENT, clients[0])
    seats = [
        Seat(one.name, one.seat, f"{one.seat}-phone", one.sip_password)
        for one in people.operators(tx)
    ]
    return Credentials(planting.sign_ins, keys, seats)


def _company(planting: _Planting, company: Company, operator_id: str) -> str:
    tx = planting.tx
    client_id = people.add_client(
        tx,
        company.code,
        company.name,
        company.kana,
        company.industry,
        company.greeting,
        company.policy,
        preparing=True,
    )
    for number, label in company.numbers:
        lines.add_number(tx, client_id, number, label)
    lines.set_limit(tx, client_id, company.lines, japan_day(tx.now))
    _plan(tx, client_id, company)
    staff = _staff(planting, client_id, company)
    _roster(tx, client_id, company, staff)
    _faqs(tx, client_id, company)
    _reports(tx, client_id, company, staff)
    for earlier in company.earlier:
        _earlier(planting, client_id, company, staff, operator_id, earlier)
    return client_id


def _plan(tx: Tx, client_id: str, company: Company) -> None:
    published: dict[str, str] = {}
    for window in company.windows:
        if window.script is not None and window.script[0] not in published:
            file, name = window.script
            text = (SCRIPTS / f"{file}.toml").read_text("utf-8")
            published[file] = scripts.add_script(tx, client_id, name, text, "はじめの版")
    lines.set_plan(
        tx,
        client_id,
        [
            lines.PlanWindow(
                window.name,
                window.days,
                window.opens,
                window.closes,
                window.mode,
                published[window.script[0]] if window.script else None,
                window.message,
            )
            for window in company.windows
        ],
    )


def _faqs(tx: Tx, client_id: str, company: Company) -> None:
    entries = read_faqs((FAQS / f"{company.faqs}.csv").read_bytes())
    import_faqs(tx, client_id, entries, knowledge.Author(None, company.people[0].name))


def _reports(tx: Tx, client_id: str, company: Company, staff: dict[str, str]) -> None:
    """The form of the company's reports, and who gets which."""
    reports.set_form(tx, client_id, company.form, None)
    named = tuple(
        msgspec.structs.replace(rule, staff_id=staff.get(rule.staff_id, ""))
        for rule in company.rules
    )
    reports.set_rules(tx, client_id, reports.Rules(named, company.chances), None)


def _staff(planting: _Planting, client_id: str, company: Company) -> dict[str, str]:
    """Staff ids by key."""
    tx = planting.tx
    ids: dict[str, str] = {}
    for person in company.people:
        ids[person.key] = people.add_staff(
            tx,
            client_id,
            person.name,
            person.kana,
            person.department,
            in_charge=person.in_charge,
            user_id=_portal(planting, client_id, company, person),
        )
        oncall.add_contact(tx, client_id, ids[person.key], "mail", {"to": person.mail})
    for person in company.people:
        if person.substitute:
            people.set_substitute(tx, ids[person.key], ids[person.substitute])
        if person.presence != "present":
            until = tx.now + person.away_for if person.away_for else None
            people.set_presence(tx, ids[person.key], person.presence, until, person.note)
    return ids


def _roster(tx: Tx, client_id: str, company: Company, staff: dict[str, str]) -> None:
    """Business hours and duty; then the company goes live, as any other would."""
    oncall.set_hours(tx, client_id, company.hours)
    oncall.add_shifts(
        tx,
        client_id,
        [
            oncall.NewShift(staff[one.key], one.kind, one.opens, one.closes, one.days)
            for one in company.shifts
        ],
    )
    oncall.go_live(tx, client_id)


def _portal(planting: _Planting, client_id: str, company: Company, person: Person) -> str | None:
    if not person.login:
        return None
    return planting.account(person.login, Role.CLIENT, person.name, (client_id, company.name))


def _earlier(
    planting: _Planting,
    client_id: str,
    company: Company,
    staff: dict[str, str],
    operator_id: str,
    earlier: Earlier,
) -> None:
    """A call of some days ago, answered, reported, taken by somebody; its promise is open or was kept."""
    now = planting.tx.now
    day = now.astimezone(JST) - timedelta(days=earlier.days)
    arrived = day.replace(hour=earlier.hour, minute=12, second=0, microsecond=0)
    at = planting.at
    service = lines.service_for(planting.tx, company.numbers[0][0], arrived)
    assert isinstance(service, lines.Service)  # the number was just added
    call = calls.begin(
        at(arrived),
        client_id=client_id,
        dialled=service.number,
        caller=earlier.caller_number,
        trunk="example",
        plan=service.window,
        mode=service.mode.value,
        script_id=service.script_id,
    )
    calls.answered(at(arrived + timedelta(seconds=7)), call.id, operator_id)
    calls.ended(at(arrived + timedelta(minutes=3)), call.id, calls.Outcome.ANSWERED)
    people.remember_caller(
        at(arrived),
        client_id,
        earlier.caller_number,
        earlier.caller_name,
        earlier.caller_kana,
        earlier.caller_company,
    )
    sent = at(arrived + timedelta(minutes=4))
    by = None
    if earlier.promised is not None:
        by = (sent.now if earlier.kept else now) + earlier.promised
    report = reports.accept(
        sent,
        client_id,
        call.id,
        operator_id,
        staff[earlier.taken_by],
        reports.Draft(
            who=earlier.caller_name,
            kana=earlier.caller_kana,
            company=earlier.caller_company,
            number=earlier.caller_number,
            what_for=earlier.what_for,
            done=earlier.done,
            callback_needed=by is not None,
            callback_by=by,
            urgency=reports.Urgency.NORMAL,
            tone=reports.Tone.CALM,
            answers=earlier.answers,
        ),
        practice=False,
    )
    delivery.send(sent, report, ACKNOWLEDGE_MINUTES)
    promise = promises.make(sent, report)
    memory.keep(sent, report)
    taken = at(sent.now + timedelta(minutes=6))
    delivery.acknowledge(taken, report.id, staff[earlier.taken_by], "portal")
    if earlier.kept and promise is not None:
        done = at(sent.now + timedelta(hours=2))
        keeper = people.staff_member(done, staff[earlier.taken_by])
        # Who keeps promises in the examples has an account.
        assert keeper is not None
        assert keeper.user_id is not None
        promises.keep(done, promise.id, keeper.user_id, earlier.kept)
        reports.set_status(done, report.id, reports.Status.DONE, keeper.user_id, earlier.kept)
