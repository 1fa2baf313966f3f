"""By which ways somebody is told: set by the administrator, by the person themselves, and by programs."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import select
from tests.delivery_story import Office, open_office, working
from tests.servers.http import HttpService
from tests.servers.smtp import Postman, smtp_server, words_of
from tests.servers.webhook import SECRET, webhook_rule
from tests.web_fixtures import MakeWeb, Web

from denwaban import delivery, oncall
from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery import trial
from denwaban.journal.rows import facts
from denwaban.oncall import Contact, api, pages
from denwaban.store import Store

SLACK = "https://hooks.slack.com/services/T1/B1/SECRET"


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


@asynccontextmanager
async def site(
    make_web: MakeWeb, office: Office, settings: Settings | None = None
) -> AsyncIterator[Web]:
    """The pages and the API, with channels that really send."""
    used = settings or office.settings
    async with (
        httpx.AsyncClient(trust_env=False) as http,
        delivery.Channels(used, http) as channels,
    ):
        yield await make_web(
            pages=[*pages.routes, *trial.routes],
            api=api.routes,
            services={"channels": channels},
            settings=used,
        )


async def kept(office: Office, staff_id: str = "") -> list[Contact]:
    return await office.store.read(
        lambda tx: oncall.every_contact_of(tx, staff_id or office.suzuki)
    )


async def opened(office: Office, one: Contact | delivery.Delivery) -> dict[str, str]:
    """The address with its secrets, as a channel is given it."""
    return await office.store.read(lambda tx: oncall.open_address(tx, one.client_id, one.address))


@pytest.mark.req("A9", "D5")
async def test_an_administrator_sets_the_ways_and_reports_go_by_them(
    make_web: MakeWeb, office: Office
) -> None:
    async with site(make_web, office) as web:
        admin = await web.browser(Role.ADMINISTRATOR)
        place = f"/staff/{office.suzuki}/contacts"
        assert "連絡先はまだありません" in (await admin.get(place)).text
        added = await admin.post(place, {"channel": "mail", "to": " suzuki@example.jp "})
        assert (added.status_code, added.headers["location"]) == (303, place)
        room = {"channel": "chatwork", "room": "123", "token": "TOKEN"}
        assert (await admin.post(place, room)).status_code == 303
        assert (await admin.post(place, {"channel": "slack", "url": SLACK})).status_code == 303
        hook = await admin.post(place, {"channel": "webhook", "url": "https://example.jp/hook"})
        # The key that we made is shown this once.
        made = re.search(r'class="secret" id="secret-1">(whsec_[^<]+)<', hook.text)
        assert made is not None
        shown = (await admin.get(place)).text
        for secret in ("TOKEN", "SECRET", made[1]):
            assert secret not in shown
        mail, chat, slack, webhook = await kept(office)
        assert [await opened(office, mail), await opened(office, chat)] == [
            {"to": "suzuki@example.jp"},
            {"room": "123", "token": "TOKEN"},
        ]
        await admin.post(f"/contacts/{slack.id}/move", {"by": "-1"})
        await admin.post(f"/contacts/{mail.id}/move", {"by": "-1"})
        await admin.post(f"/contacts/{chat.id}", {"room": "456"})
        await admin.post(f"/contacts/{webhook.id}/enabled", {"enabled": "false"})
        report = await office.report()
        told = {one.channel: one for one in await office.deliveries(report)}
        assert {channel: one.shown for channel, one in told.items()} == {
            "mail": "suzuki@example.jp",
            "slack": "hooks.slack.com",
            "chatwork": "ルーム 456",
            "portal": "",
        }
        # A secret that was not typed again is the one that was there.
        assert (await opened(office, told["chatwork"]))["token"] == "TOKEN"
        await admin.post(f"/contacts/{webhook.id}/enabled", {"enabled": "true"})
        await admin.post(f"/contacts/{mail.id}/remove")
        assert [one.channel for one in await kept(office)] == ["slack", "chatwork", "webhook"]
    journal = await office.store.read(lambda tx: tx.all(select(facts.c.data)))
    assert "suzuki@example.jp" not in str(journal)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"channel": "mail", "to": "suzuki"}, "メールアドレスの形が違うようです"),
        ({"channel": "mail", "to": ""}, "メールアドレスを入れてください"),
        ({"channel": "mail", "to": "鈴木@example.jp"}, "半角の英数字と記号だけ"),
        ({"channel": "mail", "to": "a" * 250 + "@example.jp"}, "254文字まで"),
        ({"channel": "mail", "to": "known@example.jp"}, "同じ連絡先がすでにあります"),
        ({"channel": "slack", "url": "http://example.jp/"}, "https で始まる URL"),
        ({"channel": "slack", "url": "https://[x/"}, "URL の形が違うようです"),
        ({"channel": "chatwork", "room": "abc", "token": "x"}, "ルーム番号は数字です"),
        ({"channel": "chatwork", "room": "1"}, "API トークンを入れてください"),
        ({"channel": "webhook", "url": "https://e.jp", "secret": "x"}, "署名鍵の形が違うようです"),
        ({"channel": "fax", "to": "03"}, "この連絡方法は使えません"),
        ({"channel": "sms", "number": "03-1234-5678"}, "携帯電話の番号"),
        ({"channel": "sms", "number": "090-123-567"}, "携帯電話の番号"),
        ({"channel": "line", "user": "suzuki"}, "U で始まる33文字"),
        ({"channel": "line_works", "user": "../a"}, "LINE WORKS の ID"),
        ({"channel": "slack_app", "place": "#general", "token": "xoxb-1"}, "C で始まります"),
        ({"channel": "slack_app", "place": "C012345", "token": "xoxp-1"}, "xoxb-"),
        (
            {"channel": "slack_app", "place": "C012345", "token": "xoxb-1", "member": "suzuki"},
            "U で始まります",
        ),
        (
            {"channel": "chatwork_task", "room": "1", "token": "x", "member": "a"},
            "アカウント ID は数字",
        ),
        (
            {"channel": "google_chat", "url": "https://chat.googleapis.com/v1/spaces/A/messages"},
            "key と token",
        ),
    ],
)
async def test_an_address_that_could_never_work_gets_a_sentence(
    make_web: MakeWeb, office: Office, form: dict[str, str], sentence: str
) -> None:
    await office.contact(office.suzuki, "mail", to="known@example.jp")
    async with site(make_web, office) as web:
        admin = await web.browser(Role.ADMINISTRATOR)
        answer = await admin.post(f"/staff/{office.suzuki}/contacts", form)
        assert answer.status_code == 422
        assert sentence in answer.text
        [known] = await kept(office)
        if form["channel"] == "mail" and form["to"] != "known@example.jp":
            changed = await admin.post(f"/contacts/{known.id}", {"to": form["to"] or " "})
            assert (changed.status_code, sentence in changed.text) == (422, True)
        assert await kept(office) == [known]


async def test_nobody_has_more_than_ten(make_web: MakeWeb, office: Office) -> None:
    for n in range(10):
        await office.contact(office.suzuki, "mail", to=f"s{n}@example.jp")
    async with site(make_web, office) as web:
        admin = await web.browser(Role.ADMINISTRATOR)
        more = await admin.post(
            f"/staff/{office.suzuki}/contacts", {"channel": "mail", "to": "more@example.jp"}
        )
        assert (more.status_code, "10件まで" in more.text) == (422, True)


@pytest.mark.req("A9")
async def test_the_clients_staff_set_their_own_and_nobody_elses(
    make_web: MakeWeb, office: Office
) -> None:
    await office.contact(office.ito, "mail", to="ito@example.jp")
    [itos] = await kept(office, office.ito)
    async with site(make_web, office) as web:
        suzuki = await web.browser(Role.CLIENT, user_id=office.suzuki_user)
        own = f"/staff/{office.suzuki}/contacts"
        assert (
            await suzuki.post(own, {"channel": "mail", "to": "s@example.jp"})
        ).status_code == 303
        assert "s@example.jp" in (await suzuki.get(own)).text
        assert (await suzuki.post(own, {"channel": "slack", "url": SLACK})).status_code == 303
        # What could lead into our own network is the administrator's to set.
        inside = {"channel": "slack", "url": "http://127.0.0.1:8088/ari"}
        assert (await suzuki.post(own, inside)).status_code == 422
        hook = {"channel": "webhook", "url": "https://example.jp", "secret": SECRET}
        assert (await suzuki.post(own, hook)).status_code == 422
        slack = (await kept(office))[1]
        moved = await suzuki.post(f"/contacts/{slack.id}", {"url": "https://intra.example.jp/x"})
        assert moved.status_code == 422
        assert (await suzuki.get(f"/staff/{office.ito}/contacts")).status_code == 404
        stolen = await suzuki.post(f"/contacts/{itos.id}", {"to": "s@example.jp"})
        assert stolen.status_code == 404
        for act in ("remove", "move", "enabled", "test"):
            assert (await suzuki.post(f"/contacts/{itos.id}/{act}")).status_code == 404
        supervisor = await web.browser(Role.SUPERVISOR)
        assert (await supervisor.get(own)).status_code == 200
        assert (await supervisor.post(own, {"channel": "mail", "to": "x@e.jp"})).status_code == 403
        operator = await web.browser(Role.OPERATOR)
        assert (await operator.get(own)).status_code == 403
    assert await kept(office, office.ito) == [itos]


async def test_a_test_message_arrives_and_what_came_of_it_is_kept(
    make_web: MakeWeb, office: Office
) -> None:
    postman = Postman()
    async with smtp_server(postman) as server:
        settings = Settings(smtp_url=f"smtp://{server}?starttls=no")
        await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
        [mail] = await kept(office)
        async with site(make_web, office, settings) as web:
            suzuki = await web.browser(Role.CLIENT, user_id=office.suzuki_user)
            sent = await suzuki.post(f"/contacts/{mail.id}/test")
            assert sent.headers["location"].endswith(f"/contacts#contact-{mail.id}")
            [arrived] = postman.mails
            assert "テスト" in str(arrived["subject"])
            assert "引き受け" not in words_of(arrived)
            [tried] = await kept(office)
            assert (tried.test_result, tried.tested_at) == ("sent", office.clock.now())
            assert "テスト送信 成功" in (await suzuki.get(f"/staff/{office.suzuki}/contacts")).text
            # Another address is another matter.
            await suzuki.post(f"/contacts/{mail.id}", {"to": "new@example.jp"})
            assert (await kept(office))[0].test_result == ""
            postman.say("RCPT", "550 no such mailbox")
            await suzuki.post(f"/contacts/{mail.id}/test")
            shown = (await suzuki.get(f"/staff/{office.suzuki}/contacts")).text
            assert "受け付けられませんでした(550)" in shown
            for _again in range(trial.ALLOWED):
                slowed = await suzuki.post(f"/contacts/{mail.id}/test")
            assert slowed.status_code == 429


async def test_a_webhook_can_tell_a_test_from_a_report(make_web: MakeWeb, office: Office) -> None:
    hook = HttpService(webhook_rule)
    async with hook.running(), site(make_web, office) as web:
        await office.contact(office.suzuki, "webhook", url=hook.url, secret=SECRET)
        [contact] = await kept(office)
        admin = await web.browser(Role.ADMINISTRATOR)
        await admin.post(f"/contacts/{contact.id}/test")
        assert (await kept(office))[0].test_result == "sent"
        [seen] = hook.seen
        assert '"type":"test"' in seen.body


async def test_programs_list_add_change_order_and_remove(make_web: MakeWeb, office: Office) -> None:
    async with site(make_web, office) as web:
        key = await web.program(Role.CLIENT, office.client_id)
        place = f"/api/v1/staff/{office.suzuki}/contacts"

        async def add(channel: str, **address: str) -> httpx.Response:
            body = {"channel": channel, "address": address}
            return await key.request("POST", place, json=body)

        mail = (await add("mail", to="suzuki@example.jp")).json()
        room = (await add("chatwork", room="1", token="TOKEN")).json()
        assert (room["address"], mail["enabled"]) == ("ルーム 1", True)
        wrong = await add("mail", to="x")
        assert wrong.status_code == 422
        assert wrong.json()["errors"][0]["field"] == "address.to"
        assert (await add("webhook", url="https://e.jp", secret=SECRET)).status_code == 422
        ordered = await key.request("PUT", f"{place}/order", json={"ids": [room["id"], mail["id"]]})
        assert [one["id"] for one in ordered.json()["items"]] == [room["id"], mail["id"]]
        half = await key.request("PUT", f"{place}/order", json={"ids": [room["id"]]})
        assert half.status_code == 422
        changed = await key.request(
            "PATCH", f"/api/v1/contacts/{room['id']}", json={"address": {"room": "2"}}
        )
        assert changed.json()["address"] == "ルーム 2"
        off = await key.request("PATCH", f"/api/v1/contacts/{mail['id']}", json={"enabled": False})
        assert off.json()["enabled"] is False
        gone = await key.request("DELETE", f"/api/v1/contacts/{room['id']}")
        assert gone.status_code == 204
        assert (await key.get(f"/api/v1/contacts/{room['id']}")).status_code == 404
        listed = await key.get(place)
        assert [one["id"] for one in listed.json()["items"]] == [mail["id"]]
        assert "TOKEN" not in listed.text + changed.text + ordered.text
        stranger = await web.program(Role.CLIENT, "0" * 32)
        assert (await stranger.get(place)).status_code == 404
        assert (await stranger.get(f"/api/v1/contacts/{mail['id']}")).status_code == 404
        # A person's own session reaches their own only, also here.
        suzuki = await web.browser(Role.CLIENT, user_id=office.suzuki_user)
        colleague = f"/api/v1/staff/{office.ito}/contacts"
        body = {"channel": "mail", "address": {"to": "x@example.jp"}}
        assert (await suzuki.request("POST", colleague, json=body)).status_code == 404
        assert (await suzuki.request("POST", place, json=body)).status_code == 201


async def test_reports_on_their_way_keep_the_address_they_had(
    make_web: MakeWeb, office: Office
) -> None:
    await office.contact(office.suzuki, "mail", to="old@example.jp")
    report = await office.report()
    [mail] = await kept(office)
    await office.store.write(lambda tx: oncall.remove_contact(tx, mail.id))
    async with working(office):
        await office.pass_time(minutes=15)
    reminded = [one for one in await office.deliveries(report) if one.kind == "reminder"]
    assert "old@example.jp" in [one.shown for one in reminded]


NEW_WAYS: list[dict[str, str]] = [
    {"channel": "sms", "number": "０９０-1234-5678"},
    {"channel": "line", "user": "U" + "0a" * 16},
    {"channel": "line_works", "user": "suzuki@example"},
    {"channel": "slack_app", "place": "C0123456", "token": "xoxb-HIDDEN", "member": ""},
    {"channel": "chatwork_task", "room": "1", "token": "HIDDEN", "member": "45"},
    {"channel": "teams", "url": "https://prod-1.japaneast.logic.azure.com/w?sig=HIDDEN"},
    {
        "channel": "google_chat",
        "url": "https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=HIDDEN",
    },
]


@pytest.mark.req("C5")
async def test_the_clients_staff_add_every_way_by_themselves_but_no_hook_that_leads_elsewhere(
    make_web: MakeWeb, office: Office
) -> None:
    async with site(make_web, office) as web:
        suzuki = await web.browser(Role.CLIENT, user_id=office.suzuki_user)
        place = f"/staff/{office.suzuki}/contacts"
        for form in NEW_WAYS:
            answer = await suzuki.post(place, form)
            assert answer.status_code == 303, answer.text
        shown = (await suzuki.get(place)).text
        assert "HIDDEN" not in shown
        assert "09012345678" in shown
        for channel, url in (
            ("teams", "https://169.254.169.254/latest"),
            ("teams", "https://logic.azure.com.example.jp/x"),
            ("google_chat", "https://example.jp/?key=k&token=t"),
        ):
            refused = await suzuki.post(place, {"channel": channel, "url": url})
            assert refused.status_code == 422
        assert [one.channel for one in await kept(office)] == [one["channel"] for one in NEW_WAYS]
        changed = (await kept(office))[3]
        await suzuki.post(f"/contacts/{changed.id}", {"place": "C0999999", "member": "U0123456"})
        after = await opened(office, (await kept(office))[3])
        assert after == {"place": "C0999999", "token": "xoxb-HIDDEN", "member": "U0123456"}


async def test_a_changed_signing_key_and_its_former_one_are_kept_and_never_shown(
    make_web: MakeWeb, office: Office
) -> None:
    former, fresh = "whsec_" + "QUJD" * 8, "whsec_" + "REVG" * 8
    async with site(make_web, office) as web:
        admin = await web.browser(Role.ADMINISTRATOR)
        place = f"/staff/{office.suzuki}/contacts"
        hook = {"channel": "webhook", "url": "https://example.jp/hook", "secret": former}
        assert (await admin.post(place, hook)).status_code == 303
        (one,) = await kept(office)
        await admin.post(f"/contacts/{one.id}", {"url": "https://example.jp/two"})
        assert "former" not in (await kept(office))[0].address
        await admin.post(f"/contacts/{one.id}", {"url": "https://example.jp/two", "secret": fresh})
        await admin.post(f"/contacts/{one.id}", {"url": "https://example.jp/three"})
        address = await opened(office, (await kept(office))[0])
        assert (address["secret"], address["former"]) == (fresh, former)
        assert address["url"] == "https://example.jp/three"
        assert former not in (await admin.get(place)).text
