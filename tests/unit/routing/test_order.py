"""The order gives what a sorted list would, whatever is added, removed and changed."""

from hypothesis import given
from hypothesis import strategies as st

from denwaban.routing.order import Order
from denwaban.routing.skills import EVERYONE

MASKS = st.one_of(st.just(EVERYONE), st.integers(0, 2**9 - 1))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "remove", "change", "first"]), st.integers(0, 400), MASKS
        ),
        max_size=400,
    ),
    st.integers(0, 300),
)
def test_it_gives_what_a_sorted_list_would(wishes: list[tuple[str, int, int]], many: int) -> None:
    order: Order[tuple[int, str]] = Order()
    plain: dict[tuple[int, str], int] = {}
    for n in range(many):
        key = (n * 7919 % 1000 + 1000, "many")
        if key not in plain:
            order.add(key, 1 << (n % 9))
            plain[key] = 1 << (n % 9)
    for wish, number, mask in wishes:
        key = (number, "k")
        if wish == "add" and key not in plain:
            order.add(key, mask)
            plain[key] = mask
        elif wish == "remove" and key in plain:
            order.remove(key)
            del plain[key]
        elif wish == "change" and key in plain:
            order.change(key, mask)
            plain[key] = mask
        elif wish == "first":
            wanted = next((one for one in sorted(plain) if plain[one] & mask), None)
            assert order.first(mask) == wanted
    assert list(order) == sorted(plain)
    assert len(order) == len(plain)
