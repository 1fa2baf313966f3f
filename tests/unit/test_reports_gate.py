"""What keeps a report back: each in one sentence, and real sentences left in peace."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.reports import DEFAULT_FORM, Around, Draft, Form, FormField, findings
from denwaban.reports.cards import luhn, mask_cards
from denwaban.reports.form import BUILT_IN, MANDATORY, faults, plain, read, tidy_form
from denwaban.reports.saying import finished, is_number, promises
from denwaban.reports.vague import stands_alone, vague_words

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
AROUND = Around(NOW)
STRICT = msgspec.structs.replace(DEFAULT_FORM, readback=True)

GOOD = Draft(
    who="佐藤 花子",
    company="佐藤商店",
    number="+819012345678",
    what_for="給湯器から異音がする",
    done="折り返しをお約束しました",
    callback_needed=True,
    callback_by=NOW + timedelta(hours=3),
    urgency="normal",
    tone="worried",
)
DONE = replace(GOOD, callback_needed=False, callback_by=None, done="営業時間をお伝えしました")


def changed(changes: dict[str, object], of: Draft = GOOD) -> Draft:
    return replace(of, **changes)  # type: ignore[arg-type]


@pytest.mark.req("C1", "C8")
def test_a_good_report_is_held_by_nothing() -> None:
    assert findings(GOOD, AROUND) == []
    assert findings(DONE, AROUND) == []


@pytest.mark.req("C1", "C7", "C8")
@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"who": "  "}, "who", "お名前が空です"),
        ({"what_for": ""}, "what_for", "ご用件が空です"),
        ({"what_for": "例の件。"}, "what_for", "「例の件。」だけでは伝わりません"),
        ({"what_for": "電話がありました"}, "what_for", "だけでは伝わりません"),
        ({"what_for": "折り返し希望とのことです"}, "what_for", "だけでは伝わりません"),
        ({"done": "\n"}, "done", "どう対応したかが空です"),
        ({"done": "対応しました。"}, "done", "だけでは伝わりません"),
        ({"callback_by": None}, "callback_by", "いつまでに"),
        ({"callback_by": NOW - timedelta(minutes=1)}, "callback_by", "過ぎた時刻"),
        ({"number": ""}, "number", "折り返し先の電話番号が空です"),
        ({"number": "090-1234"}, "number", "電話番号の形が違うようです"),
        ({"number": "聞けませんでした"}, "number", "電話番号の形が違うようです"),
        ({"number": "110"}, "number", "電話番号の形が違うようです"),
        ({"callback_needed": False, "done": "ご案内しました"}, "callback_by", "「不要」なのに期限が"),
        ({"urgency": "very"}, "urgency", "緊急性を"),
        ({"tone": ""}, "tone", "ご様子を"),
        ({"who": "あ" * 201}, "who", "お名前が長すぎます"),
        ({"note": "あ" * 60_001}, "note", "メモが長すぎます"),
        ({"number": "0" * 101}, "number", "電話番号が長すぎます"),
        ({"done": "お手続きが完了しました。"}, "done", "「完了」とありますが、折り返しが「要る」"),
    ],
)  # fmt: skip
def test_each_thing_to_mend_is_one_sentence(
    changes: dict[str, object], field: str, says: str
) -> None:
    [found] = findings(changed(changes), AROUND)
    assert found.field == field
    assert says in str(found.told)
    assert not found.warning


@pytest.mark.req("C7")
@pytest.mark.parametrize(
    "text",
    [
        "例の件で、社長からお話があるそうです",
        "先日の件、どうなったか知りたい",
        "あれを送ってほしい",
        "そちらで使っている例のあれ、壊れたそうです",
        "その件はどうなりましたか",
        "いつもの件をお願いしたい、と田中様から",
        "なるべく早く連絡がほしい",
        "後ほど担当からお返事します",
        "近日中に伺いたい",
        "追ってご連絡いたします",
        "できるだけ早く直してほしい",
    ],
)
def test_vague_words_are_warned_of(text: str) -> None:
    assert vague_words(text), text
    [found] = findings(changed({"what_for": text}, DONE), AROUND)
    assert found.warning
    assert found.field == "what_for"


@pytest.mark.req("C7")
@pytest.mark.parametrize(
    "text",
    [
        "お時間があればお電話がほしい",
        "給湯器から水があふれている",
        "雨であれ雪であれ伺えるか知りたい",
        "見積書が届いていない。その件で経理の方と話したい",
        "台所の蛇口から水漏れ。あれこれ試したが止まらない",
        "昨日13時に注文した商品の発送を、なるべく早くしてほしい(希望は25日)",
        "食後でも飲める薬かどうか知りたい",
        "明日の午後でお願いしたい",
        "浴室、台所、そのうち2か所で水が出ない",
        "いずれかの曜日で予約したい(月曜・水曜)",
        "先日の件(11月10日の給湯器の修理)で、まだ音がする",
        "「例の件で」とおっしゃり、伺うと給湯器の見積もりの金額のことでした",
        "本日17時までに、注文番号1234の返品について返事がほしい",
        "荷物を追って調べたところ、まだ届いていない",
        "生年月日を変えたい。書類は郵送済み",
        "そのあとで音がしなくなったが、念のため見てほしい(11/25 希望)",
        "あの店の前の水道管から水が出ている",
        "保証期間の確認。購入は2025年3月",
        "田中様宛て。会議の時間を15時に変えたい",
        "これまでの請求額と違うので、内訳を知りたい",
    ],
)
def test_real_sentences_are_left_in_peace(text: str) -> None:
    assert vague_words(text) == []
    assert not stands_alone(text)


def test_a_definite_time_takes_the_vagueness_of_times_away() -> None:
    assert findings(changed({"what_for": "給湯器の音。なるべく早く見てほしい"}), AROUND) == []


@pytest.mark.req("C7")
def test_a_client_adds_words_of_its_own() -> None:
    form = msgspec.structs.replace(DEFAULT_FORM, vague=("いつもの担当", "ＡＢＣ"))
    [found] = findings(changed({"what_for": "abcのことで担当と話したい"}), AROUND, form)
    assert found.warning
    assert "ＡＢＣ" in str(found.told)


@pytest.mark.req("C7", "C8")
def test_a_promise_of_the_call_is_not_lost() -> None:
    promised = replace(AROUND, promised=True)
    [found] = findings(
        changed({"done": "ご用件を伺いました。明日15時に修理の予定"}, DONE), promised
    )
    assert (found.field, found.warning) == ("callback", False)
    declined = changed({"done": "折り返しはご辞退されました"}, DONE)
    assert findings(declined, promised) == []
    [found] = findings(changed({"done": "担当から折り返すとお伝えしました"}, DONE), AROUND)
    assert found.rule == "contradiction"
    waiting = replace(AROUND, other_promise=NOW + timedelta(hours=2))
    [found] = findings(changed({"done": "ご案内して解決しました"}, DONE), waiting)
    assert (found.field, found.warning) == ("callback", True)
    assert "11/24 12:00" in str(found.told)
    assert findings(DONE, waiting) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("担当から折り返すとお伝えしました", True),
        ("折り返しをお約束しました", True),
        ("折返しお電話いたしますとお伝えしました", True),
        ("折り返しは不要とのことでした", False),
        ("お客様から折り返しのお電話をいただきました", False),
        ("かけ直しをお待ちしています", False),
        ("営業時間をご案内しました", False),
    ],
)
def test_promises_in_what_was_done(text: str, says: bool) -> None:
    assert promises(text) is says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("予約の取消が完了しました", True),
        ("再起動で解決しました。", True),
        ("受付を完了し、折り返しをお約束しました", False),
        ("手続きは完了しましたが、書類のご連絡が残っています", False),
        ("ご用件を伺いました", False),
    ],
)
def test_finished_in_what_was_done(text: str, says: bool) -> None:
    assert finished(text) is says


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("090-1234-5678", True),
        ("０３（１２３４）５６７８", True),
        ("03-1234-5678 内線12", True),
        ("03-1234-5678(会社)", True),
        ("+1 415 555 2671", True),
        ("あとで聞く", False),
        ("1234", False),
        ("非通知", False),
    ],
)
def test_numbers_to_call_back(text: str, good: bool) -> None:
    assert is_number(text) is good


@pytest.mark.req("G5")
def test_what_was_not_read_back_is_warned_of_where_the_client_wants_it() -> None:
    assert [one.field for one in findings(GOOD, AROUND, STRICT)] == ["who", "number"]
    assert all(one.warning for one in findings(GOOD, AROUND, STRICT))
    read_back = replace(GOOD, confirmed=("kana", "number"))
    assert findings(read_back, AROUND, STRICT) == []
    known = replace(AROUND, name_known=True, number_known=True)
    assert findings(GOOD, known, STRICT) == []
    assert findings(GOOD, AROUND, DEFAULT_FORM) == []


def test_an_addressee_who_is_not_on_the_roster() -> None:
    [found] = findings(GOOD, replace(AROUND, on_roster=False))
    assert found.field == "in_charge"


@pytest.mark.req("G2")
@pytest.mark.parametrize("field", ["who", "kana", "company", "number", "what_for", "done", "note"])
def test_card_numbers_are_held_in_every_text(field: str) -> None:
    text = "番号は４１１１ １１１１-1111 1111 です"
    found = findings(changed({field: text, "callback_needed": False, "callback_by": None}), AROUND)
    assert any(one.field == field and one.rule == "card" and not one.warning for one in found)


@pytest.mark.req("G2")
@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("03-1234-5678 4111-1111-1111-1111", "1111-1111-1111"),
        ("4111 1111\n1111 1111", "1111\n1111"),
        ("4111 - 1111 - 1111 - 1111", "1111 - 1111 - 1111"),
        ("3782-822463-10005", "822463"),
        ("カード:4111/1111/1111/1111", "1111/1111/1111"),
    ],
)
def test_cards_hide_nowhere(text: str, gone: str) -> None:
    assert gone not in mask_cards(text)
    assert "●●●●" in mask_cards(text)


@given(st.integers(0, 99_999_999), st.integers(0, 99_999_999))
def test_two_telephone_numbers_are_no_card(one: int, other: int) -> None:
    a, b = f"{one:08}", f"{other:08}"
    text = f"090-{a[:4]}-{a[4:]} / 03-{b[:4]}-{b[4:]}"
    assert mask_cards(text) == text


@given(
    st.lists(st.integers(0, 9), min_size=12, max_size=18),
    st.sampled_from(["", " ", "-", "−", "　", " - "]),
)
def test_any_card_is_masked_once_and_for_all(digits: list[int], between: str) -> None:
    check = next(d for d in range(10) if luhn([*digits, d]))
    text = "".join(map(str, [*digits, check]))
    grouped = between.join(text[n : n + 4] for n in range(0, len(text), 4))
    masked = mask_cards(f"カード {grouped} です")
    assert grouped not in masked
    assert mask_cards(masked) == masked


# -- the form ---------------------------------------------------------------------------------------------------------


OWN = Form(
    (*DEFAULT_FORM.fields, FormField("x_card", "診察券番号", required=True, secret=True),
     FormField("x_visit", "初診・再診", choices=("初診", "再診")))
)  # fmt: skip


@pytest.mark.req("C2")
def test_a_clients_own_fields_are_checked() -> None:
    [found] = findings(GOOD, AROUND, OWN)
    assert (found.field, found.rule) == ("x_card", "missing")
    good = replace(GOOD, extra=(("x_card", "123"), ("x_visit", "初診")))
    assert findings(good, AROUND, OWN) == []
    [found] = findings(replace(good, extra=(("x_card", "1"), ("x_visit", "はじめて"))), AROUND, OWN)
    assert (found.field, found.rule) == ("x_visit", "choice")


@pytest.mark.req("C1", "C2")
@pytest.mark.parametrize("key", sorted(MANDATORY))
def test_what_is_mandatory_is_only_reworded(key: str) -> None:
    without = Form(tuple(one for one in DEFAULT_FORM.fields if one.key != key))
    assert "外せません" in str(faults(without)["fields"])
    lenient = Form(
        tuple(
            msgspec.structs.replace(one, required=False, label=f"新{one.label}")
            for one in DEFAULT_FORM.fields
        )
    )
    kept = tidy_form(lenient)
    assert faults(kept) == {}
    field = kept.field(key)
    assert field is not None
    assert field.required


def test_faults_of_forms_are_told_at_their_field() -> None:
    fields = list(OWN.fields)
    twice = Form((*fields, FormField("x_again", "診察券番号")))
    assert "二つあります" in str(faults(twice)["x_again"])
    secret = Form(
        tuple(msgspec.structs.replace(one, secret=one.key == "who") for one in DEFAULT_FORM.fields)
    )
    assert "秘密にできません" in str(faults(secret)["who"])
    nameless = Form((*DEFAULT_FORM.fields, FormField("x_a", "")))
    assert set(faults(nameless)) == {"x_a"}
    many = Form((*DEFAULT_FORM.fields, *(FormField(f"x_{c}", f"項目{c}") for c in "abcdefghi")))
    assert "8個まで" in str(faults(many)["fields"])


@given(st.permutations(sorted(BUILT_IN)), st.booleans())
def test_a_form_comes_back_as_it_was_kept(order: list[str], readback: bool) -> None:
    fields = {one.key: one for one in DEFAULT_FORM.fields}
    form = Form(tuple(fields[key] for key in order), ("いつもの",), readback)
    assert read(plain(form)) == form
    assert tidy_form(tidy_form(form)) == tidy_form(form)


@given(st.text(), st.text(), st.text(), st.text())
def test_no_text_breaks_the_gate(who: str, what_for: str, number: str, own: str) -> None:
    draft = replace(GOOD, who=who, what_for=what_for, number=number, extra=(("x_card", own),))
    for one in findings(draft, AROUND, OWN):
        assert str(one.told)
