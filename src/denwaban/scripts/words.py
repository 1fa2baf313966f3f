"""What the life of a script is called on the screens."""

from denwaban.scripts.life import State
from denwaban.web import _


def kind_words() -> dict[str, str]:
    """The kinds of scenes."""
    return {
        "say": _("言う"),
        "ask": _("聞く"),
        "decide": _("分かれ道"),
        "inform": _("案内"),
        "must_say": _("必ず言う"),
        "hand_over": _("取次ぎ"),
        "promise": _("約束"),
        "end": _("結び"),
    }


def state_words() -> dict[str, tuple[str, str]]:
    """(words, colour of the badge) of each state."""
    return {
        State.IN_REVIEW: (_("確認中"), "accent"),
        State.APPROVED: (_("承認済み・公開待ち"), "accent"),
        State.SCHEDULED: (_("公開予定"), "accent"),
        State.HELD: (_("公開できませんでした"), "danger"),
        State.PUBLISHED: (_("公開"), "good"),
        State.RETURNED: (_("顧客企業から差戻し"), "amber"),
        State.WITHDRAWN: (_("取下げ"), "muted"),
        State.REHEARSAL: (_("下書きの試し"), "muted"),
    }


def change_words() -> dict[str, tuple[str, str]]:
    """(words, sign) of what happened to a scene."""
    return {
        "added": (_("足した場面"), "+"),
        "removed": (_("なくした場面"), "−"),
        "changed": (_("変えた場面"), "≠"),
    }


def part_words() -> dict[str, str]:
    """What can differ about a scene, or about the whole script."""
    return {
        "kind": _("種類"),
        "title": _("場面の名前"),
        "say": _("言うこと"),
        "hint": _("手がかり"),
        "refuse": _("お断り"),
        "urgency": _("優先度"),
        "deadline": _("期限(分)"),
        "feeling": _("お客様の気持ち"),
        "restricted": _("本人確認の後だけ"),
        "unrecorded": _("録音を止める"),
        "ask": _("聞くこと"),
        "to": _("次の場面"),
        "failed": _("つながらないとき"),
        "branches": _("分かれ道"),
        "otherwise": _("それ以外"),
        "purpose": _("目的"),
        "topic": _("話題"),
        "staff": _("取次ぎ先"),
        "what": _("約束の内容"),
        "minutes": _("約束の時間(分)"),
        "done": _("報告に書くこと"),
        "exception": _("例外の理由"),
        "about": _("この台本について"),
        "tone": _("口調"),
        "regular": _("常連の方の始まり"),
        "free": _("自由応対"),
        "review": _("見直しの日"),
        "mandatory": _("必ず聞くこと"),
        "must_say": _("必ず言うこと"),
        "identity": _("本人確認の項目数"),
        "promises": _("約束のきまり"),
        "topics": _("話題ごとの範囲"),
        "forbidden": _("言わないこと"),
        "empathy": _("共感の言葉"),
        "objections": _("切返し"),
    }
