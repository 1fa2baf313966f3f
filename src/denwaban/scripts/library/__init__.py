"""Built-in templates: sound scripts for the usual trades, with examples, to begin from."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from denwaban.scripts.model import Script
from denwaban.scripts.text import parse

_FOLDER = Path(__file__).parent

_TITLES = {
    "ec": "通信販売(EC)",
    "saas": "クラウドサービス(SaaS)",
    "clinic": "クリニック",
    "law-office": "法律事務所・士業",
    "real-estate": "不動産",
    "facility": "建設・設備の緊急受付",
    "orphaned-customers": "退職者あてのお電話(保険・販売)",
    "outbound-sales": "ご案内のお電話(保険・販売)",
}


@dataclass(frozen=True, slots=True)
class Template:
    """A script to begin from."""

    code: str
    """`law-office`; stays."""
    title: str
    """The trade, for choosing."""
    text: str
    """As an author would see it."""
    script: Script


@cache
def library() -> tuple[Template, ...]:
    """All templates, in the order in which they are offered."""
    texts = {code: (_FOLDER / f"{code}.toml").read_text("utf-8") for code in _TITLES}
    return tuple(
        Template(code, title, texts[code], parse(texts[code]).script)
        for code, title in _TITLES.items()
    )
