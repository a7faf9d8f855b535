"""Let households end: a last version without members, and nobody lives there any more."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic_core import to_json

from services.registry.events.published import SOURCE, HouseholdDissolved
from services.registry.storage import households as storage
from services.registry.storage.households import DISSOLVED, HouseholdHead, HouseholdVersion
from services.registry.use_cases.record_persons import Recording
from services.registry.use_cases.standing_households import StandingHousehold
from shared.messaging.publishing import publish
from shared.runtime.ids import new_id
from shared.storage.database import Transaction


async def dissolve_households(
    tx: Transaction,
    ended: Sequence[StandingHousehold],
    *,
    on: date,
    into: UUID | None,
    recording: Recording,
) -> None:
    """Record that households ended, and announce it.

    Args:
        tx: The open transaction.
        ended: The households, locked.
        on: The day of the change; a household never ends before its latest version began.
        into: The household that the members join together, if they do.
        recording: The circumstances.
    """
    if not ended:
        return
    versions = [_last_version(household, on, recording) for household in ended]
    await storage.advance_households(tx, [_head(household, on, recording) for household in ended])
    await storage.add_household_versions(tx, versions, [])
    residents = [person.person_id for household in ended for person in household.members]
    await storage.replace_residences(tx, ended=residents, begun=[])
    items = [
        HouseholdDissolved(
            household_id=version.household_id,
            version=version.version,
            region_code=version.region_code,
            dissolved_on=version.valid_from,
            into=into,
        )
        for version in versions
    ]
    await publish(tx, items, source=SOURCE, at=recording.at)


def _head(household: StandingHousehold, on: date, recording: Recording) -> HouseholdHead:
    return HouseholdHead(
        household.household_id,
        household.region_code,
        household.blind,
        b"",
        household.version + 1,
        max(on, household.declared.declared_on),
        # It equals no declaration's: the same words again are news of a household that ended.
        recording.job_id.bytes,
        recording.job_id,
        DISSOLVED,
    )


def _last_version(household: StandingHousehold, on: date, recording: Recording) -> HouseholdVersion:
    declared = household.declared
    return HouseholdVersion(
        household.household_id,
        household.version + 1,
        new_id(),
        household.region_code,
        declared.commune.province_code,
        declared.commune.commune_code,
        declared.milieu,
        declared.language,
        None,
        to_json(declared.facts),
        declared.review_on or on,
        max(on, declared.declared_on),
        recording.at,
        DISSOLVED,
    )
