"""Write new versions of households, and tell the other services."""

import asyncio
from collections.abc import Sequence
from datetime import date

from pydantic_core import to_json

from services.registry.domain.declarations import DeclaredHousehold
from services.registry.domain.reviews import review_due_on
from services.registry.storage import attestations
from services.registry.storage import households as storage
from services.registry.storage.attestations import Attestation
from services.registry.storage.households import (
    VERSION_TABLE,
    HouseholdHead,
    HouseholdMember,
    HouseholdVersion,
)
from services.registry.use_cases.announce_households import Placement, announce_households
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.record_persons import Recording
from shared.runtime.ids import new_id
from shared.storage.database import Transaction
from shared.storage.sealed import SealedColumns


async def write_households(
    tx: Transaction, placements: list[Placement], *, recording: Recording, using: Collaborators
) -> None:
    """Add a version of each household, with what is attested of its members, and announce it.

    Who lives where is for the caller to move.
    """
    await keep_households(tx, placements, recording=recording, using=using)
    await announce_households(tx, placements, at=recording.at, using=using)


async def keep_households(
    tx: Transaction, placements: list[Placement], *, recording: Recording, using: Collaborators
) -> None:
    """Add a version of each household, with what is attested of its members, and tell nobody."""
    heads, versions, members = await asyncio.to_thread(_rows, placements, recording, using.sealed)
    await storage.add_households(tx, [head for head in heads if head.version == 1])
    if newer := [head for head in heads if head.version > 1]:
        await storage.advance_households(tx, newer)
    await storage.add_household_versions(tx, versions, members)
    if attested := _attested(placements, recording):
        await attestations.add_attestations(tx, attested)


def _attested(placements: Sequence[Placement], recording: Recording) -> list[Attestation]:
    return [
        Attestation(
            person.person_id,
            item.source,
            item.fact,
            item.valid_from,
            placement.entry.household.commune.region_code,
            to_json(item.value),
            None,
            recording.job_id,
            recording.at,
        )
        for placement in placements
        if placement.entry.household.attestations
        for member, person in zip(placement.entry.household.members, placement.members, strict=True)
        for item in placement.entry.household.attestations
        if item.idcs == member.idcs
    ]


def review_of(household: DeclaredHousehold) -> date:
    """Return by when a household must be reviewed: a mere change does not renew the date."""
    return household.review_on or review_due_on(household.declared_on)


def _rows(
    placements: list[Placement], recording: Recording, sealed: SealedColumns
) -> tuple[list[HouseholdHead], list[HouseholdVersion], list[HouseholdMember]]:
    heads = [_head(placement, recording, sealed) for placement in placements]
    versions = [_version(placement, recording, sealed) for placement in placements]
    members = [row for placement in placements for row in _member_rows(placement)]
    return heads, versions, members


def _head(placement: Placement, recording: Recording, sealed: SealedColumns) -> HouseholdHead:
    entry, household_id = placement.entry, placement.household_id
    return HouseholdHead(
        household_id,
        entry.household.commune.region_code,
        entry.blind,
        sealed.seal(
            entry.household.reference,
            table="household",
            column="reference_sealed",
            row_id=household_id,
        ),
        placement.version,
        entry.household.declared_on,
        entry.digest,
        recording.job_id,
    )


def _version(placement: Placement, recording: Recording, sealed: SealedColumns) -> HouseholdVersion:
    household, version_id = placement.entry.household, new_id()
    phone_sealed = None
    if household.phone is not None:
        phone_sealed = sealed.seal(
            household.phone, table=VERSION_TABLE, column="phone_sealed", row_id=version_id
        )
    return HouseholdVersion(
        placement.household_id,
        placement.version,
        version_id,
        household.commune.region_code,
        household.commune.province_code,
        household.commune.commune_code,
        household.milieu,
        household.language,
        phone_sealed,
        to_json(household.facts),
        review_of(household),
        household.declared_on,
        recording.at,
    )


def _member_rows(placement: Placement) -> list[HouseholdMember]:
    household = placement.entry.household
    return [
        HouseholdMember(
            placement.household_id,
            placement.version,
            person.person_id,
            household.commune.region_code,
            person.birth_date,
            person.sex,
            member.kinship,
            member.head,
            member.declarant,
            to_json(member.facts),
        )
        for member, person in zip(household.members, placement.members, strict=True)
    ]
