"""A report as it is told over the telephone: short, in Japanese. No I/O."""

from datetime import datetime

from denwaban.clock import JST
from denwaban.delivery.message import OPENINGS, Message, shorten
from denwaban.delivery.model import Kind
from denwaban.outgoing import spoken_number

LONGEST = 140
"""Characters of one matter read out; who wants more reads it in the portal."""

MENU = "お引き受けになる方は 1 を、もう一度お聞きになる方は 2 を、次の担当の方へ回す方は 3 を押してください。"

TAKEN = "お引き受けを承りました。内容はポータルでご覧いただけます。ありがとうございます。失礼いたします。"

HANDED_ON = "次の担当の方へお回しします。失礼いたします。"

NOT_YOURS = "この伝言は、すでに次の担当の方へ回っています。失礼いたします。"

GOODBYE = "以上です。失礼いたします。"

NO_KEY = "お引き受けを確認できませんでした。またご連絡いたします。失礼いたします。"

NOT_RECORDED = "申し訳ございません。ただいま記録できませんでした。お手数ですが、ポータルからお引き受けください。"

TEST = "電話番の、連絡先の確認のためのお電話です。お聞きになれていれば、設定は済んでいます。失礼いたします。"


def greeting(message: Message) -> str:
    """What anybody may hear who picks up, a machine too: whom it is for, nothing of what it is about."""
    return (
        f"電話番です。{message.staff_name}様への伝言があります。"
        "お聞きになる方は 1 を押してください。"
    )


def taken_by(name: str) -> str:
    """Somebody was quicker."""
    return f"この伝言は、すでに{name}さんがお引き受けになりました。失礼いたします。"


def asks(message: Message) -> bool:
    """Whether the message is to be taken by key: not one of several reports, nor one about what its hearer has taken."""
    return not message.digest and message.kind not in (Kind.DEADLINE, Kind.OVERDUE)


def told(message: Message) -> str:
    """The whole message; of several reports only how many they are."""
    if message.digest:
        return (
            f"{message.client_name}あてのお電話の報告が、{len(message.lines)}件あります。"
            "ポータルでご確認ください。"
        )
    return _report(message) if asks(message) else f"{OPENINGS[message.kind]}{_report(message)}"


def _report(message: Message) -> str:
    """The report: who, what for, the number to call back digit by digit, by when. Names are said by their reading."""
    caller = message.data["caller"]
    who = caller["kana"] or caller["name"]
    from_whom = "、".join(part for part in (caller["company"], who) if part)
    parts = [f"{message.client_name}あてのお電話です。"]
    if message.data["urgency"] == "emergency":
        parts.append("緊急です。")
    parts.append(f"{from_whom}様からです。" if from_whom else "お名前は伺えていません。")
    parts.append(f"ご用件は、{shorten(message.data['what_for'], LONGEST)}。")
    if message.data["callback_needed"]:
        by = message.data["callback_by"]
        parts.append(
            f"折り返しを、{moment(datetime.fromisoformat(by))}までにお約束しています。"
            if by
            else "折り返しをお約束しています。"
        )
    number = caller["number"]
    if said := spoken_number(number):
        parts.append(f"電話番号は、{said}。繰り返します。{said}。")
    else:
        parts.append(f"電話番号は、{number or '非通知です'}。")
    return "".join(parts)


def moment(at: datetime) -> str:
    """11月24日15時30分, as it is said."""
    local = at.astimezone(JST)
    minutes = f"{local.minute}分" if local.minute else ""
    return f"{local.month}月{local.day}日{local.hour}時{minutes}"
