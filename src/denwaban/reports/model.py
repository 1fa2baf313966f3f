"""What a report must hold before it may be sent, and how its subject is made. No I/O."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Urgency(StrEnum):
    NORMAL = "normal"
    SOON = "soon"
    EMERGENCY = "emergency"


class Tone(StrEnum):
    CALM = "calm"
    WORRIED = "worried"
    HURRIED = "hurried"
    ANGRY = "angry"


class Status(StrEnum):
    DONE = "done"
    CALLBACK = "callback"
    CHECKING = "checking"


URGENCY_WORDS = {Urgency.NORMAL: "通常", Urgency.SOON: "お急ぎ", Urgency.EMERGENCY: "緊急"}
TONE_WORDS = {
    Tone.CALM: "落ち着いたご様子",
    Tone.WORRIED: "お困りのご様子",
    Tone.HURRIED: "お急ぎのご様子",
    Tone.ANGRY: "ご立腹のご様子",
}

VAGUE = frozenset(
    "例の件|あの件|その件|この件|いつもの件|先日の件|この前の件|用件あり|電話あり|電話がありました|"
    "連絡ください|折り返しください|折り返し希望|お願いします|よろしくお願いします|不明|なし|特になし|いろいろ|色々".split(
        "|"
    )
)
"""Words that, standing alone, tell the reader nothing [C7]."""

SHORT_MAX = 200
LONG_MAX = 60_000


class Incomplete(ValueError):
    """A draft that may not be sent; `sentences` say in Japanese what is missing and how to mend it."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, slots=True)
class Draft:
    """What an operator knows at the end of a call. There is no subject: it is made from this."""

    who: str
    what_for: str
    done: str
    callback_needed: bool
    urgency: str
    tone: str
    kana: str = ""
    company: str = ""
    number: str = ""
    """E.164 or as the caller said it; empty when withheld."""
    callback_by: datetime | None = None
    note: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    """(label, value) in the order of the script."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One line of a report's history."""

    status: Status
    at: datetime
    by_user_id: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it was sent. Only `status` and `in_charge_id` ever change."""

    id: str
    client_id: str
    call_id: str | None
    operator_id: str
    in_charge_id: str
    draft: Draft
    subject: str
    status: Status
    call_ended_at: datetime | None
    sent_at: datetime
    practice: bool


def tidy(draft: Draft) -> Draft:
    """The draft without what no database, mail or screen can hold (control characters, halves of surrogate pairs);
    one-line fields on one line; surrounding blanks gone. Idempotent."""
    return Draft(
        who=_one_line(draft.who),
        what_for=_clean(draft.what_for),
        done=_clean(draft.done),
        callback_needed=draft.callback_needed,
        urgency=draft.urgency,
        tone=draft.tone,
        kana=_one_line(draft.kana),
        company=_one_line(draft.company),
        number=_one_line(draft.number),
        callback_by=draft.callback_by,
        note=_clean(draft.note),
        answers=tuple((_one_line(label), _clean(value)) for label, value in draft.answers),
    )


def _one_line(text: str) -> str:
    return " ".join(_clean(text).split())


def _clean(text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Cf"))
    return "".join(kept).strip()


def problems(draft: Draft, now: datetime) -> list[str]:
    """Why this draft may not be sent, as sentences for the operator, in the order of the screen; empty when it may."""
    found: list[str] = []
    draft = tidy(draft)
    if not draft.who:
        found.append("お名前が空です。聞けなかったときは「不明」と入れてください。")
    found += _story("ご用件", draft.what_for)
    if not draft.done:
        found.append("どう対応したかが空です。例:「折り返しをお約束しました」")
    found += _callback(draft, now)
    if draft.urgency not in set(Urgency):
        found.append("緊急性を「通常・お急ぎ・緊急」から選んでください。")
    if draft.tone not in set(Tone):
        found.append("お客様のご様子を選んでください。")
    found += _lengths(draft)
    return found


def _story(label: str, text: str) -> list[str]:
    if not text:
        return [f"{label}が空です。何についての電話か、一文で書いてください。"]
    if text.rstrip("。.、 ") in VAGUE:
        return [f"{label}が「{text}」だけでは伝わりません。何についてか、一言足してください。"]
    return []


def _callback(draft: Draft, now: datetime) -> list[str]:
    found: list[str] = []
    if draft.callback_needed:
        if draft.callback_by is None:
            found.append("折り返しの期限が空です。いつまでに折り返すか入れてください。")
        elif draft.callback_by <= now:
            found.append("折り返しの期限が過ぎた時刻になっています。これからの時刻にしてください。")
        if not draft.number:
            found.append(
                "折り返し先の電話番号が空です。番号を伺えなかったときは、折り返し「不要」にしてメモに書いてください。"
            )
    elif draft.callback_by is not None:
        found.append("折り返し「不要」なのに期限が入っています。どちらかを直してください。")
    return found


def _lengths(draft: Draft) -> list[str]:
    found = []
    short = {"お名前": draft.who, "ふりがな": draft.kana, "会社名": draft.company}
    for label, text in short.items():
        if len(text) > SHORT_MAX:
            found.append(
                f"{label}が長すぎます({len(text):,}文字)。{SHORT_MAX}文字までにしてください。"
            )
    if len(draft.number) > 100:
        found.append("電話番号が長すぎます。番号だけを入れてください。")
    for label, text in {"ご用件": draft.what_for, "対応": draft.done, "メモ": draft.note}.items():
        if len(text) > LONG_MAX:
            found.append(
                f"{label}が長すぎます({len(text):,}文字)。{LONG_MAX:,}文字までにしてください。"
            )
    return found


def caller_words(draft: Draft) -> str:
    """The caller as a colleague would write: `佐藤 花子様`, `お名前不明の方`."""
    name = draft.who.strip()
    for ending in ("さま", "さん", "様"):
        name = name.removesuffix(ending).rstrip()
    if name in ("", "不明", "お名前不明", "名乗らず", "匿名"):
        return "お名前不明の方"
    return f"{name}様"


def subject_of(draft: Draft, *, practice: bool) -> str:
    """The subject [C3]: 【要折り返し】○○様より, 【通常報告】○○社, 【緊急】…; one line, never taken from outside."""
    draft = tidy(draft)
    caller = caller_words(draft)
    if draft.urgency == Urgency.EMERGENCY:
        mark = "【緊急】【要折り返し】" if draft.callback_needed else "【緊急】"
        tail = f"{caller}より"
    elif draft.callback_needed:
        mark, tail = "【要折り返し】", f"{caller}より"
    else:
        mark, tail = "【通常報告】", draft.company or f"{caller}より"
    return f"{mark}{tail}{'(練習)' if practice else ''}"


def first_status(draft: Draft) -> Status:
    """The status a report is born with [C4]."""
    if draft.callback_needed:
        return Status.CALLBACK
    return Status.CHECKING if draft.urgency == Urgency.EMERGENCY else Status.DONE
