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


async def read_import(
    job_id: UUID, *, using: Collaborators, client: str | None = None
) -> ImportJob:
    """Return an import's job.

    Args:
        job_id: The import.
        using: The registry's means.
        client: Whose import it must be: counts of a file may speak of regions that its reader may
            not see. None for readers of every region.

    Raises:
        ImportNotFoundError: There is none of this id, or it is somebody else's.
    """
    async with using.database.transaction() as tx:
        job = await import_jobs.read_job(tx, job_id)
    if job is None or (client is not None and job.client != client):
        message = "There is no import with this id."
        raise ImportNotFoundError(message)
    return job


async def read_import_rejects(
    job_id: UUID,
    *,
    after: tuple[int, int],
    limit: int,
    using: Collaborators,
    client: str | None = None,
) -> list[LineReject]:
    """Return refusals of an import in the order of its lines.

    Args:
        job_id: The import.
        after: Line and position of the last refusal already seen; (0, 0) to begin.
        limit: How many to return at most.
        using: The registry's means.
        client: As for `read_import`.

    Raises:
        ImportNotFoundError: There is no import of this id, or it is somebody else's.
    """
    await read_import(job_id, using=using, client=client)
    async with using.database.transaction() as tx:
        return await import_blocks.list_rejects(tx, job_id, after=after, limit=limit)
