"""SMS by Twilio.

Source: twilio.com/docs: `POST /2010-04-01/Accounts/{Sid}/Messages.json`, Basic auth, form `To`, `Body` (1,600 characters),
`From` or `MessagingServiceSid`, `StatusCallback`; 201 with `sid` and `status`; errors are JSON with a `code`. 429 (code 20429)
when too fast. Twilio knows no idempotency key here: our key is in the address for results, which come more than once and
in any order, signed (`X-Twilio-Signature`).
"""

from base64 import b64encode
from urllib.parse import urlencode

import httpx

from denwaban.delivery.channels.sms import fitting, parts
from denwaban.delivery.channels.web import Answer, Terms, post
from denwaban.delivery.message import Message
from denwaban.delivery.outcome import Failed, Outcome, Retry, Sent
from denwaban.delivery.services import TwilioService

BODY = 1600

REASONS = {
    21211: "SMS の宛先の番号が正しくありません。携帯電話の番号を確かめてください。",
    21214: "SMS の宛先の番号が正しくありません。携帯電話の番号を確かめてください。",
    21408: "SMS をこの国の番号に送る許可がありません。Twilio の設定を確かめてください。",
    21610: "宛先の方が SMS を断っています。別の連絡方法にしてください。",
    21614: "SMS の宛先が携帯電話ではありません。携帯電話の番号を登録してください。",
}
TERMS = Terms("Twilio")


class Twilio:
    """Address: `number` (+81…). `results` is the address that Twilio tells results to, without the key."""

    def __init__(
        self, http: httpx.AsyncClient, service: TwilioService, most: int, results: str
    ) -> None:
        self._http = http
        self._service = service
        self._most = most
        self._results = results

    async def send(self, message: Message) -> Outcome:
        service, most = self._service, self._most
        text = fitting(message, lambda text: parts(text) <= most and len(text) <= BODY)
        if text is None:
            return Failed(f"リンクが SMS {most} 通に入りません。[sms] parts を増やしてください。")
        sender = "MessagingServiceSid" if service.sender.startswith("MG") else "From"
        form = {"To": message.address["number"], "Body": text, sender: service.sender}
        if not message.test and self._results.startswith("https://"):
            form["StatusCallback"] = f"{self._results}/{message.key}"
        login = b64encode(f"{service.sid}:{service.token}".encode()).decode()
        headers = {
            "authorization": f"Basic {login}",
            "content-type": "application/x-www-form-urlencoded",
        }
        url = f"{service.url}/2010-04-01/Accounts/{service.sid}/Messages.json"
        answer = await post(self._http, url, headers, urlencode(form).encode())
        return answer if isinstance(answer, Retry) else _outcome(answer, message)


def _outcome(answer: Answer, message: Message) -> Outcome:
    told = answer.document() or {}
    if answer.status == 201:
        good = bool(told.get("sid")) and told.get("status") not in ("failed", "undelivered")
        return Sent("Twilio が受け取りました") if good else TERMS.strange()
    if answer.status == 401:
        return Retry("Twilio にサインインできません。設定を確かめてください。")
    if answer.status == 400:
        code = told.get("code")
        if isinstance(code, int) and code in REASONS:
            return Failed(REASONS[code])
        # What is wrong may be our sender or account: mended, the same message still goes out.
        shown = code if isinstance(code, int) else "なし"
        return Retry(f"Twilio が受け付けませんでした(コード {shown})。設定を確かめてください。")
    return TERMS.refusal(answer, message.at)
