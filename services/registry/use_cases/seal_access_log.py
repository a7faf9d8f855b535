"""Seal what was logged: final rows of the access log become a signed block of the chain."""

from datetime import UTC, datetime
from typing import NamedTuple

from prometheus_client import Counter, Gauge

from services.registry.domain.access_chain import (
    BLOCK_ROWS_MAX,
    GENESIS,
    START,
    LoggedRow,
    Position,
    SealedBlock,
    block_hash,
)
from services.registry.storage import access_blocks as storage
from services.registry.use_cases.access_seals import AccessSeal
from services.registry.use_cases.collaborators import Collaborators
from shared.runtime.metrics import Metrics
from shared.storage.database import Transaction


class TransactionsRunBehindError(Exception):
    """This server counts transactions from before the chain's end; nothing can be sealed."""


class _Measures(NamedTuple):
    rows: Counter
    head: Gauge
    unsealed_seconds: Gauge


class AccessLogSealer:
    """Adds blocks to the chain; any number of workers may, one at a time does."""

    def __init__(self, using: Collaborators, *, block_rows_max: int = BLOCK_ROWS_MAX) -> None:
        """Seal with the active key of the registry.

        Raises:
            MissingKeyError: There is no key to sign with.
        """
        self._using = using
        self._seal = AccessSeal(using.keys)
        self._rows_max = block_rows_max
        self._measures = _measures(using.metrics)

    async def seal_next_block(self) -> bool:
        """Seal the rows that are final, at most a block of them; return whether more may wait.

        Raises:
            TransactionsRunBehindError: The database was restored into a server that counts
                transactions from an earlier number.
        """
        async with self._using.database.transaction() as tx:
            if not await storage.may_seal(tx):
                return False
            last = await storage.read_last_block(tx)
            after = START if last is None else last.end
            rows = await storage.digest_final_rows(tx, after=after, at_most=self._rows_max)
            if not rows:
                await self._look_why_not(tx, after)
                return False
            block = self._sealed(rows, last)
            await storage.add_block(tx, block)
        self._measures.rows.inc(block.rows)
        self._measures.head.set(block.number)
        self._measures.unsealed_seconds.set(0.0)
        return block.rows == self._rows_max

    async def _look_why_not(self, tx: Transaction, end: Position) -> None:
        """Measure how long rows wait behind a transaction that does not end."""
        if await storage.transactions_run_behind(tx, end):
            message = "Transactions are numbered from before the end of the sealed chain."
            raise TransactionsRunBehindError(message)
        oldest = await storage.oldest_unsealed(tx, after=end)
        waiting = 0.0
        if oldest is not None:
            waiting = (self._using.clock.now() - oldest).total_seconds()
        self._measures.unsealed_seconds.set(max(0.0, waiting))

    def _sealed(self, rows: list[LoggedRow], last: SealedBlock | None) -> SealedBlock:
        end = rows[-1].position
        draft = SealedBlock(
            number=1 if last is None else last.number + 1,
            last_written_in=end.written_in,
            last_access_id=end.access_id,
            rows=len(rows),
            digests=b"".join(row.digest for row in rows),
            previous_hash=GENESIS if last is None else last.hash,
            hash=b"",
            key_id=self._seal.key_id,
            signature=b"",
            sealed_at=instant_text(self._using.clock.now()),
        )
        sealed_hash = block_hash(draft)
        signature = self._seal.sign(draft.key_id, sealed_hash)
        return draft._replace(hash=sealed_hash, signature=signature)


def instant_text(instant: datetime) -> str:
    """Return an instant as the chain writes it: UTC, microseconds, Z."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _measures(metrics: Metrics) -> _Measures:
    return _Measures(
        rows=metrics.counter(
            "sanad_registry_access_log_sealed_rows", "Rows of the access log that were sealed."
        ),
        head=metrics.gauge(
            "sanad_registry_access_log_head_blocks", "The number of the newest sealed block."
        ),
        unsealed_seconds=metrics.gauge(
            "sanad_registry_access_log_unsealed_seconds",
            "How long the oldest row waits to be sealed, when none can be.",
        ),
    )
