"""Record the facts the registry tells, and decide on the households at once."""

from collections.abc import Iterable, Sequence

from services.eligibility.domain.months import month_of
from services.eligibility.domain.vocabulary import Programme
from services.eligibility.events.consumed import HouseholdRecorded
from services.eligibility.storage.facts import (
    advance_fact_versions,
    append_applications,
    append_facts,
)
from services.eligibility.storage.programme_months import open_months
from services.eligibility.use_cases.assess_households import (
    Emitted,
    Occasion,
    assess_households,
)
from services.eligibility.use_cases.collaborators import Collaborators
from shared.storage.database import Transaction


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
    now, today = collaborators.clock.now(), collaborators.clock.today()
    newest = newest_versions(told)
    fresh = await advance_fact_versions(tx, newest)
    await append_facts(tx, [item for item in newest if item.household_id in fresh], at=now)
    applied = await append_applications(tx, told, at=now)
    months = await open_months(tx, [str(one) for one in Programme], month=month_of(today))
    occasion = Occasion(
        on=today, at=now, months={programme: months[programme] for programme in Programme}
    )
    return await assess_households(
        tx, sorted(fresh | applied), occasion=occasion, metrics=collaborators.metrics
    )


def newest_versions(told: Iterable[HouseholdRecorded]) -> list[HouseholdRecorded]:
    """Return the newest item of each household."""
    newest: dict[object, HouseholdRecorded] = {}
    for item in told:
        known = newest.get(item.household_id)
        if known is None or known.version < item.version:
            newest[item.household_id] = item
    return list(newest.values())
