"""The notifications service on a real database, fed with real events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.notifications.consumers.subscriptions import subscriptions
from services.notifications.events.consumed import ContactRecorded, HouseholdAssessed
from services.notifications.integrations.smpp.receipts import IdForm
from services.notifications.integrations.smpp.session import Link
from services.notifications.storage.messages import TABLE, TEXT_COLUMN
from services.notifications.use_cases.collaborators import Collaborators, SmsCentre
from shared.messaging.consuming import Consumer
from shared.messaging.envelope import Envelope, EventData
from shared.messaging.in_process import InProcessBroker
from shared.messaging.sealed_fields import SealedFields
from shared.runtime.ids import new_id
from shared.runtime.metrics import Metrics
from shared.storage.sealed import load_sealed_columns
from shared.testing.databases import DatabaseFactory, ServiceDatabases
from shared.testing.fixed_clock import FixedClock

REGION = "04"
PHONE = "+212612345678"
PROVIDER = "sms-centre"


@dataclass
class Notifications:
    """The service under test, and what tests ask of it."""

    databases: ServiceDatabases
    collaborators: Collaborators
    consumer: Consumer
    registry_fields: SealedFields
    clock: FixedClock

    async def consume(self, event_type: str, *items: dict[str, Any]) -> UUID:
        """Deliver one event as the broker would; return its id."""
        event_id = new_id()
        await self.deliver(event_id, event_type, *items)
        return event_id

    async def deliver(self, event_id: UUID, event_type: str, *items: dict[str, Any]) -> None:
        """Deliver an event that may have been delivered before."""
        subscription = next(
            known for known in self.consumer.subscriptions if event_type == known.item.TYPE
        )
        envelope = Envelope(
            specversion="1.0",
            id=event_id,
            source="/elsewhere",
            type=event_type,
            time=self.clock.now(),
            data=EventData(items=list(items)),
        )
        await self.consumer.apply(subscription, envelope)

    def contact(
        self, household_id: UUID, *, phone: str | None = PHONE, **changes: object
    ) -> dict[str, Any]:
        """Return a contact item with its phone sealed as the registry seals it."""
        sealed = None
        if phone is not None:
            sealed = self.registry_fields.seal(
                phone,
                to="notifications",
                event_type=ContactRecorded.TYPE,
                subject=household_id,
                field="phone",
            )
        return {
            "household_id": str(household_id),
            "version": 1,
            "region_code": REGION,
            "language": "ar",
            "review_date": "2027-11-20",
            "phone": sealed,
        } | changes

    async def messages(self) -> list[dict[str, Any]]:
        """Return every message, oldest first, its text opened."""
        rows = await self.databases.rows("SELECT * FROM message ORDER BY created_at, message_id")
        for row in rows:
            if row["text_sealed"] is not None:
                row["text"] = self.collaborators.sealed.unseal(
                    row["text_sealed"],
                    table=TABLE,
                    column=TEXT_COLUMN,
                    row_id=row["message_id"],
                )
        return rows

    async def states(self) -> list[str]:
        """Return the state of every message, oldest first."""
        return [row["state"] for row in await self.messages()]

    async def published(self) -> Sequence[dict[str, Any]]:
        """Return the items of every event in the outbox, in order."""
        rows = await self.databases.rows(
            "SELECT jsonb_array_elements(convert_from(body, 'UTF8')::jsonb -> 'data' -> 'items')"
            " AS item FROM outbox ORDER BY position"
        )
        return [row["item"] for row in rows]

    def centre(self, port: int, *, window: int = 50, answer_seconds: float = 60.0) -> SmsCentre:
        """Return the SMS centre that listens on `port`."""
        link = Link(
            "127.0.0.1", port, "sanad", "secret", window=window, answer_seconds=answer_seconds
        )
        return SmsCentre(PROVIDER, link, "SANAD", 5_000.0, IdForm.EXACT)

    async def queue(self, *, language: str = "ar", messages: int = 1) -> list[UUID]:
        """Make this many queued assessment messages; return their households."""
        households = [new_id() for _ in range(messages)]
        contacts = [self.contact(known, language=language) for known in households]
        await self.consume(ContactRecorded.TYPE, *contacts)
        await self.consume(HouseholdAssessed.TYPE, *map(an_assessment, households))
        return households


def an_assessment(household_id: UUID, **changes: object) -> dict[str, Any]:
    return {
        "household_id": str(household_id),
        "version": 1,
        "region_code": REGION,
        "milieu": "urban",
        "index": "9.3264284623",
        "formula_version": "2023",
        "assessed_on": "2026-11-20",
    } | changes


def a_decision(household_id: UUID, **changes: object) -> dict[str, Any]:
    return {
        "household_id": str(household_id),
        "version": 1,
        "region_code": REGION,
        "programme": "asd",
        "decision_id": str(new_id()),
        "run_id": None,
        "outcome": "eligible",
        "effective_month": "2026-11",
        "reasons": [],
        "components": [],
        "amount_centimes": 75_000,
        "decided_on": "2026-11-20",
    } | changes


def an_instruction(household_id: UUID, **changes: object) -> dict[str, Any]:
    return {
        "instruction_id": str(new_id()),
        "household_id": str(household_id),
        "version": 2,
        "region_code": REGION,
        "programme": "asd",
        "month": "2026-11",
        "kind": "MONTHLY",
        "state": "PAID",
        "net_centimes": 75_000,
        "fee_cap_centimes": 1_600,
        "rail": "rib",
        "public_reason": None,
    } | changes


def at(hour: int, minute: int = 0, *, day: int = 20) -> datetime:
    """Return an instant of November 2026 by the clocks of Casablanca."""
    return datetime.fromisoformat(f"2026-11-{day:02d}T{hour:02d}:{minute:02d}:00+01:00")


@pytest.fixture
async def notifications(
    databases: DatabaseFactory,
    clock: FixedClock,
    keys: Path,
    broker: InProcessBroker,
) -> Notifications:
    """Return the service on a database of its own."""
    made = await databases.make("notifications")
    collaborators = Collaborators(
        database=made.worker,
        clock=clock,
        sealed=load_sealed_columns(keys / "notifications"),
        sealed_fields=SealedFields("notifications", keys),
        metrics=Metrics(),
    )
    consumer = Consumer(
        service="notifications",
        database=made.worker,
        broker=broker,
        metrics=collaborators.metrics,
        subscriptions=subscriptions(collaborators),
    )
    return Notifications(made, collaborators, consumer, SealedFields("registry", keys), clock)
