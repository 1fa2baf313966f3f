"""How Japanese text is compared when it is searched. Pure.

People type what they hear: full or half width, katakana or hiragana, 高 for 髙, with a space or a 「・」 or without. `fold`
takes all of that away; two texts that fold to the same are the same to a search.
"""

import unicodedata
from dataclasses import dataclass

import jaconv

FOLDING = 2
"""The version of `fold`, `grams` and `tokens`. Raise it whenever one changes: what was indexed before is indexed again."""

_VARIANTS = (
    "髙高 﨑崎 嵜崎 碕崎 邊辺 邉辺 齋斉 齊斉 斎斉 澤沢 濱浜 濵浜 廣広 國国 嶋島 嶌島 櫻桜 德徳 惠恵 榮栄 眞真 瀨瀬 渕淵 槇槙 "
    "彌弥 靑青 黑黒 曻昇 冨富 舘館 桒桑 𠮷吉 栁柳 峯峰 龍竜 龜亀 會会 學学 應応 藏蔵 條条 壽寿 與与 豐豊 關関 縣県 驛駅 "
    "鷗鴎 圓円 賣売 讀読 發発 變変 假仮 萬万 實実 寶宝 圖図 團団 體体 醫医 號号 檢検 驗験 經経 濟済 總総 證証 續続 "
    "繩縄 鐵鉄 錢銭 數数 擔担 佛仏 拂払 傳伝 條条 來来 樂楽 氣気 點点 燈灯 舊旧 蘆芦 籐藤 薮藪 籠篭 ゕか ゖか"
)
"""Old, popular and printed forms of a character, each with the one that it is looked for by (the last pair: ヵ月, ヶ月)."""

_USUAL = {pair[0]: pair[1] for pair in _VARIANTS.split()}

LONG_MARK = "ー"


def usual(char: str) -> str:
    """The usual form of a character: 高 for 髙; itself when it has no other."""
    return _USUAL.get(char, char)


class _Letters(dict[str, str]):
    """What each character becomes; worked out when it is first met."""

    def __missing__(self, char: str) -> str:
        plain = unicodedata.normalize("NFKC", char.casefold())
        hiragana: str = jaconv.kata2hira(plain)
        found = "".join(usual(one) for one in hiragana if one.isalnum())
        self[char] = found
        return found


_LETTERS = _Letters()


def fold(text: str) -> str:
    """Letters and digits only, in one form each: NFKC, lower case, katakana as hiragana, variant kanji as the usual one.
    Spaces, punctuation and symbols are gone. Folding what is folded changes nothing."""
    while True:
        folded = "".join(map(_LETTERS.__getitem__, unicodedata.normalize("NFKC", text)))
        if folded == text:
            return folded
        text = folded


def grams(folded: str) -> list[str]:
    """Every two neighbouring characters, in order; a single character is its own. So a piece of two characters or more is in
    a text exactly when its grams follow each other in those of the text."""
    if len(folded) == 1:
        return [folded]
    return [folded[n : n + 2] for n in range(len(folded) - 1)]


def query(text: str) -> list[str]:
    """The words that somebody looks for, folded, each once. サーバー also finds サーバ: the last long mark is not asked for."""
    words = [fold(word) for word in text.split()]
    return list(dict.fromkeys(_shorter(word) for word in words if word))


def _shorter(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith(LONG_MARK) else word


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text as it was written; `hit` when it is what was looked for."""

    text: str
    hit: bool


def marked(text: str, words: list[str]) -> list[Piece]:
    """The text, cut where the (folded) words begin and end. Joined together the pieces are the text."""
    letters, places = _letters(text)
    hits = bytearray(len(text))
    for word in words:
        at = letters.find(word) if word else -1
        while at >= 0:
            first, last = places[at][0], places[at + len(word) - 1][1]
            hits[first:last] = b"\x01" * (last - first)
            at = letters.find(word, at + len(word))
    return _cut(text, hits)


def snippet(text: str, words: list[str], length: int) -> list[Piece]:
    """About `length` characters of the text around the first word found, marked; 「…」 where something was left out. Line
    breaks are blanks."""
    text = " ".join(text.split())
    pieces = marked(text, words)
    first = 0
    for piece in pieces:
        if piece.hit:
            break
        first += len(piece.text)
    else:
        first = 0
    begin = max(0, min(first - length // 3, len(text) - length))
    cut = text[begin : begin + length]
    found = marked(cut, words)
    if begin > 0:
        found.insert(0, Piece("…", hit=False))
    if begin + length < len(text):
        found.append(Piece("…", hit=False))
    return found


def _letters(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The folded text, and for each of its characters where it comes from: (first, behind the last)."""
    letters: list[str] = []
    places: list[tuple[int, int]] = []
    begin = 0
    while begin < len(text):
        end = begin + 1
        # カ and ゛ are one letter when they are written apart.
        while end < len(text) and _joins(text[end]):
            end += 1
        one = _LETTERS[text[begin]] if end == begin + 1 else fold(text[begin:end])
        letters.append(one)
        places += [(begin, end)] * len(one)
        begin = end
    return "".join(letters), places


def _joins(char: str) -> bool:
    return char in "\uff9e\uff9f" or unicodedata.combining(char) != 0


def _cut(text: str, hits: bytearray) -> list[Piece]:
    pieces: list[Piece] = []
    begin = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or hits[end] != hits[begin]:
            pieces.append(Piece(text[begin:end], bool(hits[begin])))
            begin = end
    return pieces
