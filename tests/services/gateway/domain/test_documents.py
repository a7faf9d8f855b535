import copy
from dataclasses import replace
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from services.gateway.domain.documents import Cover, merged_document

COVER = Cover(
    title="Sanad",
    version="1.0.0",
    description="Everything.",
    scopes={"registry.things:read": "Read things."},
    token_path="/oauth2/token",
)
OWN: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "gateway", "version": "1"},
    "paths": {"/oauth2/token": {"post": {"responses": {"200": {"description": "A token."}}}}},
}


def document(service: str) -> dict[str, Any]:
    answer = {"$ref": "#/components/schemas/Thing"}
    return {
        "openapi": "3.1.0",
        "info": {"title": service, "version": "1"},
        "tags": [{"name": "things"}, {"name": service, "description": "Its own words."}],
        "paths": {
            f"/{service}/v1/things": {
                "get": {
                    "operationId": "list_things",
                    "security": [{"oauth2": [f"{service}.things:read"]}],
                    "responses": {
                        "200": {
                            "description": "Things.",
                            "content": {"application/json": {"schema": answer}},
                        },
                        "503": {"description": "The service's own words."},
                    },
                }
            },
            "/healthz": {"get": {"responses": {"200": {"description": "Alive."}}}},
        },
        "components": {
            "schemas": {
                "Thing": {
                    "oneOf": [{"$ref": "#/components/schemas/Big"}],
                    "discriminator": {
                        "propertyName": "size",
                        "mapping": {"big": "#/components/schemas/Big"},
                    },
                },
                "Big": {"type": "object", "properties": {"mapping": {"type": "object"}}},
            },
            "securitySchemes": {
                "oauth2": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": "/x", "scopes": {}}},
                }
            },
        },
    }


SERVICES = {"registry": document("registry"), "payments": document("payments")}


def merge(missing: tuple[str, ...] = ()) -> dict[str, Any]:
    return merged_document(OWN, SERVICES, cover=replace(COVER, missing=missing))


def test_the_merged_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(merge()).validate()


def test_every_documented_call_is_there_and_health_is_not() -> None:
    assert set(merge()["paths"]) == {"/oauth2/token", "/registry/v1/things", "/payments/v1/things"}


def test_names_carry_their_service_so_that_equal_ones_do_not_meet() -> None:
    merged = merge()
    assert {"registry_Thing", "payments_Thing"} <= set(merged["components"]["schemas"])
    operation = merged["paths"]["/payments/v1/things"]["get"]
    assert operation["operationId"] == "payments_list_things"


def test_every_reference_follows_the_new_names() -> None:
    merged = merge()
    operation = merged["paths"]["/registry/v1/things"]["get"]
    shown = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert shown == {"$ref": "#/components/schemas/registry_Thing"}
    thing = merged["components"]["schemas"]["registry_Thing"]
    assert thing["discriminator"]["mapping"] == {"big": "#/components/schemas/registry_Big"}


def test_a_property_called_mapping_stays_a_property() -> None:
    big = merge()["components"]["schemas"]["registry_Big"]
    assert big["properties"] == {"mapping": {"type": "object"}}


def test_failures_of_the_way_there_are_declared_without_hiding_the_services_own() -> None:
    responses = merge()["paths"]["/registry/v1/things"]["get"]["responses"]
    assert responses["502"] == {"$ref": "#/components/responses/GatewayUpstreamBroken"}
    assert responses["504"] == {"$ref": "#/components/responses/GatewayTimeout"}
    assert responses["503"]["description"] == "The service's own words."


def test_the_scheme_names_this_servers_token_endpoint_and_all_scopes() -> None:
    scheme = merge()["components"]["securitySchemes"]["oauth2"]
    flow = scheme["flows"]["clientCredentials"]
    assert flow == {"tokenUrl": "/oauth2/token", "scopes": COVER.scopes}


def test_a_reader_may_use_a_token_of_their_own() -> None:
    security = merge()["paths"]["/registry/v1/things"]["get"]["security"]
    assert security[1] == {"token": ["registry.things:read"]}


def test_tags_are_united_and_untagged_calls_carry_their_service() -> None:
    merged = merge()
    assert [tag["name"] for tag in merged["tags"]].count("things") == 1
    assert merged["paths"]["/registry/v1/things"]["get"]["tags"] == ["registry"]


def test_services_that_could_not_be_read_are_named() -> None:
    assert merge(missing=("eligibility",))["info"]["x-missing-services"] == ["eligibility"]


def test_the_services_documents_are_left_as_they_were() -> None:
    before = copy.deepcopy(SERVICES)
    merge()
    assert before == SERVICES
