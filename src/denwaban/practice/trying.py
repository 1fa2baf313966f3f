"""電話で試す: a caller rings and follows a walk through a script, whatever version of it."""

from denwaban.lines import numbers_of
from denwaban.people import Client
from denwaban.practice.acts import Practice
from denwaban.practice.model import Mood, PracticeCall, PracticeError, Story
from denwaban.practice.rehearsal import CALLER
from denwaban.scripts import Script, rehearsal, spoken
from denwaban.store import Store
from denwaban.web import _


async def ring_walk(
    store: Store,
    practice: Practice,
    owner: Client,
    script: Script,
    walk: rehearsal.Walk,
    version_id: str,
    title: str,
    operator_id: str | None = None,
) -> PracticeCall:
    """Rings one of the client's numbers; who answers follows `version_id`; `operator_id` is rung if free. Raises `PracticeError`."""
    numbers = await store.read(lambda tx: numbers_of(tx, owner.id, limit=1))
    if not numbers:
        raise PracticeError(_("この顧客企業には、まだ電話番号がありません"))
    story = Story(
        id="rehearsal",
        title=title,
        client_code=owner.code,
        dialled=numbers[0].number,
        caller_name=walk.answers.get("caller_name", ""),
        caller_number=CALLER,
        mood=Mood.CALM,
        about=" → ".join(script.node(step.node).title for step in walk.path),
        lines=spoken(script, walk),
    )
    return await practice.ring_story(story, version_id, operator_id)
