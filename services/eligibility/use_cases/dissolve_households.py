"""Record that households ended, and let what was decided on them end at once."""

from collections.abc import Sequence

from services.eligibility.events.consumed import HouseholdDissolved
from services.eligibility.storage.dissolutions import append_dissolutions
from services.eligibility.storage.facts import advance_fact_versions
from services.eligibility.use_cases.assess_households import Emitted
from services.eligibility.use_cases.collaborators import Collaborators
from services.eligibility.use_cases.decide_at_once import decide_at_once
from services.eligibility.use_cases.record_households import newest_versions
from shared.storage.database import Transaction


async def dissolve_households(
    tx: Transaction, told: Sequence[HouseholdDissolved], *, collaborators: Collaborators
) -> Emitted:
    """Keep newer dissolutions, then refuse what those households applied for or might have.

    A dissolution counts versions with the facts of its household: one as old as what is on file
    is ignored, and newer facts undo it.

    Args:
        tx: The transaction that claimed the event.
        told: The items of one event.
        collaborators: The means of this service.
    """
    newest = newest_versions(told)
    fresh = await advance_fact_versions(tx, newest)
    ended = [item for item in newest if item.household_id in fresh]
    await append_dissolutions(tx, ended, at=collaborators.clock.now())
    return await decide_at_once(tx, fresh, collaborators=collaborators)
