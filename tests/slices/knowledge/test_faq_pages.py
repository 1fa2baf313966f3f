"""The FAQ on the page, as supervisors and a client's staff meet it, and its files."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.some_people import a_client
from tests.web_fixtures import Browser, MakeWeb, Web

from denwaban.access import Role
from denwaban.knowledge import Author, Bound, Content, Faq, add_faq, faqs_page, pages
from denwaban.knowledge.importing import import_faqs, read_faqs, written
from denwaban.people.csvfile import UnreadableFile
from denwaban.people.importing import NotImported, look_at
from denwaban.store import Store, new_id

ME = Author(None, "渡辺 真理")


@pytest.fixture
async def client(store: Store) -> str:
    return await store.write(lambda tx: a_client(tx, "yamada"))


@pytest.fixture
async def web(make_web: MakeWeb) -> Web:
    made: Web = await make_web(pages=pages.routes)
    return made


def path_of(entry: Faq) -> str:
    return f"/faqs/{entry.id}"


async def entries(store: Store, client_id: str) -> list[Faq]:
    return await store.read(lambda tx: faqs_page(tx, client_id))


async def test_an_entry_is_written_changed_removed_and_brought_back(
    web: Web, store: Store, client: str
) -> None:
    readers: list[tuple[Browser, str]] = [
        (await web.browser(Role.SUPERVISOR), f"/clients/{client}/faqs"),
        (await web.browser(Role.CLIENT, client), "/portal/faqs"),
    ]
    for browser, base in readers:
        assert "よくある質問はまだありません" in (await browser.get(base)).text
        assert "よくある質問の追加" in (await browser.get(f"{base}/new")).text
        refused = await browser.post(base, {"question": "解約したい", "answer": ""})
        assert refused.status_code == 422
        assert "答えを入力してください" in refused.text
        assert 'value="解約したい"' in refused.text
        fields = {"question": "解約したい", "answer": "画面から。", "valid_until": "2026-11-30"}
        made = await browser.post(base, {**fields, "restricted": "true", "bound": "take"})
        assert (made.status_code, made.headers["location"]) == (303, f"{base}?saved=1")
        [entry] = await entries(store, client)
        assert (entry.bound, entry.restricted, str(entry.valid_until)) == (
            Bound.TAKE,
            True,
            "2026-11-30",
        )
        shown = (await browser.get(base)).text
        assert "本人確認のあと" in shown
        assert "11/30 まで" in shown
        assert path_of(entry) in (await browser.get(f"{base}?q=解約")).text
        assert "見つかりませんでした" in (await browser.get(f"{base}?q=ない言葉")).text
        path = f"{base}/{entry.id}"
        page = (await browser.get(path)).text
        seen = re.findall(r'name="seen" value="([^"]+)"', page)[0]
        done = await browser.post(path, {**fields, "answer": "お電話で。", "seen": seen})
        assert done.status_code == 303
        late = await browser.post(path, {**fields, "answer": "遅れて", "seen": seen})
        assert late.status_code == 409
        assert "ほかの方が先に変更しました" in late.text
        assert "遅れて" in late.text
        history = (await browser.get(path)).text
        assert "画面から。" in history
        assert "テスト" in history
        gone = await browser.post(f"{path}/remove")
        assert gone.headers["location"] == f"{base}?gone={entry.id}"
        assert "元に戻す" in (await browser.get(gone.headers["location"])).text
        assert (await browser.post(path, {**fields, "seen": seen})).status_code == 404
        assert "削除済み" in (await browser.get(path)).text
        assert (await browser.post(f"{path}/restore")).status_code == 303
        assert len(await entries(store, client)) == 1
        await browser.post(f"{path}/remove")


async def test_staff_see_their_own_client_only(web: Web, store: Store, client: str) -> None:
    other = await store.write(lambda tx: a_client(tx, "other"))
    secret = Content("ひみつの質問", "ひみつの答え")
    theirs = await store.write(lambda tx: add_faq(tx, other, secret, ME))
    staff = await web.browser(Role.CLIENT, client)
    for path in ("", f"?gone={theirs}", f"/{theirs}", "/export", "?q=ひみつ"):
        assert "ひみつ" not in (await staff.get(f"/portal/faqs{path}")).text.replace(
            'value="ひみつ"', ""
        )
    for act in ("", "/remove", "/restore"):
        data = {"question": "x", "answer": "y", "seen": "2026-11-24T01:00:00+00:00"}
        assert (await staff.post(f"/portal/faqs/{theirs}{act}", data)).status_code == 404
    assert (await staff.get(f"/clients/{client}/faqs")).status_code == 403
    supervisor = await web.browser(Role.SUPERVISOR)
    assert (await supervisor.get(f"/clients/{client}/faqs/{theirs}")).status_code == 404
    assert (await supervisor.get(f"/clients/{new_id()}/faqs")).status_code == 404
    assert len(await entries(store, other)) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16", "euc_jp"])
async def test_a_file_is_looked_at_then_taken_over(
    web: Web, store: Store, client: str, encoding: str
) -> None:
    text = (
        "質問,回答,どこまで,本人確認,いつまで,備考\r\n"
        "解約したい,画面から承ります。,説明,,2026/12/31,x\r\n"
        '請求額を知りたい,"口座から\n引き落とします。",受止,はい,,\r\n'
    )
    browser = await web.browser(Role.CLIENT, client)
    file = {"file": ("faq.csv", text.encode(encoding), "text/csv")}
    looked = await browser.post("/portal/faqs/import", files=file)
    assert looked.status_code == 200
    assert "2行を読み取りました: 追加 2件、変更 0件" in looked.text
    assert await entries(store, client) == []
    kept = html.unescape(
        re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", looked.text, re.DOTALL)[0]
    )
    done = await browser.post(
        "/portal/faqs/import", files={"text": (None, kept), "sure": (None, "true")}
    )
    assert "追加 2件、変更 0件" in done.text
    first, second = await entries(store, client)
    assert (first.answer, str(first.valid_until)) == ("画面から承ります。", "2026-12-31")
    assert (second.bound, second.restricted) == (Bound.TAKE, True)
    assert second.answer == "口座から\n引き落とします。"


async def test_rows_with_errors_are_named_by_line_and_nothing_is_kept(
    web: Web, store: Store, client: str
) -> None:
    text = "質問,答え,どこまで,いつから\n,x,,\n解約,はい,だめ,\n解約,いいえ,,\n退会,はい,,13月\n料金,はい,,\n"
    lines = read_faqs(text.encode())
    looked = await store.write(lambda tx: look_at(tx, lambda: import_faqs(tx, client, lines, ME)))
    assert [(error.number, error.field) for error in looked.errors] == [
        (2, "質問"),
        (3, "どこまで"),
        (4, "質問"),
        (5, "いつから"),
    ]
    with pytest.raises(NotImported):
        await store.write(lambda tx: import_faqs(tx, client, lines, ME))
    assert await entries(store, client) == []
    browser = await web.browser(Role.SUPERVISOR)
    for data, words in ((b"a,b\n1,2", "見出しがありません"), (b"\x00", "CSV ファイルではない")):
        files = {"file": ("x.csv", data, "text/csv")}
        refused = await browser.post(f"/clients/{client}/faqs/import", files=files)
        assert refused.status_code == 422
        assert words in refused.text
    with pytest.raises(UnreadableFile):
        read_faqs(("質問,答え\n" + "x,y\n" * 501).encode())


async def test_the_same_question_is_changed_and_what_the_file_lacks_stays(
    store: Store, client: str
) -> None:
    old = Content("カイヤクしたい", "窓口で。", "退会", Bound.TAKE, True)
    await store.write(lambda tx: add_faq(tx, client, old, ME))
    lines = read_faqs("質問,答え\nかいやくしたい?,画面から。\n".encode())
    result = await store.write(lambda tx: import_faqs(tx, client, lines, ME))
    assert (result.added, result.changed) == (0, 1)
    [entry] = await entries(store, client)
    assert (entry.question, entry.answer) == ("かいやくしたい?", "画面から。")
    assert (entry.wordings, entry.bound, entry.restricted) == ("退会", Bound.TAKE, True)


async def test_what_is_given_out_is_taken_back_unchanged(
    web: Web, store: Store, client: str
) -> None:
    tricky = Content('=1+1 "引用", 改行', "-はい\n@です", "a、b", Bound.DECIDE, True)
    await store.write(lambda tx: add_faq(tx, client, tricky, ME))
    browser = await web.browser(Role.CLIENT, client)
    given = await browser.get("/portal/faqs/export")
    assert given.headers["content-disposition"] == 'attachment; filename="faq.csv"'
    assert given.content.startswith(b"\xef\xbb\xbf")
    assert b"\n=" not in given.content
    lines = read_faqs(given.content)
    before = await entries(store, client)
    result = await store.write(lambda tx: import_faqs(tx, client, lines, ME))
    assert (result.added, result.changed) == (0, 1)
    assert await entries(store, client) == before


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30),
    st.sampled_from(list(Bound)),
    st.booleans(),
)
def test_a_file_reads_back_as_it_was_written(text: str, bound: Bound, restricted: bool) -> None:
    question = text.strip()
    if not question or question.startswith("'"):
        return
    entry = Faq(question, question, "", bound, restricted)
    [line] = read_faqs(written([entry]).encode())
    assert line.cells["question"].removeprefix("'") == question
    assert line.cells["answer"].removeprefix("'") == question
