"""Subscribers to the registry's events in tests: what they wish, and what they are told."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from services.registry.consumers.registry import on_own_households, on_own_statuses
from services.registry.domain.dci_contract import (
    Asker,
    JsonObject,
    Reason,
    Refusal,
    Register,
    Subscribed,
    SubscriptionWanted,
    Unsubscribed,
)
from services.registry.domain.policies import DciPolicy, SignatureRule
from services.registry.use_cases.keep_subscriptions import (
    add_subscriptions,
    admit_subscriptions,
    end_subscriptions,
)
from services.registry.use_cases.queue_due_notifications import NotificationQueue
from shared.messaging.consuming import Batch
from shared.messaging.envelope import read_envelope
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_household, a_member, a_person
from tests.services.registry.partners import HOSPITAL, PURPOSE

ASKER = Asker(HOSPITAL, "hospital.example.ma", PURPOSE, ("*",), ("*",))
RABAT_ASKER = Asker(HOSPITAL, "hospital.example.ma", PURPOSE, ("04",), ("*",))
URI = "https://hospital.example.ma/registry/notify"
DCI = DciPolicy("hospital.example.ma", ("hospital.example.ma",), SignatureRule.OPTIONAL, None)


def wanted(event: str, query: JsonObject | None = None, **changes: Any) -> SubscriptionWanted:  # noqa: ANN401 -- any field
    """Return a wish to be told of an event."""
    return SubscriptionWanted(event, None, query, notify_uri=URI, **changes)


def who(value: str, kind: str = "UIN") -> JsonObject:
    """Return a filter by one identifier."""
    return {"type": kind, "value": value}


class Following:
    """A registry whose events reach its subscribers, step by step."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.position = 0
        self.at = registry.clock.now()

    async def subscribe(
        self,
        *items: SubscriptionWanted,
        register: Register = Register.SOCIAL,
        asker: Asker = ASKER,
    ) -> Sequence[Subscribed | Refusal]:
        using = self.registry.worker
        wishes = await admit_subscriptions(register, items, asker=asker, using=using)
        async with using.database.transaction() as tx:
            return await add_subscriptions(tx, wishes, using=using)

    async def code(self, item: SubscriptionWanted, register: Register = Register.SOCIAL) -> str:
        (answer,) = await self.subscribe(item, register=register)
        assert isinstance(answer, Subscribed), answer
        return answer.code

    async def reason(self, item: SubscriptionWanted, **who_asks: Any) -> Reason:  # noqa: ANN401 -- register or asker
        (answer,) = await self.subscribe(item, **who_asks)
        assert isinstance(answer, Refusal), answer
        return answer.reason

    async def unsubscribe(
        self, *codes: str, register: Register = Register.SOCIAL, asker: Asker = ASKER
    ) -> Sequence[Unsubscribed | Refusal]:
        using = self.registry.worker
        async with using.database.transaction() as tx:
            return await end_subscriptions(tx, register, codes, asker=asker, using=using)

    async def consume(self) -> None:
        """Hand the registry's new events to its own consumers, as its worker does."""
        using = self.registry.worker
        subscriptions = {
            subscription.item.TYPE: subscription
            for subscription in (on_own_households(using), on_own_statuses(using))
        }
        rows = await self.registry.databases.rows(
            "SELECT position, type, body FROM outbox WHERE position > %(after)s ORDER BY position",
            after=self.position,
        )
        for row in rows:
            self.position = row["position"]
            subscription: Any = subscriptions.get(row["type"])
            if subscription is not None:
                envelope = read_envelope(bytes(row["body"]))
                items = [subscription.item.model_validate(raw) for raw in envelope.data.items]
                async with using.database.transaction() as tx:
                    await subscription.handle(tx, Batch(envelope.id, envelope.time, items))

    async def told(self) -> list[tuple[str, str, Any]]:
        """Consume events, queue what is due, and return event type, record type and record."""
        await self.consume()
        before = await self.messages()
        queue = NotificationQueue(self.registry.worker)
        while await queue.queue_next():
            pass
        return (await self.messages())[len(before) :]

    async def messages(self) -> list[tuple[str, str, Any]]:
        """Return every item queued for sending so far."""
        return await queued_items(self.registry)


async def queued_items(registry: Registry) -> list[tuple[str, str, Any]]:
    """Return event type, record type and record of every item of every queued message."""
    rows = await registry.databases.rows(
        "SELECT callback_id, body_sealed FROM dci_callback ORDER BY callback_id"
    )
    items = []
    for row in rows:
        body = registry.worker.sealed.unseal(
            row["body_sealed"],
            table="dci_callback",
            column="body_sealed",
            row_id=row["callback_id"],
        )
        for item in json.loads(body)["message"]["notify_event"]:
            data = item["data"]
            items.append((data["reg_event_type"], data["reg_record_type"], data["reg_records"]))
    return items


async def add_newborn(following: Following, number: int = 9) -> None:
    """Have a child, born a few days ago, recorded and added to the family."""
    registry = following.registry
    registry.clock.move(timedelta(minutes=1))
    born = (registry.clock.today() - timedelta(days=3)).isoformat()
    file = a_file(
        a_person(number, birth_date=born, cnie=None, phones=[]),
        a_household(
            1,
            [1, 2],
            members=[
                a_member(1, kinship="head", head=True, declarant=True),
                a_member(2),
                a_member(number, schooling="none", education="none"),
            ],
            declared_on=registry.clock.today().isoformat(),
        ),
    )
    await registry.load(file, key=f"birth-{number}")
