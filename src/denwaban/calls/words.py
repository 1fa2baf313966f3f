"""Words of calls for readers, in their language."""

from datetime import timedelta

from denwaban.calls.decisions import Decided
from denwaban.calls.model import Call, CallState, OfferResult, Outcome
from denwaban.web import _


def outcome_words() -> dict[Outcome, str]:
    return {
        Outcome.ANSWERED: _("応答"),
        Outcome.ABANDONED: _("放棄"),
        Outcome.BLOCKED: _("呼損"),
        Outcome.OUT_OF_HOURS: _("時間外"),
        Outcome.MESSAGE: _("伝言"),
        Outcome.LOST: _("障害で切断"),
        Outcome.REFUSED: _("未登録の番号"),
        Outcome.NOT_REACHED: _("つながらず"),
    }


def outcome_help() -> dict[Outcome, str]:
    return {
        Outcome.ANSWERED: _("オペレーターが話しました。"),
        Outcome.ABANDONED: _("待っている間に、発信者が電話を切りました。"),
        Outcome.BLOCKED: _("同時に受けられる回線数を超えたため、つながりませんでした。"),
        Outcome.OUT_OF_HOURS: _("受付時間外の案内を流しました。"),
        Outcome.MESSAGE: _("オペレーターにつながらず、伝言を録音しました。"),
        Outcome.LOST: _("電話設備の障害で切れました。"),
        Outcome.REFUSED: _("どの顧客企業の番号でもないため、つなぎませんでした。"),
        Outcome.NOT_REACHED: _("こちらからかけましたが、お話しできませんでした。"),
    }


def state_words() -> dict[CallState, str]:
    return {
        CallState.WAITING: _("待ち"),
        CallState.RINGING: _("呼出中"),
        CallState.TALKING: _("通話中"),
        CallState.HELD: _("保留中"),
        CallState.PASSING: _("転送中"),
        CallState.PASSED: _("担当者と通話中"),
        CallState.PARKED: _("パーク中"),
        CallState.ENDED: _("終了"),
    }


def result_words() -> dict[OfferResult, str]:
    return {
        OfferResult.ANSWERED: _("応答"),
        OfferResult.NO_ANSWER: _("応答なし"),
        OfferResult.REFUSED: _("拒否"),
        OfferResult.WITHDRAWN: _("取りやめ"),
        OfferResult.FAILED: _("接続できず"),
    }


def mark_words(kind: str, detail: str) -> str:
    """What a mark in a recording says; empty for what is not shown."""
    if kind == "monitor.began":
        return {
            "listen": _("SV が聞き始めた"),
            "whisper": _("SV のささやき"),
            "barge": _("SV が会話に入った"),
        }.get(detail, "")
    if kind == "care.abuse_recorded":
        return {
            "marked": _("カスハラの印"),
            "warned": _("警告を伝えた"),
            "noted": _("カスハラの記録"),
            "hung_up": _("結びを伝えて切った"),
        }.get(detail, "")
    return {
        "call.held": _("保留"),
        "call.unheld": _("保留を解いた"),
        "call.returned": _("オペレーターの電話が切れた"),
        "call.taken_over": _("話す人が代わった"),
        "call.asked": _("取次ぎ先を呼んだ"),
        "call.three": _("三者通話"),
        "call.given": _("引き継いだ"),
        "call.parked": _("お待たせの番号へ"),
        "call.recording_paused": _("録音を止めた"),
        "call.recording_resumed": _("録音を始めた"),
        "care.help_asked": _("SV を呼んだ"),
        "monitor.ended": _("SV が抜けた"),
    }.get(kind, "")


def decision_words() -> dict[Decided, str]:
    return {
        Decided.LET: _("取次ぎを認めました"),
        Decided.FIRST: _("順番を先にしました"),
        Decided.GROUP: _("班を変えました"),
        Decided.OPERATOR: _("受ける人を指名しました"),
        Decided.NOT_MOVED: _("間に合わず、動かせませんでした"),
    }


def mode_words() -> dict[str, str]:
    return {"full": _("全対応"), "first_response": _("一次受け"), "closed": _("時間外")}


COLOURS = {
    Outcome.ANSWERED: "",
    Outcome.ABANDONED: "amber",
    Outcome.BLOCKED: "danger",
    Outcome.OUT_OF_HOURS: "muted",
    Outcome.MESSAGE: "amber",
    Outcome.LOST: "danger",
    Outcome.REFUSED: "muted",
    Outcome.NOT_REACHED: "muted",
}


def badge(call: Call) -> tuple[str, str]:
    """(words, colour) of how a call ended, or of what it is doing."""
    if call.outcome is None:
        return state_words()[call.state], "accent"
    if call.cut_short:
        return _("応答後に放棄"), "danger"
    return outcome_words()[call.outcome], COLOURS[call.outcome]


def said(call: Call) -> str:
    """What happened, in a sentence; empty while it goes on."""
    if call.cut_short:
        return _(
            "オペレーターが応答しましたが、途中でオペレーター側の接続が切れました。次のオペレーターを待っている間に、発信者が電話を切りました。"
        )
    return outcome_help()[call.outcome] if call.outcome is not None else ""


def span(seconds: float) -> str:
    """A duration as on a stopwatch: 0:07, 12:30, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def waited(call: Call) -> str:
    """How long the caller waited; empty while they still do, and where nobody waits (blocked, out of hours)."""
    if call.answered_at is None and call.outcome not in {Outcome.ABANDONED, Outcome.LOST}:
        return ""
    return span(call.wait_ms / 1000)


def talked(call: Call) -> str:
    """How long the talk lasted; empty when there was none, while it lasts, and when the caller waited again afterwards
    (the offers tell)."""
    if call.answered_at is None or call.ended_at is None or call.cut_short:
        return ""
    # Clocks of two machines may differ.
    return span(max(timedelta(), call.ended_at - call.answered_at).total_seconds())
