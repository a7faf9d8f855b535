"""Record the facts the registry tells, and decide on the households at once."""

from collections.abc import Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from services.eligibility.events.consumed import HouseholdDissolved, HouseholdRecorded
from services.eligibility.storage.facts import (
    advance_fact_versions,
    append_applications,
    append_facts,
)
from services.eligibility.use_cases.assess_households import Emitted
from services.eligibility.use_cases.collaborators import Collaborators
from services.eligibility.use_cases.decide_at_once import decide_at_once
from shared.storage.database import Transaction

ToldT = TypeVar("ToldT", HouseholdRecorded, HouseholdDissolved)


async def record_households(
    tx: Transaction, told: Sequence[HouseholdRecorded], *, collaborators: Collaborators
) -> Emitted:
    """Keep newer facts and new applications, then assess and decide those households.

    Facts as old as those on file are ignored; an application that comes with them is not, since a
    newer version of the facts need not repeat it.

    Args:
        tx: The transaction that claimed the event.
        told: The items of one event.
        collaborators: The means of this service.
    """
    now = collaborators.clock.now()
    newest = newest_versions(told)
    fresh = await advance_fact_versions(tx, newest)
    await append_facts(tx, [item for item in newest if item.household_id in fresh], at=now)
    applied = await append_applications(tx, told, at=now)
    return await decide_at_once(tx, fresh | applied, collaborators=collaborators)


def newest_versions(told: Iterable[ToldT]) -> list[ToldT]:
    """Return the newest item of each household."""
    newest: dict[UUID, ToldT] = {}
    for item in told:
        known = newest.get(item.household_id)
        if known is None or known.version < item.version:
            newest[item.household_id] = item
    return list(newest.values())
