"""What stands on the pages for the short words of the audit."""

from denwaban.audit import Entry
from denwaban.disclosure.law import What
from denwaban.disclosure.model import LABELS, Kind
from denwaban.texts import N_
from denwaban.web import _

KINDS = {
    "recording.played": N_("録音を聞いた"),
    "identity.checked": N_("本人確認を照合した"),
    "field.shown": N_("開示欄を見た"),
    "faq.shown": N_("本人確認のあとの回答を見た"),
    "identity.unlocked": N_("本人確認のロックを解いた"),
    "field.allowed": N_("開示を許した"),
    "policy.changed": N_("開示の決まりを変えた"),
    "members.changed": N_("本人確認の登録を変えた"),
    "export.taken": N_("ファイルに書き出した"),
    "data.erased": N_("データを消去した"),
    "retention.changed": N_("保存する期間を変えた"),
    "hold.placed": N_("訴訟保留にした"),
    "hold.lifted": N_("訴訟保留を解いた"),
    "monitor.began": N_("SV が通話に入った"),
    "monitor.ended": N_("SV が通話を離れた"),
    "call.transfer_let": N_("取次ぎを認めた"),
    "call.moved_first": N_("お待ちの方の順番を先にした"),
    "call.moved_group": N_("お待ちの方を班へ移した"),
    "call.moved_operator": N_("お待ちの方を席へ移した"),
    "call.not_moved": N_("お待ちの方を動かせなかった"),
    "leak.opened": N_("漏えいの疑いを起票した"),
    "leak.revised": N_("漏えいの疑いの内容を直した"),
    "leak.step_done": N_("漏えいの疑いの一つを済ませた"),
    "leak.closed": N_("漏えいの疑いを終えた"),
    "key.replaced": N_("開けない暗号鍵の代わりを作った"),
}
"""Kinds of the audit in words, in the order in which a filter offers them."""

STEPS = {
    What.CONTAIN: N_("止める・どこまで広がったかを調べる"),
    What.CLIENT: N_("顧客企業に知らせる"),
    What.PRELIMINARY: N_("個人情報保護委員会への速報"),
    What.PERSONS: N_("ご本人への通知"),
    What.FINAL: N_("個人情報保護委員会への確報"),
}
"""What has to be done when something may have leaked."""

DETAILS = {
    "what": N_("内容"),
    "rows": N_("件数"),
    "field": N_("項目"),
    "reason": N_("理由"),
    "mode": N_("入り方"),
    "told": N_("オペレーターの画面に出した"),
    "right": N_("一致"),
    "kinds": N_("照合したもの"),
    "version": N_("版"),
    "added": N_("追加"),
    "changed": N_("変更"),
    "removed": N_("削除"),
    "first": N_("から"),
    "last": N_("まで"),
    "step": N_("すること"),
    "left": N_("残り"),
    "why": N_("理由"),
    "recordings": N_("録音"),
    "reports": N_("報告"),
    "callers": N_("発信者"),
    "broken": N_("開けない鍵"),
    "made": N_("新しい鍵"),
}

VALUES = {
    "reports": N_("報告の一覧"),
    "summary": N_("日報・月報"),
    "calls": N_("通話の一覧"),
    "caller": N_("1人の発信者のすべて"),
    "retention": N_("期間が過ぎたため"),
    "request": N_("本人の請求"),
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
        f"{_(DETAILS[name]) if name in DETAILS else name} {_value(name, value)}"
        for name, value in entry.details.items()
        if value not in (None, "")
    )


def _value(name: str, value: str | int | bool | None) -> str:
    if isinstance(value, bool):
        return _("はい") if value else _("いいえ")
    text = str(value)
    if name == "kinds":
        return "・".join(_(LABELS[Kind(kind)]) for kind in text.split(",") if kind)
    if name == "step" and text in {what.value for what in What}:
        return _(STEPS[What(text)])
    return _(VALUES[text]) if name in ("what", "mode", "why") and text in VALUES else text
