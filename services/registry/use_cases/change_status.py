"""Let a person's registration stand otherwise: deceased, suspended, or in force again."""

from datetime import date
from uuid import UUID

from services.registry.domain.vocabulary import PersonStatus
from services.registry.storage.statuses import (
    add_status_versions,
    advance_status,
    latest_day,
    read_current_version,
)
from services.registry.use_cases.announce_persons import StatusChange, announce_status_changes
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.particulars import sealed_again
from services.registry.use_cases.record_persons import Recording
from shared.runtime.ids import new_id
from shared.storage.database import Transaction


async def change_status(
    tx: Transaction,
    person_id: UUID,
    status: PersonStatus,
    *,
    on: date,
    recording: Recording,
    using: Collaborators,
) -> int:
    """Add a version of a locked person with another status, announce it, and return its number.

    Everything else stays as it was, sealed anew for the new row. The version is true from the day
    of the change, or from the latest version if that began later.
    """
    current = await read_current_version(tx, person_id)
    version_id = new_id()
    newer = current._replace(
        version=current.version + 1,
        version_id=version_id,
        particulars_sealed=sealed_again(current, version_id=version_id, sealed=using.sealed),
        status=status.value,
        valid_from=max(on, await latest_day(tx, person_id)),
        recorded_at=recording.at,
    )
    await add_status_versions(tx, [newer])
    # No declaration has this digest: one that says otherwise again is news, and is looked at.
    digest = version_id.bytes
    await advance_status(tx, newer, content_digest=digest, seen_in=recording.job_id)
    change = StatusChange(person_id, newer.version, newer.region_code, status.value, on)
    await announce_status_changes(tx, [change], at=recording.at)
    return newer.version
