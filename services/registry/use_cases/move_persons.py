"""Let the persons of a household be registered where it is recorded to live."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from services.registry.storage.movers import (
    StandingVersion,
    add_moved_versions,
    lock_standing_versions,
)
from services.registry.storage.persons import PersonVersion
from services.registry.use_cases.announce_households import Placement
from services.registry.use_cases.particulars import sealed_again
from services.registry.use_cases.record_persons import Recording
from shared.runtime.ids import new_id
from shared.storage.database import Transaction
from shared.storage.sealed import SealedColumns


async def move_persons(
    tx: Transaction,
    placements: Sequence[Placement],
    *,
    commune_of: Mapping[UUID, str],
    recording: Recording,
    sealed: SealedColumns,
) -> None:
    """Add a version of every member whose own record stands in another commune than the household.

    It is true from the day of the household's version, or from the person's latest version if that
    began later. Mostly there is nobody to move, and nothing is asked of the database. Nobody is
    told: where people live is said by the events about their households.

    Args:
        tx: The open transaction; it must see every region. A declaration holds the members since
            before it held the households. A file does not, since most of its lines move nobody.
        placements: The households that were recorded.
        commune_of: Where each member's own record stands.
        recording: The circumstances.
        sealed: The registry's keys.

    Raises:
        LockNotAvailable: Another transaction holds one of those who move. It may be waiting for a
            household of this one, and so is not waited for.
    """
    homes = {
        person.person_id: placement
        for placement in placements
        for person in placement.members
        if commune_of[person.person_id] != placement.entry.household.commune.commune_code
    }
    if not homes:
        return
    standing = await lock_standing_versions(tx, list(homes))
    await add_moved_versions(
        tx, await asyncio.to_thread(_all_moved, standing, homes, recording, sealed)
    )


def _all_moved(
    standing: Sequence[StandingVersion],
    homes: Mapping[UUID, Placement],
    recording: Recording,
    sealed: SealedColumns,
) -> list[PersonVersion]:
    declared = [(known, homes[known.version.person_id]) for known in standing]
    return [
        _moved(known, home, recording, sealed)
        for known, home in declared
        # A file may have moved them there before they were held.
        if known.version.commune_code != home.entry.household.commune.commune_code
    ]


def _moved(
    known: StandingVersion, home: Placement, recording: Recording, sealed: SealedColumns
) -> PersonVersion:
    household, version_id = home.entry.household, new_id()
    return known.version._replace(
        version=known.version.version + 1,
        version_id=version_id,
        region_code=household.commune.region_code,
        province_code=household.commune.province_code,
        commune_code=household.commune.commune_code,
        particulars_sealed=sealed_again(known.version, version_id=version_id, sealed=sealed),
        valid_from=max(household.declared_on, known.latest_day),
        recorded_at=recording.at,
    )
