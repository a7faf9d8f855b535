from fastapi import FastAPI
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.gateway.integrations.http_upstream import HttpUpstream
from services.gateway.main import in_process_upstreams
from shared.testing.tokens import Issuer
from tests.services.gateway.api.conftest import Front, caller
from tests.services.gateway.stub_service import make_stub, unused_address


async def test_one_valid_document_holds_every_call_of_every_service(
    front: Front, stub: FastAPI, issuer: Issuer
) -> None:
    services = {"registry": stub, "payments": make_stub(issuer.verifier(), service="payments")}
    async with front(in_process_upstreams(services)) as app, caller(app) as http:
        answer = await http.get("/openapi.json")
    document = answer.json()
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"] == "3.1.0"
    expected = {"/oauth2/token", "/.well-known/jwks.json"}
    for service, application in services.items():
        expected |= {path for path in application.openapi()["paths"] if f"/{service}/" in path}
    assert expected <= set(document["paths"])
    assert "/elsewhere/v1/thing" not in document["paths"]
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))


async def test_an_unchanged_document_is_not_sent_again(front: Front) -> None:
    async with front() as app, caller(app) as http:
        first = await http.get("/openapi.json")
        again = await http.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})
        other = await http.get("/openapi.json", headers={"If-None-Match": '"another"'})
    assert (again.status_code, again.content) == (304, b"")
    assert other.content == first.content


async def test_a_service_that_is_away_is_named_and_the_rest_is_shown(
    front: Front, stub: FastAPI
) -> None:
    away = HttpUpstream(unused_address())
    upstreams = {**in_process_upstreams({"registry": stub}), "payments": away}
    async with front(upstreams) as app, caller(app) as http:
        document = (await http.get("/openapi.json")).json()
    assert document["info"]["x-missing-services"] == ["payments"]
    assert "/registry/v1/things/{thing_id}" in document["paths"]


async def test_the_bare_address_leads_to_the_page(front: Front) -> None:
    async with front() as app, caller(app) as http:
        answer = await http.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/docs")


async def test_the_page_needs_nothing_from_elsewhere(front: Front) -> None:
    async with front() as app, caller(app) as http:
        page = await http.get("/docs")
        assets = [
            await http.get(f"/docs/{name}")
            for name in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js")
        ]
        unknown = await http.get("/docs/../main.py")
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert all(asset.status_code == 200 for asset in assets)
    assert unknown.status_code == 404


async def test_the_page_can_show_this_edition_of_openapi(front: Front) -> None:
    async with front() as app, caller(app) as http:
        script = (await http.get("/docs/swagger-ui-bundle.js")).text
    assert "OpenAPI 3.1" in script or "isOAS31" in script
