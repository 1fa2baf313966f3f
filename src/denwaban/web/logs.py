"""Structured logs that hold no personal data, whatever a caller passes in."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

PERSONAL = frozenset(
    {
        "address",
        "answer",
        "answers",
        "body",
        "caller",
        "company",
        "dialled",
        "email",
        "kana",
        "login",
        "mail",
        "name",
        "note",
        "number",
        "password",
        "phone",
        "secret",
        "text",
        "to",
        "token",
    }
)
"""Keys whose values are never written."""

MASK = "▇▇"

# 03-1234-5678, 090 1234 5678, +81312345678, (03)1234-5678; ids (32 hex digits) and times must stay readable.
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z:.\-])(?:\+?\d{10,15}|\(?0\d{1,4}\)?[- ]?\d{1,4}[- ]\d{3,4})(?![0-9A-Za-z])"
)
_MAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}")
_KEY = re.compile(r"dwb_[A-Za-z0-9_\-]+")


def mask(value: Any, key: str = "") -> Any:
    """The value without what looks like a telephone number, a mail address or a key; nothing of a personal key."""
    if key.lower() in PERSONAL and value is not None:
        return MASK
    if isinstance(value, str):
        return _KEY.sub("dwb_" + MASK, _MAIL.sub(MASK, _NUMBER.sub(MASK, value)))
    if isinstance(value, dict):
        return {k: mask(v, str(k)) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [mask(item) for item in value]
    return value


_OURS = frozenset({"timestamp", "level", "request", "event"})


def without_personal_data(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor; runs last before rendering, so that traces are masked too."""
    for key, value in event.items():
        if key not in {"timestamp", "level"}:
            event[key] = mask(value, "" if key in _OURS else key)
    return event


def configure_logs(level: str = "info", *, tty: bool | None = None) -> None:
    """JSON lines on stderr, or coloured ones for a person at a terminal. Also catches the standard library's logs."""
    chosen = logging.getLevelNamesMapping()[level.upper()]
    at_terminal = sys.stderr.isatty() if tty is None else tty
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_personal_data,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if at_terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(chosen),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(chosen, logging.INFO))
    # They log paths with query strings, and we log every request ourselves.
    for loud in ("uvicorn.access", "httpx", "httpcore", "alembic"):
        logging.getLogger(loud).setLevel(logging.WARNING)
