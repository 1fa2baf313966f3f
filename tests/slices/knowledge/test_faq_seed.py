"""The examples: what an operator finds in the first minutes."""

from datetime import date

from denwaban.knowledge import FAQ, Faq, faqs_page, find
from denwaban.people import clients
from denwaban.seed import plant
from denwaban.store import Store, Tx
from denwaban.store.words import query

TODAY = date(2026, 11, 24)


async def test_every_example_company_has_a_dozen_answers_that_are_found(store: Store) -> None:
    await store.write(plant)

    def read(tx: Tx) -> dict[str, list[Faq]]:
        return {one.code: faqs_page(tx, one.id) for one in clients(tx)}

    for code, entries in (await store.read(read)).items():
        assert len(entries) >= 12, code
        for entry in entries:
            for words in (entry.question, *entry.wording_list()):
                hits = await store.read(
                    lambda tx, w=words, c=entry.client_id: find(  # type: ignore[misc]
                        tx, query(w), TODAY, client_id=c, kinds=[FAQ]
                    )
                )
                assert entry.id in [hit.faq.id for hit in hits if hit.faq], words


async def test_the_nodes_of_the_examples_scripts_are_found(store: Store) -> None:
    await store.write(plant)
    hits = await store.read(lambda tx: find(tx, query("復唱"), TODAY, kinds=["node"]))
    assert hits
    assert all(hit.hit.kind == "node" and hit.faq is None for hit in hits)
