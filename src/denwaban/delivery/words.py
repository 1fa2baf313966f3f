"""Words of this slice on screens, in the reader's language."""

from datetime import timedelta

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


def state_words() -> dict[str, str]:
    return {
        "pending": _("送信待ち"),
        "sent": _("送信済み"),
        "failed": _("届かず"),
        "cancelled": _("取りやめ"),
    }


def kind_words() -> dict[str, str]:
    return {
        "first": _("はじめの通知"),
        "reminder": _("再通知"),
        "substitute": _("代理確認のお願い"),
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
    }


def age_words(age: timedelta) -> str:
    """How long ago: 12分, 3時間5分, 2日."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 60:
        return _("%(n)s分", n=minutes)
    if minutes < 24 * 60:
        return _("%(h)s時間%(m)s分", h=minutes // 60, m=minutes % 60)
    return _("%(n)s日", n=minutes // (24 * 60))
