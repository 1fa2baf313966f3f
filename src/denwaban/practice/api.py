"""Practice calls for programs (`denwaban ring` is one)."""

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Role
from denwaban.practice.acts import Practice
from denwaban.practice.model import Offer, PracticeCall, PracticeError, TooManyPractices
from denwaban.practice.stories import story
from denwaban.web import Problem, _, needs
from denwaban.web.api import IdText, missing, refused

GUARDS = [needs(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)]

StoryId = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class NewPracticeCall(msgspec.Struct, forbid_unknown_fields=True):
    """`story` null: the first story whose client is open now."""

    story: StoryId | None = None


class PracticeStory(msgspec.Struct):
    id: str
    title: str
    about: str
    mood: str
    client: str
    number: str
    window: str
    open: bool
    """False: the client is closed now and the caller will only hear an announcement."""


class PracticeCallState(msgspec.Struct):
    id: str
    story: str
    title: str
    rung_at: str
    call_id: str | None
    """The call that was made of it, as in `/calls`."""
    connected: bool
    said: int
    ending: str | None
    """talked | nobody | blocked | closed | failed; null while it goes on."""


@get("/practice-stories", guards=GUARDS, operation_id="listPracticeStories")
async def stories(practice: NamedDependency[Practice]) -> list[PracticeStory]:
    """The stories that can be rung, and what a call would meet now."""
    return [_story(offer) for offer in await practice.offers()]


@post("/practice-calls", guards=GUARDS, operation_id="ringPracticeCall", status_code=201)
async def ring(
    data: JSONBody[NewPracticeCall], practice: NamedDependency[Practice]
) -> PracticeCallState:
    """Places a practice call. 422: unknown story; 429: too many at once; 503: the engine or the example client is away."""
    if data.story is not None and story(data.story) is None:
        raise refused("story", _("この練習のお話はありません。一覧から選んでください。"))
    try:
        made = await practice.ring(data.story)
    except TooManyPractices as error:
        raise Problem(
            429, _("練習コールが多すぎます"), str(error), headers={"Retry-After": "30"}
        ) from error
    except PracticeError as error:
        raise Problem(503, _("練習コールをかけられませんでした"), str(error)) from error
    return _state(made)


@get("/practice-calls/{practice_id:str}", guards=GUARDS, operation_id="getPracticeCall")
async def one(
    practice_id: FromPath[IdText], practice: NamedDependency[Practice]
) -> PracticeCallState:
    """How a practice call goes on. Only the last ones are remembered."""
    found = next((call for call in practice.calls if call.id == practice_id), None)
    if found is None:
        raise missing()
    return _state(found)


def _story(offer: Offer) -> PracticeStory:
    told = offer.story
    return PracticeStory(
        told.id,
        told.title,
        told.about,
        told.mood.value,
        offer.client_name,
        offer.number,
        offer.window,
        offer.open,
    )


def _state(call: PracticeCall) -> PracticeCallState:
    return PracticeCallState(
        call.id,
        call.story.id,
        call.story.title,
        call.rung_at.isoformat(),
        call.call_id,
        call.connected_at is not None,
        call.said,
        call.ending.value if call.ending is not None else None,
    )


routes = [stories, ring, one]
