"""Authors hear of the week's list and of reviews: by mail through a real SMTP conversation, and by the number in the menu."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from tests.improvement_story import OTHERWISE, SCRIPT, World, worked, world
from tests.servers.smtp import Postman, smtp_server
from tests.web_fixtures import MakeWeb, add_account

from denwaban.access import Role, disable_user
from denwaban.config import Settings
from denwaban.delivery import Channels
from denwaban.improvement import api, letter_duty, pages, review_duty
from denwaban.improvement.letters import letters_of
from denwaban.improvement.model import Decision
from denwaban.improvement.queries import proposals_of
from denwaban.knowledge.queries import faq
from denwaban.people import add_client
from denwaban.scripts import draft_of, publish
from denwaban.store import Tx, new_id

__all__ = ["world"]

URL = "https://d.example.jp"


async def authors(world: World) -> tuple[str, str]:
    """One with an address, one without; both wrote the script."""

    def add(tx: Tx) -> tuple[str, str]:
        mail = add_account(tx, Role.SUPERVISOR, login="mori@example.jp")
        plain = add_account(tx, Role.ADMINISTRATOR, login="sato")
        add_account(tx, Role.SUPERVISOR, login="other@example.jp")  # wrote nothing
        for who in (mail, plain):
            publish(tx, world.script_id, SCRIPT, "直しました", who)
        return mail, plain

    return await world.store.write(add)


@asynccontextmanager
async def by_mail(postman: Postman | None) -> AsyncIterator[Channels]:
    """Channels that reach this postman; None: no mail server is set up."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient())
        url = ""
        if postman is not None:
            url = f"smtp://{await stack.enter_async_context(smtp_server(postman))}"
        settings = Settings(smtp_url=url, mail_from="denwaban@example.jp")
        yield await stack.enter_async_context(Channels(settings, http))


@pytest.mark.req("B6")
async def test_the_authors_get_the_weeks_list_once(world: World) -> None:
    await authors(world)
    await world.called(*OTHERWISE, questions=("領収書は出ますか",))
    await world.closed()
    postman = Postman()
    async with by_mail(postman) as channels:
        duty = letter_duty(world.store, URL, channels, lambda: 0.5)
        postman.say("RCPT", "451 later")
        await worked(world, duty)
        assert postman.mails == []
        world.clock.advance(timedelta(minutes=1))
        await worked(world, duty)
        world.clock.advance(timedelta(days=1))
        await worked(world, duty)
    [mail] = postman.mails
    assert postman.recipients[-1] == "mori@example.jp"
    assert mail["Subject"] == "【台本の改善】山田設備 緊急受付"
    text = mail.get_content()
    assert "提案が 1 件" in text
    assert f"{URL}/scripts/{world.script_id}/improvement" in text
    # What callers said stays behind the link.
    assert "領収書" not in text
    [told] = await world.store.read(lambda tx: letters_of(tx, world.script_id))
    assert told.sent_at is not None


@pytest.mark.req("B7")
async def test_the_authors_are_reminded_of_the_review(world: World) -> None:
    dated = "[head]\nreview = 2026-12-08\n\n" + SCRIPT
    who, _plain = await authors(world)
    await world.store.write(lambda tx: publish(tx, world.script_id, dated, "見直しの日", who))
    await world.gathered()
    world.clock.advance(timedelta(days=8))
    postman = Postman()
    async with by_mail(postman) as channels:
        await worked(world, review_duty(world.store))
        await worked(world, letter_duty(world.store, URL, channels))
    assert [mail["Subject"] for mail in postman.mails] == ["【台本の見直し】山田設備 緊急受付"]


async def test_who_has_left_and_who_cannot_be_reached(world: World, make_web: MakeWeb) -> None:
    who, _plain = await authors(world)
    await world.called(*OTHERWISE, questions=("領収書は出ますか",))
    await world.closed()
    postman = Postman()
    postman.say("RCPT", "550 no such user")
    async with by_mail(postman) as channels:
        await worked(world, letter_duty(world.store, URL, channels))
    browser = await (await make_web(pages=pages.routes)).browser(Role.SUPERVISOR)
    page = (await browser.get(f"/scripts/{world.script_id}/improvement")).text
    assert "送れませんでした" in page
    assert "アドレスを確かめてください" in page
    await world.store.write(lambda tx: disable_user(tx, who))
    await world.called(*OTHERWISE, questions=("駐車場はありますか",))
    await world.closed()
    assert len(await world.store.read(lambda tx: letters_of(tx, world.script_id))) == 1


async def test_without_a_mail_server_the_menu_tells(world: World, make_web: MakeWeb) -> None:
    await authors(world)
    web = await make_web(pages=pages.routes)
    browser = await web.browser(Role.SUPERVISOR)
    assert (await browser.get("/improvement/waiting")).text == "0"
    await world.called(*OTHERWISE, questions=("領収書は出ますか",))
    await world.closed()
    async with by_mail(None) as channels:
        await worked(world, letter_duty(world.store, URL, channels))
    [told] = await world.store.read(lambda tx: letters_of(tx, world.script_id))
    assert (told.sent_at, told.trouble) == (None, "")
    browser = await web.browser(Role.SUPERVISOR)  # a session does not last a week
    assert (await browser.get("/improvement/waiting")).text == "1"


@pytest.mark.req("B6", "B18")
async def test_programs_decide_on_proposals(world: World, make_web: MakeWeb) -> None:
    for words in ("領収書は出ますか", "領収書の宛名は", "駐車場はどこですか"):
        await world.called(*OTHERWISE, questions=(words,), answers={"what_for": "解約について"})
    await world.closed()
    web = await make_web(api=api.routes)
    author = await web.program(Role.SUPERVISOR)
    path = f"/api/v1/scripts/{world.script_id}/proposals"
    found = (await author.get(path)).json()
    assert len(found) >= 3
    assert all(one["calls"] and one["state"] == "open" for one in found)
    asked = next(one for one in found if one["label"] == "領収書")
    rest = [one for one in found if one["id"] != asked["id"]]

    async def decide(one: str, verb: str, body: object = None) -> httpx.Response:
        return await author.request("POST", f"/api/v1/scripts/proposals/{one}/{verb}", json=body)

    done = await decide(asked["id"], "accept", {})
    assert (done.status_code, done.json()["written"]) == (200, True)
    draft = await world.store.read(lambda tx: draft_of(tx, world.script_id))
    assert draft is not None
    assert "TODO 領収書" in draft.text
    assert (await decide(asked["id"], "postpone")).status_code == 409
    assert (await decide(rest[0]["id"], "decline", {"reason": " "})).status_code == 400
    said_no = await decide(rest[0]["id"], "decline", {"reason": "台本の外です"})
    assert said_no.json() == {"script_id": world.script_id, "state": "declined"}
    assert (await decide(rest[1]["id"], "postpone")).json()["state"] == "postponed"
    assert (await decide(new_id(), "postpone")).status_code == 404
    postponed = (await author.get(f"{path}?decision=postponed")).json()
    assert [one["id"] for one in postponed] == [rest[1]["id"]]
    # A client's staff may read of its own, decide on nothing; nobody else may even know.
    theirs = await web.program(Role.CLIENT, world.client_id)
    assert (await theirs.get(path)).status_code == 200
    answer = await theirs.request("POST", f"/api/v1/scripts/proposals/{rest[1]['id']}/postpone")
    assert answer.status_code == 403
    other = await world.store.write(lambda tx: add_client(tx, "other", "別の会社"))
    stranger = await web.program(Role.CLIENT, other)
    assert (await stranger.get(path)).status_code == 404
    operator = await web.program(Role.OPERATOR)
    assert (await operator.get(path)).status_code == 403


async def test_a_program_takes_a_question_into_the_faq(world: World, make_web: MakeWeb) -> None:
    for words in ("領収書は出ますか", "領収書の宛名は"):
        await world.called(*OTHERWISE, questions=(words,))
    await world.closed()
    author = await (await make_web(api=api.routes)).program(Role.ADMINISTRATOR)
    [asked] = [one for one in await world.open() if one.label == "領収書"]
    path = f"/api/v1/scripts/proposals/{asked.id}/accept"
    done = (await author.request("POST", path, json={"into": "faq"})).json()
    entry = await world.store.read(lambda tx: faq(tx, done["faq_id"]))
    assert entry is not None
    assert entry.question == "領収書について"
    accepted = await world.store.read(
        lambda tx: proposals_of(tx, world.script_id, [Decision.ACCEPTED])
    )
    assert [one.id for one in accepted] == [asked.id]
