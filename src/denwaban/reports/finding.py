"""What is to be mended in a report, and what is true of each of its texts. Pure."""

from dataclasses import dataclass

from denwaban.reports.cards import mask_cards
from denwaban.reports.form import Form, FormField
from denwaban.reports.model import Draft
from denwaban.reports.sentence import Sentence, sentence
from denwaban.reports.vague import stands_alone, vague_words
from denwaban.texts import N_


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend."""

    field: str
    """The key of the field, or `in_charge`."""
    told: Sentence
    rule: str
    """Which check it was: missing, vague, number, contradiction, confirm, card, length, roster …"""
    warning: bool = False
    """It may be sent all the same, with a reason that stays with the report."""


def hold(field: str, rule: str, text: str, **values: str) -> Finding:
    """What keeps the report from being sent."""
    return Finding(field, sentence(text, **values), rule)


def warn(field: str, rule: str, text: str, **values: str) -> Finding:
    """What should be mended."""
    return Finding(field, sentence(text, **values), rule, warning=True)


def missing(field: FormField) -> Finding:
    """A field that the client wants to be filled is empty."""
    return hold(
        field.key,
        "missing",
        N_("%(label)sが空です。伺えなかったときは「聞けませんでした」と入れてください。"),
        label=field.label,
    )


def check_text(
    field: FormField, text: str, form: Form, draft: Draft, *, longest: int, told: bool
) -> list[Finding]:
    """What is true of every text. `told`: it has to tell the reader something."""
    if len(text) > longest:
        return [
            hold(
                field.key,
                "length",
                N_("%(label)sが長すぎます(%(length)s文字)。%(most)s文字までにしてください。"),
                label=field.label,
                length=f"{len(text):,}",
                most=f"{longest:,}",
            )
        ]
    if mask_cards(text) != text:
        return [
            hold(
                field.key,
                "card",
                N_(
                    "%(label)sにカード番号らしい数字があります。報告に残せないので、消してください。"
                ),
                label=field.label,
            )
        ]
    if not told or not text:
        return []
    if stands_alone(text):
        return [
            hold(
                field.key,
                "vague",
                N_(
                    "%(label)sが「%(said)s」だけでは伝わりません。何についてか、一言足してください。"
                ),
                label=field.label,
                said=text,
            )
        ]
    timed = draft.callback_by is not None
    return [
        warn(
            field.key,
            "vague",
            N_("%(label)sの「%(word)s」が曖昧です。何のことか、いつのことかを書き足してください。"),
            label=field.label,
            word=word,
        )
        for word in vague_words(text, form.vague, timed=timed)[:1]
    ]
