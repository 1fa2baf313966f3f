"""Words of call-backs on screens, in the reader's language."""

from denwaban.callback.model import CallBack, Result, Stage
from denwaban.web import _


def stage_words(stage: Stage) -> str:
    return {
        Stage.OWN: _("お手元の電話を呼び出しています。出て 1 を押してください。"),
        Stage.CALLER: _("お客様を呼び出し中です…"),
        Stage.TALKING: _("お話し中です…"),
        Stage.ENDED: _("終わりました"),
    }[stage]


def result_words(it: CallBack) -> str:
    """What came of it, and what to do."""
    minutes, seconds = divmod(it.seconds, 60)
    return {
        Result.TALKED: _(
            "%(m)s分%(s)s秒お話ししました。折り返しの記録をつけました。", m=minutes, s=seconds
        ),
        Result.SHORT: _(
            "つながりましたが、すぐに切れました。折り返しの約束は残っています。もう一度おかけください。"
        ),
        Result.OWN_NOT_REACHED: _(
            "お手元の電話で応答と 1 のキーを確認できませんでした。番号を確かめて、もう一度お試しください。"
        ),
        Result.GIVEN_UP: _("お客様が出る前に電話が切れました。もう一度おかけください。"),
        Result.BUSY: _("お客様はお話し中でした。少しおいて、もう一度おかけください。"),
        Result.REFUSED: _("お客様は電話に出られないようです。時間をおいておかけください。"),
        Result.NO_ANSWER: _("お客様はお出になりませんでした。時間をおいておかけください。"),
        Result.UNREACHABLE: _("お客様の番号につながりませんでした。番号を確かめてください。"),
        Result.FULL: _(
            "同時にかけられる電話の数がいっぱいです。少し待って、もう一度お試しください。"
        ),
        Result.FAILED: _("電話の設備が応えませんでした。少し待って、もう一度お試しください。"),
        None: "",
    }[it.result]
