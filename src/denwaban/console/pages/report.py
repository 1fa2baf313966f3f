"""What is written down during a call, and the report that is made of it."""

from typing import Any

import msgspec
from litestar import Response, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Template

from denwaban.config import Settings
from denwaban.console.acts import Kept, NoTimes, NotYours, OutOfWindow, keep_answer
from denwaban.console.here import OPERATORS
from denwaban.console.outlook import Outlook
from denwaban.console.pages.common import SEAT, Nothing, Seat, no_call, told
from denwaban.console.sending import NotReady, StillTalking, outlook_for, send_report
from denwaban.console.words import instead, routing_words, sentence
from denwaban.people import Operator
from denwaban.scripts import LONGEST_ANSWER, AnswerTooLong, NoSuchField, RunFinished
from denwaban.store import Tx
from denwaban.web import Problem, _

MAX_COUNTER = 2**62


class Typed(msgspec.Struct, forbid_unknown_fields=True):
    """What stands in a field. `counter` grows with every change."""

    value: str
    counter: int
    same: bool = False
    """Taken over from what the caller said last time: nobody asked."""


@put(
    "/seat/calls/{call_id:str}/answers/{field:str}",
    guards=[OPERATORS],
    dependencies=SEAT,
    opt={"quiet": True},
)
async def answer(
    call_id: FromPath[str],
    field: FromPath[str],
    data: JSONBody[Typed],
    seat: NamedDependency[Seat],
) -> Response[Any]:
    """Keeps what was typed. Answers {counter, kept} and, once the call is over, the subject, who gets the report and why."""
    if not 0 <= data.counter < MAX_COUNTER:
        raise Problem(400, _("画面を読み込み直してください"))

    def keep(tx: Tx, operator: Operator) -> tuple[Kept, Outlook | None]:
        mine = operator.id
        kept = keep_answer(tx, mine, call_id, field, data.value, data.counter, same=data.same)
        return kept, outlook_for(tx, operator.id, call_id) if kept.over else None

    try:
        kept, ahead = await seat.write(keep)
    except (NotYours, NoSuchField) as error:
        raise no_call() from error
    except RunFinished:
        return told(409, problem=_("この電話の報告は送信済みです。"))
    except NoTimes:
        return told(422, problem=_("この顧客企業では、時刻をお約束しません。"))
    except OutOfWindow as error:
        return told(
            422,
            problem=_(
                "この約束は、%(span)s の時刻でお願いします(顧客企業との決まり)。", span=str(error)
            ),
        )
    except AnswerTooLong as error:
        return told(
            422,
            problem=_(
                "%(most)s文字までです(いま%(length)s文字)。短くするまで、この欄は前に保存した内容のままです。",
                most=f"{LONGEST_ANSWER:,}",
                length=f"{error.length:,}",
            ),
        )
    what: dict[str, Any] = {"counter": kept.saved.counter, "kept": kept.saved.kept}
    if ahead is not None:
        what["subject"] = ahead.subject
        what["routing"] = routing_words(ahead)
        what["in_charge"] = ahead.words.in_charge
    if kept.forbidden:
        what["warning"] = " ".join(instead(one) for one in kept.forbidden)
    if not kept.saved.kept:
        what["problem"] = _("この欄は、別の画面で新しく書かれています。")
    return told(200, **what)


@post("/seat/calls/{call_id:str}/report", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def report(
    call_id: FromPath[str],
    data: JSONBody[Nothing],
    settings: NamedDependency[Settings],
    seat: NamedDependency[Seat],
) -> Template | Response[Any]:
    """Sends the report as it is saved; 422 with {problems: [[answer, sentence], …], reason} when something is to mend;
    `reason`: a reason is enough."""
    minutes = settings.acknowledge_minutes
    try:
        sent = await seat.write(lambda tx, operator: send_report(tx, operator, call_id, minutes))
    except NotYours as error:
        raise no_call() from error
    except StillTalking:
        return told(409, problem=_("通話が終わってから送れます。"))
    except NotReady as missing:
        return told(
            422,
            problems=[(lack.answer, sentence(lack)) for lack in missing.lacks],
            # Only warnings are left: they may go out with a reason.
            reason=all(lack.warning for lack in missing.lacks),
        )
    done = await seat.screen()
    done.headers["X-Seat-Sent"] = sent.id
    return done


routes = [answer, report]
