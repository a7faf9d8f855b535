"""One call on its way through: what passed already, and what it may still become."""

from starlette.exceptions import HTTPException

from services.gateway.api.proxy.headers import returned_headers
from services.gateway.api.proxy.refusals import (
    BODY_TOO_LARGE,
    UPSTREAM_BROKEN,
    Refusal,
    RefusedError,
)
from services.gateway.integrations.upstream import (
    Message,
    Receive,
    Send,
    UpstreamBrokenError,
)


class Exchange:
    """Stands between caller and service, counts the body, and knows whether an answer began."""

    def __init__(self, receive: Receive, send: Send, *, body_bytes_max: int) -> None:
        """Pass messages between the caller's `receive` and `send` and a service."""
        self._receive = receive
        self._send = send
        self._left_bytes = body_bytes_max
        self._is_oversized = False
        self._is_caller_gone = False
        self._is_started = False
        self._is_complete = False

    async def receive(self) -> Message:
        """Give the service the caller's next message.

        Raises:
            HTTPException: 413, when the caller sent more than may pass.
        """
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._is_caller_gone = True
            return message
        self._left_bytes -= len(message.get("body", b""))
        if self._left_bytes < 0:
            self._is_oversized = True
            raise HTTPException(BODY_TOO_LARGE.status)
        return message

    async def send(self, message: Message) -> None:
        """Give the caller the service's next message; hop-by-hop headers stay behind."""
        if self._is_oversized and not self._is_started:
            return  # the refusal is ours to word, whatever the service made of the cut body
        if message["type"] == "http.response.start":
            self._is_started = True
            message = {**message, "headers": returned_headers(message.get("headers", ()))}
        elif message["type"] == "http.response.body":
            self._is_complete = not message.get("more_body", False)
        await self._send(message)

    def conclude(self, failure: Refusal | None) -> None:
        """Settle what the caller gets after the service is done or failed.

        Raises:
            RefusedError: The caller has no answer yet and gets this one.
            UpstreamBrokenError: The answer began and will not be finished; the connection must
                break, or a cut answer would pass for a whole one.
        """
        if self._is_complete or self._is_caller_gone:
            return
        if not self._is_started:
            raise RefusedError(BODY_TOO_LARGE if self._is_oversized else failure or UPSTREAM_BROKEN)
        message = "The service broke off in the middle of its answer."
        raise UpstreamBrokenError(message)
