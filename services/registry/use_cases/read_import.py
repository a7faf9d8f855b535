"""Read how far an import is, and why lines of it were refused."""

from typing import ClassVar
from uuid import UUID

from services.registry.storage import import_blocks, import_jobs
from services.registry.storage.import_blocks import LineReject
from services.registry.storage.import_jobs import ImportJob
from services.registry.use_cases.collaborators import Collaborators
from shared.kernel.errors import DomainError, ErrorKind


class ImportNotFoundError(DomainError):
    """There is no import of this id."""

    code: ClassVar[str] = "registry.import-not-found"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


async def read_import(job_id: UUID, *, using: Collaborators) -> ImportJob:
    """Return an import's job.

    Raises:
        ImportNotFoundError: There is none of this id.
    """
    async with using.database.transaction() as tx:
        job = await import_jobs.read_job(tx, job_id)
    if job is None:
        message = "There is no import with this id."
        raise ImportNotFoundError(message)
    return job


async def read_import_rejects(
    job_id: UUID, *, after: tuple[int, int], limit: int, using: Collaborators
) -> list[LineReject]:
    """Return refusals of an import in the order of its lines.

    Args:
        job_id: The import.
        after: Line and position of the last refusal already seen; (0, 0) to begin.
        limit: How many to return at most.
        using: The registry's means.

    Raises:
        ImportNotFoundError: There is no import of this id.
    """
    await read_import(job_id, using=using)
    async with using.database.transaction() as tx:
        return await import_blocks.list_rejects(tx, job_id, after=after, limit=limit)
