"""The search index on both databases."""

import pytest
from sqlalchemy import update

from denwaban.knowledge import index
from denwaban.store import Store, Tx, new_id
from denwaban.store.search.statements import CANDIDATES
from denwaban.store.words import fold, query

MINE, OTHER = new_id(), new_id()

TEXTS = [
    ("a", "解約したい", "契約の画面からお手続きいただけます。", ["退会", "やめる"]),
    ("b", "料金を知りたい", "解約の月まで、月額をいただきます。サーバの利用料は別です。", []),
    ("c", "ﾊﾟｽﾜｰﾄﾞを忘れた", "再設定のメールをお送りします。", ["ログイン"]),
    ("d", "髙橋の予定", "担当が確かめます。", []),
    ("e", "東京", "京都の店と、都の店。", ["大阪"]),
]


def fill(tx: Tx) -> None:
    for ref, title, body, also in TEXTS:
        index.put(tx, "faq", ref, MINE, title, body, also)
    index.put(tx, "node", "s:end", MINE, "結び", "解約を承りました。")
    index.put(tx, "faq", "x", OTHER, "解約", "")


async def refs(store: Store, text: str, client_id: str | None = MINE, **more: object) -> list[str]:
    words = query(text)
    hits = await store.read(lambda tx: index.find(tx, words, client_id=client_id, **more))  # type: ignore[arg-type]
    return [hit.ref for hit in hits]


@pytest.mark.req("B3")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("解約", ["a", "s:end", "b"]),
        ("カイヤク", []),
        ("たいかい", []),
        ("退会", ["a"]),
        ("パスワード", ["c"]),
        ("ぱすわーど", ["c"]),
        ("高橋", ["d"]),
        ("髙橋", ["d"]),
        ("サーバー", ["b"]),
        ("料金 解約", ["b"]),
        ("解約 ない言葉", []),
        ("金 料", ["b"]),
        ("髙", ["d"]),
        ("契", []),
        ("・", []),
        ("いや約", []),
        ("' OR \" * (", []),
        ("きます。サ", ["b"]),
        ("京都の店", ["e"]),
        ("東京都", []),  # its pairs are there, one in the title and one in the body
        ("店と都の店と", []),  # its pairs are there, elsewhere
        ("東京大阪", []),
        ("東京 大阪", ["e"]),
        ("解約の月まで 月額をいただき", ["b"]),
    ],
)
async def test_two_characters_are_enough(store: Store, text: str, found: list[str]) -> None:
    await store.write(fill)
    got = await refs(store, text)
    assert sorted(got) == sorted(found)
    if text == "解約":
        assert got[0] == "a"


async def test_every_piece_of_every_text_finds_it(store: Store) -> None:
    await store.write(fill)

    def looked(tx: Tx) -> None:
        for ref, title, body, _also in TEXTS:
            for text in (fold(title), fold(body)):
                for length in (2, 3, 5):
                    for at in range(len(text) - length + 1):
                        piece = [text[at : at + length]]
                        for client in (MINE, None):
                            hits = index.find(tx, piece, client_id=client)
                            assert ref in [hit.ref for hit in hits], piece

    await store.read(looked)


async def test_a_client_with_many_texts_is_asked_of_the_index_and_finds_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.write(fill)
    few = {
        text: await refs(store, text)
        for text in ("解約", "京都の店", "東京都", "契", "髙", "金 料")
    }
    monkeypatch.setattr("denwaban.store.search.statements.OWN", 2)
    monkeypatch.setattr("denwaban.store.search.statements.NEWEST", 1)
    monkeypatch.setattr(index._statements, "_built", {})
    for text, found in few.items():
        assert await refs(store, text) == found
        assert set(await refs(store, text, None)) - {"x"} == set(found)


async def test_heads_alone_are_asked_when_bodies_are_not(store: Store) -> None:
    await store.write(fill)
    for text, found in (("解約したい", ["a"]), ("契約の画面", []), ("解約", ["a"])):
        assert await refs(store, text, bodies=False) == found


async def test_of_one_client_or_of_all_of_one_kind_or_of_all(store: Store) -> None:
    await store.write(fill)
    assert set(await refs(store, "解約", None)) == {"a", "b", "s:end", "x"}
    assert await refs(store, "解約", OTHER) == ["x"]
    assert await refs(store, "契", None) == []  # a single character is looked for in titles
    assert await refs(store, "髙", None) == ["d"]
    assert await refs(store, "東京都", None) == []
    assert await refs(store, "解約", MINE, kinds=["node"]) == ["s:end"]
    with pytest.raises(ValueError, match="not an id"):
        await refs(store, "解約", "x' OR")


async def test_what_is_changed_or_removed_is_found_as_it_is_now(store: Store) -> None:
    await store.write(fill)
    await store.write(lambda tx: index.put(tx, "faq", "a", MINE, "休会したい", "窓口へ。"))
    assert await refs(store, "退会") == []
    assert await refs(store, "休会") == ["a"]
    await store.write(lambda tx: index.remove(tx, "faq", "a"))
    await store.write(lambda tx: index.remove(tx, "faq", "a"))
    assert await refs(store, "休会") == []
    await store.write(lambda tx: index.remove_under(tx, "node", MINE, "s:"))
    assert await refs(store, "解約") == ["b"]


async def test_what_a_failed_verb_put_in_is_not_found(store: Store) -> None:
    def fails(tx: Tx) -> None:
        fill(tx)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store.write(fails)
    assert await refs(store, "解約") == []


async def test_texts_of_an_older_folding_are_folded_anew(store: Store) -> None:
    await store.write(fill)
    await store.write(
        lambda tx: tx.execute(
            update(index.texts).values(grams=None, heads=None, rest=None, folding=0)
        )
    )
    assert await refs(store, "解約") == []
    await index.catch_up(store)
    assert set(await refs(store, "解約")) == {"a", "b", "s:end"}
    assert await store.write(index.refold) == 0


async def test_texts_are_folded_anew_some_at_a_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("denwaban.store.search.index.AT_ONCE", 2)
    await store.write(fill)
    old = update(index.texts).values(grams=None, heads=None, rest=None, folding=1)
    await store.write(lambda tx: tx.execute(old))
    place = await store.write(index.refold)
    assert await store.write(lambda tx: index.refold(tx, place)) > place > 0
    await index.catch_up(store)
    assert set(await refs(store, "解約の月まで", None)) == {"b"}
    assert await store.write(index.refold) == 0


async def test_a_word_that_everybody_uses_has_a_bounded_answer(store: Store) -> None:
    def many(tx: Tx) -> None:
        for n in range(CANDIDATES + 30):
            index.put(tx, "faq", f"r{n}", MINE, f"番号{n}", "お電話ありがとうございます。")

    await store.write(many)
    assert len(await refs(store, "ございます")) == CANDIDATES
    assert len(await refs(store, "ございます", None)) == CANDIDATES
    assert (await refs(store, "番号7", None))[0] == "r7"
