"""The centre's HTTP door: counts for everybody, texts and fault switches for tests."""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from simulators.sms_centre.truth import HandsetTruth
from simulators.standalone.faults import ArmedFaults, add_fault_routes
from simulators.standalone.http import (
    JSON_BYTES_MAX,
    PAGE_ROWS_MAX,
    Answer,
    bears_token,
    problem,
    whole_number,
)

TEXT_ID_MAX = 2**53


@dataclass(frozen=True, slots=True)
class CentreDoor:
    """What the routes work with; the token is the centre's SMPP password."""

    truth: HandsetTruth
    faults: ArmedFaults
    token: str


DOOR = web.AppKey("DOOR", CentreDoor)


def centre_application(door: CentreDoor) -> web.Application:
    """Return the application; only the counts are shown without the bearer token."""
    app = web.Application(middlewares=[_guard], client_max_size=JSON_BYTES_MAX)
    app[DOOR] = door
    app.router.add_get("/v1/truth", get_truth)
    add_fault_routes(app, door.faults, at_once={})
    return app


async def get_truth(request: web.Request) -> web.Response:
    """Return counts, and with `texts=1` a page of what handsets show."""
    truth = request.app[DOOR].truth
    answer: dict[str, object] = await asyncio.to_thread(truth.counts)
    if _wants_texts(request):
        after = whole_number(request, "after", default=0, most=TEXT_ID_MAX)
        limit = whole_number(request, "limit", default=1000, most=PAGE_ROWS_MAX)
        answer["texts"] = await asyncio.to_thread(truth.texts, after=after, limit=limit)
    return web.json_response(answer)


@web.middleware
async def _guard(request: web.Request, handler: Answer) -> web.StreamResponse:
    counts_alone = request.path == "/v1/truth" and not _wants_texts(request)
    if not counts_alone and not bears_token(request, request.app[DOOR].token):
        return problem(401, "unauthenticated", "A valid bearer token is required.")
    return await handler(request)


def _wants_texts(request: web.Request) -> bool:
    return request.query.get("texts", "0") != "0"
