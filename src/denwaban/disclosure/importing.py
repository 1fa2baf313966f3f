"""Taking the people of a client over from a CSV file: looked at first, then all of it or nothing."""

from denwaban import audit
from denwaban.disclosure.members import Member, put_member
from denwaban.disclosure.model import Kind, Policy
from denwaban.people import PeopleError
from denwaban.people.csvfile import Line, LineError, UnreadableFile, read_csv, tidy_number
from denwaban.people.importing import Imported, NotImported
from denwaban.store import Tx

MOST = 500
"""Rows of one file: calls wait for the same writer."""

ANSWERS = {
    "number": ("会員番号", "顧客番号", "お客様番号"),
    "name": ("氏名", "お名前", "名前"),
    "kana": ("よみ", "ふりがな", "フリガナ", "カナ"),
    "phone": ("登録電話番号", "電話番号", "電話"),
    "birth": ("生年月日", "誕生日"),
    "keyword": ("合言葉", "キーワード"),
}


def columns_of(policy: Policy) -> dict[str, tuple[str, ...]]:
    """The columns of a client's file: what is compared, then its gated fields by their names."""
    return {**ANSWERS, **{f"told{n}": (one.label,) for n, one in enumerate(policy.fields)}}


def read_members(data: bytes, policy: Policy) -> list[Line]:
    """Rows of a file of people. Raises `UnreadableFile`."""
    lines = read_csv(data, columns_of(policy), ("number",))
    if len(lines) > MOST:
        raise UnreadableFile("一度に読み込めるのは%(most)s行までです", most=str(MOST))
    return lines


def member_of(cells: dict[str, str], policy: Policy) -> Member:
    """The person of a row."""
    answers = {
        Kind.NUMBER: [cells.get("number", "")],
        Kind.NAME: [cells.get("name", ""), cells.get("kana", "")],
        Kind.PHONE: [tidy_number(cells.get("phone", ""))],
        Kind.BIRTH: [cells.get("birth", "")],
        Kind.KEYWORD: [cells.get("keyword", "")],
    }
    told = {one.label: cells.get(f"told{n}", "") for n, one in enumerate(policy.fields)}
    return Member(answers, told)


def import_members(tx: Tx, policy: Policy, lines: list[Line], user_id: str) -> Imported:
    """Adds new people and changes known ones (the same 会員番号); an empty cell leaves what was there.

    Raises `NotImported` with every error when a row has one, and then keeps nothing.
    """
    added, changed, errors = 0, 0, list[LineError]()
    for line in lines:
        try:
            if put_member(tx, policy.client_id, member_of(line.cells, policy)):
                added += 1
            else:
                changed += 1
        except PeopleError as error:
            column = ANSWERS.get(error.field, (error.field,))[0]
            errors.append(LineError(line.number, column, error))
    result = Imported(added, changed, errors)
    if errors:
        raise NotImported(result)
    audit.record(
        tx,
        audit.Trace(
            "members.changed", user_id, policy.client_id, data={"added": added, "changed": changed}
        ),
    )
    return result
