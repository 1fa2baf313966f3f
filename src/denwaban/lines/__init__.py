"""Numbers, service plans by weekday, time and holiday, and line limits."""

from denwaban.lines.acts import (
    ClientNumber,
    add_number,
    limits_of,
    number,
    numbers_of,
    remove_limit,
    remove_number,
    service_for,
    set_limit,
    set_number,
)
from denwaban.lines.cache import ServiceCache
from denwaban.lines.ladder import SORRY, ServiceLevel, Step, StepKind
from denwaban.lines.levels import (
    DutyList,
    LinesError,
    add_duty_list,
    duty_lists_of,
    level_of,
    remove_duty_list,
    set_level,
)
from denwaban.lines.model import (
    DEFAULT_CLOSED,
    DatedPlan,
    LineLimit,
    Mode,
    PlanWindow,
    Service,
    UnknownNumber,
    holds_at,
    window_at,
)
from denwaban.lines.number import Number, NumberKind, parse_number, show_number
from denwaban.lines.plan_form import day_names, minute_of, shown_minute
from denwaban.lines.plans import plan_of, plans_of, remove_plan, set_plan
from denwaban.oncall import EVERY_DAY, HOLIDAY, WEEKDAYS

__all__ = [
    "DEFAULT_CLOSED",
    "EVERY_DAY",
    "HOLIDAY",
    "SORRY",
    "WEEKDAYS",
    "ClientNumber",
    "DatedPlan",
    "DutyList",
    "LineLimit",
    "LinesError",
    "Mode",
    "Number",
    "NumberKind",
    "PlanWindow",
    "Service",
    "ServiceCache",
    "ServiceLevel",
    "Step",
    "StepKind",
    "UnknownNumber",
    "add_duty_list",
    "add_number",
    "day_names",
    "duty_lists_of",
    "holds_at",
    "level_of",
    "limits_of",
    "minute_of",
    "number",
    "numbers_of",
    "parse_number",
    "plan_of",
    "plans_of",
    "remove_duty_list",
    "remove_limit",
    "remove_number",
    "remove_plan",
    "service_for",
    "set_level",
    "set_limit",
    "set_number",
    "set_plan",
    "show_number",
    "shown_minute",
    "window_at",
]
