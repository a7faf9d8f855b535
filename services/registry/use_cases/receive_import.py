"""Receive a file of declarations: cut it, seal it, and let it be applied only when it is whole."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, ClassVar
from uuid import UUID

import structlog

from services.registry.domain.blocks import Block, BlockCutter
from services.registry.domain.csv_rows import CSV_HEADER
from services.registry.domain.lines import LINE_BYTES_MAX
from services.registry.storage import import_blocks, import_jobs
from services.registry.storage.import_blocks import BLOCK_TABLE, BODY_COLUMN, SealedBlock
from services.registry.storage.import_jobs import ImportJob, ImportRequest
from services.registry.use_cases.collaborators import Collaborators
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.ids import new_id
from shared.storage.database import Transaction
from shared.storage.leases import acquire_lease, release_lease

log = structlog.get_logger(__name__)

UPLOAD_LEASE_PREFIX = "registry.upload:"
UPLOAD_LEASE_SECONDS = 60
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Byte order marks of UTF-16, and how archives begin: gzip, zip, Zstandard, xz, bzip2.
_OTHER_BEGINNINGS = (
    b"\xff\xfe",
    b"\xfe\xff",
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ",
    b"BZh",
)
_BEGINNING_BYTES = 4_096
_HEADER_BYTES_MAX = 1_024


class UploadError(DomainError):
    """A file that did not arrive as announced; its job has failed and nothing is applied."""


class UploadCutError(UploadError):
    """The connection ended before the file did."""

    code: ClassVar[str] = "registry.upload-cut"
    kind: ClassVar[ErrorKind] = ErrorKind.MALFORMED


class UploadTooLargeError(UploadError):
    """The file is larger than the registry takes at once."""

    code: ClassVar[str] = "registry.upload-too-large"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_LARGE


class UploadEmptyError(UploadError):
    """The file has no line."""

    code: ClassVar[str] = "registry.upload-empty"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class DigestMismatchError(UploadError):
    """What arrived is not what the digest announced."""

    code: ClassVar[str] = "registry.upload-digest-mismatch"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class UploadEncodingError(UploadError):
    """The file is no UTF-8 text: another encoding of text, or an archive."""

    code: ClassVar[str] = "registry.upload-encoding"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class CsvHeaderError(UploadError):
    """The first row of a CSV file does not name the columns in their order."""

    code: ClassVar[str] = "registry.csv-header-unknown"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class ImportKeyReusedError(DomainError):
    """The idempotency key stands for another file."""

    code: ClassVar[str] = "registry.import-key-reused"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class ImportUnderWayError(DomainError):
    """The same file is being received already."""

    code: ClassVar[str] = "registry.import-under-way"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


@dataclass(slots=True)
class _Reception:
    """One attempt to receive one job's file."""

    job_id: UUID
    attempt: int
    owner: str
    blocks: int = 0

    @property
    def lease(self) -> str:
        return f"{UPLOAD_LEASE_PREFIX}{self.job_id}"


async def receive_import(
    request: ImportRequest, body: AsyncIterator[bytes], *, using: Collaborators
) -> ImportJob:
    """Store a file as sealed blocks and return its job; the worker applies it.

    The same key with the same digest returns the job it made; a job whose file did not arrive
    whole is received again. Memory stays within a block, however large the file.

    Args:
        request: Who sends what under which key.
        body: The file's bytes, as they arrive.
        using: The registry's means.

    Raises:
        ImportKeyReusedError: The key was used for another file.
        ImportUnderWayError: Another request is sending the same file.
        UploadError: The file was cut, is too large or empty, or has another digest.
    """
    async with using.database.transaction() as tx:
        job, reception = await _claim(tx, request, using=using)
    if reception is None:
        return job
    try:
        lines_total = await _store(reception, body, request=request, using=using)
    except UploadError as error:
        await _fail(reception, code=error.code, using=using)
        raise
    async with using.database.transaction() as tx:
        received = await import_jobs.mark_received(
            tx,
            reception.job_id,
            attempt=reception.attempt,
            blocks_total=reception.blocks,
            lines_total=lines_total,
            at=using.clock.now(),
        )
        if not received:
            raise _under_way()
        await release_lease(tx, reception.lease, owner=reception.owner)
        job = await import_jobs.lock_job_of_key(
            tx, request.client, idempotency_key=request.idempotency_key
        )
    log.info("import-received", job_id=str(job.job_id), lines=lines_total)
    return job


async def _claim(
    tx: Transaction, request: ImportRequest, *, using: Collaborators
) -> tuple[ImportJob, _Reception | None]:
    """Return the job of a key, and the attempt to receive it unless it has its file already."""
    await import_jobs.add_job(tx, new_id(), request, at=using.clock.now())
    job = await import_jobs.lock_job_of_key(
        tx, request.client, idempotency_key=request.idempotency_key
    )
    if (job.file_digest, job.file_format) != (request.file_digest, request.file_format):
        message = "This Idempotency-Key was used before with another file; choose a new one."
        raise ImportKeyReusedError(message)
    if job.state not in ("receiving", "failed"):
        return job, None
    reception = _Reception(job.job_id, attempt=0, owner=str(new_id()))
    if not await _renew(tx, reception):
        raise _under_way()
    reception.attempt = await import_jobs.begin_attempt(tx, job.job_id)
    return job, reception


async def _store(
    reception: _Reception,
    body: AsyncIterator[bytes],
    *,
    request: ImportRequest,
    using: Collaborators,
) -> int:
    """Store the file block by block and return how many lines it had besides a header."""
    rules, is_csv = using.rules, request.file_format == "csv"
    cutter = BlockCutter(
        lines_max=rules.block_lines_max,
        bytes_max=rules.block_bytes_max,
        line_bytes_max=LINE_BYTES_MAX,
        first_line=2 if is_csv else 1,
    )
    arrived = _Arrived(rules.file_bytes_max)
    text = _checked(body, arrived)
    async for chunk in _after_header(text) if is_csv else text:
        for block in cutter.feed(chunk):
            await _keep(reception, block, using=using)
    if arrived.digest.digest() != request.file_digest:
        message = "The file that arrived does not have the announced digest; send it again."
        raise DigestMismatchError(message)
    for block in cutter.finish():
        await _keep(reception, block, using=using)
    if cutter.lines_total == 0:
        message = "The file has no line; send one JSON object, or one row, a line."
        raise UploadEmptyError(message)
    return cutter.lines_total


@dataclass(slots=True)
class _Arrived:
    """What arrived of a file so far."""

    bytes_max: int
    size: int = 0
    digest: Any = field(default_factory=sha256)


async def _checked(body: AsyncIterator[bytes], arrived: _Arrived) -> AsyncIterator[bytes]:
    """Yield the file as it arrives; refuse what is too large, or begins as no text in UTF-8."""
    beginning = b""
    async for chunk in body:
        arrived.size += len(chunk)
        if arrived.size > arrived.bytes_max:
            message = "The file is larger than this registry takes at once; cut it into several."
            raise UploadTooLargeError(message)
        arrived.digest.update(chunk)
        if len(beginning) < _BEGINNING_BYTES:
            beginning = (beginning + chunk)[:_BEGINNING_BYTES]
            if beginning.startswith(_OTHER_BEGINNINGS) or b"\x00" in beginning:
                message = "Send the file as text in UTF-8, neither packed nor in another encoding."
                raise UploadEncodingError(message)
        yield chunk


async def _after_header(text: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what follows the header of a CSV file, once it has been seen to be the right one."""
    header: bytes | None = b""
    async for chunk in text:
        if header is None:
            yield chunk
            continue
        header, line_feed, rest = (header + chunk).partition(b"\n")
        if line_feed or len(header) > _HEADER_BYTES_MAX:
            _check_header(header)
            header = None
            yield rest
    if header is not None:
        _check_header(header)


def _check_header(header: bytes) -> None:
    if header.removeprefix(_BYTE_ORDER_MARK).rstrip(b"\r") != CSV_HEADER:
        message = f"The first row must be the header: {CSV_HEADER.decode()}"
        raise CsvHeaderError(message)


async def _keep(reception: _Reception, block: Block, *, using: Collaborators) -> None:
    block_id = new_id()
    sealed = SealedBlock(
        job_id=reception.job_id,
        attempt=reception.attempt,
        number=reception.blocks,
        block_id=block_id,
        first_line=block.first_line,
        lines=block.lines,
        body_sealed=using.sealed.seal_bytes(
            block.body, table=BLOCK_TABLE, column=BODY_COLUMN, row_id=block_id
        ),
    )
    async with using.database.transaction() as tx:
        held = await import_jobs.hold_attempt(tx, reception.job_id, attempt=reception.attempt)
        if not held or not await _renew(tx, reception):
            raise _under_way()
        await import_blocks.add_block(tx, sealed)
    reception.blocks += 1


async def _fail(reception: _Reception, *, code: str, using: Collaborators) -> None:
    async with using.database.transaction() as tx:
        await import_jobs.mark_failed(
            tx, reception.job_id, attempt=reception.attempt, code=code, at=using.clock.now()
        )
        await release_lease(tx, reception.lease, owner=reception.owner)
    log.warning("import-upload-failed", job_id=str(reception.job_id), code=code)


async def _renew(tx: Transaction, reception: _Reception) -> bool:
    token = await acquire_lease(
        tx, reception.lease, owner=reception.owner, seconds=UPLOAD_LEASE_SECONDS
    )
    return token is not None


def _under_way() -> ImportUnderWayError:
    return ImportUnderWayError("This file is being received in another request; wait for it.")
