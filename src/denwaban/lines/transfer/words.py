"""Conditions of transfers in words, for operators."""

from denwaban.lines.transfer.model import Say, Verdict
from denwaban.web import _


def say_words() -> dict[Say, str]:
    """What a condition says."""
    return {
        Say.ALLOW: _("つないでよい"),
        Say.ASK: _("先に本人に聞く"),
        Say.NEVER: _("つながない"),
    }


def why(verdict: Verdict) -> str:
    """Why it is so, as the client's agreement has it; empty when nothing was agreed."""
    one = verdict.condition
    if one is None:
        return ""
    told = []
    if verdict.word:
        told.append(_("用件に「%(word)s」", word=verdict.word))
    if one.note:
        told.append(one.note)
    return " · ".join(told)
