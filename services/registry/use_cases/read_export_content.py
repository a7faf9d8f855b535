"""Read the lines of an export, block by block."""

from collections.abc import AsyncIterator
from typing import ClassVar

from services.registry.storage import exports as storage
from services.registry.storage.exports import BLOCK_TABLE, BODY_COLUMN, ExportJob
from services.registry.use_cases.collaborators import Collaborators
from shared.kernel.errors import DomainError, ErrorKind


class ExportNotReadyError(DomainError):
    """The export is not wholly written yet."""

    code: ClassVar[str] = "registry.export-not-ready"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class ExportForgottenError(DomainError):
    """The export was kept long enough and is gone."""

    code: ClassVar[str] = "registry.export-forgotten"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class ExportPurposeError(DomainError):
    """The export was asked for with another purpose."""

    code: ClassVar[str] = "registry.export-purpose"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


def require_readable(job: ExportJob, *, purpose: str) -> None:
    """Let pass whoever may read an export now.

    Raises:
        ExportPurposeError: It was asked for with another purpose.
        ExportForgottenError: It was kept long enough.
        ExportNotReadyError: It is not wholly written.
    """
    if job.purpose != purpose:
        message = "State the purpose that the export was asked for with."
        raise ExportPurposeError(message)
    if job.state == "forgotten":
        message = "This export was kept for a week; ask for it again."
        raise ExportForgottenError(message)
    if job.state != "completed":
        message = "This export is still being written; ask for its state."
        raise ExportNotReadyError(message)


async def read_export_content(job: ExportJob, *, using: Collaborators) -> AsyncIterator[bytes]:
    """Yield the lines of an export in bounded memory."""
    for number in range(job.blocks):
        async with using.database.transaction() as tx:
            found = await storage.read_export_block(tx, job.export_id, number=number)
        if found is None:
            # Its week ended while it was read: what was sent breaks off, and so shows it.
            message = "This export was forgotten while it was being read."
            raise ExportForgottenError(message)
        block_id, body = found
        yield using.sealed.unseal_bytes(
            body, table=BLOCK_TABLE, column=BODY_COLUMN, row_id=block_id
        )
