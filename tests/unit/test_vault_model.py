"""Sealed texts and files, as algebra: they open where they belong, and nowhere else."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from denwaban.vault import Opener, Tampered, is_sealed, parts, read_head, seal_file
from denwaban.vault.chunks import CHUNK, HEAD
from denwaban.vault.model import blind_text, bound, open_text, seal_text, unwrap, wrap

KEY, OTHER = bytes(32), bytes([1]) * 32
ID = "k" * 12


@given(st.text(max_size=200))
def test_a_sealed_text_opens_and_looks_sealed(text: str) -> None:
    sealed = seal_text(KEY, ID, "client", "reports.note", text)
    assert is_sealed(sealed)
    assert sealed != seal_text(KEY, ID, "client", "reports.note", text), "the nonce is fresh"
    assert open_text(KEY, "client", "reports.note", sealed) == text
    assert text not in sealed or len(text) < 4


@given(st.text(max_size=60), st.data())
def test_any_other_letter_anywhere_is_noticed(text: str, data: st.DataObject) -> None:
    sealed = seal_text(KEY, ID, "client", "reports.note", text)
    place = data.draw(st.integers(0, len(sealed) - 1))
    letter = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    changed = sealed[:place] + letter + sealed[place + 1 :]
    if changed == sealed:
        return
    with pytest.raises(Tampered):
        open_text(KEY, "client", "reports.note", changed)


@pytest.mark.parametrize(
    ("key", "owner", "place"),
    [
        (OTHER, "client", "reports.note"),
        (KEY, "another", "reports.note"),
        (KEY, "client", "reports.done"),
        (KEY, "clientr", "eports.note"),
    ],
)
def test_another_key_client_or_place_does_not_open(key: bytes, owner: str, place: str) -> None:
    sealed = seal_text(KEY, ID, "client", "reports.note", "折り返しは夕方に")
    with pytest.raises(Tampered):
        open_text(key, owner, place, sealed)


@given(st.text(max_size=20), st.text(max_size=20))
def test_blinds_are_equal_exactly_for_equal_texts(one: str, other: str) -> None:
    blinds = blind_text(KEY, "callers.number", one), blind_text(KEY, "callers.number", other)
    assert (blinds[0] == blinds[1]) == (one == other)
    assert blind_text(OTHER, "callers.number", one) != blinds[0]
    assert blind_text(KEY, "reports.number", one) != blinds[0]


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_what_something_is_bound_to_is_said_in_one_way(one: list[str], other: list[str]) -> None:
    assert (bound(ID, *one) == bound(ID, *other)) == (one == other)


def test_a_wrapped_key_opens_for_its_owner_and_purpose_alone() -> None:
    wrapped = wrap(KEY, ID, "client", "seal", OTHER)
    assert unwrap(KEY, ID, "client", "seal", wrapped) == OTHER
    for key_id, owner, purpose in (
        ("x" * 12, "client", "seal"),
        (ID, "another", "seal"),
        (ID, "client", "blind"),
    ):
        with pytest.raises(Tampered):
            unwrap(KEY, key_id, owner, purpose, wrapped)
    with pytest.raises(Tampered):
        unwrap(OTHER, ID, "client", "seal", wrapped)


# --- files ---

sizes = st.one_of(
    st.integers(0, 300), st.integers(CHUNK - 3, CHUNK + 3), st.integers(2 * CHUNK - 3, 3 * CHUNK)
)


def plain_of(size: int) -> bytes:
    """Bytes whose neighbours and whose chunks differ."""
    return bytes((n * 7 + n // CHUNK) % 256 for n in range(size))


def sealed_of(plain: bytes, owner: str = "client", place: str = "recordings/1") -> bytes:
    target = io.BytesIO()
    seal_file(io.BytesIO(plain), target, len(plain), ID, KEY, owner, place)
    return target.getvalue()


def opened(
    sealed: bytes, wanted: range, owner: str = "client", place: str = "recordings/1"
) -> bytes:
    head = read_head(sealed)
    needed = head.span(wanted)
    return Opener(head, KEY, owner, place).open(sealed[needed.start : needed.stop], wanted)


@settings(max_examples=60)
@given(sizes, st.data())
def test_any_range_of_a_sealed_file_is_that_of_the_plain_one(
    size: int, data: st.DataObject
) -> None:
    plain = plain_of(size)
    sealed = sealed_of(plain)
    assert read_head(sealed).sealed_size == len(sealed)
    start = data.draw(st.integers(0, size))
    wanted = range(start, data.draw(st.integers(start, size)))
    assert opened(sealed, wanted) == plain[wanted.start : wanted.stop]
    assert b"".join(opened(sealed, part) for part in parts(wanted)) == plain[start : wanted.stop]


@settings(max_examples=60)
@given(sizes.filter(lambda size: size > 0), st.data())
def test_any_flipped_bit_of_a_sealed_file_is_noticed(size: int, data: st.DataObject) -> None:
    sealed = bytearray(sealed_of(plain_of(size)))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Tampered):
        opened(bytes(sealed), range(size))


def test_chunks_cannot_be_swapped_left_out_or_put_into_another_file() -> None:
    plain = plain_of(3 * CHUNK)
    sealed, another = sealed_of(plain), sealed_of(plain)
    whole = CHUNK + 16
    first, second = sealed[HEAD : HEAD + whole], sealed[HEAD + whole : HEAD + 2 * whole]
    rest = sealed[HEAD + 2 * whole :]
    for broken in (
        sealed[:HEAD] + second + first + rest,
        sealed[:HEAD] + first + rest,
        sealed[:-whole],
        sealed[:HEAD] + another[HEAD:],
        another[:HEAD] + sealed[HEAD:],
    ):
        with pytest.raises(Tampered):
            opened(broken, range(len(plain)))
    for owner, place in (("another", "recordings/1"), ("client", "recordings/2")):
        with pytest.raises(Tampered):
            opened(sealed, range(10), owner, place)
    for no_file in (b"", sealed[: HEAD - 1], b"RIFF" + bytes(100)):
        with pytest.raises(Tampered):
            read_head(no_file)


def test_a_file_that_becomes_shorter_meanwhile_is_refused() -> None:
    with pytest.raises(OSError, match="shorter"):
        seal_file(io.BytesIO(b"abc"), io.BytesIO(), 4, ID, KEY, "client", "recordings/1")
