"""What the registry does with its own events: partners who subscribed to them are told."""

from services.registry.events.consumed import OwnHousehold, OwnPersonStatus
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.match_subscriptions import match_deaths, match_households
from shared.messaging.consuming import Batch, Subscription
from shared.storage.database import Transaction


def on_own_households(using: Collaborators) -> Subscription[OwnHousehold]:
    """Return the subscription that finds who waits for what happened in households."""

    async def handle(tx: Transaction, batch: Batch[OwnHousehold]) -> None:
        await match_households(tx, batch.items, at=batch.at, using=using)

    return Subscription(item=OwnHousehold, handle=handle)


def on_own_statuses(using: Collaborators) -> Subscription[OwnPersonStatus]:
    """Return the subscription that finds who waits for deaths."""

    async def handle(tx: Transaction, batch: Batch[OwnPersonStatus]) -> None:
        await match_deaths(tx, batch.items, at=batch.at, using=using)

    return Subscription(item=OwnPersonStatus, handle=handle)
