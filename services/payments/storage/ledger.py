"""Postings in bulk: every one has a key of its own, so that none is booked twice."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from psycopg import sql

from services.payments.domain.ledger import FROZEN, IN_TRANSIT, MOVES, PAYABLE
from shared.storage.database import Transaction

OWN_ACCOUNT = "treasury"

_POST_KEYS = sql.SQL("""
INSERT INTO ledger_key (txn_key, region_code, posted_on)
SELECT txn_key, region_code, %(on)s FROM ({moves}) AS move
""")

_POST_ENTRIES = sql.SQL("""
INSERT INTO ledger_entry (posted_on, txn_key, line_no, account, region_code, debit_centimes,
                          credit_centimes)
SELECT %(on)s, move.txn_key, side.line_no,
       CASE side.line_no WHEN 1 THEN move.debit ELSE move.credit END, move.region_code,
       CASE side.line_no WHEN 1 THEN move.centimes ELSE 0 END,
       CASE side.line_no WHEN 2 THEN move.centimes ELSE 0 END
  FROM ({moves}) AS move CROSS JOIN (VALUES (1), (2)) AS side(line_no)
""")

_FROZEN_MOVES = sql.SQL("""
    SELECT %(event)s || ':' || instruction_id AS txn_key, region_code, net_centimes AS centimes,
           %(debit)s || ':' || programme || ':' || region_code AS debit,
           %(credit)s || ':' || programme AS credit
      FROM payment_instruction WHERE cycle_id = %(cycle_id)s
""")

_ATTEMPT_MOVES = sql.SQL("""
    SELECT %(event)s || ':' || a.end_to_end_id AS txn_key, a.region_code,
           a.amount_centimes AS centimes,
           CASE %(debit)s WHEN %(payable)s THEN %(debit)s || ':' || i.programme
                          WHEN %(in_transit)s
                          THEN %(debit)s || ':' || b.rail || ':' || b.institution
                          ELSE %(debit)s || ':' || %(own_account)s END AS debit,
           CASE %(credit)s WHEN %(payable)s THEN %(credit)s || ':' || i.programme
                           WHEN %(in_transit)s
                           THEN %(credit)s || ':' || b.rail || ':' || b.institution
                           ELSE %(credit)s || ':' || %(own_account)s END AS credit
      FROM payment_attempt a
      JOIN payment_instruction i USING (instruction_id)
      JOIN payment_batch b ON b.batch_id = i.batch_id
     WHERE a.end_to_end_id = ANY(%(end_to_end_ids)s)
""")


async def post_frozen(tx: Transaction, cycle_id: UUID, *, on: date) -> int:
    """Book what a cycle owes, held or not; return how many postings that were.

    Raises:
        UniqueViolation: One of them was booked before; nothing is booked twice.
    """
    return await _post(tx, FROZEN, _FROZEN_MOVES, {"cycle_id": cycle_id, "on": on})


async def post_attempts(
    tx: Transaction, event: str, end_to_end_ids: Sequence[str], *, on: date
) -> int:
    """Book what became of attempts; return how many postings that were.

    Args:
        tx: The transaction that moves the attempts.
        event: A key of `MOVES`.
        end_to_end_ids: The attempts it happened to.
        on: The business date of the booking.

    Raises:
        UniqueViolation: It was booked for one of them before; nothing is booked twice.
    """
    if not end_to_end_ids:
        return 0
    parameters = {
        "end_to_end_ids": list(end_to_end_ids),
        "on": on,
        "payable": PAYABLE,
        "in_transit": IN_TRANSIT,
        "own_account": OWN_ACCOUNT,
    }
    return await _post(tx, event, _ATTEMPT_MOVES, parameters)


async def _post(
    tx: Transaction, event: str, moves: sql.SQL, parameters: Mapping[str, object]
) -> int:
    sides = {"event": event, "debit": MOVES[event].debit, "credit": MOVES[event].credit}
    cursor = await tx.execute(_POST_KEYS.format(moves=moves), {**parameters, **sides})
    await tx.execute(_POST_ENTRIES.format(moves=moves), {**parameters, **sides})
    return cursor.rowcount
