"""One OpenAPI document out of the services' own.

Paths stay as they are, since each service documents the prefix it is reached under. Component names
and operation ids get the service's name in front, so that two services may both have a `Problem`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.gateway.domain.operations import METHODS, Document, mapping
from services.gateway.domain.routes import service_of

OPENAPI_VERSION = "3.1.0"
COMPONENT_PREFIX = "#/components/"
SHARED_COMPONENTS = frozenset({"securitySchemes"})
TOKEN_SCHEME = "token"  # noqa: S105 -- the name of a security scheme, no secret
PROBLEM_SCHEMA = "GatewayProblem"

_FAILURES = {
    "502": ("GatewayUpstreamBroken", "The service gave no proper answer."),
    "503": ("GatewayUnavailable", "The service cannot be reached, or too many calls are waiting."),
    "504": ("GatewayTimeout", "The service did not answer in time."),
}


@dataclass(frozen=True, slots=True)
class Cover:
    """What the merged document says about the platform as a whole."""

    title: str
    version: str
    description: str
    scopes: Mapping[str, str]
    token_path: str
    missing: tuple[str, ...] = ()


def merged_document(
    own: Document, services: Mapping[str, Document], *, cover: Cover
) -> dict[str, object]:
    """Return one document with every call that callers can make through the front door.

    Args:
        own: The gateway's own document, whose names stay as they are.
        services: Each service's document, by the service's name. Paths outside the service's own
            prefixes (health, metrics) are left out.
        cover: Title and scopes of the whole; `missing` names services that could not be read.
    """
    paths: dict[str, object] = dict(mapping(own.get("paths")))
    components: dict[str, dict[str, object]] = {
        kind: dict(mapping(entries)) for kind, entries in mapping(own.get("components")).items()
    }
    tags = {str(mapping(tag)["name"]): tag for tag in _items(own.get("tags"))}
    for service, document in sorted(services.items()):
        paths.update(_paths(service, document))
        for kind, name, component in _components(service, document):
            components.setdefault(kind, {}).setdefault(name, component)
        tags.setdefault(service, {"name": service})
        for tag in _items(document.get("tags")):
            tags.setdefault(str(mapping(tag)["name"]), tag)
    _add_failures(components)
    _complete_scopes(components, cover)
    return {
        "openapi": OPENAPI_VERSION,
        "info": _info(cover),
        "servers": [{"url": "/"}],
        "tags": list(tags.values()),
        "paths": paths,
        "components": components,
    }


def _info(cover: Cover) -> dict[str, object]:
    info: dict[str, object] = {
        "title": cover.title,
        "version": cover.version,
        "description": cover.description,
    }
    if cover.missing:
        info["x-missing-services"] = list(cover.missing)
    return info


def _paths(service: str, document: Document) -> Iterator[tuple[str, object]]:
    for template, item in mapping(document.get("paths")).items():
        if service_of(template) == service:
            yield (
                template,
                {
                    method: _operation(service, mapping(described))
                    if method in METHODS
                    else _renamed(service, described)
                    for method, described in mapping(item).items()
                },
            )


def _operation(service: str, operation: Mapping[str, object]) -> dict[str, object]:
    described = mapping(_renamed(service, operation))
    responses = dict(mapping(described.get("responses")))
    for status, (name, _) in _FAILURES.items():
        responses.setdefault(status, {"$ref": f"{COMPONENT_PREFIX}responses/{name}"})
    merged = {"tags": [service], **described, "responses": responses}
    security = described.get("security")
    if isinstance(security, list):
        merged["security"] = [*security, *_by_token(security)]
    if "operationId" in merged:
        merged["operationId"] = _name(service, str(merged["operationId"]))
    return merged


def _by_token(security: Sequence[object]) -> Iterator[dict[str, object]]:
    """Offer each requirement once more for a token that the reader already holds."""
    for requirement in security:
        for scopes in mapping(requirement).values():
            yield {TOKEN_SCHEME: scopes}


def _components(service: str, document: Document) -> Iterator[tuple[str, str, object]]:
    for kind, entries in mapping(document.get("components")).items():
        for name, component in mapping(entries).items():
            shown = name if kind in SHARED_COMPONENTS else _name(service, name)
            yield kind, shown, _renamed(service, component)


def _renamed(service: str, value: object) -> object:
    """Copy a part of a document with every reference pointing at the service's renamed parts."""
    if isinstance(value, Mapping):
        return {key: _renamed_entry(service, key, entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_renamed(service, entry) for entry in value]
    return value


def _renamed_entry(service: str, key: str, entry: object) -> object:
    if key == "$ref" and isinstance(entry, str):
        return _reference(service, entry)
    if key == "discriminator" and isinstance(entry, Mapping):
        targets = mapping(entry.get("mapping"))
        renamed = {name: _reference(service, str(target)) for name, target in targets.items()}
        return {**entry, "mapping": renamed} if targets else entry
    return _renamed(service, entry)


def _reference(service: str, target: str) -> str:
    if not target.startswith(COMPONENT_PREFIX):
        return target
    kind, _, name = target.removeprefix(COMPONENT_PREFIX).partition("/")
    shown = name if kind in SHARED_COMPONENTS else _name(service, name)
    return f"{COMPONENT_PREFIX}{kind}/{shown}"


def _name(service: str, name: str) -> str:
    return f"{service}_{name}"


def _add_failures(components: dict[str, dict[str, object]]) -> None:
    schemas = components.setdefault("schemas", {})
    schemas[PROBLEM_SCHEMA] = {
        "title": PROBLEM_SCHEMA,
        "type": "object",
        "description": "A problem of the front door itself (RFC 9457).",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "code": {"type": "string", "pattern": r"^gateway\.[a-z0-9-]+$"},
            "detail": {"type": "string"},
        },
    }
    content = {
        "application/problem+json": {
            "schema": {"$ref": f"{COMPONENT_PREFIX}schemas/{PROBLEM_SCHEMA}"}
        }
    }
    responses = components.setdefault("responses", {})
    for name, description in _FAILURES.values():
        responses[name] = {"description": description, "content": content}


def _complete_scopes(components: dict[str, dict[str, object]], cover: Cover) -> None:
    """Let every OAuth scheme name this server's token endpoint and all of its scopes."""
    flow = {"tokenUrl": cover.token_path, "scopes": dict(cover.scopes)}
    schemes = components.setdefault("securitySchemes", {})
    for name, scheme in schemes.items():
        described = mapping(scheme)
        if described.get("type") == "oauth2":
            schemes[name] = {**described, "flows": {"clientCredentials": flow}}
    schemes[TOKEN_SCHEME] = {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token that the token endpoint gave you.",
    }


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
