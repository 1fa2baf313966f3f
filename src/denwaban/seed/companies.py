"""The example companies. Everything is made up: no such company, person or number exists."""

from datetime import timedelta

from denwaban.lines import EVERY_DAY, WEEKDAYS, Mode
from denwaban.oncall import HOLIDAY, BusinessHours, ShiftKind, Span
from denwaban.practice import story
from denwaban.practice.model import Story
from denwaban.reports import DEFAULT_FORM, Form, FormField, Rule
from denwaban.seed.model import Company, Earlier, Person, Shift, Window

MON_TUE_WED_FRI = 1 | 2 | 4 | 16
SATURDAY = 32
SUNDAY = 64


def hour(hours: int, minutes: int = 0) -> int:
    """The minute of the day; beyond 24 hours it is the next day's."""
    return hours * 60 + minutes


def _story(name: str) -> Story:
    found = story(name)
    assert found is not None, name
    return found


def _form(own: tuple[FormField, ...], labels: dict[str, str], *vague: str) -> Form:
    """The usual form in a company's words, with fields of its own before the note."""
    named = [
        FormField(one.key, labels.get(one.key, one.label), one.hint, one.required)
        for one in DEFAULT_FORM.fields
    ]
    return Form((*named[:-1], *own, named[-1]), vague)


_LEAK, _TROUBLE, _BOOKING = _story("water-leak"), _story("cannot-sign-in"), _story("change-booking")

HOSHIZORA = Company(
    code=_TROUBLE.client_code,
    name="星空ソフトウェア",
    kana="ほしぞらそふとうぇあ",
    industry="SaaS",
    greeting="お電話ありがとうございます。星空ソフトウェアでございます。",
    policy="復旧の時刻は推測しません →「担当から確かな情報をご連絡いたします」\n"
    "契約の金額、値引き、ほかの利用者様のことはお答えしません →「担当より確認してご連絡いたします」\n"
    "パスワードの再設定はお電話では承りません。解約のお引き止めはしません。",
    numbers=((_TROUBLE.dialled, "サポート窓口"), ("+815001001001", "導入のご相談")),
    lines=4,
    windows=(
        Window("平日 日中", WEEKDAYS, hour(9), hour(18), Mode.FULL, ("saas-day", "サポート 日中")),
        Window(
            "夜間・休日",
            EVERY_DAY,
            hour(0),
            hour(24),
            Mode.FIRST_RESPONSE,
            ("saas-night", "サポート 夜間・休日"),
        ),
    ),
    faqs="hoshizora",
    form=_form(
        (FormField("x_contract", "契約番号", "例: HS-1024"),), {"company": "ご契約の会社名"}
    ),
    rules=(
        Rule("急ぎは全員確認", urgencies=("emergency",), everyone=True, minutes=15),
        Rule(
            "営業関連は橋本さん",
            words=("見積", "導入", "契約の追加", "プラン", "資料"),
            staff_id="hashimoto",
            minutes=180,
        ),
        Rule("ご契約のお客様は急ぎ", caller="regular", urgency="soon"),
    ),
    hours=BusinessHours((Span(WEEKDAYS, hour(9), hour(18)),), ((12, 29), (1, 3))),
    shifts=(
        Shift("mori", ShiftKind.LUNCH, WEEKDAYS, hour(12), hour(13)),
        Shift("ishikawa", ShiftKind.DUTY, WEEKDAYS, hour(18), hour(24 + 9)),
        Shift("mori", ShiftKind.DUTY, SATURDAY | SUNDAY | HOLIDAY, hour(9), hour(24 + 9)),
    ),
    people=(
        Person(
            "ishikawa",
            "石川 直樹",
            "いしかわ なおき",
            "サポート",
            "ishikawa@hoshizora.example",
            in_charge=True,
            substitute="mori",
            login="ishikawa",
        ),
        Person(
            "mori",
            "森 由美",
            "もり ゆみ",
            "開発",
            "mori@hoshizora.example",
            substitute="ishikawa",
        ),
        Person(
            "hashimoto",
            "橋本 亮",
            "はしもと りょう",
            "営業",
            "hashimoto@hoshizora.example",
            presence="away",
            away_for=timedelta(hours=5),
            note="外出中",
            substitute="mori",
        ),
    ),
    earlier=(
        Earlier(
            days=9,
            hour=11,
            caller_name=_TROUBLE.caller_name,
            caller_kana="たなか まこと",
            caller_number=_TROUBLE.caller_number,
            caller_company="あおば商事",
            what_for="CSV の取り込みで、漢字が化けてしまうとのこと。",
            done="画面の様子を伺い、担当から折り返すとお伝えしました。",
            taken_by="ishikawa",
            promised=timedelta(hours=3),
            kept="文字の種類を UTF-8 にしていただき、取り込めたとお電話で確かめました。",
            answers=(("契約番号", "HS-1024"),),
        ),
    ),
)

MIDORI = Company(
    code=_BOOKING.client_code,
    name="みどり内科クリニック",
    kana="みどりないかくりにっく",
    industry="クリニック",
    greeting="お電話ありがとうございます。みどり内科クリニックでございます。",
    policy="受診されているかどうかを含め、ほかの方のことはお答えしません。\n"
    "診断、薬の飲み方、検査の結果はお答えしません →「クリニックよりご連絡いたします」\n"
    "「様子を見て大丈夫」とは申し上げません。危険があるときは 119 番をご案内します。",
    numbers=((_BOOKING.dialled, "代表"),),
    lines=3,
    windows=(
        Window(
            "診療時間",
            MON_TUE_WED_FRI,
            hour(8, 30),
            hour(18, 30),
            Mode.FULL,
            ("clinic-day", "受付"),
        ),
        Window(
            "土曜 午前",
            SATURDAY,
            hour(8, 30),
            hour(13),
            Mode.FULL,
            ("clinic-day", "受付"),
        ),
        Window(
            "休診",
            EVERY_DAY,
            hour(0),
            hour(24),
            Mode.CLOSED,
            message="お電話ありがとうございます。みどり内科クリニックです。ただいまは診療時間外です。"
            "息が苦しい、強い胸の痛みがあるなど、お急ぎのときは、119番にお電話ください。"
            "救急車を呼ぶか迷うときは、シャープ、7119番でご相談いただけます。",
        ),
    ),
    faqs="midori",
    form=_form(
        (
            FormField("x_birthday", "生年月日", secret=True),
            FormField("x_card", "診察券番号", secret=True),
        ),
        {"who": "患者様のお名前", "what_for": "ご用件・ご様子"},
    ),
    rules=(
        Rule("緊急は全員確認", urgencies=("emergency",), everyone=True, minutes=5),
        Rule("薬と検査は看護へ", words=("薬", "検査", "紹介状"), staff_id="ogawa", minutes=120),
    ),
    chances=(),
    hours=BusinessHours(
        (
            Span(MON_TUE_WED_FRI, hour(8, 30), hour(12, 30)),
            Span(MON_TUE_WED_FRI, hour(14, 30), hour(18, 30)),
            Span(SATURDAY, hour(8, 30), hour(13)),
        ),
        ((12, 29), (1, 4)),
    ),
    shifts=(Shift("ogawa", ShiftKind.LUNCH, MON_TUE_WED_FRI, hour(12, 30), hour(14, 30)),),
    people=(
        Person(
            "aoki",
            "青木 美咲",
            "あおき みさき",
            "受付",
            "aoki@midori-clinic.example",
            in_charge=True,
            substitute="ogawa",
            login="aoki",
        ),
        Person(
            "ogawa",
            "小川 里奈",
            "おがわ りな",
            "看護",
            "ogawa@midori-clinic.example",
            substitute="aoki",
        ),
        Person(
            "midorikawa",
            "緑川 修",
            "みどりかわ おさむ",
            "院長",
            "midorikawa@midori-clinic.example",
            presence="busy",
            away_for=timedelta(hours=3),
            note="診察中",
            substitute="ogawa",
        ),
    ),
)

SAKURA = Company(
    code=_LEAK.client_code,
    name="さくら水道サービス",
    kana="さくらすいどうさーびす",
    industry="設備・水道",
    greeting="お電話ありがとうございます。さくら水道サービスでございます。",
    policy="到着の時刻はお約束しません →「当番の者からお電話で確かめてお伝えします」\n"
    "料金が無料とは申し上げません。原因や責任を決めつけません。分解はお願いしません。\n"
    "当番の者の番号、ほかの現場のことはお伝えしません。",
    numbers=((_LEAK.dialled, "代表・夜間緊急"), ("+81312345603", "お見積もり")),
    lines=6,
    windows=(
        Window("日中", EVERY_DAY, hour(8), hour(19), Mode.FULL, ("water-day", "日中受付")),
        Window(
            "夜間緊急",
            EVERY_DAY,
            hour(19),
            hour(24 + 8),
            Mode.FULL,
            ("water-night", "夜間緊急受付"),
        ),
    ),
    faqs="sakura",
    form=_form((), {"company": "会社名・建物名"}, "いつもの所"),
    rules=(
        Rule("急ぎは全員確認", urgencies=("emergency",), everyone=True, minutes=10),
        Rule("見積もりは加藤さん", words=("見積", "費用", "料金"), staff_id="kato", minutes=180),
    ),
    hours=BusinessHours((Span(EVERY_DAY, hour(8), hour(19)),)),
    shifts=(
        Shift("kato", ShiftKind.LUNCH, WEEKDAYS, hour(12), hour(13)),
        Shift("sato", ShiftKind.DUTY, 1 | 4 | 16 | SUNDAY | HOLIDAY, hour(19), hour(24 + 8)),
        Shift("ito", ShiftKind.DUTY, 2 | 8 | SATURDAY, hour(19), hour(24 + 8)),
    ),
    people=(
        Person(
            "ito",
            "伊藤 大輔",
            "いとう だいすけ",
            "修理",
            "ito@sakura-suido.example",
            in_charge=True,
            substitute="sato",
            login="ito",
        ),
        Person(
            "sato",
            "佐藤 翔",
            "さとう しょう",
            "修理",
            "sato@sakura-suido.example",
            substitute="kato",
        ),
        Person(
            "takahashi",
            "高橋 健",
            "たかはし けん",
            "修理",
            "takahashi@sakura-suido.example",
            presence="off",
            away_for=timedelta(hours=14),
            note="本日休み",
            substitute="sato",
        ),
        Person(
            "kato",
            "加藤 恵",
            "かとう めぐみ",
            "事務",
            "kato@sakura-suido.example",
            substitute="ito",
        ),
    ),
    earlier=(
        Earlier(
            days=20,
            hour=15,
            caller_name=_LEAK.caller_name,
            caller_kana="なかむら けんいち",
            caller_number=_LEAK.caller_number,
            what_for="給湯器から、ときどき大きな音がするとのこと。",
            done="ご様子を伺い、担当から折り返すとお伝えしました。",
            taken_by="ito",
            promised=timedelta(hours=3),
            kept="翌日に伺い、配管の固定を直しました。音は止まっています。",
            answers=(("ご住所", "中央町1-2-3 グリーンハイツ201"),),
        ),
        Earlier(
            days=1,
            hour=10,
            caller_name=_LEAK.caller_name,
            caller_kana="なかむら けんいち",
            caller_number=_LEAK.caller_number,
            what_for="浴室の水栓を替えたいので、見積もりがほしいとのこと。",
            done="ご住所と水栓の型番を伺い、見積もりをご連絡するとお約束しました。",
            taken_by="kato",
            promised=timedelta(hours=26),
            answers=(
                ("ご住所", "中央町1-2-3 グリーンハイツ201"),
                ("設備・型番", "浴室シャワー水栓 SK-18"),
            ),
        ),
    ),
)

COMPANIES = (HOSHIZORA, MIDORI, SAKURA)
