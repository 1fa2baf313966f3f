"""SMS by メディアSMS (MediaSMS-CONSOLE), by Japanese carriers directly.

Source: media-sms.net/developer: form `username`, `password`, `mobilenumber` (11 digits 020/060/070/080/090…, or 81…),
`smstext` (UTF-8, counted in Shift_JIS: 140 bytes, and 670 characters or 1,340 bytes with the long option; a line break counts
as two characters; no machine-dependent characters; too long or empty is error 585), `smsid` (ours, comes back with
results △). Errors are codes from 400 up, as the HTTP status or at the beginning of the body △. There is no idempotency key.
One request may have several results, because the service itself tries again.
"""

import re
from datetime import timedelta
from urllib.parse import urlencode

import httpx

from denwaban.delivery.channels.sms import fitting, plain_japanese
from denwaban.delivery.channels.web import Answer, Terms, post
from denwaban.delivery.message import Message
from denwaban.delivery.outcome import Failed, Outcome, Retry, Sent
from denwaban.delivery.services import MediaSmsService

SHORT_BYTES = 140
LONG_BYTES = 1340
LONG_CHARACTERS = 670

REASONS = {
    560: "SMS の宛先の番号が正しくありません。携帯電話の番号を確かめてください。",
    585: "メディアSMS が本文を受け付けませんでした(585)。運用管理の担当者に知らせてください。",
}
TERMS = Terms("メディアSMS", REASONS, timedelta(seconds=30))

CODE = re.compile(r"\s*(?:\{\s*\"?\w+\"?\s*:\s*\"?)?(\d{3})\b")
"""The code at the beginning of an answer, bare or as the first value of an object."""


class MediaSms:
    """Address: `number` (+81…)."""

    def __init__(self, http: httpx.AsyncClient, service: MediaSmsService) -> None:
        self._http = http
        self._service = service

    async def send(self, message: Message) -> Outcome:
        service = self._service
        text = fitting(message, lambda text: fits(plain_japanese(text), service.long))
        if text is None:
            return Failed(
                "リンクが短い SMS に入りません。メディアSMS の長文オプションを使ってください。"
            )
        form = {
            "username": service.user,
            "password": service.password,
            "mobilenumber": "0" + message.address["number"].removeprefix("+81"),
            "smstext": plain_japanese(text),
            "smsid": message.key,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await post(self._http, service.url, headers, urlencode(form).encode())
        return answer if isinstance(answer, Retry) else _outcome(answer, message)


def fits(text: str, long: bool) -> bool:
    """Whether a text of plain characters goes into one message."""
    counted = text.replace("\n", "\r\n")
    size = len(counted.encode("shift_jis"))
    if not long:
        return size <= SHORT_BYTES
    return size <= LONG_BYTES and len(counted) <= LONG_CHARACTERS


def _outcome(answer: Answer, message: Message) -> Outcome:
    found = CODE.match(answer.body)
    code = int(found[1]) if found and answer.status == 200 else answer.status
    if answer.status == 200 and (found is None or answer.html):
        return TERMS.strange()
    if code == 200:
        return Sent("メディアSMS が受け取りました")
    if code in REASONS:
        return Failed(REASONS[code])
    if code in (401, 550):
        return Retry("メディアSMS にサインインできません。設定を確かめてください。")
    if code != answer.status:
        return Retry(f"メディアSMS が受け付けませんでした({code})。送り直します。")
    return TERMS.refusal(answer, message.at)
