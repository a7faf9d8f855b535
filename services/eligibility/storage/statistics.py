"""Counts and sums of what stands now, by the region where households live now."""

from services.eligibility.domain.statistics import OutcomeKind
from shared.kernel.small_counts import Counts
from shared.storage.database import Transaction

_HOUSEHOLDS = """
    WITH standing AS (
        SELECT household_id, region_code FROM household
         WHERE NOT EXISTS (SELECT FROM dissolution
                            WHERE dissolution.household_id = household.household_id
                              AND dissolution.version = household.fact_version)
    )
    SELECT standing.region_code, count(*) AS households,
           count(assessment.household_id) AS indexes
      FROM standing
      LEFT JOIN assessment ON assessment.household_id = standing.household_id
                          AND assessment.version = 1
     GROUP BY standing.region_code
"""

_OUTCOMES = """
    WITH standing AS (
        SELECT household_id, region_code FROM household
         WHERE NOT EXISTS (SELECT FROM dissolution
                            WHERE dissolution.household_id = household.household_id
                              AND dissolution.version = household.fact_version)
    ), newest AS (
        SELECT DISTINCT ON (household_id, programme)
               household_id, programme, standing, outcome, amount_centimes
          FROM outcome
         ORDER BY household_id, programme, version DESC
    )
    SELECT standing.region_code, programme, newest.standing, outcome, count(*) AS households,
           sum(amount_centimes)::bigint AS amount_centimes
      FROM newest JOIN standing USING (household_id)
     GROUP BY standing.region_code, programme, newest.standing, outcome
"""


async def count_households(tx: Transaction) -> dict[str, Counts]:
    """Return by region how many households stand, and how many of them have an index."""
    cursor = await tx.execute(_HOUSEHOLDS)
    return {
        row["region_code"]: (row["households"], row["indexes"]) for row in await cursor.fetchall()
    }


async def count_outcomes(tx: Transaction) -> dict[OutcomeKind, dict[str, Counts]]:
    """Return the newest outcomes of the households that stand: by what they say, and by region.

    The caller's programmes are bound to the transaction.
    """
    cursor = await tx.execute(_OUTCOMES)
    counted: dict[OutcomeKind, dict[str, Counts]] = {}
    for row in await cursor.fetchall():
        kind = OutcomeKind(row["programme"], row["standing"], row["outcome"])
        numbers = (row["households"], row["amount_centimes"])
        counted.setdefault(kind, {})[row["region_code"]] = numbers
    return counted
