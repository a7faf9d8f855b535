"""The port to a service behind the front door, and what can go wrong on the way."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class UpstreamUnavailableError(Exception):
    """Nobody listens where the service should be; the call never reached it."""


class UpstreamBrokenError(Exception):
    """The service took the call and broke off; it may or may not have acted on it."""


class Upstream(Protocol):
    """A service as an ASGI application, wherever it runs.

    Bodies stream both ways: an implementation holds one chunk of each at most.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP call.

        Raises:
            UpstreamUnavailableError: The call never reached the service.
            UpstreamBrokenError: The service broke off, perhaps after its answer began.
        """
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...
