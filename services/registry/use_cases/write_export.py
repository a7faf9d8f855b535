"""Write the next lines of an export, and log whom they disclose, in one transaction.

An export can be read once all of it is written; so every subject is in the access log before
anybody learns of them.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from pydantic_core import to_json

from services.registry.domain.policies import Attribute, IdentifierKind
from services.registry.storage import exports as storage
from services.registry.storage.access_log import Access, Disclosed, log_access
from services.registry.storage.exports import (
    BLOCK_TABLE,
    BODY_COLUMN,
    ExportedHousehold,
    ExportedPerson,
    ExportJob,
)
from services.registry.storage.persons import VERSION_TABLE
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.particulars import PARTICULARS_COLUMN, read_particulars
from shared.runtime.ids import new_id
from shared.storage.database import Transaction

log = structlog.get_logger(__name__)

BLOCK_PERSONS_MAX = 2_000
BLOCK_HOUSEHOLDS_MAX = 500
DAYS_KEPT = 7


async def write_next_export(using: Collaborators) -> bool:
    """Write one block of the oldest export, and return whether there was one."""
    async with using.database.transaction() as tx:
        job = await storage.next_unfinished_export(tx)
        if job is None:
            return False
        more = await _write_block(tx, job, using=using)
        if not more:
            await storage.complete_export(tx, job.export_id, at=using.clock.now())
    if not more:
        log.info("export-completed", export_id=str(job.export_id), kind=job.kind)
    return True


async def forget_old_exports(using: Collaborators) -> bool:
    """Remove the lines of exports that were ready for `DAYS_KEPT` days."""
    before = using.clock.now() - timedelta(days=DAYS_KEPT)
    async with using.database.transaction() as tx:
        return await storage.forget_old_exports(tx, before=before) > 0


async def _write_block(tx: Transaction, job: ExportJob, *, using: Collaborators) -> bool:
    """Write the next lines; return False if there are no more after them."""
    subjects: Sequence[ExportedPerson | ExportedHousehold]
    if job.kind == "persons":
        limit = BLOCK_PERSONS_MAX
        subjects = persons = await storage.next_persons(tx, job, limit=limit)
        lines = await asyncio.to_thread(_person_lines, persons, job, using)
        disclosed = [
            Disclosed(new_id(), person.region_code, person_id=person.person_id)
            for person in persons
        ]
    else:
        limit = BLOCK_HOUSEHOLDS_MAX
        subjects = households = await storage.next_households(tx, job, limit=limit)
        lines = await asyncio.to_thread(_household_lines, households, job, using)
        disclosed = [row for household in households for row in _disclosed(household)]
    if not subjects:
        return False
    await log_access(tx, _access(job, using), disclosed)
    block_id = new_id()
    sealed = using.sealed.seal_bytes(
        b"".join(lines), table=BLOCK_TABLE, column=BODY_COLUMN, row_id=block_id
    )
    await storage.add_export_block(
        tx, job, block_id=block_id, lines=len(lines), body_sealed=sealed, last_id=subjects[-1][0]
    )
    return len(subjects) == limit


def _access(job: ExportJob, using: Collaborators) -> Access:
    return Access(
        client=job.client,
        purpose=job.purpose,
        action=f"export-{job.kind}",
        valid_on=job.valid_on,
        known_at=job.known_at,
        accessed_at=using.clock.now(),
        attributes=tuple(job.attributes),
    )


def _disclosed(household: ExportedHousehold) -> list[Disclosed]:
    """Return a row for each member: what is told of a household is told of them."""
    own, region = household.household_id, household.region_code
    return [
        Disclosed(new_id(), region, person_id=UUID(member["person_id"]), household_id=own)
        for member in household.members
    ]


def _person_lines(
    persons: Sequence[ExportedPerson], job: ExportJob, using: Collaborators
) -> list[bytes]:
    return [_line("person", _person(person, job, using)) for person in persons]


def _person(person: ExportedPerson, job: ExportJob, using: Collaborators) -> dict[str, Any]:
    document = using.sealed.unseal_bytes(
        person.particulars_sealed,
        table=VERSION_TABLE,
        column=PARTICULARS_COLUMN,
        row_id=person.version_id,
    )
    opened = read_particulars(document)
    known = {
        Attribute.NAME_AR: opened.name_ar._asdict(),
        Attribute.NAME_LATIN: opened.name_latin._asdict(),
        Attribute.BIRTH_DATE: person.birth_date,
        Attribute.BIRTH_YEAR: person.birth_date.year,
        Attribute.BIRTH_COMMUNE: person.birth_commune_code,
        Attribute.SEX: person.sex,
        Attribute.NATIONALITY: person.nationality,
        Attribute.DOCUMENT: {
            "cnie": opened.cnie,
            "residence_permit": opened.residence_permit,
        },
        Attribute.PHONES: opened.phones,
        Attribute.COMMUNE: person.commune_code,
        Attribute.STATUS: person.status,
        Attribute.HOUSEHOLD_ID: person.household_id,
    }
    named = _identifier(person.person_id, person.idcs_sealed, job, using=using)
    return named | {name: known[Attribute(name)] for name in job.attributes}


def _household_lines(
    households: Sequence[ExportedHousehold], job: ExportJob, using: Collaborators
) -> list[bytes]:
    return [_line("household", _household(household, job, using)) for household in households]


def _household(
    household: ExportedHousehold, job: ExportJob, using: Collaborators
) -> dict[str, Any]:
    told: dict[str, Any] = {"household_id": household.household_id}
    if Attribute.COMMUNE in job.attributes:
        told |= {"commune": household.commune_code, "milieu": household.milieu}
    facts_told = Attribute.HOUSEHOLD_FACTS in job.attributes
    if facts_told:
        told["facts"] = household.facts
    if Attribute.MEMBERS in job.attributes:
        told["members"] = [
            _identifier(
                UUID(member["person_id"]),
                bytes.fromhex(member["idcs_sealed"]),
                job,
                using=using,
            )
            | {name: member[name] for name in ("kinship", "head", "declarant")}
            | ({"facts": member["facts"]} if facts_told else {})
            for member in household.members
        ]
    return told


def _identifier(
    person_id: UUID, idcs_sealed: bytes, job: ExportJob, *, using: Collaborators
) -> dict[str, Any]:
    if job.identifier == IdentifierKind.TOKEN:
        return {"token": using.partner_tokens.token_of(person_id.bytes, client=job.client)}
    idcs = using.sealed.unseal(idcs_sealed, table="person", column="idcs_sealed", row_id=person_id)
    return {"idcs": idcs}


def _line(kind: str, told: dict[str, Any]) -> bytes:
    return to_json({"type": kind} | told) + b"\n"
