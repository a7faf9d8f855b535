"""The registry's api as a process of its own, with two more routes that do nothing.

`python -m tests.benchmarks.registry.serving`: a line of JSON in, a line of JSON out once it
listens. It is the process of `python -m services registry api`, except that it is told the issuer's
keys instead of fetching them. One route does nothing within the registry's application; the other
does it beside, with FastAPI alone around it, and so tells how fast the machine is.
"""

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel, SecretStr
from starlette.types import Receive, Scope, Send

from services.registry.main import SERVICE, Settings, create_app
from shared.runtime.children import end_with_parent
from shared.runtime.garbage import settle_garbage_collector
from shared.runtime.logging import configure_logging
from shared.runtime.metrics import Metrics
from shared.web.auth import Principal, TokenVerifier, requires
from shared.web.process import HttpServer, listen, open_platform, run_loop
from shared.web.straight import StraightRoute

BARE = "/hello"
router = APIRouter(prefix="/registry/v1/hello", route_class=StraightRoute)
bare = FastAPI()


class Greeting(BaseModel):
    """What a caller says, and is answered."""

    hello: str


@router.post("", response_model=Greeting)
async def greet(
    body: Greeting,
    principal: Annotated[Principal, requires("registry.persons:read", purpose=True)],  # noqa: ARG001 -- who is let in
    request: Request,  # noqa: ARG001
) -> Response:
    """Answer what was said: the least that a route of this stack can do."""
    return Response(body.model_dump_json(), media_type="application/json")


@bare.post(BARE)
async def greet_barely(body: Greeting) -> Greeting:
    """Answer the same to anybody, measuring and writing down nothing."""
    return body


async def main(terms: dict[str, Any]) -> None:
    """Serve until told to end."""
    settings = Settings(
        sanad_state_dir=terms["state"],
        sanad_key_dir=terms["keys"],
        sanad_issuer=terms["issuer"],
        database_url=SecretStr(terms["database_url"]),
    )
    configure_logging(SERVICE, level=settings.sanad_log_level)

    async def keys() -> Mapping[str, Any]:
        jwks: Mapping[str, Any] = terms["jwks"]
        return jwks

    verifier = TokenVerifier(
        issuer=settings.sanad_issuer, audience=settings.sanad_audience, fetch_keys=keys
    )
    async with open_platform(
        SERVICE,
        settings,
        database_url=terms["database_url"],
        metrics=Metrics(),
        verifier=verifier,
    ) as platform:
        app = create_app(settings, platform)
        app.include_router(router)
        # Routes are tried in order; this one must not wait for all others to be tried.
        app.router.routes.insert(0, app.router.routes.pop())
        settle_garbage_collector()
        listener = listen("127.0.0.1", 0)
        sys.stdout.write(json.dumps({"port": listener.getsockname()[1]}) + "\n")
        sys.stdout.flush()

        async def both(scope: Scope, receive: Receive, send: Send) -> None:
            await (bare if scope.get("path") == BARE else app)(scope, receive, send)

        await HttpServer(both).serve(sockets=[listener])


if __name__ == "__main__":
    end_with_parent()
    run_loop(main(json.loads(sys.stdin.readline())))
