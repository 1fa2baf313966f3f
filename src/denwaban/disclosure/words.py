"""What stands on the pages for the short words of the audit."""

from denwaban.audit import Entry
from denwaban.texts import N_
from denwaban.web import _

KINDS = {
    "recording.played": N_("録音を聞いた"),
    "export.taken": N_("ファイルに書き出した"),
    "monitor.began": N_("SV が通話に入った"),
    "monitor.ended": N_("SV が通話を離れた"),
}
"""Kinds of the audit in words, in the order in which a filter offers them."""

DETAILS = {
    "what": N_("内容"),
    "rows": N_("件数"),
    "field": N_("項目"),
    "reason": N_("理由"),
    "mode": N_("入り方"),
    "told": N_("オペレーターの画面に出した"),
}

VALUES = {
    "reports": N_("報告の一覧"),
    "summary": N_("日報・月報"),
    "calls": N_("通話の一覧"),
    "listen": N_("聞く"),
    "whisper": N_("ささやく"),
    "barge": N_("会話に入る"),
    "take_over": N_("代わる"),
}


def kind_words(kind: str) -> str:
    """The kind as people say it; itself when another slice wrote one that is not known here."""
    return _(KINDS[kind]) if kind in KINDS else kind


def detail_words(entry: Entry) -> str:
    """What the row says beside who, when and of whom: 「項目 契約内容」."""
    return " · ".join(
        f"{_(DETAILS[name]) if name in DETAILS else name} {_value(value)}"
        for name, value in entry.details.items()
        if value not in (None, "")
    )


def _value(value: str | int | bool | None) -> str:
    if isinstance(value, bool):
        return _("はい") if value else _("いいえ")
    text = str(value)
    return _(VALUES[text]) if text in VALUES else text
