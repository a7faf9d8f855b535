"""Payee accounts, from the registry."""

from functools import partial

from services.payments.events.consumed import PayeeRecorded
from services.payments.use_cases.collaborators import Collaborators
from services.payments.use_cases.record_payees import record_payees
from shared.messaging.consuming import Subscription


def on_payees_recorded(using: Collaborators) -> Subscription[PayeeRecorded]:
    """Return what keeps accounts, sealed again for this service's own tables."""
    return Subscription(item=PayeeRecorded, handle=partial(record_payees, using))
