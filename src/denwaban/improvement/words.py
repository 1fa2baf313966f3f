"""Proposals and marks in the reader's words."""

from denwaban.improvement.model import Decision, Kind
from denwaban.improvement.queries import Mark, Proposal
from denwaban.web import _


def kind_words() -> dict[str, str]:
    return {
        Kind.UNEXPECTED: _("想定外の質問"),
        Kind.OTHERWISE: _("それ以外"),
        Kind.EVASIVE: _("言い回し"),
        Kind.SKIPPED: _("聞きもれ"),
        Kind.SLOW: _("長い場面"),
        Kind.DROPPED: _("途中で終わった電話"),
    }


def state_words() -> dict[str, str]:
    return {
        Decision.OPEN: _("未対応"),
        Decision.ACCEPTED: _("採用"),
        Decision.DECLINED: _("見送り"),
        Decision.POSTPONED: _("来週また見る"),
    }


def sentence(one: Proposal, title: str, label: str) -> str:
    """What happened and what is proposed. `title`: of the node; `label`: of the item, as the script calls it."""
    match one.what:
        case Kind.UNEXPECTED if one.label:
            return _(
                "『%(label)s』のお尋ねが %(count)s 件ありました。分岐か FAQ を加えませんか",
                label=one.label,
                count=one.count,
            )
        case Kind.UNEXPECTED:
            return _("想定外のお尋ねが %(count)s 件ありました。目を通しませんか", count=one.count)
        case Kind.OTHERWISE:
            return _(
                "「%(title)s」の「それ以外」で『%(label)s』が %(count)s 件ありました。分岐を加えませんか",
                title=title,
                label=one.label,
                count=one.count,
            )
        case Kind.EVASIVE:
            return _(
                "報告に「%(label)s」が %(count)s 件ありました。言い換えを台本に書きませんか",
                label=one.label,
                count=one.count,
            )
        case Kind.SKIPPED:
            return _(
                "必須の「%(label)s」が %(of)s 件中 %(count)s 件で抜けています。聞き方か場所を変えませんか",
                label=label,
                of=one.of,
                count=one.count,
            )
        case Kind.SLOW:
            return _(
                "「%(title)s」で長くかかった電話が %(count)s 件あります。短くするか、場面を分けませんか",
                title=title,
                count=one.count,
            )
        case Kind.DROPPED:
            return _(
                "「%(title)s」で終わった電話が %(of)s 回中 %(count)s 件あります。言い方を見直しませんか",
                title=title,
                of=one.of,
                count=one.count,
            )
    return one.label


def mark_sentence(mark: Mark) -> str:
    """What is not as the script says any more."""
    match mark.what, mark.why:
        case "staff", "left":
            return _("担当者「%(words)s」は退職しています", words=mark.words)
        case "staff", _why:
            return _("担当者「%(words)s」の名前か部署が変わりました", words=mark.words)
        case "faq", "removed":
            return _("FAQ「%(words)s」が削除されました", words=mark.words)
        case "faq", _why:
            return _("FAQ「%(words)s」が変わりました", words=mark.words)
        case "number", "removed":
            return _("電話番号 %(words)s は使われなくなりました", words=mark.words)
        case "number", _why:
            return _("電話番号 %(words)s が変わりました", words=mark.words)
        case "plan", _why:
            return _("受付の曜日・時間帯が変わりました")
        case "client", _why:
            return _("会社名「%(words)s」が変わりました", words=mark.words)
        case "review", _why if mark.review_on is not None:
            return _("見直しの日は %(day)s です", day=f"{mark.review_on:%Y-%m-%d}")
    return _("見直しの日が近づいています")
