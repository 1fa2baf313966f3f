"""Numbers, service plans by weekday, time and holiday, and line limits."""

from denwaban.lines.acts import (
    ClientNumber,
    LinesError,
    add_number,
    limits_of,
    number,
    numbers_of,
    plan_of,
    remove_limit,
    remove_number,
    service_for,
    set_limit,
    set_plan,
)
from denwaban.lines.cache import ServiceCache
from denwaban.lines.model import (
    DEFAULT_CLOSED,
    LineLimit,
    Mode,
    PlanWindow,
    Service,
    UnknownNumber,
    window_at,
)
from denwaban.lines.number import Number, NumberKind, parse_number, show_number
from denwaban.lines.plan_form import day_names, minute_of, shown_minute
from denwaban.oncall import EVERY_DAY, HOLIDAY, WEEKDAYS

__all__ = [
    "DEFAULT_CLOSED",
    "EVERY_DAY",
    "HOLIDAY",
    "WEEKDAYS",
    "ClientNumber",
    "LineLimit",
    "LinesError",
    "Mode",
    "Number",
    "NumberKind",
    "PlanWindow",
    "Service",
    "ServiceCache",
    "UnknownNumber",
    "add_number",
    "day_names",
    "limits_of",
    "minute_of",
    "number",
    "numbers_of",
    "parse_number",
    "plan_of",
    "remove_limit",
    "remove_number",
    "service_for",
    "set_limit",
    "set_plan",
    "show_number",
    "shown_minute",
    "window_at",
]
