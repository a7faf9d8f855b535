"""Freezing in bulk: lines, instructions, batches, files and attempts, each by one statement.

Every id is derived from natural keys, so that freezing twice collides with itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.payments.domain.content_hash import FrozenBatch
from services.payments.domain.fees import FeeBand
from services.payments.domain.freezing import Standing
from services.payments.storage.cycles import Cycle
from shared.storage.database import Transaction

HELD_BATCH = UUID(int=0)

_INSTRUCTIONS = """
WITH owed AS (
    SELECT e.household_id, e.region_code, e.version, e.amount_centimes, a.account_id, a.bank_code,
           CASE WHEN a.account_id IS NULL THEN %(account_missing)s
                WHEN a.fault IS NOT NULL THEN a.fault
                WHEN e.amount_centimes > %(ceiling)s THEN %(above_ceiling)s END AS held_for
      FROM standing_entitlements(%(programme)s, %(month)s) e
      LEFT JOIN LATERAL (
           SELECT p.account_id, p.bank_code, p.fault FROM payee_account p
            WHERE p.household_id = e.household_id ORDER BY p.version DESC LIMIT 1) AS a ON true
     WHERE e.amount_centimes > 0
)
INSERT INTO payment_instruction (
    instruction_id, cycle_id, household_id, programme, month, kind, region_code,
    entitlement_version, gross_centimes, offset_centimes, net_centimes, fee_cap_centimes, rail,
    account_id, batch_id, state, public_reason, version, changed_at)
SELECT name_uuid(concat_ws(':', 'instruction', %(programme)s::text, %(month)s::text,
                           %(run_no)s::text, %(kind)s::text, household_id)),
       %(cycle_id)s, household_id, %(programme)s, %(month)s, %(kind)s, region_code, version,
       amount_centimes, 0, amount_centimes,
       (SELECT band.cap FROM unnest(%(bounds)s::bigint[], %(caps)s::bigint[]) AS band(bound, cap)
         WHERE amount_centimes <= band.bound ORDER BY band.bound LIMIT 1),
       %(rail)s, account_id,
       CASE WHEN held_for IS NULL THEN
            name_uuid(concat_ws(':', 'batch', %(cycle_id)s::text, %(rail)s::text, bank_code,
                                region_code, 1)) END,
       CASE WHEN held_for IS NULL THEN 'PLANNED' ELSE 'HELD' END, held_for, 1, %(at)s
  FROM owed
"""

_LINES = """
INSERT INTO entitlement_line (
    cycle_id, household_id, line_no, region_code, code, month, count, unit_centimes,
    amount_centimes, decision_id, entitlement_version)
SELECT i.cycle_id, i.household_id, component.line_no, i.region_code, component.code, i.month,
       component.count, component.unit_centimes, component.amount_centimes, e.decision_id,
       e.version
  FROM payment_instruction i
  JOIN entitlement e ON e.programme = i.programme AND e.household_id = i.household_id
                    AND e.version = i.entitlement_version
 CROSS JOIN LATERAL ROWS FROM (
       jsonb_to_recordset(e.components) AS (
           code text, count integer, unit_centimes bigint, amount_centimes bigint)
       ) WITH ORDINALITY AS component(code, count, unit_centimes, amount_centimes, line_no)
 WHERE i.cycle_id = %(cycle_id)s
"""

_BATCHES = """
INSERT INTO payment_batch (batch_id, cycle_id, rail, institution, region_code, wave, currency,
                           instructions, net_centimes, content_hash)
SELECT batch_id, %(cycle_id)s, rail, bank_code, region_code, 1, 'MAD', count(*),
       sum(net_centimes), sha256(string_agg(leaf, ''::bytea ORDER BY instruction_id))
  FROM instruction_leaves(%(cycle_id)s)
 WHERE batch_id IS NOT NULL
 GROUP BY batch_id, rail, bank_code, region_code
"""

_FILES_AND_ATTEMPTS = """
WITH placed AS (
    SELECT instruction_id, region_code, account_id, net_centimes,
           (row_number() OVER in_file - 1) / %(per_file)s AS part_no,
           (row_number() OVER in_file - 1) %% %(per_file)s AS position,
           concat_ws(':', 'file', %(programme)s::text, %(month)s::text, %(run_no)s::text,
                     %(rail)s::text, region_code, 1) AS wave_name
      FROM payment_instruction
     WHERE cycle_id = %(cycle_id)s AND batch_id IS NOT NULL
    WINDOW in_file AS (PARTITION BY region_code ORDER BY batch_id, instruction_id)
), files AS (
    INSERT INTO transmission (transmission_id, cycle_id, rail, region_code, wave, part_no, msg_id,
                              attempts, amount_centimes, state, tries)
    SELECT name_uuid(concat_ws(':', wave_name, part_no)), %(cycle_id)s, %(rail)s, region_code, 1,
           part_no, derived_code('F', %(month)s, concat_ws(':', wave_name, part_no)),
           count(*), sum(net_centimes), 'PREPARED', 0
      FROM placed GROUP BY wave_name, part_no, region_code
)
INSERT INTO payment_attempt (instruction_id, attempt_no, end_to_end_id, region_code,
                             transmission_id, position, account_id, amount_centimes, state,
                             changed_at)
SELECT instruction_id, 1,
       derived_code('A', %(month)s, concat_ws(':', 'attempt', instruction_id, 1)), region_code,
       name_uuid(concat_ws(':', wave_name, part_no)), position, account_id, net_centimes,
       'SEALED', %(at)s
  FROM placed
"""

_LEAVES = """
SELECT batch_id, count(*) AS instructions, coalesce(sum(net_centimes), 0)::bigint AS net_centimes,
       sha256(coalesce(string_agg(leaf, ''::bytea ORDER BY instruction_id), '')) AS content_hash
  FROM instruction_leaves(%(cycle_id)s) GROUP BY batch_id
"""


@dataclass(frozen=True, slots=True)
class FreezingRules:
    """What freezing needs to know of the law and of the bank, besides the entitlements."""

    kind: str
    rail: str
    ceiling_centimes: int
    fee_bands: Sequence[FeeBand]
    account_missing: str
    above_ceiling: str
    per_file: int


async def insert_frozen(
    tx: Transaction, cycle: Cycle, rules: FreezingRules, *, at: datetime
) -> Standing:
    """Write everything a frozen cycle consists of, and return what was really frozen."""
    parameters = {
        "cycle_id": cycle.cycle_id,
        "programme": cycle.programme,
        "month": cycle.month,
        "run_no": cycle.run_no,
        "kind": rules.kind,
        "rail": rules.rail,
        "ceiling": rules.ceiling_centimes,
        "bounds": [band.up_to_centimes for band in rules.fee_bands],
        "caps": [band.cap_centimes for band in rules.fee_bands],
        "account_missing": rules.account_missing,
        "above_ceiling": rules.above_ceiling,
        "per_file": rules.per_file,
        "at": at,
    }
    for statement in (_INSTRUCTIONS, _LINES, _BATCHES, _FILES_AND_ATTEMPTS):
        await tx.execute(statement, parameters)
    cursor = await tx.execute(
        "SELECT count(*) AS households, coalesce(sum(gross_centimes), 0)::bigint"
        " AS amount_centimes FROM payment_instruction WHERE cycle_id = %(cycle_id)s",
        parameters,
    )
    row = await cursor.fetchone()
    return Standing(0, 0) if row is None else Standing(**row)


async def recomputed_batches(
    tx: Transaction, cycle_id: UUID
) -> tuple[list[FrozenBatch], FrozenBatch | None]:
    """Return batches and held instructions with hashes computed from the rows of this moment."""
    cursor = await tx.execute(_LEAVES, {"cycle_id": cycle_id})
    rows = await cursor.fetchall()
    batches = [FrozenBatch(**row) for row in rows if row["batch_id"] is not None]
    held = [FrozenBatch(**{**row, "batch_id": HELD_BATCH}) for row in rows if not row["batch_id"]]
    return batches, next(iter(held), None)


async def sealed_batches(tx: Transaction, cycle_id: UUID) -> list[FrozenBatch]:
    """Return the batches as they were sealed when the cycle froze."""
    cursor = await tx.execute(
        "SELECT batch_id, instructions, net_centimes, content_hash FROM payment_batch"
        " WHERE cycle_id = %s",
        (cycle_id,),
    )
    return [FrozenBatch(**row) for row in await cursor.fetchall()]


async def mark_frozen(
    tx: Transaction, cycle_id: UUID, *, content_hash: bytes, at: datetime
) -> None:
    """Bind a cycle to its content, once and for all."""
    await tx.execute(
        "UPDATE payment_cycle SET state = 'FROZEN', content_hash = %(content_hash)s,"
        " frozen_at = %(at)s, waiting_for = NULL WHERE cycle_id = %(cycle_id)s",
        {"cycle_id": cycle_id, "content_hash": content_hash, "at": at},
    )
