"""Who may use the portal, and what is theirs."""

from litestar.enums import RequestEncodingType

from denwaban.access import Principal, Role
from denwaban.people import Staff, staff_of_user
from denwaban.reports import Report
from denwaban.reports import report as report_of
from denwaban.store import Tx
from denwaban.web import Problem, _, needs

theirs = needs(Role.CLIENT)

Form = RequestEncodingType.URL_ENCODED

LONGEST_NOTE = 2000


def client_of(who: Principal) -> str:
    """Whose portal this is."""
    if who.client_id is None:
        raise Problem(403, _("この画面を使う権限がありません"))
    return who.client_id


def own(tx: Tx, who: Principal, report_id: str) -> Report:
    """The report if it is this client's; else it is as if it did not exist."""
    report = report_of(tx, report_id)
    if report is None or report.client_id != client_of(who):
        raise Problem(
            404,
            _("この報告は見つかりません"),
            _("受信箱から選び直してください。"),
        )
    return report


def own_staff(tx: Tx, who: Principal) -> Staff:
    me = staff_of_user(tx, who.user_id)
    if me is None or me.client_id != client_of(who):
        raise Problem(
            403,
            _("名簿にあなたのお名前がありません"),
            _("電話番の運用管理の担当者に、名簿への登録を頼んでください。"),
        )
    return me
