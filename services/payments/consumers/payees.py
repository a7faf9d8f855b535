"""Where households live and are paid, from the registry."""

from functools import partial

from services.payments.events.consumed import ContactRecorded, PayeeRecorded
from services.payments.use_cases.collaborators import Collaborators
from services.payments.use_cases.record_payees import record_payees
from services.payments.use_cases.record_regions import record_regions
from shared.messaging.consuming import Subscription


def on_payees_recorded(using: Collaborators) -> Subscription[PayeeRecorded]:
    """Return what keeps accounts, sealed again for this service's own tables."""
    return Subscription(item=PayeeRecorded, handle=partial(record_payees, using))


def on_contacts_recorded() -> Subscription[ContactRecorded]:
    """Return what keeps where households live: every version of one is told so."""
    return Subscription(item=ContactRecorded, handle=record_regions)
