"""How long things may take: a request to arrive, its answer to begin."""

import asyncio
from typing import Any

import h11
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from lookalike.server.errors import error_response
from lookalike.server.policy import Policy

_HEAD_S = 15.0


class Deadlines:
    """Answers 408 to a request that does not arrive, and 503 where no answer begins in time."""

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self.app = app
        self._policy = policy
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        arrived = asyncio.get_running_loop().time() + self._policy.body_s
        began = asyncio.Event()
        given_up = whole = False

        async def receive_in_time() -> Message:
            nonlocal whole
            if whole:  # what comes now is only whether the client has gone
                return await receive()
            left = arrived - asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(min(left, self._policy.silence_s)):
                    message = await receive()
            except TimeoutError as error:
                raise HTTPException(
                    408, "the request did not arrive in time", {"Connection": "close"}
                ) from error
            whole = not message.get("more_body", False)
            return message

        async def send_in_time(message: Message) -> None:
            if given_up:
                return
            began.set()
            await send(message)

        task = asyncio.create_task(self._run(scope, receive_in_time, send_in_time, began))
        try:
            async with asyncio.timeout(self._policy.answer_s + self._policy.body_s):
                await began.wait()
        except TimeoutError:
            given_up = True
            # A thread cannot be stopped: it works on, and nobody hears what it says.
            self._late.add(task)
            task.add_done_callback(self._late.discard)
            sentence = "this took too long: try again with less"
            await error_response(503, sentence, {"Retry-After": "10"})(scope, receive, send)
            return
        except BaseException:
            task.cancel()
            raise
        await task

    async def _run(self, scope: Scope, receive: Receive, send: Send, began: asyncio.Event) -> None:
        try:
            await self.app(scope, receive, send)
        finally:
            began.set()


class ImpatientProtocol(H11Protocol):
    """HTTP that hangs up on a client whose request line and headers do not arrive."""

    _impatience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  as uvicorn has it
        """A client has come."""
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Something has arrived."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._expect_headers()
        else:
            self._be_patient()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._be_patient()
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        if self._impatience is None:
            self._impatience = self.loop.call_later(_HEAD_S, self._hang_up)

    def _be_patient(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None

    def _hang_up(self) -> None:
        self._impatience = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()
