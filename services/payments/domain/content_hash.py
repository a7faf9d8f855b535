"""What two people approve: one hash over every line of a cycle, in a fixed order.

Three levels: an instruction with its lines, a batch of instructions, the cycle. The database
computes the first two in bulk; this is the definition, and the second path of the check.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

EMPTY_HASH = sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class FrozenLine:
    """One component of what a household is owed, with the decision that it rests on."""

    line_no: int
    code: str
    month: str
    count: int
    unit_centimes: int
    amount_centimes: int
    decision_id: UUID


@dataclass(frozen=True, slots=True)
class FrozenInstruction:
    """One obligation as approved; `account_blind` stands for the account without telling it."""

    instruction_id: UUID
    household_id: UUID
    kind: str
    net_centimes: int
    rail: str
    account_blind: bytes
    lines: Sequence[FrozenLine]


@dataclass(frozen=True, slots=True)
class FrozenBatch:
    """A batch as approved: how many, how much, and which."""

    batch_id: UUID
    instructions: int
    net_centimes: int
    content_hash: bytes


def instruction_hash(instruction: FrozenInstruction) -> bytes:
    """Return the SHA-256 of an instruction's canonical text."""
    lines = ";".join(_line_text(line) for line in instruction.lines)
    parts = (
        "sanad-instruction-1",
        instruction.instruction_id,
        instruction.household_id,
        instruction.kind,
        instruction.net_centimes,
        instruction.rail,
        instruction.account_blind.hex(),
        lines,
    )
    return sha256("|".join(map(str, parts)).encode()).digest()


def batch_hash(instructions: Iterable[FrozenInstruction]) -> bytes:
    """Return the SHA-256 over the hashes of a batch's instructions, in order of their ids."""
    ordered = sorted(instructions, key=lambda instruction: instruction.instruction_id)
    return sha256(b"".join(map(instruction_hash, ordered))).digest()


def cycle_hash(
    *,
    programme: str,
    month: str,
    run_no: int,
    batches: Iterable[FrozenBatch],
    held: FrozenBatch | None,
) -> bytes:
    """Return the hash that approvals are bound to.

    Args:
        programme: Whose cycle it is.
        month: As "2026-11".
        run_no: The cycle's number within the month, from 1.
        batches: What would be paid, in any order.
        held: What is owed and not paid yet; None if there is nothing of the kind.
    """
    digest = sha256(f"sanad-cycle-1|{programme}|{month}|{run_no}".encode())
    for batch in sorted(batches, key=lambda batch: batch.batch_id):
        digest.update(_batch_text("batch", batch))
    if held is not None:
        digest.update(_batch_text("held", held))
    return digest.digest()


def _batch_text(word: str, batch: FrozenBatch) -> bytes:
    counts = f"{batch.batch_id}|{batch.instructions}|{batch.net_centimes}"
    return f"|{word}|{counts}|{batch.content_hash.hex()}".encode()


def _line_text(line: FrozenLine) -> str:
    parts = (
        line.line_no,
        line.code,
        line.month,
        line.count,
        line.unit_centimes,
        line.amount_centimes,
        line.decision_id,
    )
    return ":".join(map(str, parts))
