"""Queue notifications of a register's events for the partners that wait for them."""

from collections import defaultdict
from collections.abc import Sequence

from services.registry.domain.dci_answers import notify_items
from services.registry.domain.dci_contract import NOTIFICATIONS_MAX, Notification, Register
from services.registry.domain.dci_envelope import Action
from services.registry.storage.dci_callbacks import NewCallback, add_callbacks
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.dci_compose import Addressed, Composed, as_callback
from shared.kernel.batches import batched
from shared.runtime.ids import new_id
from shared.storage.database import Transaction

ITEMS_PER_MESSAGE_MAX = 100


async def queue_notifications(
    tx: Transaction, notifications: Sequence[Notification], *, using: Collaborators
) -> None:
    """Queue notifications in the transaction of their cause; those of one address go together.

    Args:
        tx: The transaction that matched the events and logged the disclosures.
        notifications: At most `NOTIFICATIONS_MAX` of them.
        using: The registry's means.
    """
    if len(notifications) > NOTIFICATIONS_MAX:
        message = f"At most {NOTIFICATIONS_MAX} notifications are queued at once."
        raise ValueError(message)
    together: defaultdict[tuple[str, Register, str, str], list[Notification]] = defaultdict(list)
    for notification in notifications:
        to = (
            notification.client,
            notification.register,
            notification.notify_uri,
            notification.sender_id,
        )
        together[to].append(notification)
    callbacks = [
        _callback(part, using=using)
        for waiting in together.values()
        for part in batched(waiting, ITEMS_PER_MESSAGE_MAX)
    ]
    if callbacks:
        await add_callbacks(tx, callbacks)


def _callback(notifications: Sequence[Notification], *, using: Collaborators) -> NewCallback:
    first = notifications[0]
    at = using.clock.now()
    composed = Composed(
        action=Action.NOTIFY,
        message={
            "transaction_id": new_id().hex,
            "notify_event": notify_items(notifications, at=at),
        },
        receiver_id=first.sender_id,
        items=len(notifications),
    )
    return as_callback(
        composed, Addressed(first.client, first.register, first.notify_uri), using=using
    )
