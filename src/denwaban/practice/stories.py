"""The stories of practice calls. People, companies and numbers are made up; none of the numbers is in use in Japan.

To add one: write a `Story` here for a client that exists; a test checks the rest.
"""

from denwaban.practice.model import Mood, Story

WATER_LEAK = Story(
    id="water-leak",
    title="台所の水漏れ",
    client_code="sakura-suido",
    dialled="+815001003001",
    caller_name="中村 健一",
    caller_number="+819000001203",
    mood=Mood.HURRIED,
    about="流しの下から水が漏れて、床に広がっています。慌てています。前にも二度お電話があり、約束がひとつ残っています。",
    lines=(
        "あっ、すみません。台所の流しの下から水が漏れていて、床に広がってきているんです。",
        "けが人はいません。火も煙もないです。ガスのにおいもしません。",
        "中村健一と申します。電話は、ゼロキュウゼロの、ゼロゼロゼロゼロの、イチニーゼロサンです。",
        "住所は、中央町一丁目二の三、グリーンハイツの二百一号室です。",
        "三十分ほど前からです。止水栓の場所は、ちょっと分からないです。",
        "はい、それでお願いします。なるべく早いと助かります。",
        "ありがとうございます。お待ちしています。失礼します。",
    ),
)

TROUBLE = Story(
    id="cannot-sign-in",
    title="全員がサインインできない",
    client_code="hoshizora",
    dialled="+81312345601",
    caller_name="田中 誠",
    caller_number="+819000001201",
    mood=Mood.WORRIED,
    about="会社の全員が、けさからサービスに入れません。仕事が止まっていて困っています。前にもお電話があった方です。",
    lines=(
        "お世話になっております。あおば商事の田中と申します。",
        "そちらのサービスに、けさから社員が全員、サインインできないんです。仕事が止まってしまっていて。",
        "田中誠です。電話は、ゼロキュウゼロの、ゼロゼロゼロゼロの、イチニーゼロイチです。",
        "契約の番号ですか。ええと、エイチエス、イチゼロニーヨンです。",
        "九時ごろからです。画面には、ただいま混み合っています、と出ています。",
        "はい、折り返しをお待ちしています。昼までにお電話をいただけますか。",
        "よろしくお願いします。失礼いたします。",
    ),
)

BOOKING = Story(
    id="change-booking",
    title="予約の変更",
    client_code="midori-clinic",
    dialled="+81312345602",
    caller_name="小林 進",
    caller_number="+819000001202",
    mood=Mood.CALM,
    about="明日の予約を、来週に変えたいそうです。落ち着いた方です。はじめてのお電話です。",
    lines=(
        "もしもし。明日の予約を、変えていただきたいのですが。",
        "いえ、具合が悪いとか、そういうことではありません。",
        "小林進と申します。昭和五十五年四月二日生まれです。",
        "電話番号は、ゼロキュウゼロの、ゼロゼロゼロゼロの、イチニーゼロニーです。診察券は、いま手元にありません。",
        "来週の火曜日か水曜日の、夕方でしたら伺えます。",
        "はい、そうです。お願いします。",
        "お手数をおかけします。では失礼します。",
    ),
)

STORIES = (WATER_LEAK, TROUBLE, BOOKING)


def story(story_id: str) -> Story | None:
    """The story of this id."""
    return next((one for one in STORIES if one.id == story_id), None)
