"""Which condition of a transfer decides."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.lines.transfer import ALLOWED, Condition, Matter, Say, decide
from denwaban.lines.transfer import form as forms
from denwaban.oncall import EVERY_DAY, WEEKDAYS

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
"""12:00 in Japan, a Tuesday."""


def matter(*texts: str, urgency: str = "normal", at: datetime = NOON) -> Matter:
    return Matter(texts, urgency, at)


@pytest.mark.req("A12")
def test_the_first_that_fits_decides_by_person_words_urgency_and_time() -> None:
    conditions = (
        Condition(Say.NEVER, words=("セールス", "営業")),
        Condition(Say.ALLOW, "ito", urgency="soon"),
        Condition(Say.ASK, "ito", days=WEEKDAYS, opens=9 * 60, closes=18 * 60),
        Condition(Say.NEVER, "ito", note="夜間はつなぎません"),
    )
    assert decide(conditions, "suzuki", matter("見積")) is ALLOWED
    assert decide(conditions, "ito", matter("見積")).say is Say.ASK
    assert decide(conditions, "ito", matter("見積", urgency="soon")).say is Say.ALLOW
    assert decide(conditions, "ito", matter("見積", urgency="emergency")).say is Say.ALLOW
    night = decide(conditions, "ito", matter("見積", at=NOON.replace(hour=12)))
    assert (night.say, night.condition) == (Say.NEVER, conditions[3])
    # However it is written.
    sales = decide(conditions, "suzuki", matter("ｾｰﾙｽの件", urgency="emergency"))
    assert (sales.say, sales.word) == (Say.NEVER, "セールス")


CONDITIONS = st.builds(
    Condition,
    then=st.sampled_from(Say),
    staff_id=st.sampled_from(["", "a", "b"]),
    words=st.lists(st.sampled_from(["営業", "水漏れ"]), unique=True, max_size=2).map(tuple),
    urgency=st.sampled_from(["", "soon", "emergency"]),
    days=st.integers(1, EVERY_DAY),
    opens=st.integers(0, 700),
    closes=st.integers(701, 1440),
    note=st.sampled_from(["", "ひとこと"]),
)


@given(st.lists(CONDITIONS, max_size=5))
def test_a_form_keeps_what_is_stored(conditions: list[Condition]) -> None:
    rows = [forms.row_of(one) for one in conditions]
    fields = {
        f"{name}-{n}": getattr(row, name) for n, row in enumerate(rows) for name in row.__slots__
    }
    again, errors = forms.checked(forms.rows_of({**fields, "rows": str(len(rows))}), ["a", "b"])
    assert not errors
    assert list(again) == conditions
    for row in rows:
        assert row.days in forms.day_choices(rows)


def test_a_form_tells_what_is_wrong_by_field_and_moves_rows() -> None:
    row = forms.Row(
        words="！！", opens="25:00", closes="x", staff="gone", days="0", then="?", note="長" * 101
    )
    _none, errors = forms.checked([row], ["a"])
    assert set(errors) == {f"{name}-0" for name in ("then", "opens", "closes", "note", "days")}
    _none, errors = forms.checked([forms.Row(staff="gone"), forms.Row(words="！！")], ["a"])
    assert set(errors) == {"row-0", "row-1"}
    one, two = forms.Row(note="1"), forms.Row(note="2")
    assert [each.note for each in forms.rearranged([one, two], "up-1")] == ["2", "1"]
    assert [each.note for each in forms.rearranged([one, two], "drop-0")] == ["2"]
    assert len(forms.rearranged([one, two], "add")) == 3
    assert (
        forms.rearranged([one, two], "up-0") == forms.rearranged([one, two], "what") == [one, two]
    )
