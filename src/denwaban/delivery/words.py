"""Words of this slice on screens, in the reader's language."""

from collections.abc import Mapping
from datetime import timedelta

from denwaban.clock import JST
from denwaban.delivery.board import Burn, Next
from denwaban.delivery.model import Kind
from denwaban.delivery.plan import Whom
from denwaban.delivery.story import Moment
from denwaban.web import _


def channel_words() -> dict[str, str]:
    return {
        "mail": _("メール"),
        "sms": "SMS",
        "line": "LINE",
        "line_works": "LINE WORKS",
        "slack_app": "Slack",
        "slack": "Slack",
        "chatwork": "Chatwork",
        "chatwork_task": _("Chatwork のタスク"),
        "teams": "Teams",
        "google_chat": "Google Chat",
        "webhook": "Webhook",
        "phone": _("電話"),
        "portal": _("ポータル"),
    }


def kind_words() -> dict[str, str]:
    return {
        "first": _("はじめの通知"),
        "reminder": _("再通知"),
        "substitute": _("代理確認のお願い"),
        "floor": _("フロアへ"),
        "handed": _("担当変更のお知らせ"),
        "deadline": _("期限のお知らせ"),
        "overdue": _("期限超過のお知らせ"),
    }


def via_words() -> dict[str, str]:
    return {
        "link": _("メールなどのリンクから"),
        "portal": _("ポータルで"),
        "api": _("連携プログラムから"),
        "phone": _("電話で"),
        "slack": _("Slack で"),
        "line": _("LINE で"),
        "mail": _("メールの返信で"),
        "board": _("配信の画面で"),
    }


def age_words(age: timedelta) -> str:
    """How long ago: 12分, 3時間5分, 2日."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 60:
        return _("%(n)s分", n=minutes)
    if minutes < 24 * 60:
        return _("%(h)s時間%(m)s分", h=minutes // 60, m=minutes % 60)
    return _("%(n)s日", n=minutes // (24 * 60))


def burn_words() -> dict[Burn, str]:
    return {
        Burn.BROKEN: _("時刻を過ぎています"),
        Burn.NOBODY: _("だれも引き受けていません"),
        Burn.UNDELIVERED: _("届いていません"),
        Burn.NEAR: _("まもなく時刻です"),
        Burn.UNTAKEN: _("確認を待っています"),
        Burn.TAKEN: _("引き受け済み・未完了"),
    }


def whom_words() -> dict[Whom, str]:
    return {
        Whom.IN_CHARGE: _("担当者"),
        Whom.SUBSTITUTE: _("代替確認者"),
        Whom.EVERYONE: _("在席の全員"),
        Whom.PERSON: _("決まった人"),
        Whom.FLOOR: _("電話番のフロア(SV)"),
    }


def next_words(then: Next, names: Mapping[str, str]) -> str:
    """What happens by itself, without its time."""
    name = names.get(then.staff_id, "")
    channel = channel_words().get(then.channel, then.channel)
    if then.kind == "retry":
        return _("%(name)sさんへ%(channel)sを送り直す", name=name, channel=channel)
    if then.kind == "held":
        return _("%(name)sさんへ%(channel)sを送る", name=name, channel=channel)
    if then.kind == "deadline":
        return _("引き受けた方に期限を知らせる")
    if then.kind == "overdue":
        return _("期限。ほかの方とフロアに知らせる")
    if then.kind == "unclaimed":
        return _("全員が未確認としてフロアへ")
    if then.kind == "rung" and then.rung is Kind.FLOOR:
        return _("フロアに知らせる")
    if then.kind == "rung" and then.rung is Kind.REMINDER:
        return _("%(name)sさんへ再通知", name=name)
    if then.kind == "rung":
        return _("%(name)sさんへ知らせる", name=name)
    return _("自動の連絡は終わりました。電話で伝えてください。")


def fact_words() -> dict[str, str]:
    """The newest fact about a report, in a word."""
    return {
        "report.sent": _("報告を送信"),
        "report.acknowledged": _("引き受け"),
        "report.reminded": _("再通知"),
        "report.escalated": _("次の人へ"),
        "report.unclaimed": _("全員が未確認"),
        "report.nobody_on_duty": _("だれも在席していません"),
        "report.passed_over": _("不在のため次へ"),
        "report.asked": _("期限を知らせた"),
        "report.overdue": _("期限超過"),
        "report.handed_back": _("差し戻し"),
        "report.reassigned": _("担当変更"),
        "report.resent": _("送り直し"),
        "report.commented": _("コメント"),
        "report.status_changed": _("状態の変更"),
        "delivery.sent": _("届いた"),
        "delivery.failed": _("届かず"),
    }


def moment_words(moment: Moment) -> tuple[str, str]:
    """(sentence, colour) of one line of a report's story; the colour is empty, good, amber or danger."""
    name, channel = moment.who, channel_words().get(moment.more.get("channel", ""), "")
    if moment.kind == "attempt":
        kind = kind_words().get(moment.more["kind"], "")
        colours = {"sent": "good", "retry": "amber", "failed": "danger"}
        sentence = _("%(name)sさんへ %(channel)s(%(kind)s)", name=name, channel=channel, kind=kind)
        return sentence, colours.get(moment.more["result"], "")
    if moment.kind == "held":
        until = moment.more["until"].astimezone(JST)
        why = (
            _("まとめて送る時刻") if moment.more["why"] == "digest" else _("静かな時間が明ける時刻")
        )
        return _(
            "%(name)sさんへの%(channel)sは、%(why)s(%(time)s)に送ります",
            name=name, channel=channel, why=why, time=f"{until:%m/%d %H:%M}",
        ), "amber"  # fmt: skip
    via = via_words().get(moment.more.get("via", ""), "")
    found = {
        "report.sent": (_("%(name)sさんあてに報告を送りました", name=name), ""),
        "report.acknowledged": (_("%(name)sさんが引き受けました", name=name) + f"({via})", "good"),
        "report.reminded": (_("%(name)sさんに再通知", name=name), "amber"),
        "report.escalated": (_("%(name)sさんへ進みました", name=name), "amber"),
        "report.unclaimed": (_("全員に知らせましたが、だれも引き受けていません"), "danger"),
        "report.nobody_on_duty": (_("だれも在席していないため、フロアに知らせました"), "danger"),
        "report.passed_over": (
            _("%(name)sさんは名簿を離れたため、次へ進みます", name=name)
            if moment.more.get("why") == "left"
            else _("%(name)sさんが不在のため、次へ進みます", name=name),
            "amber",
        ),
        "report.asked": (_("%(name)sさんに期限が近いことを知らせました", name=name), "amber"),
        "report.overdue": (_("期限を過ぎても完了していません(%(name)sさん)", name=name), "danger"),
        "comment": (_("%(name)sさんのコメント", name=name), ""),
        "handed_back": (_("%(name)sさんが差し戻しました", name=name), "amber"),
        "reassigned": (_("%(name)sさんが担当を変えました", name=name), "amber"),
        "confirmed": (_("%(name)sさんが確認しました", name=name) + f"({via})", ""),
        "resent": (_("%(name)sさんが送り直しました", name=name), ""),
        "status": (_("状態を変えました"), ""),
    }
    return found[moment.kind]
