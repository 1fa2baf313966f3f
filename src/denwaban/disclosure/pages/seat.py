"""The identity check at the seat: what the caller says goes to the server, and only right or wrong comes back."""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Template

from denwaban.access import Principal, Role
from denwaban.calls import Call
from denwaban.calls import call as call_of
from denwaban.disclosure.checking import (
    Locked,
    NobodyNamed,
    NoCheck,
    NotOpen,
    OpensNothing,
    TooFew,
    check,
    reveal,
)
from denwaban.disclosure.model import (
    LABELS,
    LONGEST_ANSWER,
    LONGEST_LABEL,
    REFUSAL,
    GatedField,
    Kind,
    Unreadable,
)
from denwaban.disclosure.standing import Standing, standing
from denwaban.people import operator_of_user
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs, page

operators = needs(Role.OPERATOR, Role.SUPERVISOR)


class Said(msgspec.Struct, forbid_unknown_fields=True):
    """The caller's answers, as they were typed."""

    said: dict[Kind, Annotated[str, msgspec.Meta(max_length=LONGEST_ANSWER)]]


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A field to be seen."""

    field: Annotated[str, msgspec.Meta(max_length=LONGEST_LABEL)]


def labels() -> dict[Kind, str]:
    return {kind: _(text) for kind, text in LABELS.items()}


def refusal(now: Standing) -> str:
    """What is said when nothing may be told."""
    return now.policy.refusal or _(REFUSAL)


def _own(tx: Tx, who: Principal, call_id: str) -> tuple[Call, str]:
    """The operator's call and the operator's id; another's is not told apart from none."""
    operator = operator_of_user(tx, who.user_id)
    found = call_of(tx, call_id)
    if operator is None or found is None or found.operator_id != operator.id:
        raise Problem(404, _("この電話は見つかりませんでした"))
    return found, operator.id


def _panel(now: Standing, call: Call, said: str = "", kind: str = "") -> Template:
    """`said`: how the last try went, in a sentence; `kind`: good, wrong or locked."""
    return page(
        "disclosure/panel.html",
        now=now,
        over=call.ended_at is not None,
        labels=labels(),
        needs={one.field.label: _kinds_of(one.field) for one in now.fields},
        waits="・".join(one.field.label for one in now.fields if one.field.script and not one.open),
        refusal=refusal(now),
        longest=LONGEST_ANSWER,
        said=said,
        kind=kind,
    )


def _kinds_of(field: GatedField) -> str:
    words = labels()
    return "・".join(words[kind] for kind in Kind if kind in field.of)


def _told(status: int, problem: str) -> Response[dict[str, str]]:
    return Response({"problem": problem}, status_code=status, headers={"Cache-Control": "no-store"})


@get("/seat/calls/{call_id:str}/identity", guards=[operators], opt={"quiet": True})
async def panel(
    call_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Template:
    """The panel: what to ask, how many tries are left, which fields are open. It holds no gated value."""

    def read(tx: Tx) -> tuple[Standing | None, Call]:
        found, _operator = _own(tx, who, call_id)
        return standing(tx, found), found

    now, call = await store.read(read)
    if now is None:
        raise Problem(404, _("この電話に、本人確認の決まりはありません"))
    return _panel(now, call)


@post(
    "/seat/calls/{call_id:str}/identity", guards=[operators], status_code=200, opt={"quiet": True}
)
async def compare(
    call_id: FromPath[str],
    data: JSONBody[Said],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Response[dict[str, str]]:
    """Compares; answers with the panel, which says right or wrong and nothing else. 422 when it cannot be compared yet: no
    try is counted then."""

    def verb(tx: Tx) -> tuple[bool | None, Standing | None, Call]:
        found, operator_id = _own(tx, who, call_id)
        try:
            right: bool | None = check(tx, found, operator_id, who.user_id, data.said)
        except Locked:
            # Kept in this transaction: to come upon somebody who is locked is counted too.
            right = None
        return right, standing(tx, found), found

    try:
        right, now, call = await store.write(verb)
    except NoCheck:
        return _told(409, _("この電話では、本人確認はできません。"))
    except Unreadable as error:
        return _told(
            422, _("「%(label)s」の書き方を確かめてください。", label=labels()[error.kind])
        )
    except TooFew as error:
        return _told(422, _("%(n)s項目以上をお客様にきいてください。", n=error.needed))
    except OpensNothing as error:
        return _told(
            422,
            _(
                "それだけでは、お伝えできる項目がありません。%(kinds)s のうち%(n)s項目をきいてください。",
                kinds=_kinds_of(error.nearest),
                n=error.nearest.needed,
            ),
        )
    except NobodyNamed:
        return _told(422, _("会員番号・お名前・お電話番号のどれかを、あわせてきいてください。"))
    assert now is not None  # it was compared
    if right:
        return _panel(now, call, _("ご本人と確認できました。"), "good")
    if now.locked or right is None:
        return _panel(now, call, "", "locked")
    return _panel(
        now, call, _("登録と合いませんでした。あと%(n)s回まで試せます。", n=now.left), "wrong"
    )


@post(
    "/seat/calls/{call_id:str}/identity/field",
    guards=[operators],
    status_code=200,
    opt={"quiet": True},
)
async def show_field(
    call_id: FromPath[str],
    data: JSONBody[Asked],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Response[dict[str, str]]:
    """One gated value, once the check has passed; that it was seen is on record before it is sent."""

    def verb(tx: Tx) -> str:
        found, _operator = _own(tx, who, call_id)
        return reveal(tx, found, who.user_id, data.field)

    try:
        value = await store.write(verb)
    except (NoCheck, NotOpen):
        return _told(409, _("この項目は、この電話ではまだお伝えできません。"))
    except Locked:
        return _told(409, _("この電話では、お伝えできません。"))
    return Response(
        {"value": value or _("登録がありません")}, headers={"Cache-Control": "no-store"}
    )


routes = [panel, compare, show_field]
