"""Keep the index that eligibility told of households, for those who ask how poor one is."""

from collections.abc import Sequence
from uuid import UUID

from services.registry.events.consumed import HouseholdAssessed
from services.registry.storage.household_index import HouseholdIndex, keep_indexes
from shared.storage.database import Transaction


async def keep_household_index(tx: Transaction, told: Sequence[HouseholdAssessed]) -> None:
    """Keep the newest index of each household; one as old as that on file is ignored.

    Args:
        tx: The transaction that claimed the event.
        told: The items of one event.
    """
    newest: dict[UUID, HouseholdAssessed] = {}
    for item in told:
        known = newest.get(item.household_id)
        if known is None or known.version < item.version:
            newest[item.household_id] = item
    await keep_indexes(tx, [_index(item) for item in newest.values()])


def _index(item: HouseholdAssessed) -> HouseholdIndex:
    return HouseholdIndex(
        item.household_id,
        item.region_code,
        item.version,
        item.index,
        item.milieu,
        item.formula_version,
        item.assessed_on,
    )
