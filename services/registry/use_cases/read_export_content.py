"""Read the lines of an export, block by block."""

from collections.abc import AsyncIterator
from typing import ClassVar

from services.registry.domain.policies import EVERY_REGION, Attribute, IdentifierNotAgreedError
from services.registry.storage import exports as storage
from services.registry.storage.exports import BLOCK_TABLE, BODY_COLUMN, ExportJob
from services.registry.use_cases.ask_export import ExportOutOfScopeError, require_many
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.policies import policy_of
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


async def require_agreed(job: ExportJob, *, regions: tuple[str, ...], using: Collaborators) -> None:
    """Let pass an export that the client's policy and token, as they are now, still cover.

    Raises:
        PolicyMissingError: The client has no policy.
        PurposeNotAgreedError: Its policy does not know the purpose any more.
        ConsentMissingError: The purpose needs each person's consent by now.
        BatchNotAgreedError: It allows no questions about many any more.
        AttributeNotAgreedError: Something that was written is beyond it.
        IdentifierNotAgreedError: Persons were written by another identifier than it says.
        ExportOutOfScopeError: A region that was written is beyond it, or beyond the token.
    """
    policy = await policy_of(job.client, using=using)
    require_many(policy, job.purpose)
    policy.require_told(frozenset(map(Attribute, job.attributes)))
    if policy.identifier.value != job.identifier:
        message = "Your policy names persons by another identifier by now; ask for a new export."
        raise IdentifierNotAgreedError(message)
    allowed = policy.within(regions)
    if EVERY_REGION not in allowed and not set(job.regions) <= set(allowed):
        message = "This export holds regions that you may not see any more."
        raise ExportOutOfScopeError(message)


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
