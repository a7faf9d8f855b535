from services.gateway.domain.operations import OperationTable, documented_operations

SECURITY = [{"oauth2": ["registry.things:read"]}]
DOCUMENT = {
    "openapi": "3.1.0",
    "paths": {
        "/registry/v1/things/{thing_id}": {
            "parameters": [],
            "get": {"security": SECURITY},
            "delete": {"security": [{"oauth2": ["registry.things:write"]}]},
        },
        "/registry/v1/things/newest": {"get": {"security": SECURITY}},
        "/registry/v1/things/{thing_id}/parts": {"get": {"security": SECURITY}},
        "/registry/v1/files": {
            "post": {
                "security": [{"oauth2": ["a:write", "b:write"]}, {"oauth2": ["all:write"]}],
                "requestBody": {"content": {"application/jsonl": {}}},
            }
        },
        "/registry/v1/export": {
            "get": {
                "security": SECURITY,
                "responses": {"200": {"content": {"application/jsonl": {}}}},
            }
        },
        "/registry/v1/open": {"get": {}},
        "/registry/v1/emptied": {"get": {"security": []}},
        "/registry/v1/scopeless": {"get": {"security": [{"oauth2": []}]}},
    },
}
OPERATIONS = list(documented_operations("registry", DOCUMENT))
TABLE = OperationTable(OPERATIONS)


def test_a_path_is_found_with_its_methods() -> None:
    assert set(TABLE.at("/registry/v1/things/7")) == {"GET", "DELETE"}
    assert TABLE.at("/registry/v1/things/7")["GET"].path == "/registry/v1/things/{thing_id}"


def test_a_literal_wins_over_a_parameter() -> None:
    assert TABLE.at("/registry/v1/things/newest")["GET"].path == "/registry/v1/things/newest"


def test_a_literal_that_leads_nowhere_gives_way_to_the_parameter() -> None:
    found = TABLE.at("/registry/v1/things/newest/parts")["GET"]
    assert found.path == "/registry/v1/things/{thing_id}/parts"


def test_an_undocumented_path_is_unknown() -> None:
    assert not TABLE.at("/registry/v1/things")
    assert not TABLE.at("/registry/v1/things/")
    assert not TABLE.at("/registry/v1/things/7/8")


def test_an_operation_without_a_scope_is_not_opened() -> None:
    for path in ("open", "emptied", "scopeless"):
        assert not TABLE.at(f"/registry/v1/{path}")


def test_an_unprotected_operation_inherits_the_documents_own_security() -> None:
    inherited = {"security": SECURITY, "paths": {"/registry/v1/open": {"get": {}}}}
    operation = next(documented_operations("registry", inherited))
    assert operation.allows({"registry.things:read"})


def test_all_scopes_of_one_alternative_are_needed() -> None:
    operation = TABLE.at("/registry/v1/files")["POST"]
    assert operation.allows({"a:write", "b:write", "c:read"})
    assert operation.allows({"all:write"})
    assert not operation.allows({"a:write"})
    assert not operation.allows(())


def test_json_lines_in_or_out_make_an_operation_bulk() -> None:
    assert {o.path for o in OPERATIONS if o.bulk} == {"/registry/v1/files", "/registry/v1/export"}


def test_a_document_of_another_shape_opens_nothing() -> None:
    assert not list(documented_operations("registry", {"paths": [1, 2]}))
    assert not list(documented_operations("registry", {"paths": {"/registry": {"get": 1}}}))
