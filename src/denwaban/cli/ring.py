"""`denwaban ring`: a practice call, through the program that runs in this home."""

import json

import httpx

from denwaban.cli.prepare import credentials_file
from denwaban.config import Settings


class CannotRing(Exception):
    """Why no practice call was placed, and what to do."""


def ring(settings: Settings, story: str | None) -> str:
    """Places the call; returns what to tell the person. Raises `CannotRing`."""
    path = credentials_file(settings)
    try:
        known = json.loads(path.read_text("utf-8"))
        key = known["people"]["api_keys"]["operator"]
    except (OSError, ValueError, KeyError) as error:
        raise CannotRing(
            f"{path} が読めません。先に make up で起動してください。 / cannot read {path}; start with make up first"
        ) from error
    try:
        answer = httpx.post(
            f"http://{settings.web_host}:{settings.web_port}/api/v1/practice-calls",
            json={"story": story} if story else {},
            headers={"Authorization": f"Bearer {key}"},
            timeout=20,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise CannotRing(
            "動いていないようです。make up で起動してください。 / it does not seem to run; start it with make up"
        ) from error
    said = answer.json()
    if answer.is_error:
        raise CannotRing(f"{said.get('title', '')} {said.get('detail', '')}".strip())
    return f"練習コールをかけました: {said['title']} ({settings.url}/seat で受けてください)"
