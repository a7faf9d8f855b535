"""A service in this very process, called as the ASGI application it is."""

from starlette.types import ASGIApp

from services.gateway.integrations.upstream import Receive, Scope, Send, UpstreamBrokenError

# Whatever else the front door's own framework left in the scope stays here: routers, endpoints
# and path parameters of one application mean nothing to another.
_FORWARDED_KEYS = (
    "type",
    "asgi",
    "http_version",
    "method",
    "scheme",
    "path",
    "raw_path",
    "query_string",
    "headers",
    "client",
    "server",
)


class InProcessUpstream:
    """Hands each call to an application of this process."""

    def __init__(self, application: ASGIApp) -> None:
        """Hold an application whose lifespan somebody else runs."""
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP call.

        Raises:
            UpstreamBrokenError: The application raised, perhaps after its answer began.
        """
        own = {key: scope[key] for key in _FORWARDED_KEYS if key in scope}
        try:
            await self._application({**own, "root_path": "", "state": {}}, receive, send)
        except Exception as error:
            message = "The service raised instead of answering."
            raise UpstreamBrokenError(message) from error

    async def close(self) -> None:
        """Nothing to give back: the application closes with its process."""
