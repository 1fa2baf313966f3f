"""What services send to us: presses of buttons, results of SMS, answers and returns of mail.

A door (HTTP in `doors`, mail in `smtp_door` and `imap`) proves who speaks, writes a row and answers; what the row means is
done by a worker (`duties`, `acts`), at least once, and saying the same twice or out of order changes nothing.
"""

from denwaban.delivery.inbound.duties import MailBackRunner, inbound_duties
from denwaban.delivery.inbound.returned import Letters

__all__ = ["Letters", "MailBackRunner", "inbound_duties"]
