"""What the page's own program says, in the reader's language."""

from denwaban.clock import JST
from denwaban.console.model import Lack
from denwaban.console.outlook import Outlook
from denwaban.scripts import Forbidden
from denwaban.texts import NOT_ASKED
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
        case "unsaid":
            return _(
                "「%(label)s」をまだ言っていません。言ったときは「言いました」を、言えなかったときは例外の理由を書いてください。",
                label=lack.label,
            )
        case "now":
            return _(
                "担当に代わってほしいとのご希望がありました。おつなぎしていないので、折り返しを「要る」にするか、例外の理由を書いてください。"
            )
        case "window":
            return _(
                "折り返しのお約束は、%(span)s の時刻でお願いします(顧客企業との決まり)。",
                span=lack.label,
            )
        case "moment":
            return _("折り返しの期限の形が違うようです。例: 2026-11-24 15:00")
        case _said:
            return lack.told.tell(_) if lack.told is not None else lack.label


def routing_words(ahead: Outlook) -> str:
    """Who gets the report and why, in one line."""
    routing = ahead.routing
    if routing.rule:
        parts = [
            _("「%(rule)s」の決まりで %(name)s さんへ", rule=routing.rule, name=ahead.name)
            if routing.by in ("rule", "default")
            else _("%(name)s さんへ(決まり「%(rule)s」)", rule=routing.rule, name=ahead.name)
        ]
    elif ahead.name:
        parts = [_("%(name)s さんへ", name=ahead.name)]
    else:
        parts = [_("宛先を選んでください")]
    if routing.everyone:
        parts.append(_("全員にも知らせます"))
    if routing.raised:
        raised = {"soon": _("お急ぎ"), "emergency": _("緊急")}[routing.raised]
        parts.append(_("緊急性を「%(urgency)s」に上げます", urgency=raised))
    if routing.chances:
        parts.append(_("商機「%(words)s」", words="・".join(routing.chances[:2])))
    if ahead.due_at is not None:
        parts.append(_("対応期限 %(time)s", time=f"{ahead.due_at.astimezone(JST):%m/%d %H:%M}"))
    return " · ".join(parts)


def instead(one: Forbidden) -> str:
    """What to say in place of a forbidden phrase."""
    return _(
        "「%(words)s」は言わない言葉です →「%(instead)s」", words=one.words, instead=one.instead
    )


def mood_words() -> dict[str, str]:
    """The moods of callers."""
    return {
        "angry": _("ご立腹"),
        "worried": _("ご心配"),
        "troubled": _("お困り"),
        "hurried": _("お急ぎ"),
        "sad": _("お悲しみ"),
        "pleased": _("お喜び"),
    }


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
        "cut": _("電話の設備とのつながりが切れました。つなぎ直しています…"),
        "taken": _("この席は別の画面に移りました"),
        "taken_hint": _("こちらの画面の電話は切り離しました。書いた文字は保存されています。"),
        "elsewhere": _("この席は別の画面で開いています"),
        "elsewhere_hint": _(
            "電話が鳴るのは、ひとつの画面だけです。こちらで使うと、もう一方の画面の電話は切り離されます。"
        ),
        "phone_ready": _("接続済"),
        "phone_connecting": _("接続中"),
        "phone_failed": _("つながりません"),
        "phone_off": _("切"),
        "microphone_ready": _("良好"),
        "microphone_refused": _("許可が必要です"),
        "microphone_missing": _("見つかりません"),
        "microphone_unknown": _("確認中"),
        "promised": _("折り返しのお約束を書きとめました"),
        "bad_phone": _("番号の形が違うようです。例: 03-1234-5678"),
        "not_asked": NOT_ASKED,
    }
