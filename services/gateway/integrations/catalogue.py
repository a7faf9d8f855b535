"""What each service documents, read from the service itself and kept for a while."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

import structlog

from services.gateway.domain.operations import Document, OperationTable, documented_operations
from services.gateway.domain.routes import service_of
from services.gateway.integrations.upstream import (
    Message,
    Upstream,
    UpstreamBrokenError,
    UpstreamUnavailableError,
)

log = structlog.get_logger(__name__)

DOCUMENT_PATH = "/openapi.json"
DOCUMENT_BYTES_MAX = 8 * 1024 * 1024
DOCUMENT_LIFE_SECONDS = 300.0
FETCH_SECONDS_MAX = 10.0
# Callers of a service that is down must not queue up behind attempts to read its document.
RETRY_SECONDS = 1.0


@dataclass(slots=True)
class _Entry:
    document: Document | None = None
    table: OperationTable | None = None
    read_at: float = 0.0
    failed_at: float | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Catalogue:
    """The documents of every service, each read when first needed and again when it is old.

    A service that cannot be read keeps its last document: its calls then fail or succeed by
    themselves. `version` grows with every document read.
    """

    def __init__(
        self, upstreams: Mapping[str, Upstream], *, elapsed: Callable[[], float] = monotonic
    ) -> None:
        """Know where the services are; nothing is read yet."""
        self._upstreams = upstreams
        self._elapsed = elapsed
        self._entries = {service: _Entry() for service in upstreams}
        self.version = 0

    async def table(self, service: str) -> OperationTable:
        """Return the operations that a service documents under its own prefixes.

        Raises:
            UpstreamUnavailableError: It was never read and cannot be reached.
            UpstreamBrokenError: It was never read and gave no proper document.
        """
        entry = await self._fresh(service)
        if entry.table is None:
            message = "The service has not been read yet."
            raise UpstreamUnavailableError(message)
        return entry.table

    async def documents(self) -> tuple[dict[str, Document], tuple[str, ...]]:
        """Return the documents that could be read, and the names of services without one."""
        found: dict[str, Document] = {}
        missing = []
        for service in self._upstreams:
            try:
                entry = await self._fresh(service)
            except (UpstreamUnavailableError, UpstreamBrokenError):
                missing.append(service)
            else:
                if entry.document is not None:
                    found[service] = entry.document
        return found, tuple(missing)

    async def _fresh(self, service: str) -> _Entry:
        entry = self._entries[service]
        if entry.document is not None and (not self._is_old(entry) or entry.lock.locked()):
            return entry
        async with entry.lock:
            if entry.document is None:
                self._refuse_soon_after_failure(entry)
            if entry.document is None or self._is_old(entry):
                await self._read(service, entry)
        return entry

    def _refuse_soon_after_failure(self, entry: _Entry) -> None:
        if entry.failed_at is not None and self._elapsed() - entry.failed_at < RETRY_SECONDS:
            message = "The service could not be read a moment ago."
            raise UpstreamUnavailableError(message)

    def _is_old(self, entry: _Entry) -> bool:
        return self._elapsed() - entry.read_at >= DOCUMENT_LIFE_SECONDS

    async def _read(self, service: str, entry: _Entry) -> None:
        try:
            document = await fetch_document(self._upstreams[service])
        except (UpstreamUnavailableError, UpstreamBrokenError):
            entry.failed_at = self._elapsed()
            if entry.document is None:
                raise
            log.warning("document-not-refreshed", upstream=service)
        else:
            self.version += 1
            entry.document = document
            entry.table = OperationTable(
                [
                    operation
                    for operation in documented_operations(service, document)
                    if service_of(operation.path) == service
                ]
            )
        entry.read_at = self._elapsed()


async def fetch_document(upstream: Upstream) -> Document:
    """Read the OpenAPI document of a service.

    Raises:
        UpstreamUnavailableError: It cannot be reached in time.
        UpstreamBrokenError: It answered with something else than a JSON object.
    """
    reader = _DocumentReader()
    try:
        async with asyncio.timeout(FETCH_SECONDS_MAX):
            await upstream(_document_scope(), reader.receive, reader.send)
    except TimeoutError as error:
        message = "The service did not give its document in time."
        raise UpstreamUnavailableError(message) from error
    return reader.document()


class _DocumentReader:
    """The caller's side of one GET whose answer is kept, up to `DOCUMENT_BYTES_MAX`."""

    def __init__(self) -> None:
        self._status = 0
        self._body = bytearray()
        self._asked = False

    async def receive(self) -> Message:
        if self._asked:
            await asyncio.Event().wait()  # a caller that stays until it is answered
        self._asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
        self._body += message.get("body", b"")
        if len(self._body) > DOCUMENT_BYTES_MAX:
            reason = "The service's document is larger than any honest one."
            raise UpstreamBrokenError(reason)

    def document(self) -> Document:
        try:
            document = json.loads(self._body)
        except ValueError:
            document = None
        if self._status != 200 or not isinstance(document, dict):  # noqa: PLR2004 -- HTTP OK
            message = "The service gave no OpenAPI document."
            raise UpstreamBrokenError(message)
        return document


def _document_scope() -> Message:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": DOCUMENT_PATH,
        "raw_path": DOCUMENT_PATH.encode(),
        "query_string": b"",
        "headers": [(b"host", b"gateway"), (b"accept", b"application/json")],
        "client": None,
        "server": None,
    }
