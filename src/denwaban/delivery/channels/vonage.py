"""SMS by Vonage.

Source: developer.vonage.com (SMS API): `POST /sms/json`, form `api_key`, `api_secret`, `from`, `to` (E.164 without +), `text`,
`type=unicode`, `client-ref` (100 characters), `callback`; always HTTP 200 with `{"messages": [{"status": "0", …}, …]}`, one
entry for each part; status 1 throttled, 4 credentials, 5 internal, 9 no credit, 10 too many binds, others final. Vonage knows
no idempotency key: ours is the `client-ref`, which comes back with every result (more than once, for each part).
"""

from urllib.parse import urlencode

import httpx

from denwaban.delivery.channels.sms import fitting, parts
from denwaban.delivery.channels.web import Answer, Terms, post
from denwaban.delivery.message import Message
from denwaban.delivery.outcome import Failed, Outcome, Retry, Sent
from denwaban.delivery.services import VonageService

REASONS = {
    "6": "SMS を送れない番号です。携帯電話の番号を確かめてください。",
    "7": "宛先の方が SMS を断っています。別の連絡方法にしてください。",
    "12": "SMS には長すぎました。[sms] parts を減らしてください。",
    "33": "SMS の宛先の番号が止められています。携帯電話の番号を確かめてください。",
}
OURS = {
    "4": "Vonage にサインインできません。設定を確かめてください。",
    "8": "Vonage のアカウントが止められています。Vonage に問い合わせてください。",
    "9": "Vonage の残高が足りません。チャージしてください。",
    "15": "Vonage の差出人が使えません。[vonage] sender を確かめてください。",
}
"""Not about the person: mended, the same message still goes out."""

TERMS = Terms("Vonage")


class Vonage:
    """Address: `number` (+81…). `results` is the address that Vonage tells results to."""

    def __init__(
        self, http: httpx.AsyncClient, service: VonageService, most: int, results: str
    ) -> None:
        self._http = http
        self._service = service
        self._most = most
        self._results = results

    async def send(self, message: Message) -> Outcome:
        service, most = self._service, self._most
        text = fitting(message, lambda text: parts(text) <= most)
        if text is None:
            return Failed(f"リンクが SMS {most} 通に入りません。[sms] parts を増やしてください。")
        form = {
            "api_key": service.key,
            "api_secret": service.secret,
            "from": service.sender,
            "to": message.address["number"].removeprefix("+"),
            "text": text,
            "type": "unicode",
            "client-ref": message.key,
        }
        if service.signature_secret and not message.test and self._results.startswith("https://"):
            form["callback"] = self._results
        headers = {"content-type": "application/x-www-form-urlencoded"}
        url = f"{service.url}/sms/json"
        answer = await post(self._http, url, headers, urlencode(form).encode())
        return answer if isinstance(answer, Retry) else _outcome(answer, message)


def _outcome(answer: Answer, message: Message) -> Outcome:
    if answer.status != 200:
        return TERMS.refusal(answer, message.at)
    each = (answer.document() or {}).get("messages")
    if not isinstance(each, list) or not each or not all(isinstance(one, dict) for one in each):
        return TERMS.strange()
    bad = {str(one.get("status")) for one in each} - {"0"}
    if not bad:
        return Sent("Vonage が受け取りました")
    for status in bad:
        if status in REASONS:
            return Failed(REASONS[status])
    for status in bad:
        if status in OURS:
            return Retry(OURS[status])
    if "1" in bad or "10" in bad:
        return Retry("Vonage の送信制限にかかりました。待って送り直します。", TERMS.rest)
    return Retry(f"Vonage が受け付けませんでした(状態 {min(bad)})。送り直します。")
