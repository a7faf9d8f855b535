"""Counts and sums of what stands now, of the regions and programmes the caller may see."""

from dataclasses import dataclass

from shared.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """How many households stand so for a programme, and their monthly sum in centimes."""

    programme: str
    standing: str
    outcome: str
    households: int
    amount_centimes: int


async def count_households(tx: Transaction) -> tuple[int, int]:
    """Return how many households stand, and how many of them have an index."""
    cursor = await tx.execute(
        """
        WITH dissolved AS (
            SELECT household_id FROM household JOIN dissolution USING (household_id)
             WHERE dissolution.version = household.fact_version
        )
        SELECT (SELECT count(*) FROM household) - (SELECT count(*) FROM dissolved) AS households,
               (SELECT count(*) FROM assessment
                 WHERE version = 1
                   AND NOT EXISTS (SELECT FROM dissolved
                                    WHERE dissolved.household_id = assessment.household_id))
               AS indexes
        """
    )
    rows = await cursor.fetchall()
    return rows[0]["households"], rows[0]["indexes"]


async def count_outcomes(tx: Transaction) -> list[OutcomeCount]:
    """Return the newest outcomes of the households that stand, counted by what they say."""
    cursor = await tx.execute(
        """
        WITH dissolved AS (
            SELECT household_id FROM household JOIN dissolution USING (household_id)
             WHERE dissolution.version = household.fact_version
        ), newest AS (
            SELECT DISTINCT ON (household_id, programme)
                   programme, standing, outcome, amount_centimes
              FROM outcome
             WHERE NOT EXISTS (SELECT FROM dissolved
                                WHERE dissolved.household_id = outcome.household_id)
             ORDER BY household_id, programme, version DESC
        )
        SELECT programme, standing, outcome, count(*) AS households,
               sum(amount_centimes)::bigint AS amount_centimes
          FROM newest GROUP BY programme, standing, outcome
         ORDER BY programme, standing, outcome
        """
    )
    return [OutcomeCount(**row) for row in await cursor.fetchall()]
