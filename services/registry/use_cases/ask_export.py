"""Ask for an export: refused unless the caller's policy and rights cover all of it."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from services.registry.domain.census import require_territories
from services.registry.domain.checks import EVERY_REGION
from services.registry.domain.exports import EXPORTABLE, ExportKind
from services.registry.domain.policies import (
    AttributeNotAgreedError,
    BatchNotAgreedError,
    ConsentMissingError,
    PartnerPolicy,
)
from services.registry.storage import exports as storage
from services.registry.storage.exports import ExportJob
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.policies import policy_of
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.ids import new_id
from shared.storage.database import Transaction


class ExportOutOfScopeError(DomainError):
    """The territory lies outside the caller's regions."""

    code: ClassVar[str] = "registry.export-out-of-scope"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class ExportDayInFutureError(DomainError):
    """Nobody knows yet what will be true then."""

    code: ClassVar[str] = "registry.export-day-in-future"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


@dataclass(frozen=True, slots=True)
class ExportAsked:
    """Who wants which records, and what for."""

    client: str
    purpose: str
    regions: tuple[str, ...]
    """Regions of the caller's token, `*` for all."""
    kind: ExportKind
    region_code: str | None
    province_code: str | None
    valid_on: date | None


async def ask_export(tx: Transaction, asked: ExportAsked, *, using: Collaborators) -> ExportJob:
    """Keep a request for the worker and return it.

    Raises:
        PolicyMissingError: Nobody agreed with this client on what it may learn.
        PurposeNotAgreedError: Its policy does not know the purpose.
        BatchNotAgreedError: Its policy allows no questions about many.
        ConsentMissingError: The purpose needs each person's consent, which no export can show.
        AttributeNotAgreedError: It may be told nothing that such an export holds.
        TerritoryUnknownError: No region or province has a stated code.
        ExportOutOfScopeError: The territory lies outside its regions.
        ExportDayInFutureError: The day has not come.
    """
    policy = await policy_of(asked.client, using=using)
    attributes = _attributes(policy, asked)
    require_territories(filter(None, (asked.region_code, asked.province_code)))
    now, today = using.clock.now(), using.clock.today()
    if asked.valid_on is not None and asked.valid_on > today:
        message = "An export tells what was true on a day, at the latest today."
        raise ExportDayInFutureError(message)
    job = ExportJob(
        export_id=new_id(),
        client=asked.client,
        purpose=asked.purpose,
        kind=asked.kind,
        regions=list(_regions(policy, asked)),
        province_code=asked.province_code,
        attributes=attributes,
        identifier=policy.identifier.value,
        valid_on=asked.valid_on or today,
        known_at=now,
        state="requested",
        failure_code=None,
        last_id=None,
        blocks=0,
        lines=0,
        created_at=now,
        completed_at=None,
    )
    await storage.add_export(tx, job)
    return job


def require_many(policy: PartnerPolicy, purpose_code: str) -> None:
    """Let pass a client who may be told of many for a purpose.

    Raises:
        PurposeNotAgreedError: Its policy does not know the purpose.
        BatchNotAgreedError: It allows no questions about many.
        ConsentMissingError: The purpose needs each person's consent, which no export can show.
    """
    purpose = policy.purpose(purpose_code)
    if not policy.batch:
        message = "The policy of this client does not allow questions about many at once."
        raise BatchNotAgreedError(message)
    if purpose.consent_required:
        message = "This purpose needs the consent of each person; ask about them one by one."
        raise ConsentMissingError(message)


def _attributes(policy: PartnerPolicy, asked: ExportAsked) -> list[str]:
    require_many(policy, asked.purpose)
    attributes = sorted(policy.told & EXPORTABLE[asked.kind])
    if not attributes:
        message = "The policy of this client covers nothing that such an export holds."
        raise AttributeNotAgreedError(message)
    return [attribute.value for attribute in attributes]


def _regions(policy: PartnerPolicy, asked: ExportAsked) -> tuple[str, ...]:
    """Return the regions to export: the one asked for, or all that the caller may see."""
    allowed = policy.within(asked.regions)
    wanted = asked.region_code
    if asked.province_code is not None:
        wanted = asked.province_code.partition(".")[0]
    within = EVERY_REGION in allowed or wanted is None or wanted in allowed
    if not allowed or not within or asked.region_code not in (None, wanted):
        message = "That territory is not within the regions you may see."
        raise ExportOutOfScopeError(message)
    return allowed if wanted is None else (wanted,)


class ExportNotFoundError(DomainError):
    """There is no export of this id, or it is another client's."""

    code: ClassVar[str] = "registry.export-not-found"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


async def read_export(export_id: UUID, *, client: str, using: Collaborators) -> ExportJob:
    """Return how far an export is.

    Raises:
        ExportNotFoundError: There is none of this id, or another client asked for it.
    """
    async with using.database.transaction() as tx:
        job = await storage.read_export(tx, export_id)
    if job is None or job.client != client:
        message = "There is no export with this id."
        raise ExportNotFoundError(message)
    return job
