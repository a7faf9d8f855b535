"""Turns the framework's plain-text 413 into a problem document, like every other refusal."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import problem_response

_TOO_LARGE = 413


class OversizeAsProblem:
    """ASGI middleware: Starlette refuses a large body before any exception handler can."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection event."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        replaced = False

        async def send_problem(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and _is_plain_refusal(message):
                replaced = True
                problem = problem_response(
                    _TOO_LARGE,
                    code="shared.body-too-large",
                    detail="The body is larger than this route takes.",
                )
                await problem(scope, receive, send)
            if not replaced:
                await send(message)

        await self._app(scope, receive, send_problem)


def _is_plain_refusal(message: Message) -> bool:
    types = [value for name, value in message.get("headers", ()) if name == b"content-type"]
    return message["status"] == _TOO_LARGE and types[:1] == [b"text/plain; charset=utf-8"]
