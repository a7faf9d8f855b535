"""Entitlements as they arrive, and what has arrived of a run."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from services.payments.domain.freezing import RunTotals, Standing
from services.payments.events.consumed import DecisionMade, RunCompleted
from shared.storage.database import Transaction

_INSERT_ENTITLEMENTS = """
INSERT INTO entitlement (programme, household_id, version, region_code, decision_id, run_id,
                         outcome, effective_month, components, amount_centimes, decided_on,
                         recorded_at)
SELECT programme, household_id, version, region_code, decision_id, run_id, outcome,
       effective_month, components, amount_centimes, decided_on, %(at)s
  FROM jsonb_to_recordset(%(items)s) AS item(
       programme text, household_id uuid, version integer, region_code text, decision_id uuid,
       run_id uuid, outcome text, effective_month text, components jsonb, amount_centimes bigint,
       decided_on date)
    ON CONFLICT DO NOTHING
"""

_INSERT_RECEIPTS = """
INSERT INTO run_receipt (run_id, household_id, programme, version, region_code)
SELECT run_id, household_id, programme, version, region_code
  FROM jsonb_to_recordset(%(items)s) AS item(
       run_id uuid, household_id uuid, programme text, version integer, region_code text)
 WHERE run_id IS NOT NULL
    ON CONFLICT DO NOTHING
"""

_INSERT_TOTALS = """
INSERT INTO run_total (run_id, programme, month, events, items, households, amount_centimes,
                       completed_at)
SELECT run_id, programme, month, events, items, households, amount_centimes, %(at)s
  FROM jsonb_to_recordset(%(items)s) AS item(
       run_id uuid, programme text, month text, events integer, items integer, households integer,
       amount_centimes bigint)
    ON CONFLICT DO NOTHING
"""


async def add_entitlements(
    tx: Transaction, decisions: Sequence[DecisionMade], *, at: datetime
) -> None:
    """Keep versions that are not held yet, whatever order they arrive in."""
    items = Jsonb([decision.model_dump(mode="json") for decision in decisions])
    await tx.execute(_INSERT_ENTITLEMENTS, {"items": items, "at": at})


async def add_receipts(tx: Transaction, decisions: Sequence[DecisionMade]) -> None:
    """Note which decisions of runs arrived; a decision that comes twice counts once."""
    fields = {"run_id", "household_id", "programme", "version", "region_code"}
    items = [decision.model_dump(mode="json", include=fields) for decision in decisions]
    await tx.execute(_INSERT_RECEIPTS, {"items": Jsonb(items)})


async def add_run_totals(tx: Transaction, runs: Sequence[RunCompleted], *, at: datetime) -> None:
    """Keep what runs said about themselves."""
    items = Jsonb([run.model_dump(mode="json") for run in runs])
    await tx.execute(_INSERT_TOTALS, {"items": items, "at": at})


async def run_totals(tx: Transaction, run_id: UUID) -> RunTotals | None:
    """Return what a run said about itself, if it has."""
    cursor = await tx.execute(
        "SELECT programme, month, items, households, amount_centimes FROM run_total"
        " WHERE run_id = %s",
        (run_id,),
    )
    row = await cursor.fetchone()
    return None if row is None else RunTotals(**row)


async def received_of_run(tx: Transaction, run_id: UUID) -> int:
    """Return how many decisions of a run arrived, of every programme."""
    cursor = await tx.execute(
        "SELECT count(*) AS received FROM run_receipt WHERE run_id = %s", (run_id,)
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row["received"])


async def standing(tx: Transaction, *, programme: str, month: str) -> Standing:
    """Return count and sum of the eligible entitlements that stand for a month."""
    cursor = await tx.execute(
        "SELECT count(*) AS households, coalesce(sum(amount_centimes), 0)::bigint"
        " AS amount_centimes FROM standing_entitlements(%s, %s)",
        (programme, month),
    )
    row = await cursor.fetchone()
    return Standing(0, 0) if row is None else Standing(**row)
