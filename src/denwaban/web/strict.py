"""JSON bodies are taken as they are: Litestar by itself would read 0 as false and "5" as 5."""

import re
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import ValidationException
from litestar.handlers import HTTPRouteHandler

_PLACE = re.compile(r" - at `\$\.?(.*)`$")


class StrictRequest(Request[Any, Any, Any]):
    """Refuses a JSON body whose values are of other types than the handler's `data`."""

    async def json(self) -> Any:
        body = await super().json()
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
