"""Dissolutions of households: versions of them that have no facts, appended like facts."""

from collections.abc import Sequence
from datetime import datetime

from services.eligibility.events.consumed import HouseholdDissolved
from services.eligibility.storage.tables import DissolutionRow
from shared.storage.copy import column_names, copy_rows
from shared.storage.database import Transaction


async def append_dissolutions(
    tx: Transaction, dissolved: Sequence[HouseholdDissolved], *, at: datetime
) -> None:
    """Keep that households ended, each under the version that says so."""
    await copy_rows(
        tx,
        "dissolution",
        column_names(DissolutionRow),
        (
            (item.household_id, item.version, item.region_code, item.dissolved_on, at)
            for item in dissolved
        ),
    )
