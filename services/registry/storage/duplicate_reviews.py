"""Pairs that may be of one person or household, as registrars review them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from services.registry.storage.tables import DuplicateProposalRow
from shared.storage.copy import column_names
from shared.storage.database import Transaction

_COLUMNS = ", ".join(column_names(DuplicateProposalRow))


@dataclass(frozen=True, slots=True)
class DuplicateProposal:
    """A pair, what speaks for it, and what a registrar said."""

    proposal_id: UUID
    kind: Literal["persons", "households"]
    first_id: UUID
    second_id: UUID
    region_code: str
    second_region_code: str
    score: int
    evidence: list[str]
    state: Literal["proposed", "confirmed", "dismissed"]
    proposed_at: datetime
    reviewed_at: datetime | None
    reviewed_by: str | None
    reason: str | None


class Verdict(NamedTuple):
    """What a registrar says of a pair, and why."""

    state: Literal["confirmed", "dismissed"]
    reason: str
    reviewed_by: str


async def list_proposals(
    tx: Transaction, *, kind: str, state: str, after: tuple[int, UUID] | None, limit: int
) -> list[DuplicateProposal]:
    """Return pairs, the highest score first, from after a score and a proposal."""
    score, proposal_id = after or (None, None)
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM duplicate_proposal
         WHERE kind = %(kind)s AND state = %(state)s
           AND (%(score)s::int IS NULL OR (-score, proposal_id) > (-%(score)s::int, %(id)s::uuid))
         ORDER BY score DESC, proposal_id LIMIT %(limit)s
        """,  # noqa: S608 -- our own column names
        {"kind": kind, "state": state, "score": score, "id": proposal_id, "limit": limit},
    )
    return [DuplicateProposal(**row) for row in await cursor.fetchall()]


async def read_proposal(tx: Transaction, proposal_id: UUID) -> DuplicateProposal | None:
    """Return a pair within the transaction's scope."""
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM duplicate_proposal WHERE proposal_id = %(id)s",  # noqa: S608 -- our own column names
        {"id": proposal_id},
    )
    row = await cursor.fetchone()
    return None if row is None else DuplicateProposal(**row)


async def settle_proposal(
    tx: Transaction, proposal_id: UUID, verdict: Verdict, *, at: datetime
) -> bool:
    """Record a verdict; False if there is no such pair to review."""
    cursor = await tx.execute(
        """
        UPDATE duplicate_proposal
           SET state = %(state)s, reason = %(reason)s, reviewed_by = %(by)s, reviewed_at = %(at)s
         WHERE proposal_id = %(id)s AND state = 'proposed'
        """,
        {
            "id": proposal_id,
            "state": verdict.state,
            "reason": verdict.reason,
            "by": verdict.reviewed_by,
            "at": at,
        },
    )
    return cursor.rowcount == 1
