"""Every rule in words: what is wrong, why it matters, how to mend it."""

from dataclasses import dataclass

from denwaban.scripts.lint.finding import Level
from denwaban.texts import N_


@dataclass(frozen=True, slots=True)
class Rule:
    """`message` takes `%(name)s`; `%(called)s` is the node."""

    level: Level
    message: str
    why: str
    mend: str


RULES: dict[str, Rule] = {
    # How the script hangs together.
    "duplicate-node": Rule(
        "error",
        N_("同じ id の場面が %(count)s つあります: %(name)s。"),
        N_("行き先がどちらの場面か、決まりません。"),
        N_("片方の id を、ほかにない名前に変えてください。"),
    ),
    "duplicate-field": Rule(
        "error",
        N_("同じ id の項目が %(count)s つあります: %(name)s。"),
        N_("片方の答えが、もう片方に上書きされます。"),
        N_("片方の id を、ほかにない名前に変えてください。"),
    ),
    "no-such-node": Rule(
        "error",
        N_("%(called)s の行き先「%(target)s」という場面はありません。"),
        N_("通話の途中で、先へ進めなくなります。"),
        N_("行き先を、ある場面の id に直してください。"),
    ),
    "no-regular-node": Rule(
        "error",
        N_("常連のお客様の始まり「%(target)s」という場面はありません。"),
        N_("常連のお客様からの通話を始められません。"),
        N_("head の regular を、ある場面の id に直してください。"),
    ),
    "no-otherwise": Rule(
        "error",
        N_("%(called)s に「それ以外」の行き先がありません。"),
        N_("思いがけない答えのときに、オペレーターが立ち往生します。"),
        N_(
            "otherwise に、確認して担当からご連絡すると伝えて背景を伺う場面への行き先を書いてください。"
        ),
    ),
    "no-branches": Rule(
        "error",
        N_("%(called)s に分岐がひとつもありません。"),
        N_("何を選べばよいか分かりません。"),
        N_("branches に分岐を書くか、分岐のない場面にしてください。"),
    ),
    "many-branches": Rule(
        "warning",
        N_("%(called)s の分岐が %(count)s あります(%(most)s まで)。"),
        N_("選ぶ間、お客様をお待たせし、選び間違いも増えます。"),
        N_("似た分岐をまとめ、次の場面でもう一度たずねてください。"),
    ),
    "same-branches": Rule(
        "error",
        N_("%(called)s に同じ分岐「%(label)s」が 2 つあります。"),
        N_("どちらを選ぶかが人によって変わり、応対がばらつきます。"),
        N_("片方を消すか、違いの分かる名前にしてください。"),
    ),
    "overlapping-branches": Rule(
        "warning",
        N_("%(called)s の分岐「%(label)s」と「%(other)s」は、区別があいまいです。"),
        N_("どちらを選ぶかが人によって変わり、応対がばらつきます。"),
        N_("「新しい予約」と「予約の変更」のように、重ならない名前にしてください。"),
    ),
    "too-deep": Rule(
        "warning",
        N_("%(called)s まで、判断が %(count)s 回続きます(%(most)s 回まで)。"),
        N_("質問が続くと、お客様は同じことを何度も聞かれていると感じます。"),
        N_("判断を減らすか、用件の種類ごとに台本を分けてください。"),
    ),
    "unreachable": Rule(
        "error",
        N_("%(called)s には、どこからも行けません。"),
        N_("書いたのに使われない場面は、直し忘れのもとになります。"),
        N_("どこかの行き先にするか、場面を消してください。"),
    ),
    "no-end": Rule(
        "error",
        N_("終わりの場面(end)がありません。"),
        N_("通話を終えられません。"),
        N_('kind = "end" の場面を加えてください。'),
    ),
    "no-exit": Rule(
        "error",
        N_("%(called)s から先は、終わりにたどり着けません(堂々めぐりです)。"),
        N_("同じ場面を回り続け、通話を終えられません。"),
        N_("どこかの分岐から、終わりの場面へ抜ける道を作ってください。"),
    ),
    "empty-node": Rule(
        "error",
        N_("%(called)s に、言うことも聞くこともありません。"),
        N_("オペレーターの画面に何も出ません。"),
        N_("say か ask を書くか、場面を消してください。"),
    ),
    "too-high": Rule(
        "error",
        N_("%(called)s は 1 画面に収まりません。言葉を短くするか、場面を分けてください。"),
        N_("話しながら画面を送ると、言い忘れと聞き忘れが起きます。"),
        N_("一息で言える長さの文にし、残りを次の場面に分けてください。"),
    ),
    "few-choices": Rule(
        "error",
        N_("%(called)s の「%(label)s」には、選択肢が 2 つ以上必要です。"),
        N_("選べるものがなければ、答えを残せません。"),
        N_("choices に言葉を 2 つ以上並べるか、type を text にしてください。"),
    ),
    "needless-choices": Rule(
        "error",
        N_("%(called)s の「%(label)s」は選択式ではないので、選択肢は書けません。"),
        N_("書いた選択肢は、画面に出ません。"),
        N_('type を "choice" にするか、choices を消してください。'),
    ),
    # What must not be left out.
    "unknown-item": Rule(
        "error",
        N_("必須の項目「%(item)s」を聞く場面がありません。"),
        N_("どの通話も、必須項目のそろわないまま終わります。"),
        N_(
            "その id か purpose を持つ項目を ask に加えるか、head の mandatory から外してください。"
        ),
    ),
    "skipped-item": Rule(
        "error",
        N_("必須の「%(item)s」を聞かずに %(called)s で終わる道があります: %(way)s。"),
        N_("報告を受けた担当の方が、聞き直しのお電話をすることになります。"),
        N_(
            "その道に項目を聞く場面を入れるか、聞かなくてよい終わりなら exception に理由を書いてください。"
        ),
    ),
    "skipped-phrase": Rule(
        "error",
        N_("必ず言う「%(phrase)s」を言わずに %(called)s で終わる道があります: %(way)s。"),
        N_("お客様との約束ごとや安全の案内が、人によって抜けます。"),
        N_(
            "その道に、この言葉を言う場面を入れるか、言わなくてよい終わりなら exception に理由を書いてください。"
        ),
    ),
    "example-fails": Rule(
        "error",
        N_("例「%(name)s」のとおりになりません: %(told)s"),
        N_("書いた人の思う応対と、台本が違っています。"),
        N_("台本か例の、間違っている方を直してください。"),
    ),
    # What must not be told, or promised.
    "restricted-unchecked": Rule(
        "error",
        N_("%(called)s に、本人確認を通らずに来る道があります: %(way)s。"),
        N_("お客様の情報を、別の人に漏らすおそれがあります。"),
        N_("手前に、本人確認の項目と、verified = true の分岐を置いてください。"),
    ),
    "secret-recorded": Rule(
        "warning",
        N_("%(called)s で「%(words)s」を聞きますが、録音が止まりません。"),
        N_("録音に残った番号は、聞ける人の数だけ漏れるおそれがあります。"),
        N_("その場面に unrecorded = true を書いてください。場面にいる間、録音が自動で止まります。"),
    ),
    "identity-unasked": Rule(
        "error",
        N_(
            "%(called)s の「%(label)s」は本人確認済みとしますが、確認の項目を %(asked)s つしか聞いていない道があります(%(needed)s つ必要)。"
        ),
        N_("照らし合わせるものがないまま、本人とみなしてしまいます。"),
        N_("手前の場面で identity = true の項目を、必要な数だけ聞いてください。"),
    ),
    "boundary-crossed": Rule(
        "warning",
        N_("%(called)s で話題「%(topic)s」を説明しますが、受け止めるだけの話題です。"),
        N_("委託された範囲を越えて答えると、後で取り消せません。"),
        N_("お話を伺って担当に引き継ぐ言葉に変えてください。"),
    ),
    "unknown-topic": Rule(
        "warning",
        N_("%(called)s の話題「%(topic)s」が、head の topics にありません。"),
        N_("どこまで答えてよいか、オペレーターが判断できません。"),
        N_("head の topics に、この話題と bound を書いてください。"),
    ),
    "unallowed-promise": Rule(
        "error",
        N_("%(called)s の約束「%(what)s」は、だれもしてよいことになっていません。"),
        N_("守る人のいない約束は、必ず破られます。"),
        N_("head の promises に約束と守る人を書くか、約束しない言葉に変えてください。"),
    ),
    "promise-time": Rule(
        "error",
        N_(
            "%(called)s の約束は %(minutes)s 分ですが、許されているのは %(least)s〜%(most)s 分です。"
        ),
        N_("守れない時刻の約束は、折返しの遅れとしてお客様に届きます。"),
        N_("許された時間に直すか、約束の決まりを改めてください。"),
    ),
    "promise-in-words": Rule(
        "warning",
        N_("%(called)s の言葉「%(words)s」は、約束の場面(promise)でないのに時刻を約束しています。"),
        N_("約束として記録されないので、期限が近づいてもだれにも知らされません。"),
        N_('kind を "promise" にし、minutes を書いてください。'),
    ),
    "staff-left": Rule(
        "error",
        N_("%(called)s に、退職した方のお名前「%(name)s」があります。"),
        N_("いない方への取次ぎや約束は、果たせません。"),
        N_("後任の方のお名前に直してください。"),
    ),
    "staff-left-in-head": Rule(
        "error",
        N_("台本全体の決まりに、退職した方のお名前「%(name)s」があります。"),
        N_("いない方の名での約束は、果たせません。"),
        N_("後任の方のお名前に直してください。"),
    ),
    "staff-left-perhaps": Rule(
        "warning",
        N_("%(called)s の「%(name)s」は、退職した方かもしれません。"),
        N_("いない方への取次ぎや約束は、果たせません。"),
        N_("どなたのことかを確かめ、後任の方のお名前に直してください。"),
    ),
    "no-holiday-cover": Rule(
        "warning",
        N_("この台本を使う企業の時間帯に、祝日がひとつもありません。"),
        N_("祝日のお電話が、どの台本にも届きません。"),
        N_("受付の時間帯に祝日を加えるか、祝日の案内を決めてください。"),
    ),
    # How it sounds.
    "late-question": Rule(
        "warning",
        N_(
            "%(called)s で初めておたずねするまで、読み上げに約 %(seconds)s 秒かかります(%(most)s 秒まで)。"
        ),
        N_("長く聞かされるお客様は、途中で話し始めるか、切ってしまわれます。"),
        N_("初めの言葉を短くし、後でもよい案内は後ろの場面に移してください。"),
    ),
    "evasive": Rule(
        "warning",
        N_("%(called)s の「%(phrase)s」は、逃げ言葉です。"),
        N_("お客様は、まともに取り合ってもらえないと感じます。"),
        N_("「確認して、担当の者よりご連絡いたします」のように、次にすることを言ってください。"),
    ),
    "assurance": Rule(
        "error",
        N_("%(called)s の「%(phrase)s」は、できない請け合いです。"),
        N_("そうならなかったとき、顧客企業が責任を問われます。命に関わることもあります。"),
        N_("結果を約束せず、これからすることだけを言ってください。"),
    ),
    "forbidden-phrase": Rule(
        "error",
        N_("%(called)s が、言わないと決めた「%(phrase)s」を言います。"),
        N_("顧客企業と決めたことに反します。"),
        N_("「%(instead)s」に言い換えてください。"),
    ),
    "forbidden-in-head": Rule(
        "error",
        N_("台本全体の言い回しに、言わないと決めた「%(phrase)s」があります。"),
        N_("顧客企業と決めたことに反します。"),
        N_("別の言い方に変えてください。"),
    ),
    "no-empathy": Rule(
        "warning",
        N_("%(called)s に、お気持ちに寄り添う言葉がありません。"),
        N_("困っている方に用件だけを聞くと、お怒りが大きくなります。"),
        N_("head の empathy に言葉を書き、場面の初めで言ってください。"),
    ),
    "review-overdue": Rule(
        "warning",
        N_("見直しの日(%(day)s)を過ぎています。"),
        N_("古くなった台本は、間違った案内のもとになります。"),
        N_("中身を確かめ、次の見直しの日を書いてください。"),
    ),
    # What comes first.
    "sales-opening": Rule(
        "error",
        N_("勧誘の初めに告げることが足りません: %(lacking)s。"),
        N_(
            "勧誘に先立って、事業者名、勧誘する人の氏名、商品等の種類、勧誘の目的を告げることが法律で求められています(特定商取引法 16 条)。"
        ),
        N_("初めの質問までの場面の言葉に入れ、その場面の opening に書いてください。"),
    ),
    "left-before-matter": Rule(
        "error",
        N_("%(called)s で、ご用件を伺う前に退職をお伝えする道があります: %(way)s。"),
        N_("先に退職を知ると、お客様は用件を言わずに電話を切り、契約と信頼が失われます。"),
        N_("先にご用件を伺い、後任の者が責任を持って承る言葉に変えてください。"),
    ),
    "no-apology": Rule(
        "error",
        N_("%(called)s でご用件を伺う前に、お詫びのない道があります: %(way)s。"),
        N_("担当者のいなくなったお客様には、お詫び → ご用件 → 引き継ぎの順で応対します。"),
        N_("手前の場面で「ご不便をおかけし申し訳ございません」とお伝えください。"),
    ),
    "hand-over-before-matter": Rule(
        "error",
        N_("%(called)s で、ご用件を伺う前に引き継ぐ道があります: %(way)s。"),
        N_("お客様は、後任の者に同じことを初めから話すことになります。"),
        N_("先にご用件を伺う場面を置いてください。"),
    ),
    "promise-before-hand-over": Rule(
        "error",
        N_("%(called)s で、引き継ぎを試みる前に折返しを約束する道があります: %(way)s。"),
        N_("お待たせするうちに、お客様の気持ちが離れます。"),
        N_("先に後任の者へおつなぎし、つながらないときだけ折返しを約束してください。"),
    ),
}
