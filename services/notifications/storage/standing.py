"""What stands for a household, so that only news is told, and only the newest."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.notifications.storage.arrays import array
from shared.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class AssessmentNews:
    """A household's index at one version."""

    household_id: UUID
    region_code: str
    version: int
    index_value: Decimal


@dataclass(frozen=True, slots=True)
class DecisionNews:
    """A household's outcome on one programme at one version; the amount is monthly centimes."""

    household_id: UUID
    programme: str
    region_code: str
    version: int
    is_eligible: bool
    amount_centimes: int


@dataclass(frozen=True, slots=True)
class InstructionNews:
    """A payment instruction's state at one version."""

    instruction_id: UUID
    household_id: UUID
    region_code: str
    version: int
    state: str


async def store_assessments(tx: Transaction, news: Sequence[AssessmentNews]) -> set[UUID]:
    """Keep what is newer, one per household; return the households whose index changed."""
    cursor = await tx.execute(
        """
        INSERT INTO assessment_standing AS standing
        SELECT * FROM unnest(%(households)s::uuid[], %(regions)s::text[],
                             %(versions)s::bigint[], %(indexes)s::numeric[])
        ON CONFLICT (household_id) DO UPDATE
           SET region_code = excluded.region_code, version = excluded.version,
               index_value = excluded.index_value
         WHERE excluded.version > standing.version
        RETURNING household_id, old.index_value IS DISTINCT FROM new.index_value AS is_changed
        """,
        {
            "households": array([item.household_id for item in news]),
            "regions": array([item.region_code for item in news]),
            "versions": array([item.version for item in news]),
            "indexes": array([item.index_value for item in news]),
        },
    )
    return {row["household_id"] for row in await cursor.fetchall() if row["is_changed"]}


async def store_decisions(
    tx: Transaction, news: Sequence[DecisionNews]
) -> dict[tuple[UUID, str], bool | None]:
    """Keep what is newer, one per household and programme.

    Returns:
        For each household and programme whose outcome or amount changed: whether it was eligible
        before, None when this is its first decision.
    """
    cursor = await tx.execute(
        """
        INSERT INTO decision_standing AS standing
        SELECT * FROM unnest(%(households)s::uuid[], %(programmes)s::text[], %(regions)s::text[],
                             %(versions)s::bigint[], %(eligible)s::boolean[],
                             %(amounts)s::bigint[])
        ON CONFLICT (household_id, programme) DO UPDATE
           SET region_code = excluded.region_code, version = excluded.version,
               is_eligible = excluded.is_eligible, amount_centimes = excluded.amount_centimes
         WHERE excluded.version > standing.version
        RETURNING household_id, programme, old.is_eligible AS was_eligible,
                  (old.is_eligible IS DISTINCT FROM new.is_eligible
                   OR old.amount_centimes IS DISTINCT FROM new.amount_centimes) AS is_changed
        """,
        {
            "households": array([item.household_id for item in news]),
            "programmes": array([item.programme for item in news]),
            "regions": array([item.region_code for item in news]),
            "versions": array([item.version for item in news]),
            "eligible": array([item.is_eligible for item in news]),
            "amounts": array([item.amount_centimes for item in news]),
        },
    )
    return {
        (row["household_id"], row["programme"]): row["was_eligible"]
        for row in await cursor.fetchall()
        if row["is_changed"]
    }


async def store_instructions(tx: Transaction, news: Sequence[InstructionNews]) -> set[UUID]:
    """Keep what is newer, one per instruction; return the instructions whose state changed."""
    cursor = await tx.execute(
        """
        INSERT INTO instruction_standing AS standing
        SELECT * FROM unnest(%(instructions)s::uuid[], %(households)s::uuid[],
                             %(regions)s::text[], %(versions)s::bigint[], %(states)s::text[])
        ON CONFLICT (instruction_id) DO UPDATE
           SET region_code = excluded.region_code, version = excluded.version,
               state = excluded.state
         WHERE excluded.version > standing.version
        RETURNING instruction_id, old.state IS DISTINCT FROM new.state AS is_changed
        """,
        {
            "instructions": array([item.instruction_id for item in news]),
            "households": array([item.household_id for item in news]),
            "regions": array([item.region_code for item in news]),
            "versions": array([item.version for item in news]),
            "states": array([item.state for item in news]),
        },
    )
    return {row["instruction_id"] for row in await cursor.fetchall() if row["is_changed"]}
