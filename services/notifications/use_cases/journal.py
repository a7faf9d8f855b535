"""The journal of one bind: gathers answers and receipts while a commit runs, then commits them.

Group commit: many receipts share one fsync, and each is acknowledged after it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.notifications.integrations.smpp.pdu import DeliverSm, MalformedPduError
from services.notifications.integrations.smpp.receipts import read_receipt
from services.notifications.storage.messages import MessageKey
from services.notifications.storage.receipts import (
    RAW_COLUMN,
    RECEIPT_TABLE,
    AnsweredPart,
    KeptReceipt,
)
from services.notifications.storage.sending import Returned
from services.notifications.use_cases.collaborators import Collaborators, SmsCentre
from services.notifications.use_cases.record_answers import Answers, record_answers
from shared.runtime.ids import new_id

RECEIPTS_PENDING_MAX = 5_000


class JournalFullError(Exception):
    """Receipts come faster than they can be kept; the SMS centre shall send this one again."""


class Journal:
    """Writes what the bind under one fence learns."""

    def __init__(self, collaborators: Collaborators, centre: SmsCentre, *, fence: int) -> None:
        """Start empty; `running` makes it write."""
        self._collaborators = collaborators
        self._centre = centre
        self._fence = fence
        self._pending = Answers()
        self._kept: asyncio.Future[None] | None = None
        self._news = asyncio.Event()
        self._is_closing = False
        metrics = collaborators.metrics
        self._parts = metrics.counter(
            "sanad_notifications_parts_answered_total", "Submitted parts answered.", ("state",)
        )
        self._receipts = metrics.counter(
            "sanad_notifications_receipts_kept_total", "Receipts kept.", ("word",)
        )
        self._settled = metrics.counter(
            "sanad_notifications_messages_settled_total", "Messages settled."
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Journal"]:
        """Write in the background; what is left when the block ends is written then."""
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(self._write_until_closed())
            try:
                yield self
            finally:
                await asyncio.sleep(0)  # lets answers that just failed reach the journal
                self._is_closing = True
                self._news.set()
                # A commit under way is waited for: leaving now would cancel it.
                await asyncio.wait([writing])

    def keep_delivery(self, body: bytes) -> asyncio.Future[None]:
        """Take the body of a `deliver_sm`; the future is done when it is committed.

        Receipts of one commit share one future.
        """
        if len(self._pending.receipts) >= RECEIPTS_PENDING_MAX:
            refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            refused.set_exception(JournalFullError())
            return refused
        self._pending.receipts.append(self._receipt(body))
        if self._kept is None:
            self._kept = asyncio.get_running_loop().create_future()
        self._news.set()
        return self._kept

    def answered(self, parts: list[AnsweredPart]) -> None:
        """Take the answers to the parts of one message."""
        self._pending.parts.extend(parts)
        self._news.set()

    def returned(self, returned: Returned) -> None:
        """Take a claimed message that was not accepted and shall wait in the queue."""
        self._pending.returned.append(returned)
        self._news.set()

    def unknown(self, key: MessageKey) -> None:
        """Take a message of which nobody knows whether it was accepted."""
        self._pending.unknown.append(key)
        self._news.set()

    def unreachable(self, key: MessageKey) -> None:
        """Take a claimed message whose household has no phone any more."""
        self._pending.unreachable.append(key)
        self._news.set()

    async def _write_until_closed(self) -> None:
        while not self._is_closing or self._news.is_set():
            await self._news.wait()
            await self._write()

    async def _write(self) -> None:
        """Commit what is pending, then let the receipts be acknowledged."""
        self._news.clear()
        pending, self._pending = self._pending, Answers()
        kept, self._kept = self._kept, None
        try:
            async with self._collaborators.database.transaction() as tx:
                settled = await record_answers(
                    tx,
                    pending,
                    provider=self._centre.name,
                    fence=self._fence,
                    at=self._collaborators.clock.now(),
                )
        except BaseException:
            if kept is not None:
                kept.cancel()
            raise
        if kept is not None and not kept.done():
            kept.set_result(None)
        self._count(pending, settled=settled)

    def _count(self, written: Answers, *, settled: int) -> None:
        self._settled.inc(settled)
        for state, parts in Counter(part.state.value for part in written.parts).items():
            self._parts.labels(state).inc(parts)
        words = Counter(known.word if known.state else "other" for known in written.receipts)
        for word, receipts in words.items():
            self._receipts.labels(word).inc(receipts)

    def _receipt(self, body: bytes) -> KeptReceipt:
        receipt_id = new_id()
        raw_sealed = self._collaborators.sealed.seal_bytes(
            body, table=RECEIPT_TABLE, column=RAW_COLUMN, row_id=receipt_id
        )
        try:
            delivered = DeliverSm.decode(body)
        except MalformedPduError:
            return KeptReceipt(receipt_id, None, "", None, raw_sealed)
        notice = None
        if delivered.is_receipt:
            notice = read_receipt(delivered, id_form=self._centre.id_form)
        if notice is None:
            return KeptReceipt(receipt_id, None, "", None, raw_sealed)
        return KeptReceipt(
            receipt_id, notice.provider_message_id, notice.word, notice.state, raw_sealed
        )
