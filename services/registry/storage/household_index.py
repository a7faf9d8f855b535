"""The newest index of each household, as eligibility told it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from shared.storage.database import Transaction


class HouseholdIndex(NamedTuple):
    """A household's index in exact points, in the order of the columns of its table.

    `version` counts the household's assessments.
    """

    household_id: UUID
    region_code: str
    version: int
    index_points: Decimal
    milieu: str
    formula_version: str
    assessed_on: date


async def keep_indexes(tx: Transaction, indexes: Sequence[HouseholdIndex]) -> None:
    """Keep indexes that are newer than those on file; one per household, locked in one order."""
    await tx.execute(
        """
        INSERT INTO household_index AS held
               (household_id, region_code, version, index_points, milieu, formula_version,
                assessed_on)
        SELECT * FROM unnest(%(ids)s::uuid[], %(regions)s::text[], %(versions)s::int[],
                             %(points)s::numeric[], %(milieux)s::text[], %(formulas)s::text[],
                             %(days)s::date[])
                      AS told (household_id, region_code, version, index_points, milieu,
                               formula_version, assessed_on)
         ORDER BY household_id
        ON CONFLICT (household_id) DO UPDATE
           SET region_code = excluded.region_code, version = excluded.version,
               index_points = excluded.index_points, milieu = excluded.milieu,
               formula_version = excluded.formula_version, assessed_on = excluded.assessed_on
         WHERE held.version < excluded.version
        """,
        {
            "ids": [index.household_id for index in indexes],
            "regions": [index.region_code for index in indexes],
            "versions": [index.version for index in indexes],
            "points": [index.index_points for index in indexes],
            "milieux": [index.milieu for index in indexes],
            "formulas": [index.formula_version for index in indexes],
            "days": [index.assessed_on for index in indexes],
        },
    )
