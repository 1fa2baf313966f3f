"""What is told to one person by one channel: the same words everywhere, in the client's language (Japanese)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from denwaban.delivery.model import Kind
from denwaban.reports import HIDDEN, Report, mask_cards

MARKS = {
    Kind.FIRST: "",
    Kind.REMINDER: "【再通知】",
    Kind.SUBSTITUTE: "【代理確認】",
    Kind.HANDED: "【担当変更】",
    Kind.DEADLINE: "【期限が近づいています】",
    Kind.OVERDUE: "【期限超過】",
    Kind.CONFIRM: "【全員確認】",
}

OPENINGS = {
    Kind.FIRST: "お電話の報告です。内容をご確認のうえ、引き受けをお願いいたします。",
    Kind.REMINDER: "まだ引き受けの確認がありません。恐れ入りますが、内容をご確認ください。",
    Kind.SUBSTITUTE: "担当の方の確認がまだのため、代わりの確認をお願いいたします。",
    Kind.HANDED: "この報告の担当になりました。内容をご確認のうえ、引き受けをお願いいたします。",
    Kind.DEADLINE: "お約束・対応の期限が近づいています。お済みでしたら、状態を「完了」にしてください。",
    Kind.OVERDUE: "お約束・対応の期限が過ぎました。至急、状況のご確認をお願いいたします。",
    Kind.CONFIRM: "担当の方は決まりました。全員の確認をお願いしている報告です。内容をご確認ください。",
}

TEST_OPENING = "連絡先の確認のためのテストです。電話の報告は、この宛先に届きます。"

DIGEST_OPENING = (
    "お電話の報告を、まとめてお届けします。件名の下のリンクから、1件ずつ引き受けられます。"
)


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Texts are already masked. `link` is a secret: whoever has it may take the report."""

    key: str
    """Idempotency key: every attempt of one delivery carries the same."""
    report_id: str
    client_id: str
    client_name: str
    staff_id: str
    staff_name: str
    kind: Kind
    subject: str
    lines: tuple[tuple[str, str], ...]
    """(label, value), in the order to read."""
    link: str = field(repr=False)
    address: dict[str, Any] = field(repr=False)
    at: datetime
    data: dict[str, Any] = field(repr=False)
    """The report for programs."""
    test: bool = False
    """It is about no report: somebody tries whether messages arrive. `link` then leads to the portal and is no secret."""
    digest: bool = False
    """It tells of several reports at once. `link` leads to the portal; each of the `lines` is one report with its own link."""
    reply: str = field(default="", repr=False)
    """Whoever answers a mail to an address with this token has had that mail; empty when answers are not read."""

    @property
    def opening(self) -> str:
        if self.digest:
            return DIGEST_OPENING
        return TEST_OPENING if self.test else OPENINGS[self.kind]

    @property
    def takes(self) -> bool:
        """Whether one press or one word may take it: it is about one report that somebody is to take."""
        about_one = not self.test and not self.digest
        return about_one and self.kind not in (Kind.DEADLINE, Kind.OVERDUE)

    @property
    def asks(self) -> str:
        """The words of the link."""
        if self.test or self.digest:
            return "ポータルをひらく"
        taken = self.kind in (Kind.DEADLINE, Kind.OVERDUE)
        return "内容を確認する" if taken else "内容を確認して引き受ける"


def subject_for(report: Report, kind: Kind) -> str:
    """The report's own subject behind the mark of a reminder or a substitute."""
    return mask_cards(MARKS[kind] + report.subject)


def data_of(report: Report, kind: Kind) -> dict[str, Any]:
    """The report for programs (webhook). Free text is masked; what the client's form keeps 秘密 is read after signing in,
    or by the API."""
    draft, form = report.draft, report.form

    def shown(key: str, text: str) -> str:
        return HIDDEN if text and form.is_secret(key) else mask_cards(text)

    own = dict(draft.extra)
    return {
        "report_id": report.id,
        "client_id": report.client_id,
        "call_id": report.call_id,
        "kind": kind.value,
        "subject": subject_for(report, kind),
        "status": report.status.value,
        "caller": {
            "name": mask_cards(draft.who),
            "kana": shown("kana", draft.kana),
            "company": mask_cards(draft.company),
            "number": shown("number", draft.number),
        },
        "what_for": shown("what_for", draft.what_for),
        "done": shown("done", draft.done),
        "callback_needed": draft.callback_needed,
        "callback_by": draft.callback_by.isoformat() if draft.callback_by else None,
        "urgency": draft.urgency,
        "tone": draft.tone,
        "note": shown("note", draft.note),
        "answers": [
            {
                "label": mask_cards(label),
                "value": HIDDEN if form.hides(label) else mask_cards(value),
            }
            for label, value in draft.answers
        ],
        "fields": [
            {"label": field.label, "value": shown(field.key, own.get(field.key, ""))}
            for field in form.own
        ],
        "opportunity": bool(report.chances),
        "due_at": report.due_at.isoformat() if report.due_at else None,
        "sent_at": report.sent_at.isoformat(),
        "practice": report.practice,
    }


def text_of(message: Message, limit: int) -> str:
    """The message as plain text of at most `limit` characters; what does not fit is behind the link."""
    head = f"{message.client_name}\n{message.staff_name} 様\n\n{message.opening}\n\n"
    how = "" if message.test or message.digest else "(開いた先のボタンを1回押すだけです)"
    tail = (
        f"\n\n▼ {message.asks}{how}\n"
        f"{message.link}\n\n"
        "このお知らせは電話代行の受電報告です。心当たりのないときは破棄してください。"
    )
    body = "\n".join(f"■ {label}\n{_indent(value)}" for label, value in message.lines)
    return head + shorten(body, limit - len(head) - len(tail)) + tail


def shorten(text: str, limit: int) -> str:
    """The text, or its beginning with a word that more is behind the link."""
    more = "…\n(続きはリンク先でご覧ください)"
    return text if len(text) <= limit else text[: max(0, limit - len(more))] + more


def _indent(value: str) -> str:
    return "\n".join(f"  {line}" for line in value.split("\n"))
