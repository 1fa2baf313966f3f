"""Words of contacts for readers, in their language."""

from dataclasses import dataclass

from denwaban.web import _


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the form. `shape` is the keyboard that fits."""

    key: str
    label: str
    help: str
    shape: str = ""
    secret: bool = False
    optional: bool = False


def channel_words() -> dict[str, str]:
    return {
        "mail": _("メール"),
        "sms": _("SMS(ショートメッセージ)"),
        "phone": _("電話"),
        "line": "LINE",
        "line_works": "LINE WORKS",
        "slack_app": _("Slack(引き受けボタンつき)"),
        "slack": _("Slack"),
        "chatwork": _("Chatwork"),
        "chatwork_task": _("Chatwork のタスク"),
        "teams": "Teams",
        "google_chat": "Google Chat",
        "webhook": _("Webhook"),
    }


def channel_help() -> dict[str, str]:
    return {
        "mail": _("パソコンでも携帯でも届きます。まずはこれを。"),
        "phone": _("電話をかけて読み上げます。キーを押すだけで引き受けられます。"),
        "sms": _("携帯電話に、要点とリンクだけを短く送ります。"),
        "line": _("公式アカウントから届き、ボタンで引き受けられます。先に友だち登録が必要です。"),
        "line_works": _("ボットからあなたのトークに届きます。"),
        "slack_app": _("アプリがチャンネルに投稿し、その場のボタンで引き受けられます。"),
        "slack": _("チャンネルに投稿します。Slack の「Incoming Webhook」の URL が必要です。"),
        "chatwork": _("ルームに投稿します。ルーム番号と API トークンが必要です。"),
        "chatwork_task": _("折り返しの期限がついたタスクになります。"),
        "teams": _("チャンネルに投稿します。Teams の「ワークフロー」の URL が必要です。"),
        "google_chat": _("スペースに投稿します。スペースの Webhook の URL が必要です。"),
        "webhook": _("貴社のシステムに、署名を付けて JSON で送ります。"),
    }


def channel_entries() -> dict[str, tuple[Entry, ...]]:
    """What is asked for each channel, in order."""
    room = Entry(
        "room",
        _("ルーム番号"),
        _("ルームを開いたときの URL の #!rid に続く数字です。"),
        "numeric",
    )
    chatwork = Entry(
        "token", _("API トークン"), _("Chatwork の「API 発行」で作れます。"), secret=True
    )
    return {
        "mail": (Entry("to", _("メールアドレス"), _("例: suzuki@example.jp"), "email"),),
        "sms": (Entry("number", _("携帯電話の番号"), _("例: 090-1234-5678"), "tel"),),
        "phone": (
            Entry(
                "number",
                _("電話番号"),
                _(
                    "例: 090-1234-5678。キーを押すまで内容は話さないので、留守番電話には残りません。"
                ),
                "tel",
            ),
        ),
        "line": (
            Entry(
                "user",
                _("LINE のユーザー ID"),
                _("公式アカウントに「ID」と送ると、返信で届きます。"),
            ),
        ),
        "line_works": (Entry("user", _("LINE WORKS の ID"), _("例: suzuki@example")),),
        "slack_app": (
            Entry(
                "place",
                _("チャンネル ID"),
                _("チャンネルの詳細のいちばん下にあります。例: C0123456789"),
            ),
            Entry(
                "token",
                _("ボットトークン"),
                _("Slack アプリの「OAuth & Permissions」にあります。xoxb- で始まります。"),
                secret=True,
            ),
            Entry(
                "member",
                _("あなたのメンバー ID"),
                _(
                    "ほかの方もいるチャンネルで、ボタンを押した方を見分けるために使います。例: U0123456789"
                ),
                optional=True,
            ),
        ),
        "slack": (
            Entry(
                "url",
                _("Webhook の URL"),
                _("例: https://hooks.slack.com/services/…"),
                "url",
                secret=True,
            ),
        ),
        "chatwork": (room, chatwork),
        "chatwork_task": (
            room,
            chatwork,
            Entry(
                "member",
                _("タスクを受ける方のアカウント ID"),
                _("Chatwork の API の /me などで分かる数字です。例: 1234567"),
                "numeric",
            ),
        ),
        "teams": (
            Entry(
                "url",
                _("ワークフローの URL"),
                _("「Webhook 要求を受信したとき」のワークフローを作ると表示されます。"),
                "url",
                secret=True,
            ),
        ),
        "google_chat": (
            Entry(
                "url",
                _("Webhook の URL"),
                _("例: https://chat.googleapis.com/v1/spaces/…"),
                "url",
                secret=True,
            ),
        ),
        "webhook": (
            Entry("url", _("URL"), _("例: https://example.jp/hook"), "url"),
            Entry(
                "secret",
                _("署名鍵"),
                _("空のときは、こちらで作って一度だけ表示します。"),
                secret=True,
                optional=True,
            ),
        ),
    }


def tried_words() -> dict[str, str]:
    return {
        "": _("まだ試していません"),
        "sent": _("テスト送信 成功"),
        "retry": _("テスト送信 届きませんでした"),
        "failed": _("テスト送信 届きませんでした"),
        "not_set_up": _("テスト送信 できませんでした"),
    }
