"""Callers whom we promised to call back in their turn and did not reach: a report and a promise of the client's, never silence."""

from denwaban.promises.ours import Ours, report
from denwaban.routing import place_given_up, place_told
from denwaban.routing.rows import kept_places
from denwaban.store import Store, Tx
from denwaban.work import Duty

WHAT_FOR = "順番をお待ちいただく間に、折り返しの電話をご希望でした。ご用件はうかがえていません。"

DONE = "順番が来てから{tries}回お電話しましたが、お出になりませんでした。お客様に折り返しをお願いします。"

REASON = "つながらなかった折り返しから、自動で作った報告です。"


def tell(tx: Tx, call_id: str, acknowledge_minutes: int) -> None:
    """Makes the report and the promise of a place that was given up, and sends it on its way. Idempotent. Raises
    `reports.Incomplete` when the client has nobody who could take it: the row stays due, and health turns red."""
    place = place_given_up(tx, call_id)
    if place is None:
        return
    assert place.operator_id is not None  # somebody tried
    ours = Ours(
        call_id,
        place.client_id,
        place.operator_id,
        place.number,
        WHAT_FOR,
        DONE.format(tries=place.tries),
        REASON,
    )
    report(tx, ours, acknowledge_minutes)
    place_told(tx, call_id)


def unreached_duty(store: Store, acknowledge_minutes: int) -> Duty:
    """Telling clients of those whom we did not reach."""

    async def do(call_id: str) -> None:
        await store.write(lambda tx: tell(tx, call_id, acknowledge_minutes))

    return Duty("unreached", kept_places, do)
