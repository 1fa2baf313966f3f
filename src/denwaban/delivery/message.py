"""What is told to one person by one channel: the same words everywhere, in the client's language (Japanese)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from denwaban.clock import JST
from denwaban.delivery.mask import mask_cards
from denwaban.delivery.model import Kind
from denwaban.lines import show_number
from denwaban.reports import TONE_WORDS, URGENCY_WORDS, Report, Tone, Urgency, caller_words

MARKS = {
    Kind.FIRST: "",
    Kind.REMINDER: "【再通知】",
    Kind.SUBSTITUTE: "【代理確認】",
    Kind.HANDED: "【担当変更】",
    Kind.DEADLINE: "【期限が近づいています】",
    Kind.OVERDUE: "【期限超過】",
}

OPENINGS = {
    Kind.FIRST: "お電話の報告です。内容をご確認のうえ、引き受けをお願いいたします。",
    Kind.REMINDER: "まだ引き受けの確認がありません。恐れ入りますが、内容をご確認ください。",
    Kind.SUBSTITUTE: "担当の方の確認がまだのため、代わりの確認をお願いいたします。",
    Kind.HANDED: "この報告の担当になりました。内容をご確認のうえ、引き受けをお願いいたします。",
    Kind.DEADLINE: "引き受けられた報告の期限が近づいています。お済みでしたら、状態を「完了」にしてください。",
    Kind.OVERDUE: "引き受けられた報告の期限が過ぎました。至急、状況のご確認をお願いいたします。",
}

TEST_OPENING = "連絡先の確認のためのテストです。電話の報告は、この宛先に届きます。"

DIGEST_OPENING = (
    "お電話の報告を、まとめてお届けします。件名の下のリンクから、1件ずつ引き受けられます。"
)

WEEKDAYS = "月火水木金土日"


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

    @property
    def opening(self) -> str:
        if self.digest:
            return DIGEST_OPENING
        return TEST_OPENING if self.test else OPENINGS[self.kind]

    @property
    def asks(self) -> str:
        """The words of the link."""
        if self.test or self.digest:
            return "ポータルをひらく"
        taken = self.kind in (Kind.DEADLINE, Kind.OVERDUE)
        return "内容を確認する" if taken else "内容を確認して引き受ける"


def lines_of(report: Report) -> tuple[tuple[str, str], ...]:
    """A report as a person reads it: who, why, done, needed by when, how urgent."""
    draft = report.draft
    who = caller_words(draft) + (f"({draft.kana})" if draft.kana else "")
    found = [
        ("どなたから", " / ".join(part for part in (who, draft.company) if part)),
        ("電話番号", show_number(draft.number) if draft.number else "非通知"),
        ("ご用件", draft.what_for),
        ("対応", draft.done),
        ("折り返し", callback_words(report)),
        ("緊急性", URGENCY_WORDS[Urgency(draft.urgency)]),
        ("ご様子", TONE_WORDS[Tone(draft.tone)]),
    ]
    if draft.note:
        found.append(("メモ", draft.note))
    found += [(label, value) for label, value in draft.answers if value]
    return tuple((mask_cards(label), mask_cards(value)) for label, value in found)


def callback_words(report: Report) -> str:
    """「必要(11月24日(火) 15:00 まで)」or「不要」."""
    draft = report.draft
    if not draft.callback_needed:
        return "不要"
    return f"必要({when(draft.callback_by)} まで)" if draft.callback_by else "必要"


def when(moment: datetime) -> str:
    """A moment as people in Tokyo say it: 11月24日(火) 15:00."""
    local = moment.astimezone(JST)
    return f"{local.month}月{local.day}日({WEEKDAYS[local.weekday()]}) {local:%H:%M}"


def subject_for(report: Report, kind: Kind) -> str:
    """The report's own subject behind the mark of a reminder or a substitute."""
    return mask_cards(MARKS[kind] + report.subject)


def data_of(report: Report, kind: Kind) -> dict[str, Any]:
    """The report for programs (webhook). Free text is masked."""
    draft = report.draft
    return {
        "report_id": report.id,
        "client_id": report.client_id,
        "call_id": report.call_id,
        "kind": kind.value,
        "subject": subject_for(report, kind),
        "status": report.status.value,
        "caller": {
            "name": mask_cards(draft.who),
            "kana": mask_cards(draft.kana),
            "company": mask_cards(draft.company),
            "number": draft.number,
        },
        "what_for": mask_cards(draft.what_for),
        "done": mask_cards(draft.done),
        "callback_needed": draft.callback_needed,
        "callback_by": draft.callback_by.isoformat() if draft.callback_by else None,
        "urgency": draft.urgency,
        "tone": draft.tone,
        "note": mask_cards(draft.note),
        "answers": [
            {"label": mask_cards(label), "value": mask_cards(value)}
            for label, value in draft.answers
        ],
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
