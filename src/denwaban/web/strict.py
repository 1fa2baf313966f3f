"""JSON bodies are taken as they are: Litestar by itself would read 0 as false and "5" as 5. Those of programs hold no characters
that cannot be kept: seats send what was pasted, and lose nothing of it."""

import re
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import ValidationException
from litestar.handlers import HTTPRouteHandler

from denwaban.texts import CONTROL

_CONTROL = re.compile(f"[{CONTROL}]")
_PLACE = re.compile(r" - at `\$\.?(.*)`$")


class StrictRequest(Request[Any, Any, Any]):
    """Refuses a JSON body whose values are of other types than the handler's `data`."""

    async def json(self) -> Any:
        body = await super().json()
        if self.url.path.startswith("/api/"):
            _check_texts(body, "")
        handler = self.route_handler
        wanted = handler.parsed_data_field if isinstance(handler, HTTPRouteHandler) else None
        if wanted is not None:
            try:
                msgspec.convert(body, wanted.annotation)
            except msgspec.ValidationError as error:
                text = str(error)
                place = _PLACE.search(text)
                key = place[1] if place else ""
                told = {"key": key, "message": _PLACE.sub("", text)}
                raise ValidationException(extra=[told]) from error
        return body


def _check_texts(part: Any, place: str) -> None:
    """Raises `ValidationException` for a text with control characters, wherever it stands."""
    if isinstance(part, str):
        if _CONTROL.search(part):
            told = {"key": place, "message": "Expected text without control characters"}
            raise ValidationException(extra=[told])
    elif isinstance(part, dict):
        for name, inner in part.items():
            # What is no name of ours is not sent back.
            shown = name if name.isidentifier() and name.isascii() else "…"
            _check_texts(inner, f"{place}.{shown}" if place else shown)
    elif isinstance(part, list):
        for number, inner in enumerate(part):
            _check_texts(inner, f"{place}[{number}]")
