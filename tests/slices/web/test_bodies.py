"""Every body of the API: what it does not know is refused, and so is a text that cannot be kept."""

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest
from litestar.handlers import HTTPRouteHandler
from msgspec import inspect
from tests.web_fixtures import MakeWeb

from denwaban import main
from denwaban.access import Role
from denwaban.practice import api as practice_api


def bodies() -> list[tuple[str, Any]]:
    found = {}
    for handler in main.API:
        assert isinstance(handler, HTTPRouteHandler)
        data = get_type_hints(handler.fn, include_extras=True).get("data")
        if data is not None:
            body, *_rest = get_args(data)
            found[f"{sorted(map(str, handler.http_methods))[0]} {sorted(handler.paths)[0]}"] = body
    assert len(found) > 40
    return sorted(found.items())


def walk(shape: inspect.Type, place: str) -> Iterator[tuple[str, inspect.Type]]:
    """Every type in it, and where it stands."""
    yield place, shape
    for name in ("type", "item_type", "value_type"):
        if isinstance(inner := getattr(shape, name, None), inspect.Type):
            yield from walk(inner, place)
    for inner in (*getattr(shape, "types", ()), *getattr(shape, "item_types", ())):
        yield from walk(inner, place)
    for field in getattr(shape, "fields", ()):
        yield from walk(field.type, f"{place}.{field.name}")


@pytest.mark.parametrize(("route", "body"), bodies())
def test_what_a_body_takes(route: str, body: Any) -> None:
    for place, shape in walk(inspect.type_info(body), route):
        if isinstance(shape, inspect.StructType):
            assert shape.forbid_unknown_fields, f"{place}: forbid_unknown_fields"


async def test_an_unknown_field_is_named(make_web: MakeWeb) -> None:
    web = await make_web(api=practice_api.routes, services={"practice": None})
    program = await web.program(Role.OPERATOR)
    answer = await program.request("POST", "/api/v1/practice-calls", json={"zz": 1})
    assert answer.status_code == 400
    assert "`zz`" in answer.json()["errors"][0]["message"]
    answer = await program.request("POST", "/api/v1/practice-calls", json={"090 1234": 1})
    assert "1234" not in answer.text
    answer = await program.request("POST", "/api/v1/practice-calls", json={"story": ["a\x00"]})
    assert answer.json()["errors"] == [
        {"field": "story[0]", "message": "Expected text without control characters"}
    ]
