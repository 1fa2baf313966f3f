"""Words of contacts for readers, in their language."""

from denwaban.web import _


def channel_words() -> dict[str, str]:
    return {
        "mail": _("メール"),
        "slack": _("Slack"),
        "chatwork": _("Chatwork"),
        "webhook": _("Webhook"),
    }


def channel_help() -> dict[str, str]:
    return {
        "mail": _("パソコンでも携帯でも届きます。まずはこれを。"),
        "slack": _("チャンネルに投稿します。Slack の「Incoming Webhook」の URL が必要です。"),
        "chatwork": _("ルームに投稿します。ルーム番号と API トークンが必要です。"),
        "webhook": _("貴社のシステムに、署名を付けて JSON で送ります。"),
    }


def tried_words() -> dict[str, str]:
    return {
        "": _("まだ試していません"),
        "sent": _("テスト送信 成功"),
        "retry": _("テスト送信 届きませんでした"),
        "failed": _("テスト送信 届きませんでした"),
        "not_set_up": _("テスト送信 できませんでした"),
    }
