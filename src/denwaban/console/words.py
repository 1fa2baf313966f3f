"""What the page's own program says, in the reader's language."""

from denwaban.console.model import NOT_ASKED, Lack
from denwaban.web import _


def sentence(lack: Lack) -> str:
    """What is missing, told in one sentence. Call it where the reader's language is known: not inside a transaction."""
    match lack.what:
        case "asked":
            return _(
                "「%(label)s」がまだです。伺えなかったときは「%(instead)s」を選んでください。",
                label=lack.label,
                instead=NOT_ASKED,
            )
        case "callback":
            return _("折り返しが要るかどうかを選んでください。")
        case "moment":
            return _("折り返しの期限の形が違うようです。例: 2026-11-24 15:00")
        case _said:
            return lack.label


def words() -> dict[str, str]:
    return {
        "saving": _("保存しています…"),
        "saved": _("保存しました"),
        "unsaved": _("まだ保存できていません。つなぎ直しています…"),
        "away": _("サーバーにつながりません。通話はそのまま続けられます。つなぎ直しています…"),
        "signed_out": _("サインインが切れました。通話が終わったら、サインインし直してください。"),
        "muted_here": _("サーバーにつながらないため、この画面のマイクだけを切り替えました。"),
        "practice": _("練習のお電話をかけています。まもなく鳴ります。"),
        "no_practice": _(
            "練習のお電話を鳴らせませんでした。ほかの練習が終わってから、もう一度お試しください。"
        ),
        "sent": _("報告を送りました"),
        "missing": _("あと少しです。"),
        "ringing": _("着信"),
        "lost": _("通話の音声が切れました。お客様は、ほかの方へお回ししています。"),
        "cut": _("電話の仕組みとのつながりが切れました。つなぎ直しています…"),
        "taken": _("この席は別の画面に移りました"),
        "taken_hint": _("こちらの画面の電話は切り離しました。書いた文字は保存されています。"),
        "elsewhere": _("この席は別の画面で開いています"),
        "elsewhere_hint": _(
            "電話が鳴るのは、ひとつの画面だけです。こちらで使うと、もう一方の画面の電話は切り離されます。"
        ),
        "phone_ready": _("接続済"),
        "phone_connecting": _("接続中"),
        "phone_failed": _("登録できません"),
        "phone_off": _("切"),
        "microphone_ready": _("良好"),
        "microphone_refused": _("許可が必要です"),
        "microphone_missing": _("見つかりません"),
        "microphone_unknown": _("確認中"),
        "bad_phone": _("番号の形が違うようです。例: 03-1234-5678"),
        "not_asked": NOT_ASKED,
    }
