"""Requests over HTTP, for engines that do not take them over the WebSocket. Slower, in the same order."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from denwaban.telephony.ari.answers import Answer, EngineAway

_SECONDS = 10.0


class HttpRequests:
    """Does one request after the other, so that they keep the order in which they were sent."""

    def __init__(self, base_url: str, user: str, password: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url + "/", auth=(user, password), timeout=_SECONDS, trust_env=False
        )
        self._queue: asyncio.Queue[
            tuple[str, str, dict[str, Any] | None, asyncio.Future[Answer]]
        ] = asyncio.Queue()
        self._worker = asyncio.get_running_loop().create_task(self._work())

    def send(
        self, method: str, room: str, body: dict[str, Any] | None = None
    ) -> asyncio.Future[Answer]:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((method, room, body, answer))
        return answer

    async def close(self) -> None:
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)
        while not self._queue.empty():
            self._fail(self._queue.get_nowait()[3])
        await self._http.aclose()

    async def _work(self) -> None:
        while True:
            method, room, body, answer = await self._queue.get()
            try:
                response = await self._http.request(method, room, json=body)
            except httpx.HTTPError:
                self._fail(answer)
            except BaseException:
                self._fail(answer)
                raise
            else:
                if not answer.done():
                    answer.set_result(Answer(response.status_code, response.content))

    def _fail(self, answer: asyncio.Future[Answer]) -> None:
        if not answer.done():
            answer.set_exception(EngineAway("the engine did not answer"))
            answer.exception()
