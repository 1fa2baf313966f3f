"""SMS by Twilio, Vonage and メディアSMS, as they describe themselves; and what they tell about arrival."""

import base64
import hashlib
import hmac
from urllib.parse import urlencode

from tests.servers.http import Reply, Seen

NUMBER = "+819012345678"
TWILIO = ("AC0123", "twilio-token")
VONAGE = ("vonage-key", "vonage-secret")
VONAGE_SIGNATURE = "vonage-signature-secret"
MEDIA = ("media-user", "media-password")


def twilio_rule(request: Seen) -> Reply:
    """`POST /2010-04-01/Accounts/{Sid}/Messages.json`."""
    login = base64.b64encode(":".join(TWILIO).encode()).decode()
    if request.headers.get("authorization") != f"Basic {login}":
        return Reply(401, '{"code":20003,"message":"Authenticate","status":401}')
    if request.path != f"/2010-04-01/Accounts/{TWILIO[0]}/Messages.json":
        return Reply(404, '{"code":20404,"status":404}')
    form = request.form()
    if form.get("To") != NUMBER:
        return Reply(400, '{"code":21211,"message":"Invalid \'To\' Phone Number","status":400}')
    if not form.get("From") and not form.get("MessagingServiceSid"):
        return Reply(400, '{"code":21603,"status":400}')
    if not 1 <= len(form.get("Body", "")) <= 1600:
        return Reply(400, '{"code":21617,"status":400}')
    return Reply(201, '{"sid":"SM1","status":"queued","error_code":null}')


def vonage_rule(request: Seen) -> Reply:
    """`POST /sms/json`: always 200; the truth is in each message's status."""
    form = request.form()
    if request.path != "/sms/json":
        return Reply(404)
    if (form.get("api_key"), form.get("api_secret")) != VONAGE:
        return _vonage("4", "Bad Credentials")
    if not form.get("from") or not form.get("text") or form.get("type") != "unicode":
        return _vonage("2", "Missing params")
    if form.get("to") != NUMBER[1:]:
        return _vonage("6", "Unroutable message")
    if len(form.get("client-ref", "")) > 100:
        return _vonage("3", "Invalid client-ref")
    return _vonage("0")


def _vonage(status: str, text: str = "") -> Reply:
    told = f', "error-text":"{text}"' if text else ', "message-id":"0A"'
    return Reply(200, f'{{"message-count":"1","messages":[{{"status":"{status}"{told}}}]}}')


def media_sms_rule(request: Seen) -> Reply:
    """Counts as it is described: in Shift_JIS, a line break as two characters, 1,340 bytes and 670 characters."""
    form = request.form()
    if (form.get("username"), form.get("password")) != MEDIA:
        return Reply(200, "550")
    if form.get("mobilenumber") != "09012345678":
        return Reply(200, "560")
    counted = form.get("smstext", "").replace("\n", "\r\n")
    try:
        size = len(counted.encode("shift_jis"))
    except UnicodeEncodeError:
        return Reply(200, "585")
    if not counted.strip() or size > 1340 or len(counted) > 670:
        return Reply(200, "585")
    return Reply(200, "200")


def twilio_signed(url: str, form: dict[str, str], token: str = TWILIO[1]) -> dict[str, str]:
    """The headers of a result from Twilio."""
    told = url + "".join(f"{key}{form[key]}" for key in sorted(form))
    digest = hmac.new(token.encode(), told.encode(), hashlib.sha1).digest()
    return {"x-twilio-signature": base64.b64encode(digest).decode()}


def vonage_signed(form: dict[str, str], secret: str = VONAGE_SIGNATURE) -> str:
    """The body of a result from Vonage, signed."""
    told = "".join(
        f"&{key}={form[key].replace('&', '_').replace('=', '_')}" for key in sorted(form)
    )
    digest = hmac.new(secret.encode(), told.encode(), hashlib.sha256).hexdigest()
    return urlencode({**form, "sig": digest})
