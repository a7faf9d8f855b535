"""Decide on households as soon as something is known of them, from the first open month on."""

from collections.abc import Iterable
from uuid import UUID

from services.eligibility.domain.months import month_of
from services.eligibility.domain.vocabulary import Programme
from services.eligibility.storage.programme_months import open_months
from services.eligibility.use_cases.assess_households import Emitted, Occasion, assess_households
from services.eligibility.use_cases.collaborators import Collaborators
from shared.storage.database import Transaction


async def decide_at_once(
    tx: Transaction, household_ids: Iterable[UUID], *, collaborators: Collaborators
) -> Emitted:
    """Assess and decide households of which there is news, for every programme.

    Args:
        tx: The transaction that recorded the news, and has locked the households.
        household_ids: The households.
        collaborators: The means of this service.
    """
    now, today = collaborators.clock.now(), collaborators.clock.today()
    months = await open_months(tx, [str(one) for one in Programme], month=month_of(today))
    occasion = Occasion(
        on=today, at=now, months={programme: months[programme] for programme in Programme}
    )
    return await assess_households(
        tx, sorted(household_ids), occasion=occasion, metrics=collaborators.metrics
    )
