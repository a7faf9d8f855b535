"""The sealed chain of the access log: what a row's digest is of, and where a chain is broken.

Rows have one order: the transaction that wrote them, then their id. A block holds the SHA-256 of
every column of some rows in that order, and the hash of the block before it; its own hash is
signed. Whoever holds the public key can tell, without the database, the first row that is not as it
was when it was sealed.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

DIGEST_BYTES = 32
GENESIS = bytes(DIGEST_BYTES)
BLOCK_ROWS_MAX = 10_000
INSERTED_ROWS_MAX = 10_000
"""How many rows that belong to no block are read before the first of them is named."""
_BLOCK_CONTEXT = b"sanad.registry.access-block.v1\n"

# The attributes follow, as many as there are: nothing else is of unknown number.
ROW_FIELDS = (
    "access_id",
    "accessed_at",
    "client",
    "purpose",
    "action",
    "result",
    "consent_id",
    "person_id",
    "household_id",
    "region_code",
    "valid_on",
    "known_at",
    "written_in",
)
ATTRIBUTES = "attributes"


class Position(NamedTuple):
    """Where a row stands in the one order of the log."""

    written_in: int
    access_id: UUID


# Before every number a row could be given, the negative ones of a forger too.
START = Position(-(2**63), UUID(int=0))


class LoggedRow(NamedTuple):
    """A row of the access log as the chain sees it: its place and its digest."""

    position: Position
    digest: bytes


class SealedBlock(NamedTuple):
    """A block of the chain, in the order of its columns but for the instant, which is text."""

    number: int
    last_written_in: int
    last_access_id: UUID
    rows: int
    digests: bytes
    previous_hash: bytes
    hash: bytes
    key_id: str
    signature: bytes
    sealed_at: str

    @property
    def end(self) -> Position:
        """Return the place of the block's last row."""
        return Position(self.last_written_in, self.last_access_id)

    @property
    def row_digests(self) -> list[bytes]:
        """Return the digest of each row."""
        starts = range(0, len(self.digests), DIGEST_BYTES)
        return [self.digests[start : start + DIGEST_BYTES] for start in starts]


class Fault(StrEnum):
    """What can be wrong with a chain."""

    BLOCK_MISSING = "block-missing"
    BLOCK_ALTERED = "block-altered"
    SIGNATURE_WRONG = "signature-wrong"
    KEY_UNKNOWN = "key-unknown"
    ROW_ALTERED = "row-altered"
    ROW_MISSING = "row-missing"
    ROW_INSERTED = "row-inserted"
    ROW_REORDERED = "row-reordered"
    CUT_SHORT = "cut-short"


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a chain is not as it was sealed."""

    fault: Fault
    block: int
    row: int | None = None
    """The row's number in its block, from 1."""
    access_id: UUID | None = None
    """The row's id, where there is a row; a missing one is known by its digest alone."""

    @property
    def sentence(self) -> str:
        """Return what is wrong and where, for people."""
        place = f"block {self.block}"
        if self.row is not None:
            place += f", row {self.row}"
        if self.access_id is not None:
            place += f", access_id {self.access_id}"
        return f"{self.fault}: {place}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: how much holds, and the first break if there is one."""

    blocks: int
    rows: int
    head: bytes
    broken: Break | None = None


VerifySignature = Callable[[str, bytes, bytes], bool | None]
"""Says whether a signature (third) over a hash (second) is the key's (first); None: unknown key."""


def row_digest(texts: Mapping[str, str | None], attributes: Sequence[str]) -> bytes:
    """Return the SHA-256 of all columns of a row, each written as text.

    The text is a JSON array without spaces, and is what PostgreSQL's `array_to_json` writes:
    instants in UTC with microseconds and a Z, ids in lower case, NULL as null.
    """
    values = [texts[field] for field in ROW_FIELDS]
    document = json.dumps([*values, *attributes], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(document.encode()).digest()


def block_hash(block: SealedBlock) -> bytes:
    """Return the hash of everything in a block but its hash and signature."""
    document = json.dumps(
        [
            block.number,
            block.last_written_in,
            str(block.last_access_id),
            block.rows,
            hashlib.sha256(block.digests).hexdigest(),
            block.previous_hash.hex(),
            block.key_id,
            block.sealed_at,
        ],
        separators=(",", ":"),
    )
    return hashlib.sha256(_BLOCK_CONTEXT + document.encode()).digest()


class ChainVerifier:
    """Follows a chain from its first block, or from a later one, to its first break.

    What came before a later first block is vouched for by the previous hash that this block
    states, and by no more.
    """

    def __init__(
        self,
        signed: VerifySignature,
        *,
        expected_head: bytes | None = None,
        after_block: int = 0,
    ) -> None:
        """Begin.

        Args:
            signed: Checks a signature.
            expected_head: The hash of a block known to have been there; its absence is a break.
            after_block: The chain is followed behind this block, and must begin right there.
        """
        self._signed = signed
        self._first_number = after_block + 1
        self._expected_head = expected_head
        self._head_seen = expected_head is None
        self._last: SealedBlock | None = None
        self._blocks = self._rows = 0
        self._broken: Break | None = None

    def follow(self, blocks: Iterable[SealedBlock], rows: Iterable[LoggedRow]) -> bool:
        """Follow more blocks, and say whether the chain holds so far.

        Args:
            blocks: The next blocks by number.
            rows: The rows of these blocks, and others that stand among them, in the log's order.
        """
        reading = _Rows(iter(rows))
        for block in blocks:
            self._broken = self._broken or self._broken_block(block) or _broken_rows(block, reading)
            if self._broken is not None:
                return False
            self._blocks, self._rows = self._blocks + 1, self._rows + block.rows
            self._last = block
            self._head_seen = self._head_seen or block.hash == self._expected_head
        surplus = reading.next_row()
        if surplus is not None:
            number = 0 if self._last is None else self._last.number
            access_id = surplus.position.access_id
            self._broken = Break(Fault.ROW_INSERTED, number, access_id=access_id)
        return self._broken is None

    def find_inserted(self, access_id: UUID) -> None:
        """Take notice of a row that stands where no transaction could have put it."""
        number = 0 if self._last is None else self._last.number
        self._broken = self._broken or Break(Fault.ROW_INSERTED, number, access_id=access_id)

    def _broken_block(self, block: SealedBlock) -> Break | None:
        """Return what is wrong with a block itself, apart from its rows."""
        expected = self._first_number if self._last is None else self._last.number + 1
        if block.number != expected:
            return Break(Fault.BLOCK_MISSING, expected)
        follows = _follows(block, self._last)
        if not follows or len(block.digests) != DIGEST_BYTES * block.rows or block.rows < 1:
            return Break(Fault.BLOCK_ALTERED, block.number)
        if block_hash(block) != block.hash:
            return Break(Fault.BLOCK_ALTERED, block.number)
        holds = self._signed(block.key_id, block.hash, block.signature)
        if holds is None:
            return Break(Fault.KEY_UNKNOWN, block.number)
        return None if holds else Break(Fault.SIGNATURE_WRONG, block.number)

    @property
    def verdict(self) -> Verdict:
        """Return what was found, the blocks followed being all there are."""
        number, head = (0, GENESIS) if self._last is None else (self._last.number, self._last.hash)
        broken = self._broken
        if broken is None and not self._head_seen:
            broken = Break(Fault.CUT_SHORT, number)
        return Verdict(self._blocks, self._rows, head, broken)


def _follows(block: SealedBlock, last: SealedBlock | None) -> bool:
    """Say whether a block links to the one before it; the very first links to nothing."""
    if last is not None:
        return block.previous_hash == last.hash and block.end > last.end
    return block.number > 1 or block.previous_hash == GENESIS


class _Rows:
    """Rows as they come, with the next one in sight."""

    def __init__(self, rows: Iterator[LoggedRow]) -> None:
        self._rows = rows
        self._ahead: LoggedRow | None = next(rows, None)

    def next_row(self) -> LoggedRow | None:
        """Return the next row without taking it."""
        return self._ahead

    def take_until(self, end: Position, *, at_most: int) -> list[LoggedRow]:
        """Take the rows that stand at or before a place."""
        taken: list[LoggedRow] = []
        while self._ahead is not None and self._ahead.position <= end and len(taken) < at_most:
            taken.append(self._ahead)
            self._ahead = next(self._rows, None)
        return taken


def _broken_rows(block: SealedBlock, reading: _Rows) -> Break | None:
    """Return the first row of a block that is not as it was sealed."""
    sealed = block.row_digests
    found = reading.take_until(block.end, at_most=block.rows + INSERTED_ROWS_MAX)
    digests = [row.digest for row in found]
    if digests == sealed:
        return None
    shared = zip(digests, sealed, strict=False)
    place = next(
        (index for index, (is_now, was) in enumerate(shared) if is_now != was),
        min(len(digests), len(sealed)),
    )
    fault = _fault_of(digests[place:], sealed[place:])
    row = None if fault is Fault.ROW_MISSING else found[place]
    return Break(
        fault,
        block.number,
        row=place + 1,
        access_id=None if row is None else row.position.access_id,
    )


def _fault_of(is_now: Sequence[bytes], was: Sequence[bytes]) -> Fault:
    """Say what happened where two sequences part, of which either may be at its end."""
    if not is_now:
        return Fault.ROW_MISSING
    if not was:
        return Fault.ROW_INSERTED
    still_to_come, came_late = is_now[0] in set(was), was[0] in set(is_now)
    if still_to_come and came_late:
        return Fault.ROW_REORDERED
    if still_to_come:
        return Fault.ROW_MISSING
    return Fault.ROW_INSERTED if came_late else Fault.ROW_ALTERED
