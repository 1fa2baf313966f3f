"""How readings are compared by ear. Pure.

On the telephone さとう is heard as さとー, なかじま as なかしま, とおやま as とうやま, はっとり as はつとり. `sound` takes away what
the ear confuses; two readings that sound alike have the same one. `near` allows one slip more.
"""

import unicodedata

from denwaban.store.words import LONG_MARK, fold

_KANA = frozenset(chr(code) for code in range(0x3041, 0x3097)) | {LONG_MARK}

_WHOLE = {
    "ゔぁ": "は", "ゔぃ": "ひ", "ゔぇ": "へ", "ゔぉ": "ほ", "ゔ": "ふ",
    "ぢ": "し", "づ": "す", "を": "お", "ゐ": "い", "ゑ": "え", "っ": "つ",
}  # fmt: skip

_SMALL = str.maketrans("ぁぃぅぇぉゃゅょゎゕゖ", "あいうえおやゆよわかけ")

_VOICED = {"\u3099", "\u309a"}

_ROWS = {
    "あ": "あかさたなはまやらわ",
    "い": "いきしちにひみり",
    "う": "うくすつぬふむゆる",
    "え": "えけせてねへめれ",
    "お": "おこそとのほもよろ",
}

_VOWEL = {letter: vowel for vowel, letters in _ROWS.items() for letter in letters}

_LENGTHENS = {"あ": "あ", "い": "い", "う": "う", "え": "えい", "お": "おう"}
"""What makes a vowel long, by the vowel."""


def is_reading(text: str) -> bool:
    """Whether it is kana only, blanks and punctuation aside, and not empty."""
    folded = fold(text)
    return folded != "" and set(folded) <= _KANA


def sound(text: str) -> str:
    """The reading as the ear keeps it: no long vowels, no small letters, no voicing marks. Empty for what is not kana. The
    sound of a sound is itself."""
    if not is_reading(text):
        return ""
    letters = fold(text)
    for written, heard in _WHOLE.items():
        letters = letters.replace(written, heard)
    apart = unicodedata.normalize("NFD", letters.translate(_SMALL))
    found = ""
    for letter in apart:
        if letter in _VOICED or letter == LONG_MARK:
            continue
        vowel = _VOWEL.get(found[-1:], "")
        if found and letter in _LENGTHENS.get(vowel, ""):
            continue
        found += letter
    return found


def near(one: str, other: str) -> bool:
    """Whether a single letter put in, left out or taken for another makes them equal."""
    if abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    at = next((n for n, letter in enumerate(short) if letter != long[n]), len(short))
    if len(short) == len(long):
        return short[at + 1 :] == long[at + 1 :]
    return short[at:] == long[at + 1 :]
