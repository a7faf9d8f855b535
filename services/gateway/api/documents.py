"""One OpenAPI document for the whole platform, and a page that shows it.

Everything the page needs comes from this server: ministries read it behind closed networks.
"""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib import resources
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.gateway.api.tokens import TOKEN_PATH
from services.gateway.domain.documents import Cover, merged_document
from services.gateway.domain.roles import RoleBook
from services.gateway.integrations.catalogue import Catalogue
from shared.web.problems import problem_response

router = APIRouter(include_in_schema=False)

TITLE = "Sanad"
DESCRIPTION = (
    "Registers, decides, pays and tells: Morocco's National Population Registry and Unified Social"
    " Registry, and the programmes that depend on them."
)
CACHE_SECONDS = 60

# Only our own scripts run on the page; the styles of Swagger UI are written into its elements.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_ASSETS = MappingProxyType(
    {
        "start.js": ("services.gateway.api.pages", "start.js", "text/javascript"),
        "swagger-ui-bundle.js": (
            "fastapi_offline",
            "static/swagger-ui-bundle.js",
            "text/javascript",
        ),
        "swagger-ui.css": ("fastapi_offline", "static/swagger-ui.css", "text/css"),
    }
)


class MergedDocument:
    """The merged document as bytes with their tag, made again when a service's own changed."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        book: RoleBook,
        version: str,
        own: Callable[[], Mapping[str, Any]],
    ) -> None:
        """Merge the gateway's `own` document with those in the catalogue."""
        self._catalogue = catalogue
        self._book = book
        self._version = version
        self._own = own
        self._made: tuple[int, tuple[str, ...], bytes, str] | None = None

    async def current(self) -> tuple[bytes, str]:
        """Return the document in JSON and its strong ETag."""
        documents, missing = await self._catalogue.documents()
        state = (self._catalogue.version, missing)
        if self._made is None or self._made[:2] != state:
            cover = Cover(
                title=TITLE,
                version=self._version,
                description=DESCRIPTION,
                scopes=self._book.scopes,
                token_path=TOKEN_PATH,
                missing=missing,
            )
            merged = merged_document(self._own(), documents, cover=cover)
            body = json.dumps(merged, ensure_ascii=False, separators=(",", ":")).encode()
            self._made = (*state, body, f'"{sha256(body).hexdigest()[:32]}"')
        return self._made[2], self._made[3]


@router.get("/openapi.json")
async def get_document(request: Request) -> Response:
    """Describe every call of the platform."""
    merged: MergedDocument = request.app.state.merged_document
    body, etag = await merged.current()
    headers = {"ETag": etag, "Cache-Control": f"public, max-age={CACHE_SECONDS}"}
    known = request.headers.get("if-none-match", "")
    if etag in {tag.strip().removeprefix("W/") for tag in known.split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get("/")
async def get_front_page() -> Response:
    """Send whoever follows the bare address to the documentation."""
    return RedirectResponse("/docs")


@router.get("/docs")
async def get_docs() -> Response:
    """Show the document to people."""
    page = _file("services.gateway.api.pages", "docs.html")
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": PAGE_POLICY})


@router.get("/docs/{asset}")
async def get_docs_asset(asset: str) -> Response:
    """Give one of the page's own files."""
    known = _ASSETS.get(asset)
    if known is None:
        return problem_response(
            404, code="gateway.route-unknown", detail="The page has no such file."
        )
    package, path, media_type = known
    headers = {"Cache-Control": f"public, max-age={CACHE_SECONDS}"}
    return Response(_file(package, path), media_type=media_type, headers=headers)


def _file(package: str, path: str) -> bytes:
    return resources.files(package).joinpath(path).read_bytes()
