"""What is told of persons: ids only, never a name or a number."""

from denwaban.journal import Fact


def changed(person_id: str, client_id: str, *fields: str) -> Fact:
    """Somebody wrote it by hand; `fields` are names of columns."""
    return Fact("person.changed", person_id, client_id, {"fields": list(fields)})


def merged(person_id: str, client_id: str, other_id: str, act_id: str, by: str | None) -> Fact:
    return _act("merged", person_id, client_id, other_id, act_id, by)


def split(person_id: str, client_id: str, other_id: str, act_id: str, by: str | None) -> Fact:
    return _act("split", person_id, client_id, other_id, act_id, by)


def undone(person_id: str, client_id: str, other_id: str, act_id: str, by: str | None) -> Fact:
    return _act("undone", person_id, client_id, other_id, act_id, by)


def given(person_id: str, client_id: str, call_id: str, on: bool) -> Fact:
    """A call was given to the person, or taken away again."""
    return Fact("person.given", person_id, client_id, {"call_id": call_id, "on": on})


def _act(
    what: str, person_id: str, client_id: str, other_id: str, act_id: str, by: str | None
) -> Fact:
    data = {"other_id": other_id, "act_id": act_id, "user_id": by}
    return Fact(f"person.{what}", person_id, client_id, data)
