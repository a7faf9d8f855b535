import pytest
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import Receive, Scope, Send

from services.gateway.integrations.catalogue import (
    DOCUMENT_LIFE_SECONDS,
    RETRY_SECONDS,
    Catalogue,
)
from services.gateway.integrations.in_process_upstream import InProcessUpstream
from services.gateway.integrations.upstream import UpstreamBrokenError, UpstreamUnavailableError


class Service:
    """A service that documents what it is told to, while it is up."""

    def __init__(self) -> None:
        self.paths = ["/registry/v1/things"]
        self.is_up = True
        self.reads = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reads += 1
        if not self.is_up:
            raise UpstreamUnavailableError
        operation = {"get": {"security": [{"oauth2": ["registry.things:read"]}]}}
        document = {"openapi": "3.1.0", "paths": dict.fromkeys(self.paths, operation)}
        await JSONResponse(document)(scope, receive, send)

    async def close(self) -> None:
        """Nothing to close."""


class Elapsed:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def elapsed() -> Elapsed:
    return Elapsed()


@pytest.fixture
def catalogue(service: Service, elapsed: Elapsed) -> Catalogue:
    return Catalogue({"registry": service}, elapsed=elapsed)


async def test_a_document_is_read_once_until_it_is_old(
    catalogue: Catalogue, service: Service, elapsed: Elapsed
) -> None:
    await catalogue.table("registry")
    elapsed.seconds = DOCUMENT_LIFE_SECONDS - 1
    await catalogue.table("registry")
    assert service.reads == 1
    service.paths.append("/registry/v1/more")
    elapsed.seconds = DOCUMENT_LIFE_SECONDS
    assert (await catalogue.table("registry")).at("/registry/v1/more")


async def test_a_service_that_went_away_keeps_its_document(
    catalogue: Catalogue, service: Service, elapsed: Elapsed
) -> None:
    await catalogue.table("registry")
    service.is_up = False
    elapsed.seconds = DOCUMENT_LIFE_SECONDS
    assert (await catalogue.table("registry")).at("/registry/v1/things")


async def test_a_service_that_was_never_read_is_asked_again_but_not_by_every_caller(
    catalogue: Catalogue, service: Service, elapsed: Elapsed
) -> None:
    service.is_up = False
    for _ in range(5):
        with pytest.raises(UpstreamUnavailableError):
            await catalogue.table("registry")
    assert service.reads == 1
    service.is_up = True
    elapsed.seconds = RETRY_SECONDS
    assert (await catalogue.table("registry")).at("/registry/v1/things")


async def test_a_service_opens_nothing_under_anothers_prefix(
    catalogue: Catalogue, service: Service
) -> None:
    service.paths = ["/payments/v1/things", "/dci/ibr/v1", "/dci/social/v1"]
    table = await catalogue.table("registry")
    assert not table.at("/payments/v1/things")
    assert not table.at("/dci/ibr/v1")
    assert table.at("/dci/social/v1")


async def test_documents_are_given_with_the_names_of_those_missing(
    catalogue: Catalogue, service: Service
) -> None:
    assert (await catalogue.documents())[1] == ()
    service.is_up = False
    documents, missing = await Catalogue({"registry": service}).documents()
    assert (documents, missing) == ({}, ("registry",))


@pytest.mark.parametrize(
    "answer", [JSONResponse({}, 500), PlainTextResponse("{"), JSONResponse([1])]
)
async def test_an_answer_that_is_no_document_is_refused(answer: JSONResponse) -> None:
    with pytest.raises(UpstreamBrokenError):
        await Catalogue({"registry": InProcessUpstream(answer)}).table("registry")
