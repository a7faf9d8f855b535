"""Imports over HTTP: send a file of declarations, follow it, read its refusals."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from starlette.requests import ClientDisconnect

from services.registry.api.collaborators import Using
from services.registry.api.content_digest import ContentDigest, ContentDigestMissingError
from services.registry.api.schemas import ImportView, RejectPage, RejectView
from services.registry.storage.import_jobs import FileFormat, ImportJob, ImportRequest
from services.registry.use_cases.collaborators import FILE_BYTES_MAX
from services.registry.use_cases.read_import import (
    ImportNotFoundError,
    read_import,
    read_import_rejects,
)
from services.registry.use_cases.receive_import import (
    CsvHeaderError,
    DigestMismatchError,
    ImportKeyReusedError,
    ImportUnderWayError,
    UploadCutError,
    UploadEmptyError,
    UploadEncodingError,
    UploadTooLargeError,
    receive_import,
)
from shared.kernel.errors import DomainError, ErrorKind
from shared.kernel.paging import (
    PAGE_ITEMS_DEFAULT,
    PAGE_ITEMS_MAX,
    MalformedCursorError,
    decode_cursor,
    encode_cursor,
)
from shared.storage.database import EVERYTHING
from shared.web.auth import Principal, requires
from shared.web.idempotency import IdempotencyKeyMissingError, Idempotent
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1/imports", tags=["imports"])

FORMATS: Mapping[str, FileFormat] = {"application/jsonl": "jsonl", "text/csv": "csv"}
_FIRST = (0, 0)
_NUMBER = re.compile("[0-9]{1,9}")


class ImportMediaTypeError(DomainError):
    """The body is announced as something else than JSON Lines or CSV."""

    code: ClassVar[str] = "registry.import-media-type"
    kind: ClassVar[ErrorKind] = ErrorKind.UNSUPPORTED


def _format(
    content_type: Annotated[str | None, Header(max_length=200)] = None,
) -> FileFormat:
    found = FORMATS.get((content_type or "").partition(";")[0].strip().lower())
    if found is None:
        message = "Send application/jsonl, one JSON object a line, or text/csv, one person a row."
        raise ImportMediaTypeError(message)
    return found


class _Announced:
    """What the request says of its body."""

    def __init__(
        self, file_format: Annotated[FileFormat, Depends(_format)], digest: ContentDigest
    ) -> None:
        self.file_format: FileFormat = file_format
        self.digest: bytes = digest


Announced = Annotated[_Announced, Depends()]


@router.post(
    "",
    status_code=202,
    max_body_size=FILE_BYTES_MAX,
    responses=problems(
        ContentDigestMissingError,
        CsvHeaderError,
        DigestMismatchError,
        IdempotencyKeyMissingError,
        ImportKeyReusedError,
        ImportMediaTypeError,
        ImportUnderWayError,
        UploadCutError,
        UploadEmptyError,
        UploadEncodingError,
        UploadTooLargeError,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {media_type: {"schema": {"type": "string"}} for media_type in FORMATS},
        }
    },
)
async def receive_registry_import(
    request: Request,
    response: Response,
    *,
    # The caller first: who may not call learns that, and nothing else.
    principal: Annotated[Principal, requires("registry.imports:write")],
    announced: Announced,
    call: Idempotent,
    using: Using,
) -> ImportView:
    """Take a file of declarations; it is applied in the background once it is whole.

    As JSON Lines a file holds persons and households; as CSV persons alone, under a header that
    names the columns: idcs, cnie, residence_permit, given_ar, family_ar, given_latin, family_latin,
    sex, birth_date, birth_commune, nationality, phones (up to three, between spaces), commune and
    status. An empty cell says nothing.
    """
    if not call.key:
        message = "Send an Idempotency-Key, so that a repeated file is recorded once."
        raise IdempotencyKeyMissingError(message)
    asked = ImportRequest(
        client=principal.subject,
        idempotency_key=call.key,
        file_digest=announced.digest,
        regions=principal.regions,
        file_format=announced.file_format,
    )
    body = _body(request)
    try:
        job = await receive_import(asked, body, using=using)
    finally:
        await _read_out(body, bytes_max=using.rules.file_bytes_max)
    response.headers["Location"] = f"{router.prefix}/{job.job_id}"
    return _view(job)


@router.get("/{job_id}", responses=problems(ImportNotFoundError))
async def read_registry_import(
    job_id: UUID,
    principal: Annotated[Principal, requires("registry.imports:read")],
    using: Using,
) -> ImportView:
    """Return how far an import is."""
    return _view(await read_import(job_id, using=using, client=_client(principal)))


@router.get("/{job_id}/rejects", responses=problems(ImportNotFoundError, MalformedCursorError))
async def list_registry_import_rejects(
    job_id: UUID,
    principal: Annotated[Principal, requires("registry.imports:read")],
    using: Using,
    *,
    limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> RejectPage:
    """Return why lines of an import were refused, in the order of the lines."""
    after = _FIRST if cursor is None else _position(cursor)
    rejects = await read_import_rejects(
        job_id, after=after, limit=limit, using=using, client=_client(principal)
    )
    following = None
    if len(rejects) == limit:
        following = encode_cursor(str(rejects[-1].line), str(rejects[-1].position))
    return RejectPage(
        items=[RejectView(line=row.line, field=row.field, code=row.code) for row in rejects],
        next_cursor=following,
    )


def _client(principal: Principal) -> str | None:
    """Return whose imports the caller may follow: anybody's only if they see every region."""
    return None if EVERYTHING in principal.regions else principal.subject


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        message = "The connection ended before the file did; send it again."
        raise UploadCutError(message) from error


async def _read_out(body: AsyncIterator[bytes], *, bytes_max: int) -> None:
    """Read what is left of a body: an answer before its end resets who sends all before it reads.

    Args:
        body: What nobody reads any more.
        bytes_max: How much at most; more than a file is not waited for.
    """
    with suppress(UploadCutError):
        async for chunk in body:
            bytes_max -= len(chunk)
            if bytes_max < 0:
                return


def _position(cursor: str) -> tuple[int, int]:
    line, position = decode_cursor(cursor, parts=2)
    if not (_NUMBER.fullmatch(line) and _NUMBER.fullmatch(position)):
        message = "The cursor is not one that this list gave out; start again without it."
        raise MalformedCursorError(message)
    return int(line), int(position)


def _view(job: ImportJob) -> ImportView:
    return ImportView.model_validate(asdict(job))
