"""Submitting due messages over one bind: committed as submitting before a byte leaves.

A crash between the two leaves a message of unknown outcome, which is submitted once more: an SMS
may come twice, never not at all.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from services.notifications.domain.messages import PartState
from services.notifications.domain.sending_rules import sending_rules
from services.notifications.integrations.smpp.pace import Pace
from services.notifications.integrations.smpp.receipts import answered_id
from services.notifications.integrations.smpp.session import (
    Answer,
    LinkLostError,
    Session,
    UnansweredError,
)
from services.notifications.integrations.smpp.statuses import Verdict, verdict
from services.notifications.storage.contacts import sealed_phones
from services.notifications.storage.receipts import AnsweredPart
from services.notifications.storage.sending import ClaimedMessage, Returned, claim_due
from services.notifications.use_cases.collaborators import Collaborators, SmsCentre
from services.notifications.use_cases.journal import Journal
from services.notifications.use_cases.prepare_parts import Outgoing, prepare_parts
from shared.runtime.loops import heed_cancellation
from shared.storage.database import Transaction
from shared.storage.leases import acquire_lease

log = structlog.get_logger(__name__)

CLAIM_MAX = 500
CLAIM_SECONDS = 5.0
IN_THREAD_FROM = 50
IDLE_SECONDS = 0.2
SETTLE_SECONDS_MAX = 3.0
LEASE_SECONDS = 15
SLOWER_WAIT = timedelta(seconds=5)
NOT_NOW_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))


class LeaseLostError(Exception):
    """Another process owns the bind now; this one must let go of it."""


@dataclass(frozen=True, slots=True)
class BindLease:
    """Who owns the bind, under which fencing token."""

    name: str
    owner: str
    fence: int


async def renew(tx: Transaction, lease: BindLease) -> None:
    """Hold the lease for another `LEASE_SECONDS`.

    Raises:
        LeaseLostError: Another process took it, or might have.
    """
    token = await acquire_lease(tx, lease.name, owner=lease.owner, seconds=LEASE_SECONDS)
    if token != lease.fence:
        message = "Another process owns the bind."
        raise LeaseLostError(message)


@dataclass(slots=True)
class _InFlight:
    """One message between its claim and the answer to its last part."""

    message: ClaimedMessage
    waiting: int
    accepted: list[AnsweredPart] = field(default_factory=list)
    worst: Verdict | None = None
    is_unknown: bool = False


class MessageSender:
    """Moves messages from the queue to one bound session."""

    def __init__(
        self,
        collaborators: Collaborators,
        centre: SmsCentre,
        lease: BindLease,
        *,
        session: Session,
        journal: Journal,
    ) -> None:
        """Start with nothing in flight."""
        self._collaborators = collaborators
        self._centre = centre
        self._lease = lease
        self._session = session
        self._journal = journal
        self._pace = Pace(centre.parts_per_second_max)
        self._in_flight = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    async def send_for_ever(self) -> None:
        """Send whatever is due, until cancelled; then wait a moment for answers under way.

        Raises:
            LeaseLostError: The bind belongs to another process.
            LinkLostError: The SMS centre went away.
        """
        try:
            while True:
                # What was claimed has gone or was put back by now.
                heed_cancellation()
                claimed = await self._claim()
                if not claimed:
                    await asyncio.sleep(IDLE_SECONDS)
                for position, outgoing in enumerate(claimed):
                    await self._send_or_return(outgoing, claimed[position + 1 :])
        finally:
            await self._wait_for_answers()

    async def _claim(self) -> list[Outgoing]:
        """Renew the lease and claim a chunk in one commit, then make its parts."""
        now = self._collaborators.clock.now()
        async with self._collaborators.database.transaction() as tx:
            lease = self._lease
            await renew(tx, lease)
            if not sending_rules().is_open(now):
                return []
            limit = max(1, min(CLAIM_MAX, int(self._pace.per_second * CLAIM_SECONDS)))
            since = now - sending_rules().unsent_max
            claimed = await claim_due(tx, now=now, since=since, fence=lease.fence, limit=limit)
            phones = await sealed_phones(tx, [message.household_id for message in claimed])
        prepare = partial(
            prepare_parts,
            claimed,
            phones,
            sealed=self._collaborators.sealed,
            sender=self._centre.sender,
            now=now,
        )
        return prepare() if len(claimed) < IN_THREAD_FROM else await asyncio.to_thread(prepare)

    async def _send_or_return(self, outgoing: Outgoing, unsent: Sequence[Outgoing]) -> None:
        """Send one message; if that cannot go on, put back those that no byte was sent of."""
        try:
            await self._send(outgoing)
        except (LinkLostError, asyncio.CancelledError):
            now = self._collaborators.clock.now()
            for untouched in unsent:
                self._journal.returned(Returned(untouched.message.key, now, is_deferral=False))
            raise

    async def _send(self, outgoing: Outgoing) -> None:
        if not outgoing.parts:
            self._journal.unreachable(outgoing.message.key)
            return
        flight = _InFlight(outgoing.message, waiting=len(outgoing.parts))
        self._in_flight += 1
        self._is_idle.clear()
        sent = 0
        try:
            for sequence, part in outgoing.parts:
                await self._pace.take()
                answer = await self._session.submit(part)
                sent += 1
                answer.add_done_callback(partial(self._on_answer, flight, sequence))
        finally:
            self._forget_unsent(flight, len(outgoing.parts) - sent)

    def _forget_unsent(self, flight: _InFlight, count: int) -> None:
        """Close a message whose last parts could not be sent: they are not now, not unknown."""
        if count:
            flight.worst = flight.worst or Verdict.SLOWER
            flight.waiting -= count
            self._close_if_answered(flight)

    def _on_answer(self, flight: _InFlight, sequence: int, answer: asyncio.Future[Answer]) -> None:
        flight.waiting -= 1
        if answer.cancelled() or isinstance(answer.exception(), LinkLostError | UnansweredError):
            flight.is_unknown = True
        else:
            self._note(flight, sequence, answer.result())
        self._close_if_answered(flight)

    def _note(self, flight: _InFlight, sequence: int, answer: Answer) -> None:
        judged = verdict(answer.status)
        if judged is Verdict.SLOWER:
            self._pace.slow_down()
        if judged in (Verdict.SLOWER, Verdict.NOT_NOW):
            flight.worst = judged
            return
        accepted = judged is Verdict.ACCEPTED
        flight.accepted.append(
            AnsweredPart(
                key=flight.message.key,
                sequence=sequence,
                region_code=flight.message.region_code,
                provider_message_id=(
                    answered_id(answer.message_id, id_form=self._centre.id_form)
                    if accepted
                    else None
                ),
                state=PartState.SUBMITTED if accepted else PartState.REJECTED,
                status=answer.status,
            )
        )

    def _close_if_answered(self, flight: _InFlight) -> None:
        if flight.waiting:
            return
        self._in_flight -= 1
        if not self._in_flight:
            self._is_idle.set()
        self._journal.answered(flight.accepted)
        if flight.is_unknown:
            self._journal.unknown(flight.message.key)
        elif flight.worst is not None:
            self._journal.returned(self._deferral(flight.message, flight.worst))

    def _deferral(self, message: ClaimedMessage, worst: Verdict) -> Returned:
        now: datetime = self._collaborators.clock.now()
        if worst is Verdict.SLOWER:
            return Returned(message.key, now + SLOWER_WAIT, is_deferral=False)
        wait = NOT_NOW_WAITS[min(message.deferrals, len(NOT_NOW_WAITS) - 1)]
        return Returned(message.key, now + wait, is_deferral=True)

    async def _wait_for_answers(self) -> None:
        """Give the SMS centre a moment, so that a stop leaves nothing of unknown outcome."""
        try:
            async with asyncio.timeout(SETTLE_SECONDS_MAX):
                await self._is_idle.wait()
        except TimeoutError:
            log.warning("answers-outstanding", messages=self._in_flight)
