"""What these pages share."""

from denwaban.access import Role
from denwaban.people.model import PeopleError, Presence
from denwaban.web import _, needs

READERS = needs(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)
ADMINISTRATOR = needs(Role.ADMINISTRATOR)
SUPERVISORS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)


def told(error: PeopleError) -> dict[str, str]:
    """An error by field, for the form."""
    return {error.field: error.tell(_)}


def presences() -> list[tuple[str, str]]:
    return [
        (Presence.PRESENT, _("在席")),
        (Presence.AWAY, _("不在")),
        (Presence.BUSY, _("取り込み中")),
        (Presence.OFF, _("休み")),
    ]


def roles() -> dict[str, str]:
    return {
        Role.OPERATOR: _("オペレーター"),
        Role.SUPERVISOR: _("スーパーバイザー"),
        Role.CLIENT: _("顧客企業の担当者"),
        Role.ADMINISTRATOR: _("運用管理"),
    }
